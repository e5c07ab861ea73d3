"""Printing cards for a building, the receipts that come back, and a card that was replaced."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.documents.rendered import codes_in, pages_of, words_of
from tests.signed_in import post, sign_in
from tests.town import FRIDAY, Town
from volunteer.jobs.registry import tasks_of
from volunteer.jobs.tasks import TaskWorker
from volunteer.store import models as m
from volunteer.store.database import db

ORGANIZER, COLLEAGUE, COUNTER = "13800000001", "13800000003", "13800000002"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


class Village:
    """Two people and a child in one building, one of them without a card; a neighbour elsewhere."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.building = town.building("12栋")
        self.chen = town.resident("陈秀英", building_id=self.building)
        self.wang = town.resident("王建国", building_id=self.building)
        self.child = town.resident("小红", building_id=self.building, age_band="under_14")
        self.neighbour = town.resident("赵邻居", building_id=town.building("13栋"))
        self.number, self.code = town.card(self.chen)[1:]
        for one in (self.child, self.neighbour):
            town.card(one, printed_at=FRIDAY)
        for phone, role in (
            (ORGANIZER, "organizer"),
            (COLLEAGUE, "organizer"),
            (COUNTER, "counter_staff"),
        ):
            town.login(f"+86{phone}", roles=(role,))

    def client(self, phone: str = ORGANIZER) -> FlaskClient:
        client = self.town.app.test_client()
        sign_in(client, phone)
        return client

    def ref(self, resident_id: int) -> str:
        return self.town.write(lambda tx: tx.get_one(m.Resident, resident_id).ref)

    def work_off(self) -> None:
        TaskWorker(tasks_of(self.town.keys), "one", lambda: FRIDAY, lambda: True).work_off()

    def ask(self, client: FlaskClient, query: str, **form: Any) -> str:
        """The address of the print that was asked for."""
        wanted = {"layout": "one_side", "form_id": "a"} | form
        answer = post(client, f"/admin/cards?{query}", wanted)
        assert answer.status_code == 303, answer.text
        return str(answer.location)


@pytest.fixture
def village(town: Town) -> Village:
    return Village(town)


