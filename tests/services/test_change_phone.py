"""A new phone: two proofs, the old number free at once, every other browser out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, PASSWORD, Town
from volunteer.domain.access import Principal
from volunteer.domain.activation import Purpose, activation_code_hash, expires_at
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.principals import read_principal
from volunteer.services.change_phone import NewPhone, change_phone
from volunteer.services.sign_in import Browser, sign_in
from volunteer.store import models as m
from volunteer.store.database import db

OLD, NEW, CODE = "13800138005", "13800138006", "482910337"


class Person:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.resident = town.resident("陈秀英")
        self.login = town.login(f"+86{OLD}", acts_for={self.resident: "self"})
        self.tokens = [self.sign_in(OLD) for _ in range(2)]

    def sign_in(self, phone: str) -> str:
        return sign_in(phone, PASSWORD, Browser(), keys=self.town.keys, now=FRIDAY).token

    def principal(self, token: str) -> Principal | None:
        db.session.remove()
        found = read_principal(session_token_hash(token), FRIDAY)
        return found.principal if found else None

    def code(self, code: str = CODE, of: int | None = None) -> None:
        key, of = self.town.keys.activation_code, of or self.resident
        self.town._add(
            m.ActivationCode,
            community_id=self.town.community_id,
            resident_id=of,
            purpose=Purpose.STAFF.value,
            code_hash=activation_code_hash(key, of, code),
            created_at=FRIDAY,
            expires_at=expires_at(Purpose.STAFF, FRIDAY),
        )

    def change(self, phone: str = NEW, secret: str = PASSWORD, code: str = CODE) -> None:
        me = self.principal(self.tokens[0])
        assert me is not None
        new = NewPhone(phone, secret, code)
        change_phone(new, principal=me, keys=self.town.keys, now=FRIDAY)

    def refused(self, **more: str) -> Code:
        with pytest.raises(Refused) as caught:
            self.change(**more)
        return caught.value.refusal.code


@pytest.fixture
def person(both_town: Town) -> Person:
    return Person(both_town)


def test_both_proofs_change_it_and_free_the_old_number(person: Person) -> None:
    person.code()
    person.change()
    assert person.principal(person.tokens[0]), "this browser goes on"
    assert person.principal(person.tokens[1]) is None
    assert person.sign_in(NEW)
    with pytest.raises(Refused) as caught:
        person.sign_in(OLD)
    assert caught.value.refusal.code is Code.SIGN_IN_FAILED
    assert person.town.login(f"+86{OLD}", name="新的机主"), "free for whoever has it now"
    line = db.session.scalars(
        select(m.AuditEvent).where(m.AuditEvent.action == "phone_changed")
    ).one()
    assert line.facts == {"from": "138****8005", "to": "138****8006"}
    assert person.refused(phone="13800138009") is Code.ACTIVATION_CODE_USED_UP


def test_one_proof_is_not_enough(person: Person) -> None:
    assert person.refused() is Code.ACTIVATION_CODE_WRONG, "no code was given"
    person.code()
    assert person.refused(secret="wrong-secret") is Code.SECRET_WRONG
    assert person.refused(code="123") is Code.ACTIVATION_CODE_WRONG
    assert person.refused(code="000111222") is Code.ACTIVATION_CODE_WRONG
    other = person.town.resident("别人")
    person.code("999888777", other)
    assert person.refused(code="999888777") is Code.ACTIVATION_CODE_WRONG
    tries = select(m.ActivationCode.tries).where(m.ActivationCode.resident_id == person.resident)
    db.session.remove()
    assert db.session.scalar(tries) == 2, "wrong codes are counted although nothing was changed"
    assert person.refused(phone="12345") is Code.PHONE_INVALID
    person.town.login(f"+86{NEW}")
    assert person.refused() is Code.PHONE_TAKEN
    assert person.sign_in(OLD)


def test_a_code_runs_out(person: Person) -> None:
    person.code()
    me = person.principal(person.tokens[0])
    assert me is not None
    with pytest.raises(Refused) as caught:
        change_phone(
            NewPhone(NEW, PASSWORD, CODE),
            principal=me,
            keys=person.town.keys,
            now=FRIDAY + timedelta(hours=25),
        )
    assert caught.value.refusal.code is Code.ACTIVATION_CODE_EXPIRED
