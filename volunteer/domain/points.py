"""What an attendance is worth: fixed points, points per quarter hour, factor and caps.

The formula is rounded down once, at the end:

    hourly points = ⌊ (minutes div 15) × points per hour × factor percent ÷ 400 ⌋

Caps limit points, in posting order, never minutes. What is worked out anew keeps the place of what
it is posted with.
"""

from __future__ import annotations

from dataclasses import dataclass

QUARTER_MINUTES = 15


@dataclass(frozen=True)
class PointsRule:
    """One version of an activity's rule. Caps are None where there is none."""

    id: int
    version: int
    fixed_points: int
    points_per_hour: int
    leader_factor_percent: int = 100
    cap_event_points: int | None = None
    cap_day_points: int | None = None

    def factor_percent(self, *, is_leader: bool) -> int:
        return self.leader_factor_percent if is_leader else 100


def fixed_points(rule: PointsRule, *, is_leader: bool) -> int:
    """Points for being there, with the leader's factor, rounded down."""
    return rule.fixed_points * rule.factor_percent(is_leader=is_leader) // 100


def hourly_points(rule: PointsRule, minutes: int, *, is_leader: bool) -> int:
    """Points for ``minutes`` of service, in whole quarter hours, rounded down once."""
    assert minutes >= 0
    factor = rule.factor_percent(is_leader=is_leader)
    return minutes // QUARTER_MINUTES * rule.points_per_hour * factor // 400


def capped(points: int, rule: PointsRule, *, had_at_event: int, had_that_day: int) -> int:
    """``points`` as far as the caps leave room beside what was posted before."""
    room = points
    if rule.cap_event_points is not None:
        room = min(room, rule.cap_event_points - had_at_event)
    if rule.cap_day_points is not None:
        room = min(room, rule.cap_day_points - had_that_day)
    return max(room, 0)


def standing_before(rule: PointsRule, had_that_day: int, posted: int) -> int:
    """The day's points of other events that a new value of an attendance stands behind.

    What the attendance is ``posted`` with keeps its place before whatever came since; only more
    than that is posted now, and finds what room the day has left.
    """
    if rule.cap_day_points is None:
        return had_that_day
    return min(had_that_day, max(rule.cap_day_points - posted, 0))


@dataclass(frozen=True)
class Parts:
    """What an attendance earns: the check_in part carries fixed points, the check_out part minutes
    and hourly points. ``before_cap``: both parts' points had there been no cap."""

    check_in_points: int = 0
    check_out_points: int = 0
    minutes: int = 0
    served_minutes: int = 0
    check_in_before_cap: int = 0
    check_out_before_cap: int = 0


def parts_of(
    rule: PointsRule,
    minutes: int | None,
    *,
    is_leader: bool,
    earns_minutes: bool,
    had_that_day: int,
) -> Parts:
    """What is earned by someone present (``minutes`` None) or done after ``minutes``.

    Participation (``earns_minutes`` false) earns points for its time but no minutes.
    """
    fixed = fixed_points(rule, is_leader=is_leader)
    check_in = capped(fixed, rule, had_at_event=0, had_that_day=had_that_day)
    if minutes is None:
        return Parts(check_in_points=check_in, check_in_before_cap=fixed)
    hourly = hourly_points(rule, minutes, is_leader=is_leader)
    check_out = capped(hourly, rule, had_at_event=check_in, had_that_day=had_that_day + check_in)
    return Parts(check_in, check_out, minutes if earns_minutes else 0, minutes, fixed, hourly)
