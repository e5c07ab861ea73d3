"""An organizer's events and who is there, with other communities as noise, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from tests.town import FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.events import Phase
from volunteer.queries.events import (
    PAGE_ROWS,
    Counts,
    EventFilter,
    When,
    read_event,
    read_events,
    read_last_event,
    read_today,
)
from volunteer.queries.leaders import read_candidates, read_chosen
from volunteer.queries.rosters import read_roster
from volunteer.store import models as m

TODAY = date(2026, 11, 20)


@pytest.fixture
def elsewhere(both_town: Town) -> int:
    community_id = both_town.community("景华社区")
    host = both_town.organisation("景华居委会", community_id)
    activity_id = both_town.activity("景华清扫", community_id=community_id, organisation_id=host)
    event_id = both_town.event(activity_id)
    attend(both_town, event_id, both_town.resident("景一", community_id=community_id), community_id)
    return community_id


def attend(
    town: Town, event_id: int, resident_id: int, community_id: int | None = None, **more: object
) -> None:
    values = {
        "community_id": community_id or town.community_id,
        "event_id": event_id,
        "resident_id": resident_id,
        "state": "present",
        "checked_in_at": STARTS_AT,
        "provenance": "card_scan",
        "local_date": TODAY,
        "revision": 1,
    }
    town._add(m.Attendance, **values | more)


def event_on(town: Town, activity_id: int, days: int, **more: object) -> int:
    starts_at = STARTS_AT + timedelta(days=days)
    return town.event(
        activity_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), **more
    )


def ids(rows) -> list[int]:
    return [row.event_id for row in rows]


def test_lists_by_time_and_state(both_town: Town, elsewhere: int) -> None:
    town, activity_id = both_town, both_town.activity()
    now = event_on(town, activity_id, 0)
    later = event_on(town, activity_id, 7)
    overdue = event_on(town, activity_id, -1)
    ended = event_on(
        town, activity_id, -7, state="ended", ended_at=FRIDAY - timedelta(days=7), ended_how="auto"
    )
    cancelled = event_on(town, activity_id, 3, state="cancelled")
    scope = Scope.of(town.community_id)

    def found(**wanted: object) -> list[int]:
        return ids(
            read_events(scope, town.community_id, EventFilter(**wanted), FRIDAY).rows  # type: ignore[arg-type]
        )

    assert found() == [now, later]
    assert found(when=When.PAST) == [cancelled, overdue, ended]
    assert found(when=When.ALL) == [later, cancelled, now, overdue, ended]
    assert found(phase=Phase.OVERDUE) == [overdue]
    assert found(phase=Phase.RUNNING) == [now]
    assert found(phase=Phase.COMING) == [later]
    assert found(phase=Phase.ENDED) == [ended]
    assert found(phase=Phase.CANCELLED) == [cancelled]
    week = {"first_on": TODAY - timedelta(days=1), "last_on": TODAY}
    assert found(when=When.ALL, **week) == [now, overdue]
    other = event_on(town, town.activity("巡逻"), 1)
    assert found(activity_id=activity_id) == [now, later]
    assert other in found()
    assert ids(read_events(Scope.of(elsewhere), town.community_id, EventFilter(), FRIDAY).rows) == (
        []
    )


def test_pages(both_town: Town) -> None:
    activity_id = both_town.activity()
    made = [event_on(both_town, activity_id, days) for days in range(1, PAGE_ROWS + 3)]
    scope = Scope.of(both_town.community_id)
    second = read_events(scope, both_town.community_id, EventFilter(page=2), FRIDAY)
    assert (ids(second.rows), second.total, second.pages) == (made[-2:], PAGE_ROWS + 2, 2)
    beyond = read_events(scope, both_town.community_id, EventFilter(page=9), FRIDAY)
    assert (beyond.page, beyond.rows) == (2, second.rows)


def test_rows_count_people_and_name_leaders(both_town: Town, elsewhere: int) -> None:
    town = both_town
    leader, at_work = town.resident("王建国"), town.resident("林主任")
    event_id = event_on(town, town.activity(), 0, leaders={leader: False, at_work: True})
    attend(town, event_id, town.resident("甲"))
    attend(town, event_id, at_work, on_duty=True)
    attend(town, event_id, town.resident("乙"), state="complete", checked_out_at=FRIDAY)
    attend(town, event_id, town.resident("丙"), state="undone", checked_in_at=None)
    attend(town, event_id, town.resident("丁"), annulled_at=FRIDAY)
    scope = Scope.of(town.community_id)
    (row,) = read_events(scope, town.community_id, EventFilter(), FRIDAY).rows
    assert row.counts == Counts(present=2, complete=1, on_duty=1)
    assert row.counts.everybody == 3
    assert [(one.name, one.at_work) for one in row.leaders] == [("王建国", False), ("林主任", True)]
    assert (row.zone, row.phase) == ("Asia/Shanghai", Phase.RUNNING)


def test_today(both_town: Town, elsewhere: int) -> None:
    town, activity_id = both_town, both_town.activity()
    now = event_on(town, activity_id, 0)
    cancelled = event_on(town, activity_id, 0, state="cancelled")
    overdue = event_on(town, activity_id, -1)
    event_on(town, activity_id, -40)
    coming = [event_on(town, activity_id, days) for days in range(7, 15)]
    scope = Scope.of(town.community_id)
    found = read_today(scope, town.community_id, TODAY, FRIDAY, None)
    assert (ids(found.today), ids(found.overdue)) == ([now, cancelled], [overdue])
    assert ids(found.coming) == coming[:6]
    led = read_today(scope, town.community_id, TODAY, FRIDAY, frozenset({now, coming[7]}))
    assert (ids(led.today), ids(led.overdue), ids(led.coming)) == ([now], [], [coming[7]])
    nothing = read_today(Scope.of(elsewhere), town.community_id, TODAY, FRIDAY, None)
    assert (nothing.today, nothing.overdue, nothing.coming) == ((), (), ())


def test_one_event(both_town: Town, elsewhere: int) -> None:
    town = both_town
    leader = town.resident("王建国")
    activity_id = town.activity("清扫", rule={"fixed_points": 5, "points_per_hour": 8})
    event_id = event_on(
        town, activity_id, 0, leaders={leader: True}, area_id=town.area_id, capacity=20
    )
    shown = read_event(Scope.of(town.community_id), event_id, FRIDAY)
    assert shown is not None
    assert (shown.row.name, shown.area, shown.telephone) == ("清扫", "梅富村", "0755-12345678")
    assert (shown.fixed_points, shown.points_per_hour, shown.rule_version) == (5, 8, 1)
    assert shown.opens_at == STARTS_AT - timedelta(minutes=60)
    assert shown.closes_at == STARTS_AT + timedelta(hours=2)
    assert (shown.plan.capacity, shown.plan.area_id) == (20, town.area_id)
    assert [(one.resident_id, one.at_work) for one in shown.plan.leaders] == [(leader, True)]
    assert read_event(Scope.of(elsewhere), event_id, FRIDAY) is None
    assert read_event(Scope.everything(), 999, FRIDAY) is None


def test_an_early_end_closes_check_in(both_town: Town) -> None:
    event_id = event_on(
        both_town,
        both_town.activity(),
        0,
        state="ended",
        ended_at=STARTS_AT + timedelta(hours=1),
        ended_how="leader",
    )
    shown = read_event(Scope.everything(), event_id, FRIDAY)
    assert shown is not None
    assert shown.closes_at == STARTS_AT + timedelta(hours=1)


def test_a_new_event_starts_from_the_last(both_town: Town, elsewhere: int) -> None:
    activity_id = both_town.activity()
    scope = Scope.of(both_town.community_id)
    assert read_last_event(scope, activity_id, FRIDAY) is None
    event_on(both_town, activity_id, -7)
    last = event_on(both_town, activity_id, 7)
    event_on(both_town, activity_id, 14, state="cancelled")
    found = read_last_event(scope, activity_id, FRIDAY)
    assert found is not None
    assert found.row.event_id == last
    assert read_last_event(Scope.of(elsewhere), activity_id, FRIDAY) is None


def test_a_roster(both_town: Town, elsewhere: int) -> None:
    town = both_town
    event_id = event_on(town, town.activity(), 0)
    present, done = town.resident("赵大"), town.resident("安二")
    attend(town, event_id, present, is_leader=True)
    attend(
        town,
        event_id,
        done,
        state="complete",
        checked_out_at=FRIDAY,
        ended_how="own",
        check_in_points=10,
        check_out_points=4,
        minutes=30,
    )
    attend(town, event_id, town.resident("钱三"), state="undone", checked_in_at=None)
    gone, returned = town.resident("孙四"), present
    for resident_id in (gone, returned):
        scan(town, event_id, resident_id)
    roster = read_roster(Scope.of(town.community_id), event_id)
    assert [line.name for line in roster.lines] == ["赵大", "安二"]
    assert (roster.lines[0].is_leader, roster.lines[0].points) == (True, 0)
    assert (roster.lines[1].points, roster.lines[1].minutes) == (14, 30)
    assert roster.counts == Counts(present=1, complete=1)
    assert [one.name for one in roster.waiting] == ["孙四"]
    assert read_roster(Scope.of(elsewhere), event_id).lines == ()
    assert read_roster(Scope.of(elsewhere), event_id).waiting == ()
    assert len(read_roster(Scope.everything(), event_id).lines) == 2


def scan(town: Town, event_id: int, resident_id: int, **more: object) -> None:
    values = {
        "community_id": town.community_id,
        "client_id": uuid4(),
        "body_hash": bytes(32),
        "event_id": event_id,
        "resident_id": resident_id,
        "direction": "out",
        "provenance": "card_scan",
        "scanned_at": FRIDAY,
        "received_at": FRIDAY,
        "corrected_at": FRIDAY,
        "verdict": "waiting",
        "code": "out_before_in",
        "facts": {},
    }
    town._add(m.Scan, **values | more)


def test_leaders_are_found_as_people_are_called(both_town: Town, elsewhere: int) -> None:
    town = both_town
    building = town.building("12栋")
    wang = town.resident("王建国", building_id=building, name_en="Jason Wang")
    town.resident("李小梅")
    town.resident("王搬家", state="moved_away")
    town.resident("王景华", community_id=elsewhere)
    scope, community_id = Scope.of(town.community_id), town.community_id
    (found,) = read_candidates(scope, community_id, "王")
    assert (found.resident_id, found.building) == (wang, "12栋")
    for q in ("wangjian", "wang jianguo", "wjg", "WJG", "jason", " 建国 "):
        assert [one.resident_id for one in read_candidates(scope, community_id, q)] == [wang], q
    assert read_candidates(scope, community_id, " ") == []
    assert read_candidates(scope, community_id, "%") == []
    assert read_candidates(Scope.of(elsewhere), community_id, "王") == []
    assert [one.ref for one in read_chosen(scope, community_id, [found.ref, "nobody"])] == [
        found.ref
    ]
    assert read_chosen(scope, community_id, []) == []
    assert read_chosen(Scope.of(elsewhere), community_id, [found.ref]) == []


def test_numbers_find_leaders_too(both_town: Town) -> None:
    resident_id = both_town.resident("王建国")
    number = both_town.write(lambda tx: tx.get_one(m.Resident, resident_id).passbook_number)
    scope, community_id = Scope.of(both_town.community_id), both_town.community_id
    for q in (number, f"{number[:4]} {number[4:]}", number[:4]):
        assert [one.resident_id for one in read_candidates(scope, community_id, q)] == [resident_id]
    assert read_candidates(scope, community_id, number[:3]) == []
