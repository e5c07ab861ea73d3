"""Consents that people give and take back themselves: each counts from the next request on."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain.access import ActsFor, Principal, Relation
from volunteer.domain.consents import Consent
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.me import read_own_consents
from volunteer.services.consents import answer_myself
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = FRIDAY.date()


class Scene:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.own = town.resident("王芳")
        self.child = town.resident("王小明", birth_date=date(2016, 1, 1))
        self.numbers = {one: town.card(one)[1] for one in (self.own, self.child)}
        self.login = town.login(name="王芳", acts_for={self.own: "self", self.child: "guardian"})
        self.me = Principal(
            self.login,
            1,
            "王芳",
            acts_for=(self.acts(self.own, "self"), self.acts(self.child, "guardian")),
        )
        self.device = as_device(town.device())
        self.event = town.event(town.activity())

    def acts(self, resident_id: int, relation: str) -> ActsFor:
        community_id = self.town.community_id
        return ActsFor(resident_id, f"r{resident_id}", community_id, "王", Relation(relation))

    def answer(self, of: int, what: Consent, given: bool, relation: str | None = None) -> None:
        relation = relation or ("self" if of == self.own else "guardian")
        answer_myself(self.acts(of, relation), what, given, principal=self.me, now=FRIDAY)

    def scan(self, of: int, direction: str = "in", event: int | None = None) -> str:
        row = scan_row(event or self.event, self.numbers[of], direction=direction)
        (verdict,) = record(self.town, self.device, row)
        return verdict.code


@pytest.fixture
def scene(both_town: Town) -> Scene:
    return Scene(both_town)


def test_a_guardian_takes_it_back_and_the_next_scan_is_refused(scene: Scene) -> None:
    assert scene.scan(scene.child) == Code.CONSENT_MISSING
    scene.answer(scene.child, Consent.GUARDIAN, True)
    assert scene.scan(scene.child) == "ok_in"
    scene.answer(scene.child, Consent.GUARDIAN, False)
    other = scene.town.event(scene.town.activity())
    assert scene.scan(scene.child, event=other) == Code.CONSENT_MISSING
    db.session.remove()
    rows = db.session.scalars(select(m.Consent).order_by(m.Consent.id)).all()
    assert [(row.given, row.given_by, row.text_version) for row in rows] == [
        (True, "王芳", "2026-11"),
        (False, "王芳", "2026-11"),
    ]
    trail = db.session.scalars(
        select(m.AuditEvent.on_behalf_of_resident_id).where(m.AuditEvent.action.like("consent%"))
    ).all()
    assert trail == [scene.child] * 2


def test_who_takes_back_the_record_is_written_down_no_more(scene: Scene) -> None:
    """Not asked is no refusal; taken back is, for what begins. What is under way still ends, and
    what stands in the passbook stays."""
    assert scene.scan(scene.own) == "ok_in"
    scene.answer(scene.own, Consent.KEEP_RECORD, False)
    other = scene.town.event(scene.town.activity())
    assert scene.scan(scene.own, event=other) == Code.RECORD_TAKEN_BACK
    db.session.remove()
    refused = db.session.scalars(select(m.Scan).where(m.Scan.verdict == "refused")).one()
    assert refused.resident_id is None, "not even in the scan that was refused"
    assert scene.scan(scene.own, "out") == "ok_out"
    db.session.remove()
    balance = select(m.Account.balance_points).where(m.Account.resident_id == scene.own)
    assert db.session.scalar(balance) == 10
    scene.answer(scene.own, Consent.KEEP_RECORD, True)
    assert scene.scan(scene.own, event=other) == "ok_in"


def test_answers_that_are_not_theirs_to_give(scene: Scene) -> None:
    for of, what, relation in (
        (scene.child, Consent.NAMED_BOARD, "guardian"),
        (scene.own, Consent.GUARDIAN, "self"),
        (scene.own, Consent.NAMED_BOARD, "helper"),
        (scene.own, Consent.KEEP_RECORD, "guardian"),
    ):
        with pytest.raises(Refused) as caught:
            scene.answer(of, what, True, relation)
        assert caught.value.refusal.code is Code.PERMISSION_MISSING
    db.session.remove()
    assert not db.session.scalars(select(m.Consent)).all()


def test_the_newest_answer_stands(scene: Scene) -> None:
    for given in (True, False, True):
        scene.answer(scene.own, Consent.NAMED_BOARD, given)
    db.session.remove()
    found = read_own_consents(scene.me, TODAY)
    assert found[scene.own].answers[Consent.NAMED_BOARD].given
    assert Consent.NAMED_BOARD not in found[scene.child].answers
