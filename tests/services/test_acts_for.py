"""Guardians, helpers and consents: given and taken back."""

from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Relation, Scope
from volunteer.domain.consents import Consent
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.principals import read_principal
from volunteer.services import acts_for, consents
from volunteer.services.acts_for import NewLink
from volunteer.services.consents import Answer
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)
PHONE = "+8613800138005"


class Family:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.child = town.resident("王小明", birth_date=date(2016, 1, 1))
        self.guardian = town.login(PHONE)
        self.who = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)}

    def add(self, **more: object) -> int:
        new = {"phone": "138 0013 8005", "relation": Relation.GUARDIAN, "starts_on": TODAY} | more
        return acts_for.add_link(self.child, NewLink(**new), **self.who)  # type: ignore[arg-type]

    def refused(self, **more: object) -> Code:
        with pytest.raises(Refused) as caught:
            self.add(**more)
        return caught.value.refusal.code

    def sees(self) -> list[int]:
        """Whom the guardian's next request acts for."""
        token_hash = sha256(b"token").digest()
        db.session.remove()
        if not db.session.scalar(select(m.SignInSession.id)):
            self.town._add(
                m.SignInSession,
                login_id=self.guardian,
                token_hash=token_hash,
                created_at=FRIDAY,
                last_seen_at=FRIDAY,
                expires_at=FRIDAY + timedelta(days=1),
            )
        found = read_principal(token_hash, FRIDAY)
        assert found
        return [one.resident_id for one in found.principal.acts_for]


@pytest.fixture
def family(both_town: Town) -> Family:
    return Family(both_town)


def test_a_link_holds_at_once_and_ends_at_once(family: Family) -> None:
    link_id = family.add()
    assert family.sees() == [family.child]
    acts_for.end_link(link_id, **family.who)  # type: ignore[arg-type]
    assert family.sees() == []
    with pytest.raises(Refused) as caught:
        acts_for.end_link(link_id, **family.who)  # type: ignore[arg-type]
    assert caught.value.refusal.code is Code.CHANGED_MEANWHILE
    family.add()
    assert family.sees() == [family.child]
    facts = db.session.scalars(
        select(m.AuditEvent.facts).where(m.AuditEvent.action == "link_added")
    ).first()
    assert facts == {"relation": "guardian", "phone": "138****8005"}


def test_what_a_link_may_not_be(family: Family) -> None:
    assert family.refused(phone="12345") is Code.PHONE_INVALID
    assert family.refused(phone="13900139000") is Code.LOGIN_UNKNOWN
    # One's own phone is tied with a code: a number alone may have been resold.
    assert family.refused(relation=Relation.SELF) is Code.CHOICE_MISSING
    assert family.refused(ends_on=date(2026, 11, 19)) is Code.DATES_REVERSED
    family.town.login("+8613800138006", deactivated_at=FRIDAY)
    assert family.refused(phone="13800138006") is Code.LOGIN_UNKNOWN
    family.add()
    assert family.refused(relation=Relation.HELPER) is Code.ALREADY_EXISTS


def test_another_communitys_people_are_not_found(family: Family) -> None:
    link_id = family.add()
    family.who["scope"] = Scope.of(family.town.community("景华社区"))
    assert family.refused(relation=Relation.HELPER) is Code.NOT_FOUND
    with pytest.raises(Refused) as caught:
        acts_for.end_link(link_id, **family.who)  # type: ignore[arg-type]
    assert caught.value.refusal.code is Code.NOT_FOUND
    assert family.sees() == [family.child]


def test_a_consent_and_its_withdrawal_are_two_rows(family: Family) -> None:
    for given in (True, False):
        answer = Answer(Consent.GUARDIAN, given, " 王建军 ")
        consents.record_consent(family.child, answer, **family.who)  # type: ignore[arg-type]
    db.session.remove()
    rows = db.session.scalars(select(m.Consent).order_by(m.Consent.id)).all()
    assert [(row.given, row.given_by, row.given_at) for row in rows] == [
        (True, "王建军", FRIDAY),
        (False, "王建军", FRIDAY),
    ]
    actions = db.session.scalars(select(m.AuditEvent.action)).all()
    assert actions == ["consent_given", "consent_withdrawn"]


@pytest.mark.parametrize(
    ("given_by", "code"), [(" ", Code.NAME_MISSING), ("长" * 121, Code.TEXT_TOO_LONG)]
)
def test_a_consent_names_who_signed(family: Family, given_by: str, code: Code) -> None:
    with pytest.raises(Refused) as caught:
        consents.record_consent(
            family.child,
            Answer(Consent.KEEP_RECORD, True, given_by),
            **family.who,  # type: ignore[arg-type]
        )
    assert caught.value.refusal.code is code


def test_a_consent_of_another_communitys_child_is_not_found(family: Family) -> None:
    family.who["scope"] = Scope.nothing()
    with pytest.raises(Refused) as caught:
        consents.record_consent(
            family.child,
            Answer(Consent.GUARDIAN, True, "王建军"),
            **family.who,  # type: ignore[arg-type]
        )
    assert caught.value.refusal.code is Code.NOT_FOUND
    assert not db.session.scalars(select(m.Consent)).all()
