"""Recurring events as an organizer plans them, without script; and the holidays they avoid."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.browser_form import fields_of
from tests.signed_in import post, sign_in
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.store import models as m

ORGANIZER, ADMIN = "13800000001", "13800000003"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


@pytest.fixture
def leader_id(town: Town) -> int:
    town.login(f"+86{ORGANIZER}", roles=("organizer",))
    town.login(f"+86{ADMIN}", roles=("community_admin",))
    return town.resident("王建国")


@pytest.fixture
def address(town: Town, leader_id: int) -> str:
    """The form of an activity that was last held on Friday afternoon at the square."""
    activity_id = town.activity("清扫")
    town.event(activity_id, leaders={leader_id: False}, capacity=20)
    return f"/organize/activities/{activity_id}/series/add"


def client_of(town: Town, phone: str = ORGANIZER) -> FlaskClient:
    client = town.app.test_client()
    sign_in(client, phone)
    return client


def shown(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return unescape(response.get_data(as_text=True))


def form_of(client: FlaskClient, path: str) -> dict[str, Any]:
    """The fields of the page's own form, as they stand."""
    return dict(fields_of(client.get(path).get_data(as_text=True)))


def events(town: Town) -> list[m.Event]:
    rows = town.write(lambda tx: list(tx.query(m.Event).order_by(m.Event.starts_at).all()))
    return rows[1:]  # the first is the one of the last time


def test_three_places_until_december_in_one_form(town: Town, address: str) -> None:
    client = client_of(town)
    form = form_of(client, address)
    assert (form["first_on"], form["starts"], form["ends"]) == ("2026-11-20", "16:00", "18:00")
    assert (form["site-1-place"], form["site-1-capacity"]) == ("梅富村广场", "20")
    form |= {"first_on": "2026-11-27", "last_on": "2026-12-31"}
    # Another place: its button plans nothing and keeps what was typed.
    page = post(client, address, form | {"add_site": "1"})
    assert page.status_code == 200
    assert 'name="site-2-place"' in page.get_data(as_text=True)
    leader = next(name for name in form if name.startswith("site-1-leader-"))
    second = {
        "site": ["1", "2"],
        "site-2-place": "公园",
        "site-2-area_id": "0",
        "site-2-capacity": "8",
    }
    # Enter in the search for a leader looks, and does not plan.
    looking = {"site-2-find": "王", "site-2-found": ""}
    page = post(client, address, form | second | looking)
    words = unescape(page.get_data(as_text=True))
    assert page.status_code == 200
    assert leader.replace("site-1", "site-2") in words
    assert "5 个日期" in words
    assert "共 10 场" in words
    assert events(town) == []
    # Without a leader there, it is said which place.
    page = post(client, address, form | second)
    assert page.status_code == 422
    assert "地点 2：" in unescape(page.get_data(as_text=True))
    chosen = {leader.replace("site-1", "site-2"): "at_work"}
    made = post(client, address, form | second | chosen)
    assert made.status_code == 302
    assert [(one.place, one.capacity) for one in events(town)[:2]] == [
        ("梅富村广场", 20),
        ("公园", 8),
    ]
    assert len(events(town)) == 10
    assert "已安排 10 场" in shown(client, made.location)
    assert "每周：星期五，到2026年12月31日为止" in shown(
        client, f"/organize/events/{events(town)[0].id}"
    )


