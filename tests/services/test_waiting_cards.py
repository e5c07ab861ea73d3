"""A child comes with a blank card and without a guardian: the card waits, and then it counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from tests.scanning import as_leader
from tests.services.test_add_at_event import add, an_event, refused, resident, whole
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.passbook_number import passbook_number_of
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.tokens import CardNumber
from volunteer.queries.waiting_cards import read_cards_waiting_at, read_waiting_cards
from volunteer.services.add_at_event import name_newcomer
from volunteer.services.auto_close import close_forgotten
from volunteer.services.event_end import end_event
from volunteer.services.waiting_cards import (
    AgreedChild,
    let_card_wait,
    name_waiting_card,
    return_waiting_card,
)
from volunteer.store import models as m
from volunteer.store.database import db


def wait(town: Town, event_id: int, number: str, **more: Any) -> str:
    recorder = as_leader(town, town.login(roles=("organizer",)))
    given = {"now": FRIDAY, "scope": Scope.of(town.community_id)} | more
    return let_card_wait(event_id, CardNumber(number), uuid4(), recorder, **given)


def staff(town: Town, **more: Any) -> Any:
    return {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)} | more


def people(town: Town) -> int:
    return town.write(lambda tx: tx.run(select(func.count(m.Resident.id))).scalar_one())


def test_nothing_is_kept_of_the_child_until_the_guardian_agrees(both_town: Town) -> None:
    town, event_id, other = both_town, an_event(both_town), an_event(both_town)
    card_id, number, _ = town.card(None)
    assert wait(town, event_id, number) == wait(town, event_id, number) == number
    wait(town, other, number, now=FRIDAY + timedelta(minutes=5))
    assert people(town) == 0
    db.session.remove()
    scope = Scope.of(town.community_id)
    [shown] = read_waiting_cards(scope, town.community_id)
    assert (shown.number, [at.event_id for at in shown.events]) == (number, [event_id, other])
    assert read_cards_waiting_at(scope, event_id) == [number]
    assert read_waiting_cards(Scope.nothing(), town.community_id) == []

    at = FRIDAY + timedelta(days=1)
    child = AgreedChild("郑小果", "郑建国")
    verdicts = name_waiting_card(card_id, child, keys=town.keys, **staff(town, now=at))
    assert [(one.code, one.facts["points"]) for one in verdicts] == [("ok_in", 10)] * 2
    made = resident(town, verdicts[0].resident_id)
    assert (made.name, made.state, made.passbook_number) == (
        "郑小果",
        "active",
        passbook_number_of(number),
    )
    consent = town.write(lambda tx: tx.run(select(m.Consent.given_by, m.Consent.what)).one())
    assert tuple(consent) == ("郑建国", "guardian_consent")
    db.session.remove()
    assert read_waiting_cards(scope, town.community_id) == []
    assert whole(town)
    with pytest.raises(Refused) as raised:
        name_waiting_card(card_id, child, keys=town.keys, **staff(town))
    assert raised.value.refusal.code is Code.CHANGED_MEANWHILE


def test_the_leader_writes_the_child_down_when_the_guardian_comes(both_town: Town) -> None:
    town, event_id, other = both_town, an_event(both_town), an_event(both_town)
    _, number, _ = town.card(None)
    wait(town, other, number)
    child: Any = {"age_band": "under_14", "card": CardNumber(number)}
    assert refused(town, event_id, "郑小果", **child) is Code.CONSENT_MISSING
    verdict = add(town, event_id, "郑小果", guardian="郑建国", **child)
    assert (verdict.code, verdict.facts["provisional"]) == ("ok_in", True)
    came = select(m.Attendance.event_id, m.Attendance.provisional)
    rows = town.write(lambda tx: sorted(tuple(row) for row in tx.run(came)))
    assert rows == [(event_id, True), (other, True)]
    assert whole(town)


def test_what_is_too_old_is_said_and_the_child_is_written_down(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    card_id, number, _ = town.card(None)
    wait(town, event_id, number)
    late = FRIDAY + timedelta(days=10)
    child = AgreedChild("郑小果", "郑建国")
    [verdict] = name_waiting_card(card_id, child, keys=town.keys, **staff(town, now=late))
    assert (verdict.verdict, verdict.code) == ("refused", "late_scan")
    assert people(town) == 1


def test_what_waited_is_closed_like_any_scan_that_comes_after_the_end(both_town: Town) -> None:
    town = both_town
    event_id = town.event(town.activity(rule={"points_per_hour": 10}))
    card_id, number, _ = town.card(None)
    wait(town, event_id, number, now=STARTS_AT)
    scope, recorder = Scope.of(town.community_id), as_leader(town, town.login())
    ended: Any = {"ended_at": ENDS_AT, "left_at": {}, "recorder": recorder, "keys": town.keys}
    end_event(event_id, **ended, now=ENDS_AT, scope=scope)
    later = ENDS_AT + timedelta(hours=20)
    child = AgreedChild("郑小果", "郑建国")
    name_waiting_card(card_id, child, keys=town.keys, **staff(town, now=later))
    close_forgotten(now=later + timedelta(minutes=5), scope=Scope.everything(), keys=town.keys)
    came = select(m.Attendance.state, m.Attendance.minutes, m.Attendance.check_out_points)
    assert tuple(town.write(lambda tx: tx.run(came).one())) == ("complete", 120, 20)
    assert whole(town)


def test_a_card_taken_back_is_blank_again(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    card_id, number, _ = town.card(None)
    wait(town, event_id, number)
    return_waiting_card(card_id, **staff(town))
    with pytest.raises(Refused) as raised:
        return_waiting_card(card_id, **staff(town))
    assert raised.value.refusal.code is Code.CHANGED_MEANWHILE
    assert add(town, event_id, card=CardNumber(number)).code == "ok_in"
    assert town.write(lambda tx: tx.run(select(func.count(m.Attendance.id))).scalar_one()) == 1


def test_what_a_card_does_not_wait_for(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    card_id, number, _ = town.card(None)
    _, taken, _ = town.card(town.resident())

    def code(event_id: int, number: str, **more: Any) -> Code:
        with pytest.raises(Refused) as raised:
            wait(town, event_id, number, **more)
        return raised.value.refusal.code

    assert code(event_id, taken) is Code.CARD_TAKEN
    assert code(event_id, number, now=FRIDAY - timedelta(days=1)) is Code.CHECK_IN_NOT_OPEN
    assert code(event_id, number, scope=Scope.nothing()) is Code.EVENT_UNKNOWN
    stranger = as_leader(town, town.login())
    with pytest.raises(Refused) as raised:
        let_card_wait(
            event_id,
            CardNumber(number),
            uuid4(),
            type(stranger)(login_id=stranger.login_id),
            now=FRIDAY,
            scope=Scope.of(town.community_id),
        )
    assert raised.value.refusal.code is Code.NOT_YOUR_EVENT
    with pytest.raises(Refused) as raised:
        return_waiting_card(card_id, **staff(town, scope=Scope.nothing()))
    assert raised.value.refusal.code is Code.NOT_FOUND


def test_the_leader_names_a_card_that_was_scanned_without(both_town: Town) -> None:
    town, event_id = both_town, an_event(both_town)
    _, number, _ = town.card(None)
    who = resident(town, add(town, event_id, "", card=CardNumber(number)).resident_id)
    town.resident("赵一")
    recorder = as_leader(town, town.login(roles=("organizer",)))
    more: Any = {"recorder": recorder, "now": FRIDAY, "scope": Scope.of(town.community_id)}
    with pytest.raises(Refused) as raised:
        name_newcomer(event_id, who.ref, "赵一", **more)
    assert raised.value.refusal.code is Code.NAME_KNOWN
    name_newcomer(event_id, who.ref, "赵一", is_another=True, **more)
    assert (resident(town, who.id).name, resident(town, who.id).pinyin) == ("赵一", "zhaoyi")
    with pytest.raises(Refused) as raised:  # has a name: the register corrects it from now on
        name_newcomer(event_id, who.ref, "钱二", **more)
    assert raised.value.refusal.code is Code.NOT_FOUND
