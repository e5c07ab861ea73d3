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


def test_a_card_without_a_name_is_named_by_the_leader(
    organizer: FlaskClient, town: Town, event_id: int
) -> None:
    _, number, _ = town.card(None)
    path = f"/organize/events/{event_id}"
    shown = post(organizer, f"{path}/add-person", form(name="", card=number)).location
    page = organizer.get(shown).get_data(as_text=True)
    assert "待确认" in page
    assert "缺姓名" in page
    link = page.split(f'href="{path}/name/')[1].split('"')[0]
    assert f"{path}/name/{link}" in organizer.get(path).get_data(as_text=True)
    assert post(organizer, f"{path}/name/{link}", {"name": ""}).status_code == 422
    assert post(organizer, f"{path}/name/{link}", {"name": "孙三"}).status_code == 303
    assert state_of(town, "孙三") == "provisional"
    assert organizer.get(f"{path}/name/{link}").status_code == 404


def test_a_childs_card_waits_until_the_guardian_agrees(
    organizer: FlaskClient, town: Town, event_id: int
) -> None:
    card_id, number, _ = town.card(None)
    path = f"/organize/events/{event_id}"
    child = form(name="郑小果", age_band="under_14")
    assert post(organizer, f"{path}/add-person", child).status_code == 403  # no card to wait
    answer = post(organizer, f"{path}/add-person", child | {"card": number})
    assert answer.location.endswith(f"{path}/scan")
    assert state_of(town, "郑小果") is None
    for page in (answer.location, path, "/admin/people/to-confirm"):
        assert "监护人" in organizer.get(page).get_data(as_text=True)
    name = f"/admin/people/to-confirm/cards/{card_id}"
    agreed = {"name": "郑小果", "guardian": "郑建国"}
    assert post(organizer, name, agreed).status_code == 422
    assert post(organizer, name, agreed | {"agrees": "y"}).status_code == 303
    assert state_of(town, "郑小果") == "active"
    assert organizer.get(name).status_code == 404


def test_a_guardian_who_stands_by_agrees_at_once(
    organizer: FlaskClient, town: Town, event_id: int
) -> None:
    path = f"/organize/events/{event_id}/add-person"
    child = form(name="郑小果", age_band="under_14", agrees="y")
    assert post(organizer, path, child).status_code == 422
    assert post(organizer, path, child | {"guardian": "郑建国"}).status_code == 303
    assert state_of(town, "郑小果") == "provisional"


def test_a_waiting_card_is_taken_back(organizer: FlaskClient, town: Town, event_id: int) -> None:
    card_id, number, _ = town.card(None)
    path = f"/organize/events/{event_id}/add-person"
    post(organizer, path, form(name="", age_band="under_14", card=number))
    back = f"/admin/people/to-confirm/cards/{card_id}/return"
    assert post(organizer, back, {}).status_code == 303
    assert post(organizer, back, {}).status_code == 409
    assert post(organizer, path, form(card=number)).status_code == 303


def test_a_guest_is_marked_on_the_roster(organizer: FlaskClient, town: Town, event_id: int) -> None:
    path = f"/organize/events/{event_id}"
    post(organizer, f"{path}/add-person", form(is_guest="y"))
    roster = organizer.get(path).get_data(as_text=True)
    assert "来访志愿者" in roster
    kinds = select(m.Residence.kind, m.Residence.building_id)
    assert town.write(lambda tx: [tuple(row) for row in tx.run(kinds)]) == [("guest", None)]
    assert "来访" in organizer.get("/admin/people/to-confirm").get_data(as_text=True)