def test_the_dates_are_shown_before_anything_is_planned(town: Town, address: str) -> None:
    client = client_of(town)
    dates = address.replace("add", "dates")
    asked = "?rhythm=weekly&weekdays=4&first_on=2026-09-21&last_on=2026-10-09&site=1&site=2"
    words = shown(client, f"{dates}{asked}&skips_holidays=y")
    assert "1 个日期" in words
    assert "中秋节" in words
    assert "国庆节" in words
    assert "3 个日期" in shown(client, dates + asked)
    assert "共 4 场" in shown(client, f"{dates}{asked}&left_out=2026-10-02")
    beyond = shown(client, dates + asked.replace("last_on=2026-10-09", "last_on=2028-01-07"))
    assert "2027、2028" in beyond
    assert "还没有录入" in beyond
    assert "请至少选一个星期几" in shown(client, dates + asked.replace("weekdays", "x"))
    assert "选好第一天和最后一天" in shown(client, dates)
    # A date whose tick is gone has no event.
    form = form_of(client, address)
    form |= {"last_on": "2026-12-04", "offered": ["2026-11-27", "2026-12-04"]}
    post(client, address, form | {"takes": ["2026-12-04"], "first_on": "2026-11-27"})
    assert [one.local_date.isoformat() for one in events(town)] == ["2026-12-04"]


def test_a_change_or_an_end_is_for_one_or_for_those_that_follow(town: Town, address: str) -> None:
    client = client_of(town)
    form = form_of(client, address)
    form |= {"first_on": "2026-11-27", "last_on": "2026-12-18", "offered": [], "takes": []}
    post(client, address, form)
    ids = [one.id for one in events(town)]
    edit = f"/organize/events/{ids[1]}/edit"
    words = shown(client, edit)
    assert "这一场和以后的场次 · 3 个场次" in words
    assert "全部未开始的场次 · 4 个场次" in words
    changed = form_of(client, edit) | {"starts": "15:00"}
    assert post(client, edit, changed | {"reach": "following"}).status_code == 302
    assert [one.starts_at.hour for one in events(town)] == [8, 7, 7, 7]
    stop = f"/organize/events/{ids[2]}/cancel"
    post(client, stop, {"reason": "台风", "reach": "this"})
    assert [one.state for one in events(town)].count("cancelled") == 1
    post(client, f"/organize/events/{ids[0]}/cancel", {"reason": "台风", "reach": "all"})
    assert {one.state for one in events(town)} == {"cancelled"}
    # An event that stands alone has no such choice.
    alone = town.event(town.activity("别的"), leaders={town.resident(): False})
    assert 'name="reach"' not in shown(client, f"/organize/events/{alone}/edit")


def test_an_event_is_copied(town: Town, address: str) -> None:
    client = client_of(town)
    activity_id = int(address.split("/")[3])
    other = town.event(activity_id, place="旧祠堂", leaders={town.resident("李"): True})
    tomorrow, later = FRIDAY.replace(day=21), FRIDAY.replace(day=21, hour=10)
    town.event(activity_id, place="最近的", starts_at=tomorrow, ends_at=later)
    assert f"copy={other}" in shown(client, f"/organize/events/{other}")
    copied = form_of(client, f"/organize/activities/{activity_id}/events/add?copy={other}")
    assert (copied["place"], copied["day"]) == ("旧祠堂", "2026-11-27")


def test_the_admin_pastes_a_year_of_holidays(town: Town, leader_id: int) -> None:
    client = client_of(town, ADMIN)
    page = "/admin/holidays?year=2027"
    assert "2027 年还没有录入" in shown(client, page)
    wrong = post(client, page, {"notice": "元旦：1月32日放假。"})
    assert wrong.status_code == 422
    assert "看不懂" in unescape(wrong.get_data(as_text=True))
    pasted = "一、元旦:1月1日(周五)至3日(周日)放假,共3天。\n"
    assert post(client, page, {"notice": pasted}).status_code == 302
    words = shown(client, page)
    assert "元旦：1月1日至3日放假。" in words
    assert "2027年1月3日 星期日" in words
    assert "国庆节" in shown(client, "/admin/holidays")
    assert client_of(town).get(page).status_code == 403


def test_the_form_takes_few_statements(town: Town, address: str) -> None:
    client = client_of(town)
    client.get(address)
    with statements() as seen:
        client.get(address)
    assert len(seen) <= 12
