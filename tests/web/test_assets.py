"""Static files are kept by browsers and sent small."""

from __future__ import annotations

import gzip

from flask import Flask, url_for


def test_a_versioned_file_is_kept_for_a_year(app: Flask) -> None:
    with app.test_request_context():
        address = url_for("static", filename="css/app.css")
    assert "?v=" in address
    client = app.test_client()
    with client.get(address) as response:
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
    with client.get("/static/css/app.css") as plain:
        assert "immutable" not in plain.headers.get("Cache-Control", "")


def test_text_is_compressed_for_who_takes_it(app: Flask) -> None:
    client = app.test_client()
    with client.get("/static/css/app.css") as response:
        plain = response.get_data()
    with client.get("/static/css/app.css", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        small = response.get_data()
    assert gzip.decompress(small) == plain
    assert len(small) < len(plain) / 2
