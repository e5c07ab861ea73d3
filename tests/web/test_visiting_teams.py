"""Visiting teams on the leader's pages, in the office, and on the phones of their people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.documents.rendered import words_of
from tests.signed_in import post, sign_in
from tests.town import FRIDAY, Town
from volunteer.store import models as m

PHONE, LEADER = "13900000001", "13900000002"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    at = [FRIDAY]
    monkeypatch.setattr("volunteer.clock.now", lambda: at[0])
    return at


@pytest.fixture
def event_id(town: Town) -> int:
    activity = town.activity(rule={"points_per_hour": 10})
    lead = town.resident("带队的人")
    town.login(f"+86{LEADER}", acts_for={lead: "self"})
    return town.event(activity, leaders={lead: False})


@pytest.fixture
def organizer(app: Flask, town: Town) -> FlaskClient:
    town.login(f"+86{PHONE}", roles=("organizer",))
    client = app.test_client()
    sign_in(client, PHONE)
    return client


@pytest.fixture
def leader(app: Flask, event_id: int) -> FlaskClient:
    client = app.test_client()
    sign_in(client, LEADER)
    return client


def kind_of(town: Town) -> str:
    return town.write(lambda tx: str(tx.run(select(m.OrganisationKind.id)).first()[0]))


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def make(client: FlaskClient, town: Town, event_id: int, **more: str) -> str:
    """Make a team at the event; gives the address of its page there."""
    form = {"name": "实验小学三（2）班", "kind": kind_of(town), "expected": "3"} | more
    answer = post(client, f"/organize/events/{event_id}/teams/new", form)
    assert answer.status_code == 303
    return str(answer.location).removesuffix("/names")


def add_names(client: FlaskClient, page: str, names: str, *who: int, band: str = "18_plus") -> Any:
    form = {"names": names, "age_band": band, "form_id": uuid4().hex, "step": "save"}
    return post(client, f"{page}/names", form | {"who": [str(one) for one in who]})


def boxes(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="(\d+)"', page)


def scan_id(page: str) -> str:
    return re.findall(r'name="scan_id" value="([^"]+)"', page)[0]


def test_a_leader_takes_a_class_in_calls_it_lets_it_go_and_thanks_it(
    leader: FlaskClient, organizer: FlaskClient, town: Town, event_id: int, clock: list[Any]
) -> None:
    teams = f"/organize/events/{event_id}/teams"
    assert "还没有团队来" in text_of(leader, teams)
    assert teams in text_of(leader, f"/organize/events/{event_id}/scan")
    page = make(leader, town, event_id, has_minors="y")
    names = "林一、林二、林一、x!、林三"
    look = {"names": names, "age_band": "under_14", "form_id": uuid4().hex, "step": "look"}
    preview = post(leader, f"{page}/names", look).get_data(as_text=True)
    assert "名单上有 5 人" in preview
    assert "名单上出现两次" in preview
    assert len(re.findall(r'name="who" value="\d+" checked', preview)) == 3
    assert len(re.findall(r'name="who" value="\d+" disabled', preview)) == 1

    refused = add_names(leader, page, names, 0, 1, 4, band="under_14")
    assert refused.status_code == 403
    assert "带队的大人先同意" in refused.get_data(as_text=True)
    assert post(leader, f"{page}/consent", {"accompanied_by": "周老师"}).status_code == 422
    agreed = {"accompanied_by": "周老师", "agrees": "y"}
    assert post(leader, f"{page}/consent", agreed).status_code == 303
    assert add_names(leader, page, names, 0, 1, 4, band="under_14").status_code == 303

    shown = text_of(leader, page)
    # No number on the button: it would not follow the boxes that somebody unticks.
    assert "勾选的人都到了" in shown
    ids = boxes(shown, "present")
    assert len(ids) == 3
    here = {"scan_id": scan_id(shown), "present": ids[:2], "at": "start"}
    for _ in range(2):
        post(leader, f"{page}/here", here)
    assert boxes(text_of(leader, page), "present") == ids[2:]
    clock[0] = FRIDAY + timedelta(minutes=30)  # 17:00
    shown = text_of(leader, page)
    late = {"scan_id": scan_id(shown), "left_at": "17:30"}
    post(leader, f"{page}/leave", late)
    assert "结束时间不能晚于现在" in text_of(leader, page)
    post(leader, f"{page}/leave", late | {"left_at": "17:00"})
    shown = text_of(leader, page)
    assert "2 人待确认" in shown

    [team_id] = re.findall(r"/teams/(\d+)$", page)
    office = text_of(organizer, f"/admin/teams/{team_id}")
    assert "整队确认" in office
    post(organizer, f"/admin/teams/{team_id}/confirm", {})
    office = text_of(organizer, f"/admin/teams/{team_id}")
    assert "2 小时" in office  # two children from 16:00 to 17:00
    assert "周老师" in office
    sheet = leader.get(f"{page}/thanks.pdf").data
    assert "实验小学三（2）班" in words_of(sheet)
    assert "林二" not in words_of(sheet)
    assert "林二" in words_of(leader.get(f"{page}/thanks.pdf?names=1").data)
    assert leader.get(f"{page}/thanks.png").mimetype == "image/png"
    assert f'href="/admin/cards?team={team_id}&amp;which="' in organizer.get(
        f"/admin/teams/{team_id}"
    ).get_data(as_text=True)
    cards = text_of(organizer, f"/admin/cards?team={team_id}&which=")
    assert "林二" in cards


def test_a_team_that_comes_again_is_found_with_its_people(
    organizer: FlaskClient, town: Town, event_id: int
) -> None:
    page = make(organizer, town, event_id)
    add_names(organizer, page, "林一\n林二", 0, 1)
    again = town.event(town.activity("护学岗"))
    known = text_of(organizer, f"/organize/events/{again}/teams?q=实验")
    [team_id] = boxes(known, "team")
    answer = post(organizer, f"/organize/events/{again}/teams", {"team": team_id})
    assert len(boxes(text_of(organizer, answer.location), "present")) == 2
    assert add_names(organizer, answer.location, "林一\n林二", 0, 1).status_code == 303
    assert len(boxes(text_of(organizer, answer.location), "present")) == 2
    for wrong in ("x", "999999"):
        bad = post(organizer, f"/organize/events/{again}/teams", {"team": wrong})
        assert bad.status_code == 404
    assert "没有这个名字的团队" in text_of(organizer, f"/organize/events/{again}/teams?q=没有")


def test_staff_prepare_a_team(organizer: FlaskClient, town: Town) -> None:
    assert "还没有来访团队" in text_of(organizer, "/admin/teams")
    form = {"name": "福田某公司", "kind": kind_of(town), "contact": "周经理"}
    assert post(organizer, "/admin/teams/new", form | {"kind": ""}).status_code == 422
    assert post(organizer, "/admin/teams/new", form | {"agrees": "y"}).status_code == 422
    page = str(post(organizer, "/admin/teams/new", form).location)
    assert post(organizer, "/admin/teams/new", form).status_code == 409
    assert add_names(organizer, page, "周一 郑二", 0, 1).location == page
    assert (
        add_names(
            organizer,
            page,
            "周一",
        ).status_code
        == 422
    )  # nobody ticked
    states = select(m.Resident.name, m.Resident.state)
    found = town.write(lambda tx: {tuple(row) for row in tx.run(states)})
    assert {("周一", "active"), ("郑二", "active")} <= found
    members = text_of(organizer, page)
    [one, *_] = re.findall(r"/people/(\w+)/end", members)
    assert post(organizer, f"{page}/people/{one}/end", {}).status_code == 303
    assert post(organizer, f"{page}/edit", form | {"name": ""}).status_code == 422
    assert post(organizer, f"{page}/edit", form | {"expected": "999"}).status_code == 422
    more = {"has_minors": "y", "accompanied_by": "周老师", "agrees": "y"}
    assert post(organizer, f"{page}/edit", form | more).status_code == 303
    assert "周老师" in text_of(organizer, f"{page}/consent")
    post(organizer, f"{page}/active", {"active": "0"})
    assert "福田某公司" not in text_of(organizer, "/admin/teams")
    assert "福田某公司" in text_of(organizer, "/admin/teams?show=all")
    post(organizer, f"{page}/active", {"active": "1"})


def test_the_teams_people_write_themselves_down(
    app: Flask, organizer: FlaskClient, town: Town, event_id: int, clock: list[Any]
) -> None:
    page = make(organizer, town, event_id)
    code = text_of(organizer, f"{page}/code")
    [path] = re.findall(r"(/t/[0-9a-f]{16})<", code)
    phone = app.test_client()
    assert phone.get(f"{path}/done").location == path
    assert "实验小学三（2）班" in text_of(phone, path)
    form = {"name": "林一", "age_band": "18_plus", "form_id": uuid4().hex}
    answer = post(phone, path, form)
    assert answer.location == f"{path}/done"
    assert "林一" in text_of(phone, answer.location)
    assert post(phone, path, form | {"name": " "}).status_code == 422
    assert post(phone, path, form | {"form_id": "x"}).status_code == 422
    child = form | {"age_band": "under_14", "form_id": uuid4().hex, "name": "林二"}
    assert post(phone, path, child).status_code == 403
    shown = text_of(organizer, page)
    assert "1 人待确认" in shown
    waiting = text_of(organizer, "/admin/people/to-confirm")
    assert "实验小学三（2）班" in waiting
    assert phone.get("/t/0000000000000000").status_code == 404
    clock[0] = FRIDAY + timedelta(days=1)
    late = form | {"name": "林三", "form_id": uuid4().hex}
    assert post(phone, path, late).status_code == 409
    assert "林三" not in text_of(organizer, page)
