"""The points rule, by the examples people are told and by properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.points import PointsRule, capped, fixed_points, hourly_points, parts_of

rules = st.builds(
    PointsRule,
    id=st.just(1),
    version=st.just(1),
    fixed_points=st.integers(0, 100),
    points_per_hour=st.integers(0, 100),
    leader_factor_percent=st.integers(100, 300),
    cap_event_points=st.none() | st.integers(0, 200),
    cap_day_points=st.none() | st.integers(0, 200),
)


@pytest.mark.parametrize(
    ("minutes", "per_hour", "percent", "points"),
    [
        (180, 10, 120, 36),  # "3 hours as leader → 36 points"
        (14, 10, 100, 0),
        (15, 10, 100, 2),  # 2.5, rounded down once
        (30, 10, 100, 5),
        (59, 10, 100, 7),
        (45, 3, 150, 3),  # 3 × 3 × 150 ÷ 400 = 3.375
        (0, 10, 100, 0),
    ],
)
def test_hourly_points(minutes: int, per_hour: int, percent: int, points: int) -> None:
    rule = PointsRule(1, 1, 0, per_hour, percent)
    assert hourly_points(rule, minutes, is_leader=True) == points


def test_fixed_points_carry_the_leaders_factor() -> None:
    rule = PointsRule(1, 1, 5, 0, 150)
    assert fixed_points(rule, is_leader=True) == 7
    assert fixed_points(rule, is_leader=False) == 5


def test_caps_leave_what_room_there_is() -> None:
    rule = PointsRule(1, 1, 0, 0, 100, cap_event_points=20, cap_day_points=30)
    assert capped(25, rule, had_at_event=0, had_that_day=0) == 20
    assert capped(25, rule, had_at_event=15, had_that_day=15) == 5
    assert capped(25, rule, had_at_event=0, had_that_day=28) == 2
    assert capped(25, rule, had_at_event=0, had_that_day=40) == 0


@given(rules, st.integers(0, 3000), st.booleans(), st.integers(0, 300))
def test_parts_stay_within_caps_and_never_touch_minutes(
    rule: PointsRule, minutes: int, is_leader: bool, had: int
) -> None:
    parts = parts_of(rule, minutes, is_leader=is_leader, earns_minutes=True, had_that_day=had)
    total = parts.check_in_points + parts.check_out_points
    assert min(parts.check_in_points, parts.check_out_points) >= 0
    if rule.cap_event_points is not None:
        assert total <= rule.cap_event_points
    if rule.cap_day_points is not None:
        assert total == 0 or had + total <= rule.cap_day_points
    assert parts.minutes == minutes


@given(rules, st.integers(0, 3000))
def test_more_time_never_earns_less(rule: PointsRule, minutes: int) -> None:
    less = hourly_points(rule, minutes, is_leader=False)
    assert less <= hourly_points(rule, minutes + 1, is_leader=False)
    assert less <= hourly_points(rule, minutes, is_leader=True)


def test_participation_earns_points_for_its_time_but_no_minutes() -> None:
    rule = PointsRule(1, 1, 0, 8)
    parts = parts_of(rule, 120, is_leader=False, earns_minutes=False, had_that_day=0)
    assert (parts.check_out_points, parts.minutes) == (16, 0)
