"""The leader writes somebody down at the scanner; staff make blank cards."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.signed_in import post, sign_in
from tests.town import FRIDAY, Town
from volunteer.store import models as m

PHONE = "13900000001"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


@pytest.fixture
def event_id(town: Town) -> int:
    return town.event(town.activity())


@pytest.fixture
def organizer(app: Flask, town: Town) -> FlaskClient:
    town.login(f"+86{PHONE}", roles=("organizer",))
    client = app.test_client()
    sign_in(client, PHONE)
    return client


def form(**more: str) -> dict[str, str]:
    return {"name": "赵一", "age_band": "18_plus", "card": "", "form_id": uuid4().hex} | more


def state_of(town: Town, name: str) -> str | None:
    found = select(m.Resident.state).where(m.Resident.name == name)
    return town.write(lambda tx: tx.run(found).scalar_one_or_none())


def test_a_name_alone_is_enough(organizer: FlaskClient, town: Town, event_id: int) -> None:
    path = f"/organize/events/{event_id}/add-person"
    assert path in organizer.get(f"/organize/events/{event_id}/scan").get_data(as_text=True)
    answer = post(organizer, path, form())
    assert answer.status_code == 303
    shown = organizer.get(answer.location).get_data(as_text=True)
    assert "赵一" in shown
    assert "签到成功" in shown
    assert state_of(town, "赵一") == "provisional"


def test_a_blank_card_leads_to_the_name(organizer: FlaskClient, town: Town, event_id: int) -> None:
    _, number, _ = town.card(None)
    scan = {"scan_id": uuid4().hex, "code": number, "direction": "in"}
    answer = post(organizer, f"/organize/events/{event_id}/scan", scan)
    assert f"/organize/events/{event_id}/add-person?card={number}" in answer.location
    assert f'value="{number}"' in organizer.get(answer.location).get_data(as_text=True)
    post(organizer, f"/organize/events/{event_id}/add-person", form(card=number))
    assert state_of(town, "赵一") == "provisional"


def test_a_namesake_is_asked_about(organizer: FlaskClient, town: Town, event_id: int) -> None:
    town.resident("赵一")
    path = f"/organize/events/{event_id}/add-person"
    asked = post(organizer, path, form())
    assert asked.status_code == 409
    assert 'name="is_another"' in asked.get_data(as_text=True)
    assert post(organizer, path, form(is_another="y")).status_code == 303


def test_a_form_without_its_id_adds_nobody(
    organizer: FlaskClient, town: Town, event_id: int
) -> None:
    path = f"/organize/events/{event_id}/add-person"
    assert post(organizer, path, form(form_id="x")).status_code == 422
    assert post(organizer, path, form(card="not a card")).status_code == 404
    assert state_of(town, "赵一") is None


def test_blank_cards_are_made_and_printed(organizer: FlaskClient, town: Town) -> None:
    assert post(organizer, "/admin/blank-cards", {"count": "3"}).status_code == 303
    page = organizer.get("/admin/blank-cards").get_data(as_text=True)
    assert "打印 3 张" in page
    link = page.split('href="/admin/blank-cards/cards.pdf?')[1].split('"')[0]
    sheet = organizer.get(f"/admin/blank-cards/cards.pdf?{link.replace('&amp;', '&')}")
    assert (sheet.status_code, sheet.data[:5]) == (200, b"%PDF-")
    assert post(organizer, "/admin/blank-cards", {"count": "0"}).status_code == 422
    for made in ("", "x", "2026-11-20T08:30:00"):
        again = organizer.get(f"/admin/blank-cards/cards.pdf?made={made}")
        assert again.location == "/admin/blank-cards"