def test_a_building_is_printed_from_the_list_of_places(village: Village) -> None:
    client = village.client()
    link = f"/admin/cards?building={village.building}&amp;which="
    assert link in client.get("/admin/places").text
    page = client.get(f"/admin/cards?building={village.building}&which=").text
    assert all(name in page for name in ("陈秀英", "王建国", "小红"))
    assert "赵邻居" not in page
    here = village.ask(client, f"building={village.building}&which=", strips="y")
    waiting = client.get(here)
    assert waiting.headers["Refresh"] == "2"
    village.work_off()
    ready = client.get(here)
    assert ready.status_code == 200
    assert "Refresh" not in ready.headers
    assert f'action="{here}/pages"' in ready.text
    pdf = post(client, f"{here}/pages", {})
    assert (pdf.mimetype, pdf.headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert pdf.headers["Content-Disposition"].startswith("attachment")
    (sheet,) = pages_of(pdf.data)
    assert len(codes_in(sheet)) == 3
    assert f"https://love.example.cn/c/{village.code}" in codes_in(sheet)
    db.session.remove()
    printed = db.session.scalars(select(m.AuditEvent).where(m.AuditEvent.action == "strip_printed"))
    assert {one.subject_id for one in printed} == {village.chen, village.wang, village.child}


def test_who_is_without_a_card_comes_first_and_ticks_say_who(village: Village) -> None:
    client = village.client()
    page = client.get("/admin/cards").text
    assert "王建国" in page
    assert "陈秀英" in page, "a card that was never printed is missing, too"
    assert "赵邻居" not in page
    here = village.ask(client, "which=missing", listed="1", who=village.ref(village.wang))
    village.work_off()
    assert client.get(here).status_code == 200
    words = words_of(post(client, f"{here}/pages", {}).data)
    assert "王建国" in words
    assert "陈秀英" not in words
    nobody = post(client, "/admin/cards?which=missing", {"layout": "one_side", "listed": "1"})
    assert nobody.status_code == 422
    assert post(client, "/admin/cards", {"layout": "poster"}).status_code == 422


def test_the_pages_are_not_a_colleagues(village: Village) -> None:
    here = village.ask(village.client(), "which=missing")
    village.work_off()
    colleague = village.client(COLLEAGUE)
    assert "/pages" not in colleague.get(here).text
    assert post(colleague, f"{here}/pages", {}).status_code == 303
    assert "激活码" in colleague.get(here).text
    assert post(colleague, f"{here}/delete", {}).status_code == 303
    assert "/pages" not in village.client().get(here).text


def test_pages_of_yesterday_are_gone(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    here = village.ask(village.client(), "which=missing")
    village.work_off()
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY + timedelta(days=1))
    client = village.client()
    assert "/pages" not in client.get(here).text
    assert post(client, f"{here}/pages", {}).location == here


def test_receipts_are_signed_on_paper_and_ticked_back(village: Village) -> None:
    client, chen = village.client(), village.ref(village.chen)
    assert "12栋" in client.get("/admin/cards/receipts").text
    address = f"/admin/cards/receipts?building={village.building}"
    page = client.get(address).text
    assert all(name in page for name in ("陈秀英", "小红"))
    assert "王建国" not in page, "no card, nothing to sign for"
    assert page.count("checked") == 2, "everybody agrees until somebody does not"
    assert client.get(f"{address}&all=1").text.count("checked") == 4
    sheet = client.get(f"/admin/cards/receipts/sheet.pdf?building={village.building}")
    words = words_of(sheet.data)
    assert all(said in words for said in ("陈秀英", "小红", "12栋", "2026-11"))
    assert "赵邻居" not in words
    child = village.ref(village.child)
    form = {"got": [chen, child], f"agrees-{chen}": "1", f"agrees-{child}": "1"}
    missing = post(client, address, form)
    assert missing.status_code == 422
    assert "小红" in missing.text
    assert missing.text.count("checked") == 4, "the ticks stay"
    assert post(client, address, form | {f"guardian-{child}": "王建国"}).status_code == 303
    db.session.remove()
    assert {one.given_by for one in db.session.scalars(select(m.Consent))} == {"陈秀英", "王建国"}
    empty = client.get(f"/admin/cards/receipts/sheet.pdf?building={village.building}")
    assert empty.status_code == 302
    assert post(client, address, {"got": [chen]}).status_code == 303, "and never twice"
    assert post(client, address, {}).status_code == 303
    counter = village.client(COUNTER)
    assert counter.get(address).status_code == 200
    assert post(counter, address, form).status_code == 403


def test_a_replaced_card_says_so_wherever_it_is_shown(village: Village) -> None:
    town, client = village.town, village.client()
    here = village.ask(client, f"ref={village.ref(village.chen)}&which=", replaces="y")
    village.work_off()
    new = town.write(
        lambda tx: tx.execute(
            select(m.Card.number).where(
                m.Card.resident_id == village.chen, m.Card.state == "active"
            )
        ).scalar_one()
    )
    assert new == f"{village.number[:8]}02"
    assert village.ref(village.chen) in client.get("/admin/people?q=陈").text
    assert post(client, f"{here}/pages", {}).mimetype == "application/pdf"
    said = "这张存折卡已换新（2026年11月20日）"
    stranger = town.app.test_client().get(f"/c/{village.code}", headers={"Accept-Language": "zh"})
    assert stranger.status_code == 410
    assert said in stranger.text
    assert "陈秀英" not in stranger.text
    event = town.event(town.activity())
    town.device("token")
    row = {
        "id": "0f8b2c1e-5d1a-4f6e-9a77-3c1d2e4b5a60",
        "event": event,
        "code": village.code,
        "scanned_at": FRIDAY.isoformat(),
    }
    answer = town.app.test_client().post(
        "/api/v1/scans",
        json={"sent_at": FRIDAY.isoformat(), "scans": [row]},
        headers={"Authorization": "Bearer token", "Accept-Language": "zh"},
    )
    [verdict] = answer.json["verdicts"]
    assert (verdict["code"], verdict["words"].startswith(said)) == ("card_replaced", True)
    scanner = f"/organize/events/{event}/scan"
    form = {"code": village.code, "scan_id": "0f8b2c1e5d1a4f6e9a773c1d2e4b5a61"}
    page = client.get(post(client, scanner, form).location, headers={"Accept-Language": "zh"})
    assert said in page.text
