"""An event's form: local time to UTC, what may still be changed, where it stands."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.events import (
    Attended,
    EventPlan,
    LeaderPlan,
    Phase,
    decide_cancel,
    decide_change,
    decide_event,
    decide_window,
    phase_of,
)
from volunteer.domain.refusals import Code, Refused

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
STARTS = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=2)
PLAN = EventPlan("梅富村广场", STARTS, ENDS, (LeaderPlan(1), LeaderPlan(2, at_work=True)))
NOBODY = Attended()
PRESENT = Attended(frozenset({1, 7}))
DONE = Attended(frozenset({1, 7}), frozenset({7}))


def code_of(decide: Callable[[], object]) -> Code | None:
    """The code that it refuses with, None when it does not."""
    try:
        decide()
    except Refused as refused:
        return refused.refusal.code
    return None


def test_local_time_becomes_utc() -> None:
    assert decide_window(date(2026, 11, 20), time(16), time(18), SHANGHAI) == (STARTS, ENDS)


def test_an_event_may_run_over_midnight() -> None:
    window = decide_window(date(2026, 9, 1), time(22), time(6), SHANGHAI, to_next_day=True)
    assert window[1] - window[0] == timedelta(hours=8)


def test_a_night_on_which_the_clock_is_put_back_is_an_hour_longer() -> None:
    window = decide_window(date(2026, 10, 25), time(1), time(4), BERLIN)
    assert window[1] - window[0] == timedelta(hours=4)


def test_a_time_that_the_clock_skips_is_refused() -> None:
    answer = code_of(lambda: decide_window(date(2026, 3, 29), time(2, 30), time(5), BERLIN))
    assert answer == Code.TIME_SKIPPED


@pytest.mark.parametrize(
    ("start", "end", "to_next_day", "code"),
    [
        (time(16), time(16), False, Code.ENDS_BEFORE_IT_STARTS),
        (time(16), time(15), False, Code.ENDS_BEFORE_IT_STARTS),
        (time(16), time(16, 1), True, Code.EVENT_TOO_LONG),
    ],
)
def test_windows_that_cannot_be(start: time, end: time, to_next_day: bool, code: Code) -> None:
    day = date(2026, 11, 20)
    assert code == code_of(
        lambda: decide_window(day, start, end, SHANGHAI, to_next_day=to_next_day)
    )


@given(
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.times(),
    st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]),
)
def test_a_window_is_shown_as_it_was_typed(day: date, start: time, zone: ZoneInfo) -> None:
    start = start.replace(second=0, microsecond=0)
    code = code_of(lambda: decide_window(day, start, start, zone, to_next_day=True))
    if code is not None:
        assert code in (Code.TIME_SKIPPED, Code.EVENT_TOO_LONG)
        return
    window = decide_window(day, start, start, zone, to_next_day=True)
    starts_at, ends_at = (moment.astimezone(zone) for moment in window)
    assert (starts_at.date(), starts_at.time()) == (day, start)
    assert (ends_at.date(), ends_at.time()) == (day + timedelta(days=1), start)


def test_words_are_cleaned_and_leaders_named_once() -> None:
    plan = replace(
        PLAN, place=" 梅富村  广场", place_en="", leaders=(LeaderPlan(1), LeaderPlan(1, True))
    )
    assert decide_event(plan) == replace(
        PLAN, place="梅富村 广场", place_en=None, leaders=(LeaderPlan(1, True),)
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"place": " "}, Code.PLACE_MISSING),
        ({"place": "长" * 121}, Code.TEXT_TOO_LONG),
        ({"place_en": "x" * 121}, Code.TEXT_TOO_LONG),
        ({"capacity": 0}, Code.CAPACITY_INVALID),
        ({"capacity": 100_001}, Code.CAPACITY_INVALID),
        ({"leaders": ()}, Code.LEADER_MISSING),
        ({"ends_at": STARTS}, Code.ENDS_BEFORE_IT_STARTS),
        ({"ends_at": STARTS + timedelta(hours=25)}, Code.EVENT_TOO_LONG),
    ],
)
def test_what_an_event_may_not_be(changes: dict[str, object], code: Code) -> None:
    assert code_of(lambda: decide_event(replace(PLAN, **changes))) == code  # type: ignore[arg-type]


LATER = {"starts_at": STARTS + timedelta(hours=1)}
LONGER = {"ends_at": ENDS + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("changes", "attended", "code"),
    [
        (LATER, NOBODY, None),
        (LATER, PRESENT, Code.EVENT_HAS_ATTENDANCES),
        (LONGER, PRESENT, None),
        (LONGER, DONE, Code.EVENT_HAS_ATTENDANCES),
        ({"place": "梅富村公园", "capacity": 5}, DONE, None),
        ({"leaders": (LeaderPlan(1),)}, PRESENT, None),
        ({"leaders": (LeaderPlan(2, True),)}, PRESENT, Code.EVENT_HAS_ATTENDANCES),
        ({"leaders": (LeaderPlan(1, True),)}, PRESENT, Code.EVENT_HAS_ATTENDANCES),
        ({"leaders": (*PLAN.leaders, LeaderPlan(7))}, PRESENT, Code.EVENT_HAS_ATTENDANCES),
        ({"leaders": (*PLAN.leaders, LeaderPlan(8))}, PRESENT, None),
    ],
)
def test_an_edit_never_rewrites_what_was_earned(
    changes: dict[str, object], attended: Attended, code: Code | None
) -> None:
    after = replace(PLAN, **changes)  # type: ignore[arg-type]
    assert code_of(lambda: decide_change(PLAN, after, "planned", attended)) == code


def test_what_is_over_is_not_edited() -> None:
    assert code_of(lambda: decide_change(PLAN, PLAN, "ended", NOBODY)) == Code.EVENT_ENDED
    assert code_of(lambda: decide_change(PLAN, PLAN, "cancelled", NOBODY)) == Code.EVENT_CANCELLED


def test_cancelling() -> None:
    decide_cancel("planned", NOBODY)
    assert code_of(lambda: decide_cancel("planned", PRESENT)) == Code.EVENT_HAS_ATTENDANCES
    assert code_of(lambda: decide_cancel("ended", NOBODY)) == Code.EVENT_ENDED
    assert code_of(lambda: decide_cancel("cancelled", NOBODY)) == Code.EVENT_CANCELLED


@pytest.mark.parametrize(
    ("minutes_from_start", "phase"),
    [
        (-61, Phase.COMING),
        (-60, Phase.OPEN),
        (0, Phase.RUNNING),
        (119, Phase.RUNNING),
        (120, Phase.OVERDUE),
    ],
)
def test_where_an_event_stands(minutes_from_start: int, phase: Phase) -> None:
    now = STARTS + timedelta(minutes=minutes_from_start)
    assert phase_of("planned", STARTS, ENDS, 60, now) is phase
    assert phase_of("ended", STARTS, ENDS, 60, now) is Phase.ENDED
    assert phase_of("cancelled", STARTS, ENDS, 60, now) is Phase.CANCELLED


def test_a_mark_ignores_the_order_of_leaders() -> None:
    assert replace(PLAN, leaders=PLAN.leaders[::-1]).mark() == PLAN.mark()
    assert replace(PLAN, capacity=3).mark() != PLAN.mark()
