"""A stranger scans the event's code, writes a name down, and staff confirm it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.signed_in import csrf_token, post, sign_in
from tests.town import FRIDAY, Town
from volunteer.domain.tokens import rotating_code
from volunteer.store import models as m

PHONE = "13900000001"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


@pytest.fixture
def event_id(town: Town) -> int:
    return town.event(town.activity())


def scan(client: FlaskClient, town: Town, event_id: int, at: datetime = FRIDAY) -> str:
    code = rotating_code(town.keys.rotating_code, event_id, at).code
    shown = client.get(f"/q/{event_id}/{code}", follow_redirects=True)
    return shown.get_data(as_text=True)


def join(client: FlaskClient, **more: str) -> TestResponse:
    data = {"name": "路过", "age_band": "18_plus", "pin": "482913", "place": ""} | more
    data["csrf_token"] = csrf_token(client, "/check-in/new")
    return client.post("/check-in/new", data=data)


def state_of(town: Town, name: str = "路过") -> str | None:
    found = select(m.Resident.state).where(m.Resident.name == name)
    return town.write(lambda tx: tx.run(found).scalar_one_or_none())


def staff(app: Flask, town: Town) -> FlaskClient:
    town.login(f"+86{PHONE}", roles=("organizer",))
    client = app.test_client()
    sign_in(client, PHONE)
    return client


def test_a_stranger_is_led_from_the_code_to_the_receipt(
    app: Flask, town: Town, event_id: int
) -> None:
    client = app.test_client()
    building = town.building("12栋")
    assert "/check-in/new" in scan(client, town, event_id)
    assert "12栋" in client.get("/check-in/new").get_data(as_text=True)
    answer = join(client, place=f"b{building}", phone="13800138000")
    assert (answer.status_code, answer.location) == (303, "/check-in/receipt")
    receipt = client.get("/check-in/receipt").get_data(as_text=True)
    assert "签到成功" in receipt
    assert "工作人员确认您的姓名后" in receipt
    assert state_of(town) == "provisional"
    assert client.get("/passbook").status_code == 200


def test_somebody_from_outside_is_a_guest(app: Flask, town: Town, event_id: int) -> None:
    client = app.test_client()
    scan(client, town, event_id)
    assert "我不住这里，是来访的" in client.get("/check-in/new").get_data(as_text=True)
    assert join(client, place="guest").status_code == 303
    homes = select(m.Residence.kind, m.Residence.area_id, m.Residence.building_id)
    assert [tuple(row) for row in town.write(lambda tx: tx.run(homes).all())] == [
        ("guest", None, None)
    ]
    shown = staff(app, town).get(f"/organize/events/{event_id}").get_data(as_text=True)
    assert "来访" in shown


def test_without_a_scanned_code_nobody_is_written_down(app: Flask, town: Town) -> None:
    assert app.test_client().get("/check-in/new").location == "/scan"


def test_a_scanned_code_lasts_fifteen_minutes(
    app: Flask, town: Town, event_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    scan(client, town, event_id)
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY + timedelta(minutes=16))
    assert client.get("/check-in/new").status_code == 410


def test_a_child_is_told_kindly_who_comes_first(app: Flask, town: Town, event_id: int) -> None:
    client = app.test_client()
    scan(client, town, event_id)
    answer = join(client, age_band="under_14")
    assert answer.status_code == 403
    assert "监护人" in answer.get_data(as_text=True)
    assert "路过" in answer.get_data(as_text=True), "what was typed stays"
    assert state_of(town) is None


def test_staff_see_how_many_wait_and_confirm_with_one_tap(
    app: Flask, town: Town, event_id: int
) -> None:
    stranger = app.test_client()
    scan(stranger, town, event_id)
    join(stranger)
    client = staff(app, town)
    assert 'class="side-count">1<' in client.get("/organize").get_data(as_text=True)
    waiting = client.get("/admin/people/to-confirm").get_data(as_text=True)
    assert "路过" in waiting
    resident_id = town.write(
        lambda tx: tx.run(select(m.Resident.id).where(m.Resident.name == "路过")).scalar_one()
    )
    post(client, "/admin/people/to-confirm", {"one": str(resident_id)})
    assert state_of(town) == "active"
    empty = client.get("/admin/people/to-confirm").get_data(as_text=True)
    assert "没有人等待确认" in empty


def test_rejecting_is_asked_once_more(app: Flask, town: Town) -> None:
    who = town.resident("张三丰", state="provisional")
    client = staff(app, town)
    path = "/admin/people/to-confirm"
    asked = post(client, path, {"who": str(who), "outcome": "ask"})
    assert "张三丰" in asked.get_data(as_text=True)
    assert state_of(town, "张三丰") == "provisional"
    post(client, path, {"who": str(who), "outcome": "rejected"})
    assert state_of(town, "张三丰") == "rejected"


def test_ticking_nobody_says_so(app: Flask, town: Town) -> None:
    client = staff(app, town)
    post(client, "/admin/people/to-confirm", {"outcome": "confirmed"})
    page = client.get("/admin/people/to-confirm").get_data(as_text=True)
    assert "请至少选择一个人" in page


def test_the_page_of_a_person_confirms_too(app: Flask, town: Town) -> None:
    who = town.resident("张三丰", state="provisional")
    ref = town.write(
        lambda tx: tx.run(select(m.Resident.ref).where(m.Resident.id == who)).scalar_one()
    )
    client = staff(app, town)
    page = client.get(f"/admin/people/{ref}").get_data(as_text=True)
    assert f"/admin/people/{ref}/state/rejected" in page
    assert f"/admin/people/{ref}/state/deceased" not in page
    post(client, f"/admin/people/{ref}/state/active", {"day": "2026-11-20"})
    assert state_of(town, "张三丰") == "active"
