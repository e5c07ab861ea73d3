"""A leader writes somebody down at an event: by name, or with a blank card."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.auditor import audit
from tests.scanning import as_device, as_leader, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain import walk_ins as limits
from volunteer.domain.access import Scope
from volunteer.domain.passbook_number import passbook_number_of
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.scans import Verdict
from volunteer.domain.tokens import CardCode, CardNumber
from volunteer.queries.cards import read_blank_batches, read_blank_cards
from volunteer.services import walk_ins
from volunteer.services.add_at_event import Newcomer, add_at_event
from volunteer.services.cards import issue_blank_cards
from volunteer.services.people import PersonDetails, edit_resident
from volunteer.store import models as m
from volunteer.store.database import db


def an_event(town: Town) -> int:
    return town.event(town.activity())


def add(town: Town, event_id: int, name: str = "赵一", **more: Any) -> Verdict:
    newcomer = replace(Newcomer(event_id, uuid4(), name), **more)
    recorder = as_leader(town, town.login(roles=("organizer",)))
    scope = Scope.of(town.community_id)
    return add_at_event(newcomer, recorder, keys=town.keys, now=FRIDAY, scope=scope)


def refused(town: Town, event_id: int, name: str = "赵一", **more: Any) -> Code:
    with pytest.raises(Refused) as raised:
        add(town, event_id, name, **more)
    return raised.value.refusal.code


def resident(town: Town, resident_id: int | None) -> m.Resident:
    def work(tx: Any) -> m.Resident:
        row = tx.get(m.Resident, resident_id)
        tx.expunge(row)
        return row

    return town.write(work)


def whole(town: Town) -> bool:
    db.session.remove()
    with db.engine.connect() as connection:
        return audit(connection, town.community_id) == []


def test_a_name_alone_is_checked_in(both_town: Town) -> None:
    verdict = add(both_town, an_event(both_town))
    assert (verdict.code, verdict.facts["provisional"]) == ("ok_in", True)
    made = resident(both_town, verdict.resident_id)
    assert (made.name, made.state) == ("赵一", "provisional")
    assert whole(both_town)


def test_a_second_tap_adds_nobody(both_town: Town) -> None:
    event_id, form_id = an_event(both_town), uuid4()
    first = add(both_town, event_id, form_id=form_id)
    again = add(both_town, event_id, form_id=form_id)
    assert first.resident_id == again.resident_id


def test_a_blank_card_is_bound_with_a_name(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    _, number, code = town.card(None)
    assert (
        record(town, as_device(town.device()), scan_row(event_id, number))[0].code == "card_blank"
    )
    verdict = add(town, event_id, card=CardCode(code))
    made = resident(town, verdict.resident_id)
    assert made.passbook_number == passbook_number_of(number)
    other = an_event(town)
    assert record(town, as_device(town.device("b")), scan_row(other, number))[0].code == "ok_in"
    assert refused(town, event_id, "钱二", card=CardCode(code)) is Code.CARD_TAKEN
    assert whole(town)


def test_a_card_without_a_name_is_named_before_it_is_confirmed(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    _, number, _ = town.card(None)
    verdict = add(town, event_id, "", card=CardNumber(number))
    who = verdict.resident_id or 0
    by, scope = town.login(roles=("organizer",)), Scope.of(town.community_id)
    more: Any = {"by": by, "now": FRIDAY, "scope": scope}
    with pytest.raises(Refused) as raised:
        walk_ins.confirm(town.community_id, [who], **more)
    assert raised.value.refusal.code is Code.NAME_MISSING
    edit_resident(who, PersonDetails("孙三", age_band="18_plus"), **more)
    assert walk_ins.confirm(town.community_id, [who], **more) == 1
    assert whole(town)


def test_somebody_of_this_name_is_asked_about(both_town: Town) -> None:
    event_id = an_event(both_town)
    both_town.resident("赵一")
    assert refused(both_town, event_id) is Code.NAME_KNOWN
    _, _, code = both_town.card(None)
    assert refused(both_town, event_id, card=CardCode(code)) is Code.NAME_KNOWN
    assert add(both_town, event_id, is_another=True).code == "ok_in"


def test_what_is_refused(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    _, _, revoked = town.card(None, state="revoked", ended_at=FRIDAY)
    assert refused(town, event_id, "") is Code.NAME_MISSING
    assert refused(town, event_id, age_band="") is Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED
    assert refused(town, event_id, age_band="under_14") is Code.CONSENT_MISSING
    assert refused(town, event_id, card=CardCode("A" * 20)) is Code.CARD_UNKNOWN
    assert refused(town, event_id, card=CardCode(revoked)) is Code.CARD_REVOKED
    assert refused(town, event_id + 1000) is Code.EVENT_UNKNOWN


def test_who_does_not_run_the_event_adds_nobody(both_town: Town) -> None:
    event_id, scope = an_event(both_town), Scope.of(both_town.community_id)
    recorder = replace(as_leader(both_town, both_town.login()), runs_community_ids=frozenset())
    with pytest.raises(Refused) as raised:
        add_at_event(
            Newcomer(event_id, uuid4(), "赵一"),
            recorder,
            keys=both_town.keys,
            now=FRIDAY,
            scope=scope,
        )
    assert raised.value.refusal.code is Code.NOT_YOUR_EVENT


def test_one_leader_adds_no_crowd(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BY_LEADER", 2)
    event_id, scope = an_event(town), Scope.of(town.community_id)
    recorder = as_leader(town, town.login(roles=("organizer",)))

    def one(name: str) -> None:
        newcomer = Newcomer(event_id, uuid4(), name)
        add_at_event(newcomer, recorder, keys=town.keys, now=FRIDAY, scope=scope)

    one("赵一")
    one("钱二")
    with pytest.raises(Refused) as raised:
        one("孙三")
    assert raised.value.refusal.code is Code.WALK_INS_FULL


def test_staff_make_blank_cards(both_town: Town) -> None:
    town, scope = both_town, Scope.of(both_town.community_id)
    more: Any = {"keys": town.keys, "by": town.login(), "now": FRIDAY, "scope": scope}
    issue_blank_cards(town.community_id, 12, **more)
    db.session.remove()
    [batch] = read_blank_batches(scope, town.community_id)
    numbers = read_blank_cards(scope, town.community_id, batch.issued_at)
    assert (batch.count, len(set(numbers))) == (12, 12)
    assert read_blank_batches(Scope.nothing(), town.community_id) == []
    assert read_blank_cards(Scope.nothing(), town.community_id, batch.issued_at) == []
    event_id = an_event(town)
    add(town, event_id, card=CardNumber(numbers[0]))
    db.session.remove()
    assert read_blank_batches(scope, town.community_id)[0].count == 11
    for count in (0, 101):
        with pytest.raises(Refused) as raised:
            issue_blank_cards(town.community_id, count, **more)
        assert raised.value.refusal.code is Code.AMOUNT_INVALID
    with pytest.raises(Refused) as raised:
        issue_blank_cards(town.community_id + 999, 1, **more)
    assert raised.value.refusal.code is Code.NOT_FOUND
