"""Events: adding, editing without rewriting history, cancelling, the poster; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.scanning import as_leader, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.events import EventPlan, LeaderPlan
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.series import Target
from volunteer.services.event_changes import cancel_events, edit_events
from volunteer.services.events import add_event, renew_codes, switch_poster
from volunteer.store import models as m

STARTS = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)  # one o'clock on the 27th in Shanghai


def plan(*leaders: int, **changes: object) -> EventPlan:
    made = EventPlan(
        "梅富村广场",
        STARTS,
        STARTS + timedelta(hours=2),
        tuple(LeaderPlan(resident_id) for resident_id in leaders),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def add(town: Town, activity_id: int, made: EventPlan) -> int:
    scope = Scope.of(town.community_id)
    return add_event(activity_id, made, by=town.login(), now=FRIDAY, scope=scope)


def edit(town: Town, event_id: int, made: EventPlan, **more: object) -> None:
    values = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)} | more
    edit_events(Target(event_id), made, **values)  # type: ignore[arg-type]


def the_event(town: Town, event_id: int) -> m.Event:
    return town.write(lambda tx: tx.get_one(m.Event, event_id))


def led_by(town: Town, event_id: int) -> dict[int, bool]:
    rows = town.write(
        lambda tx: list(
            tx.execute(select(m.EventLeader).where(m.EventLeader.event_id == event_id)).scalars()
        )
    )
    return {row.resident_id: row.at_work for row in rows}


def attend(town: Town, event_id: int, resident_id: int, *, done: bool = False) -> None:
    town._add(
        m.Attendance,
        community_id=town.community_id,
        event_id=event_id,
        resident_id=resident_id,
        state="complete" if done else "present",
        checked_in_at=FRIDAY,
        checked_out_at=FRIDAY if done else None,
        provenance="card_scan",
        local_date=FRIDAY.date(),
        revision=1,
    )


def refusal(call: object) -> Code:
    with pytest.raises(Refused) as refused:
        call()  # type: ignore[operator]
    return refused.value.refusal.code


def test_an_event_takes_the_newest_rule_and_the_local_day(both_town: Town) -> None:
    activity_id = both_town.activity()
    newest = both_town.rule(activity_id, version=2, fixed_points=20)
    leader = both_town.resident("王建国")
    at_work = both_town.resident("林主任")
    leaders = (LeaderPlan(leader), LeaderPlan(at_work, at_work=True))
    area_id = both_town.area_id
    event_id = add(
        both_town, activity_id, plan(leaders=leaders, area_id=area_id, capacity=20, place_en="Sq")
    )
    row = the_event(both_town, event_id)
    assert row.points_rule_id == newest
    assert row.local_date == date(2026, 11, 27)
    assert (row.starts_at, row.capacity, row.area_id) == (STARTS, 20, area_id)
    assert (row.state, row.poster_on, row.code_epoch) == ("planned", True, 0)
    assert led_by(both_town, event_id) == {leader: False, at_work: True}


def test_what_an_event_needs_is_there(both_town: Town) -> None:
    activity_id, leader = both_town.activity(), both_town.resident()
    elsewhere = both_town.community("景华社区")
    stranger = both_town.resident(community_id=elsewhere)
    gone = both_town.resident(state="moved_away")
    closed = both_town.activity("旧活动", deactivated_at=FRIDAY)
    calls = (
        lambda: add(both_town, 999, plan(leader)),
        lambda: add(both_town, closed, plan(leader)),
        lambda: add(both_town, activity_id, plan(leader, area_id=999)),
        lambda: add(both_town, activity_id, plan(stranger)),
        lambda: add(both_town, activity_id, plan(leader, gone)),
        lambda: add_event(activity_id, plan(leader), by=1, now=FRIDAY, scope=Scope.of(elsewhere)),
    )
    assert [refusal(call) for call in calls] == [Code.NOT_FOUND] * len(calls)
    assert refusal(lambda: add(both_town, activity_id, plan())) == Code.LEADER_MISSING
    assert refusal(lambda: add(both_town, activity_id, plan(leader, place=""))) == (
        Code.PLACE_MISSING
    )
    assert both_town.write(lambda tx: tx.execute(select(m.Event)).first()) is None


def test_an_edit_changes_everything_before_anybody_came(both_town: Town) -> None:
    first, second = both_town.resident("王建国"), both_town.resident("李小梅")
    event_id = add(both_town, both_town.activity(), plan(first))
    later = STARTS + timedelta(days=1)
    made = plan(
        second,
        starts_at=later,
        ends_at=later + timedelta(hours=1),
        place="公园",
        area_id=both_town.area_id,
    )
    edit(both_town, event_id, made, seen=plan(first).mark())
    row = the_event(both_town, event_id)
    assert (row.place, row.starts_at, row.local_date) == ("公园", later, date(2026, 11, 28))
    assert led_by(both_town, event_id) == {second: False}
    assert refusal(lambda: edit(both_town, event_id, made, seen=plan(first).mark())) == (
        Code.CHANGED_MEANWHILE
    )


def test_an_edit_never_rewrites_what_was_earned(both_town: Town) -> None:
    leader, other = both_town.resident("王建国"), both_town.resident("李小梅")
    event_id = add(both_town, both_town.activity(), plan(leader))
    attend(both_town, event_id, other)
    late = plan(leader, starts_at=STARTS + timedelta(minutes=30))
    assert refusal(lambda: edit(both_town, event_id, late)) == Code.EVENT_HAS_ATTENDANCES
    led = plan(leader, other)
    assert refusal(lambda: edit(both_town, event_id, led)) == Code.EVENT_HAS_ATTENDANCES
    longer = plan(leader, ends_at=STARTS + timedelta(hours=3), capacity=5)
    edit(both_town, event_id, longer)
    attend(both_town, event_id, both_town.resident(), done=True)
    assert refusal(lambda: edit(both_town, event_id, plan(leader))) == Code.EVENT_HAS_ATTENDANCES
    edit(both_town, event_id, replace(longer, place="公园"))
    assert the_event(both_town, event_id).place == "公园"


def test_a_leader_who_moved_away_may_stay_on_the_event(both_town: Town) -> None:
    leader = both_town.resident("王建国")
    event_id = add(both_town, both_town.activity(), plan(leader))

    def move(tx) -> None:
        tx.get(m.Resident, leader).state = "moved_away"

    both_town.write(move)
    edit(both_town, event_id, plan(leader, place="公园"))
    assert led_by(both_town, event_id) == {leader: False}


def test_cancelling_keeps_the_reason(both_town: Town) -> None:
    event_id = add(both_town, both_town.activity(), plan(both_town.resident()))
    scope = Scope.of(both_town.community_id)

    def cancel(reason: str = " 台风 ") -> None:
        cancel_events(Target(event_id), reason, by=both_town.login(), now=FRIDAY, scope=scope)

    assert refusal(lambda: cancel("  ")) == Code.REASON_MISSING
    assert refusal(lambda: cancel("长" * 121)) == Code.TEXT_TOO_LONG
    cancel()
    row = the_event(both_town, event_id)
    assert (row.state, row.cancelled_reason) == ("cancelled", "台风")
    assert refusal(cancel) == Code.EVENT_CANCELLED
    assert refusal(lambda: edit(both_town, event_id, plan(1))) == Code.EVENT_CANCELLED


def test_what_people_came_to_is_not_cancelled(both_town: Town) -> None:
    event_id = both_town.event(both_town.activity())
    attend(both_town, event_id, both_town.resident())
    scope = Scope.everything()
    target = Target(event_id)
    assert refusal(lambda: cancel_events(target, "雨", by=1, now=FRIDAY, scope=scope)) == (
        Code.EVENT_HAS_ATTENDANCES
    )
    ended = both_town.event(
        both_town.activity("二"), state="ended", ended_at=FRIDAY, ended_how="leader"
    )
    assert refusal(lambda: cancel_events(Target(ended), "雨", by=1, now=FRIDAY, scope=scope)) == (
        Code.EVENT_ENDED
    )


def test_the_poster_is_switched_and_renewed(both_town: Town) -> None:
    event_id = both_town.event(both_town.activity())
    by, scope = both_town.login(), Scope.of(both_town.community_id)
    switch_poster(event_id, on=False, by=by, now=FRIDAY, scope=scope)
    assert not the_event(both_town, event_id).poster_on
    assert renew_codes(event_id, by=by, now=FRIDAY, scope=scope) == 1
    row = the_event(both_town, event_id)
    assert (row.poster_on, row.code_epoch) == (True, 1)
    actions = both_town.write(
        lambda tx: list(tx.execute(select(m.AuditEvent.action).order_by(m.AuditEvent.id)).scalars())
    )
    assert actions == ["poster_off", "codes_renewed"]


def test_a_poster_of_what_is_over_stays_as_it_is(both_town: Town) -> None:
    event_id = both_town.event(
        both_town.activity(), state="ended", ended_at=FRIDAY, ended_how="leader"
    )
    scope = Scope.everything()
    assert refusal(lambda: switch_poster(event_id, on=False, by=1, now=FRIDAY, scope=scope)) == (
        Code.EVENT_ENDED
    )
    assert refusal(lambda: renew_codes(event_id, by=1, now=FRIDAY, scope=scope)) == Code.EVENT_ENDED


def test_another_community_s_event_is_not_found(both_town: Town) -> None:
    event_id = both_town.event(both_town.activity())
    scope = Scope.of(both_town.community("景华社区"))
    leader = both_town.resident()
    calls = (
        lambda: edit(both_town, event_id, plan(leader), scope=scope),
        lambda: cancel_events(Target(event_id), "雨", by=1, now=FRIDAY, scope=scope),
        lambda: switch_poster(event_id, on=False, by=1, now=FRIDAY, scope=scope),
        lambda: renew_codes(event_id, by=1, now=FRIDAY, scope=scope),
        lambda: edit(both_town, 999, plan(leader)),
    )
    assert [refusal(call) for call in calls] == [Code.NOT_FOUND] * len(calls)


def test_whose_check_in_was_undone_follows_the_plan(both_town: Town) -> None:
    """A wrong card scanned and taken back leaves a row. The event may still move to another day
    and be led by others; the row must not remember the old plan when the person does come."""
    person, other = both_town.resident("陈秀英"), both_town.resident("王建国")
    activity_id = both_town.activity(rule={"fixed_points": 10, "leader_factor_percent": 200})
    event_id = both_town.event(activity_id, leaders={other: False})
    leader = as_leader(both_town, both_town.login())
    came = scan_row(event_id, resident_id=person, provenance="roll_call")
    undo = scan_row(event_id, direction="undo", undoes=came.client_id, provenance="roll_call")
    assert [one.code for one in record(both_town, leader, came, undo)] == ["ok_in", "undone"]

    tomorrow = FRIDAY + timedelta(days=1)
    before = the_event(both_town, event_id)
    moved = EventPlan(
        before.place,
        before.starts_at + timedelta(days=1),
        before.ends_at + timedelta(days=1),
        (LeaderPlan(other), LeaderPlan(person)),
    )
    edit(both_town, event_id, moved)

    again = scan_row(event_id, resident_id=person, provenance="roll_call", at=tomorrow)
    (verdict,) = record(both_town, leader, again, now=tomorrow)
    assert (verdict.code, verdict.facts["points"]) == ("ok_in", 20)
    days = select(m.Attendance.local_date).where(m.Attendance.resident_id == person)
    assert both_town.write(lambda tx: tx.execute(days).scalars().all()) == [tomorrow.date()]
