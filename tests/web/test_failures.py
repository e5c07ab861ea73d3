"""When the database fails in a request, what is still to be said is said without it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from tests.faults.failing import CHINESE, ENGLISH, faults_of_json, faults_of_page
from tests.signed_in import sign_in
from tests.town import Town
from volunteer.store.database import db
from volunteer.web import failures

PHONE = "+8613900000001"


def lose(table: str) -> None:
    """From now on every statement about ``table`` fails."""
    db.session.remove()
    with db.engine.connect() as connection, connection.begin():
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_that_was"))


def test_who_was_known_before_it_keeps_their_language(app: Flask, town: Town) -> None:
    town.login(PHONE, roles=("organizer",), locale="en")
    browser = app.test_client()
    sign_in(browser, PHONE)
    lose("device")
    page = browser.get("/organize/devices")
    assert faults_of_page(page.status_code, page.headers, page.data) == []
    assert page.text.index(ENGLISH) < page.text.index(CHINESE)


def test_who_is_not_known_yet_gets_what_the_browser_asks_for(app: Flask, town: Town) -> None:
    town.login(PHONE, roles=("organizer",), locale="en")
    browser = app.test_client()
    sign_in(browser, PHONE)
    lose("sign_in_session")
    page = browser.get("/organize/devices")
    assert faults_of_page(page.status_code, page.headers, page.data) == []
    assert page.text.index(CHINESE) < page.text.index(ENGLISH)
    page = browser.get("/organize/devices", headers={"Accept-Language": "en-GB"})
    assert page.text.index(ENGLISH) < page.text.index(CHINESE)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/sign-in"])
def test_a_page_whose_frame_alone_asks_is_clean_too(app: Flask, path: str) -> None:
    """The page of a 404 asks whether this is the demo; that must not end in a bare 500."""
    lose("community")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = app.test_client().get(path)
    assert faults_of_page(page.status_code, page.headers, page.data) == []


def test_without_breaking_off_the_error_page_fails_in_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose("community")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(failures, "break_off", lambda: None)
    with pytest.raises(Exception, match="community"):
        app.test_client().get("/nowhere")


def test_the_api_answers_in_its_own_shape(app: Flask) -> None:
    lose("device")
    answer = app.test_client().post("/api/v1/scans", headers={"Authorization": "Bearer any"})
    assert faults_of_json(answer.status_code, answer.headers, answer.data) == []
    headers = {"Authorization": "Bearer any", "Accept-Language": "en"}
    answer = app.test_client().post("/api/v1/scans", headers=headers)
    assert ENGLISH in answer.json["words"]  # type: ignore[index]
