"""What a phone keeps of the scanner's page: all that it loads, and nobody's name."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.signed_in import FreshClient, post, sign_in
from tests.town import Town
from volunteer import clock
from volunteer.domain.tokens import card_code_hash

PHONE = "13900000001"


@pytest.fixture
def organizer(app: Flask) -> FlaskClient:
    app.test_client_class = FreshClient
    town = Town(app)
    town.login(f"+86{PHONE}", roles=("organizer",), name="林主任")
    now = clock.now()
    event_id = town.event(town.activity(), starts_at=now, ends_at=now + timedelta(hours=1))
    assert event_id == 1
    cards = {name: town.card(town.resident(name))[1:] for name in ("陈秀英", "没来过")}
    app.config["TEST_CODES"] = cards
    number = cards["陈秀英"][0]
    client = app.test_client()
    sign_in(client, PHONE)
    scan = {"scan_id": str(uuid4()), "code": number, "direction": "in"}
    assert post(client, "/organize/events/1/scan", scan).status_code == 303
    return client


def settings_of(client: FlaskClient) -> dict[str, object]:
    response = client.get("/organize/events/1/scan/worker.js")
    assert response.status_code == 200
    assert response.mimetype == "text/javascript"
    assert response.headers["Service-Worker-Allowed"] == "/organize/events/1/scan"
    text = response.get_data(as_text=True)
    found: dict[str, object] = json.loads(text.split("self.scanner = ")[1].split(";\n")[0])
    return found


def test_the_worker_keeps_every_file_that_the_page_needs(organizer: FlaskClient) -> None:
    settings = settings_of(organizer)
    files = settings["files"]
    assert isinstance(files, list)
    for address in files:
        with organizer.get(address) as response:
            assert response.status_code == 200, address
    names = {address.partition("?")[0].rpartition("/")[2] for address in files}
    assert {"scanner.js", "queue.js", "camera.js", "zxing_reader.wasm", "scan.css"} <= names
    assert {"icons.svg", "share.js"} <= names
    # The same files, the same worker: a browser fetches them again only when one has changed.
    assert settings_of(organizer) == settings


def test_the_kept_page_names_nobody_and_holds_no_token(organizer: FlaskClient) -> None:
    shown = organizer.get("/organize/events/1/scan").get_data(as_text=True)
    assert "陈秀英" in shown, "the page itself shows who was scanned: else this proves nothing"
    response = organizer.get("/organize/events/1/scan/shell")
    kept = response.get_data(as_text=True)
    assert "陈秀英" not in kept
    assert "csrf_token" not in kept
    assert 'data-csrf=""' in kept
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-inline" not in policy


def test_the_roster_holds_hashes_of_codes_and_initials(app: Flask, organizer: FlaskClient) -> None:
    """Of who was here; not of a stranger, not by a number, never a whole name."""
    codes = app.config["TEST_CODES"]
    response = organizer.get("/organize/events/1/scan/roster.json")
    told = json.loads(response.get_data())
    hashes = {name: card_code_hash(code).hex()[:16] for name, (_, code) in codes.items()}
    assert told["cards"] == {hashes["陈秀英"]: "陈*"}
    lasts = datetime.fromisoformat(told["until"]) - clock.now()
    assert timedelta(hours=71) < lasts <= timedelta(hours=72)
    text = response.get_data(as_text=True)
    assert not [number for number, code in codes.values() if number in text or code in text]
    assert response.headers["Cache-Control"] == "no-store"


def test_the_page_can_be_put_on_the_home_screen(organizer: FlaskClient) -> None:
    shown = organizer.get("/organize/events/1/scan").get_data(as_text=True)
    assert 'rel="manifest" href="/organize/events/1/scan/app.webmanifest"' in shown
    response = organizer.get("/organize/events/1/scan/app.webmanifest")
    assert response.mimetype == "application/manifest+json"
    told = json.loads(response.get_data())
    assert told["start_url"] == told["scope"] == "/organize/events/1/scan"
    for one in told["icons"]:
        with organizer.get(one["src"]) as icon:
            assert icon.mimetype == "image/png"


def test_nobody_else_gets_the_worker(app: Flask) -> None:
    app.test_client_class = FreshClient
    event_id = Town(app).event(Town(app).activity())
    for page in ("worker.js", "shell", "roster.json", "app.webmanifest"):
        response = app.test_client().get(f"/organize/events/{event_id}/scan/{page}")
        assert response.status_code == 302
        assert "/sign-in" in response.headers["Location"]
