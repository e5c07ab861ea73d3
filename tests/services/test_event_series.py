"""Recurring events: planned at several sites at once, changed and cancelled together."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.services.test_events import attend, led_by, refusal, the_event
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.events import EventPlan, LeaderPlan
from volunteer.domain.recurrence import Recurrence
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.series import Reach, SeriesPlan, Site, Target
from volunteer.queries.event_series import read_series_of
from volunteer.services import event_series as service
from volunteer.services.event_changes import cancel_events, edit_events
from volunteer.services.event_series import add_series
from volunteer.services.holidays import write_holidays
from volunteer.store import models as m

FRIDAYS = Recurrence(date(2026, 11, 27), date(2026, 12, 25), frozenset({4}))
DAYS = ["11-27", "12-04", "12-11", "12-18", "12-25"]
AFTER_THE_FIRST = FRIDAY + timedelta(days=8)


def plan(*sites: Site, **changes: object) -> SeriesPlan:
    made = SeriesPlan(FRIDAYS, time(16), time(18), sites)
    return replace(made, **changes)  # type: ignore[arg-type]


def add(town: Town, made: SeriesPlan, activity_id: int | None = None) -> tuple[int, int]:
    return add_series(
        activity_id or town.activity(),
        made,
        by=town.login(),
        now=FRIDAY,
        scope=Scope.of(town.community_id),
    )


def events_at(town: Town, place: str) -> list[m.Event]:
    found = select(m.Event).where(m.Event.place == place).order_by(m.Event.starts_at)
    return town.write(lambda tx: list(tx.execute(found).scalars()))


def days(town: Town, place: str) -> list[str]:
    return [one.local_date.isoformat()[5:] for one in events_at(town, place)]


def plan_of(town: Town, event: m.Event) -> EventPlan:
    leaders = tuple(LeaderPlan(one, works) for one, works in led_by(town, event.id).items())
    return EventPlan(
        event.place,
        event.starts_at,
        event.ends_at,
        leaders,
        event.place_en,
        event.area_id,
        event.capacity,
    )


def edit(town: Town, target: Target, made: EventPlan, **more: object) -> int:
    values = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)} | more
    return edit_events(target, made, **values)  # type: ignore[arg-type]


def cancel(town: Town, target: Target, **more: object) -> int:
    values = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)} | more
    return cancel_events(target, "台风", **values)  # type: ignore[arg-type]


@pytest.fixture
def two_sites(both_town: Town) -> tuple[int, int]:
    """Five Fridays at the square (ten places) and in the park; gives the leaders."""
    first, second = both_town.resident("王建国"), both_town.resident("李小梅")
    add(
        both_town,
        plan(
            Site("广场", (LeaderPlan(first),), capacity=10),
            Site("公园", (LeaderPlan(second), LeaderPlan(first, at_work=True)), place_en="Park"),
        ),
    )
    return first, second


def test_every_site_has_its_event_on_every_date(
    both_town: Town, two_sites: tuple[int, int]
) -> None:
    first, second = two_sites
    assert days(both_town, "广场") == days(both_town, "公园") == DAYS
    square, park = events_at(both_town, "广场")[1], events_at(both_town, "公园")[1]
    assert square.starts_at.isoformat() == "2026-12-04T08:00:00+00:00"
    assert square.ends_at - square.starts_at == timedelta(hours=2)
    assert (square.capacity, park.capacity, park.place_en) == (10, None, "Park")
    assert (square.state, square.poster_on, square.code_epoch) == ("planned", True, 0)
    assert led_by(both_town, square.id) == {first: False}
    assert led_by(both_town, park.id) == {second: False, first: True}
    shown = read_series_of(Scope.of(both_town.community_id), park.id, AFTER_THE_FIRST)
    assert shown is not None
    assert (shown.sites, shown.coming, shown.coming_here, shown.following_here) == (2, 8, 4, 4)
    assert read_series_of(Scope.nothing(), park.id, FRIDAY) is None


def test_holidays_and_dates_taken_out_have_no_event(both_town: Town) -> None:
    leader, by = both_town.resident(), both_town.login()
    scope = Scope.of(both_town.community_id)
    notice = "大扫除：12月4日放假。\n"
    write_holidays(both_town.community_id, 2026, notice, by=by, now=FRIDAY, scope=scope)
    site = Site("广场", (LeaderPlan(leader),))
    _series_id, count = add(both_town, plan(site, left_out=frozenset({date(2026, 12, 18)})))
    assert (count, days(both_town, "广场")) == (3, ["11-27", "12-11", "12-25"])
    # Written down anew, the year counts as it stands then.
    again = "元旦：1月1日放假。"
    write_holidays(both_town.community_id, 2026, again, by=by, now=FRIDAY, scope=scope)
    assert add(both_town, plan(replace(site, place="公园")))[1] == 5
    elsewhere = Scope.of(both_town.community("景华社区"))
    for call in (
        lambda: write_holidays(1, 2026, "没有", by=by, now=FRIDAY, scope=scope),
        lambda: write_holidays(
            both_town.community_id, 2026, notice, by=by, now=FRIDAY, scope=elsewhere
        ),
    ):
        with pytest.raises(Refused):
            call()


def test_a_series_that_cannot_be_is_refused_whole(both_town: Town) -> None:
    leader = both_town.resident()
    stranger = both_town.resident(community_id=both_town.community("景华社区"))
    good = Site("广场", (LeaderPlan(leader),))
    past = replace(FRIDAYS, first_on=date(2026, 11, 19))
    no_friday = replace(FRIDAYS, first_on=date(2026, 11, 26), last_on=date(2026, 11, 26))
    too_long = replace(FRIDAYS, last_on=date(2028, 12, 31))
    cases = {
        Code.SERIES_IN_PAST: plan(good, recurrence=past),
        Code.ENDS_BEFORE_IT_STARTS: plan(good, ends=time(16)),
        Code.PLACE_MISSING: plan(good, replace(good, place=" ")),
        Code.LEADER_MISSING: plan(good, replace(good, leaders=())),
        Code.SERIES_TOO_LONG: plan(*[good] * 8, recurrence=too_long),
        Code.SERIES_EMPTY: plan(good, recurrence=no_friday),
    }
    activity_id = both_town.activity()
    for code, made in cases.items():
        assert refusal(lambda made=made: add(both_town, made, activity_id)) == code
    for site in (replace(good, area_id=999), replace(good, leaders=(LeaderPlan(stranger),))):
        made = plan(good, site)
        assert refusal(lambda made=made: add(both_town, made, activity_id)) == Code.NOT_FOUND
    assert both_town.write(lambda tx: tx.execute(select(m.Event)).first()) is None


def test_a_change_reaches_as_far_as_it_is_told(both_town: Town, two_sites: tuple[int, int]) -> None:
    first, second = two_sites
    square = events_at(both_town, "广场")
    third = plan_of(both_town, square[2])
    # One: its neighbours stay.
    alone = replace(third, capacity=3)
    assert edit(both_town, Target(square[2].id), alone, seen=third.mark()) == 1
    # This and following: half an hour later and a day on, with another leader; what was changed
    # for one day alone stays.
    moved = replace(
        alone,
        starts_at=third.starts_at + timedelta(days=1, minutes=30),
        ends_at=third.ends_at + timedelta(days=1, minutes=30),
        leaders=(LeaderPlan(second),),
    )
    assert edit(both_town, Target(square[2].id, Reach.FOLLOWING), moved) == 3
    after = events_at(both_town, "广场")
    assert [one.local_date.isoformat()[5:] for one in after] == [
        "11-27",
        "12-04",
        "12-12",
        "12-19",
        "12-26",
    ]
    assert [one.capacity for one in after] == [10, 10, 3, 10, 10]
    assert {one.starts_at.time().isoformat() for one in after[2:]} == {"08:30:00"}
    assert [led_by(both_town, one.id) for one in after[1:3]] == [{first: False}, {second: False}]
    assert days(both_town, "公园") == DAYS
    # All: those that have begun, were cancelled, or that somebody came to are left alone.
    cancel(both_town, Target(after[4].id))
    attend(both_town, after[3].id, first)
    renamed = replace(plan_of(both_town, after[1]), place="北广场")
    assert edit(both_town, Target(after[1].id, Reach.ALL), renamed, now=AFTER_THE_FIRST) == 2
    assert [one.id for one in events_at(both_town, "北广场")] == [after[1].id, after[2].id]


def test_a_change_of_several_is_the_change_of_one(
    both_town: Town, two_sites: tuple[int, int]
) -> None:
    first, _second = two_sites
    square = events_at(both_town, "广场")
    before = plan_of(both_town, square[0])
    later = replace(before, place="北广场")
    scope = Scope.of(both_town.community("景华社区"))
    follow = Target(square[0].id, Reach.FOLLOWING)
    assert refusal(lambda: edit(both_town, follow, later, scope=scope)) == Code.NOT_FOUND
    assert refusal(lambda: cancel(both_town, follow, scope=scope)) == Code.NOT_FOUND
    assert refusal(lambda: edit(both_town, follow, later, seen="old")) == Code.CHANGED_MEANWHILE
    nobody = replace(later, leaders=(LeaderPlan(999),))
    assert refusal(lambda: edit(both_town, follow, nobody)) == Code.NOT_FOUND
    attend(both_town, square[0].id, first)
    moved = replace(before, starts_at=before.starts_at + timedelta(minutes=5))
    assert refusal(lambda: edit(both_town, follow, moved)) == Code.EVENT_HAS_ATTENDANCES
    assert refusal(lambda: cancel(both_town, follow)) == Code.EVENT_HAS_ATTENDANCES
    assert days(both_town, "北广场") == []
    fewer = [replace(plan_of(both_town, one), capacity=2) for one in square]
    with statements() as one:
        edit(both_town, Target(square[1].id), fewer[1])
    with statements() as several:
        assert edit(both_town, Target(square[2].id, Reach.FOLLOWING), fewer[2]) == 3
    assert len(several) == len(one)
    trail = select(func.count()).where(m.AuditEvent.action == "event_edited")
    assert both_town.write(lambda tx: tx.execute(trail).scalar_one()) == 4


def test_a_series_is_called_off_with_a_reason(both_town: Town, two_sites: tuple[int, int]) -> None:
    square = events_at(both_town, "广场")
    assert cancel(both_town, Target(square[3].id, Reach.FOLLOWING)) == 2
    states = [one.state for one in events_at(both_town, "广场")]
    assert states == ["planned"] * 3 + ["cancelled"] * 2
    assert the_event(both_town, square[4].id).cancelled_reason == "台风"
    # The storm is everywhere: that day at both sites, then all that is left.
    assert cancel(both_town, Target(square[1].id, everywhere=True)) == 2
    assert [one.state for one in events_at(both_town, "公园")][1] == "cancelled"
    everything = Target(square[2].id, Reach.ALL, everywhere=True)
    assert cancel(both_town, everything, now=AFTER_THE_FIRST) == 4
    left = [*events_at(both_town, "广场"), *events_at(both_town, "公园")]
    planned = [one.local_date.isoformat()[5:] for one in left if one.state == "planned"]
    assert planned == ["11-27", "11-27"]


def test_a_long_series_takes_the_statements_of_a_short_one(both_town: Town) -> None:
    leader, activity_id = both_town.resident(), both_town.activity()
    sites = [Site(f"地点{n}", (LeaderPlan(leader),)) for n in range(8)]
    with statements() as short:
        add(both_town, plan(sites[0]), activity_id)
    long_rule = replace(FRIDAYS, last_on=date(2028, 1, 28))
    with statements() as long:
        assert add(both_town, plan(*sites, recurrence=long_rule), activity_id)[1] == 62 * 8
    assert len(long) == len(short) <= 16


def test_a_form_sent_twice_at_once_plans_one_series(
    both_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity_id, by = both_town.activity(), both_town.login()
    made = plan(Site("广场", (LeaderPlan(both_town.resident()),)))
    both_begin = threading.Barrier(2)
    begin = service.check_areas

    def wait_for_the_other(*arguments: Any) -> None:
        begin(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_begin.wait(timeout=0.5)

    monkeypatch.setattr(service, "check_areas", wait_for_the_other)

    def add_once() -> tuple[int, int]:
        with both_town.app.app_context():
            here = Scope.of(both_town.community_id)
            return add_series(activity_id, made, by=by, now=FRIDAY, scope=here)

    with ThreadPoolExecutor(2) as pool:
        added = [answer.result() for answer in [pool.submit(add_once) for _ in range(2)]]
    assert added[0] == added[1]
    assert days(both_town, "广场") == DAYS
    cancel(both_town, Target(events_at(both_town, "广场")[0].id, Reach.ALL), by=by)
    assert add_once() != added[0]  # cancelled, and planned anew
