"""What an organizer says of an activity, and what its points rule would give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from volunteer.domain.names import parse_line
from volunteer.domain.points import Parts, PointsRule, parts_of
from volunteer.domain.refusals import Code, Refusal, Refused, refuse

KINDS = (
    "environment",
    "safety",
    "patrol",
    "outreach",
    "care",
    "health",
    "culture",
    "council",
    "emergency",
    "other",
)
MEASURES = ("service", "participation")
ENDINGS = ("leader_ends", "each_checks_out", "planned_length")
LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 500
MOST_DEFAULT_MINUTES = 24 * 60
MOST_POINTS = 10_000
MOST_FACTOR_PERCENT = 1_000
MOST_CAP_POINTS = 100_000


@dataclass(frozen=True)
class ActivityPlan:
    """A kind of work: who hosts it, what it counts as, how its events end."""

    organisation_id: int
    name: str
    kind: str
    name_en: str | None = None
    description: str | None = None
    youth_group_id: int | None = None
    measure: str = "service"
    ending: str = "leader_ends"
    default_minutes: int | None = None
    """What counts when the end was forgotten; None: until the planned end."""
    takes_guests: bool = False

    def mark(self) -> str:
        """A short mark that changes with any value: two people who edit at once find out."""
        return sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class RuleNumbers:
    """The numbers of a points rule as they are entered; a cap is None where there is none."""

    fixed_points: int = 0
    points_per_hour: int = 0
    leader_factor_percent: int = 100
    cap_event_points: int | None = None
    cap_day_points: int | None = None


@dataclass(frozen=True)
class Preview:
    """What one person would get: ``quarters`` whole quarter hours at ``factor_percent``."""

    minutes: int
    is_leader: bool
    quarters: int
    factor_percent: int
    parts: Parts

    @property
    def points(self) -> int:
        return self.parts.check_in_points + self.parts.check_out_points

    @property
    def capped(self) -> bool:
        return self.points < self.parts.check_in_before_cap + self.parts.check_out_before_cap


def decide_activity(plan: ActivityPlan) -> ActivityPlan:
    """The plan with its words cleaned. Refuses ``name_missing``, ``text_too_long``,
    ``choice_missing`` and ``rule_invalid`` (the minutes that count when the end was forgotten)."""
    name = _line(plan.name, LONGEST_TITLE)
    if not name:
        raise refuse(Code.NAME_MISSING)
    if plan.kind not in KINDS or plan.measure not in MEASURES or plan.ending not in ENDINGS:
        raise refuse(Code.CHOICE_MISSING)
    if plan.default_minutes is not None and not 0 <= plan.default_minutes <= MOST_DEFAULT_MINUTES:
        raise refuse(Code.RULE_INVALID)
    return replace(
        plan,
        name=name,
        name_en=_line(plan.name_en or "", LONGEST_TITLE) or None,
        description=_line(plan.description or "", LONGEST_DESCRIPTION) or None,
    )


def _line(text: str, longest: int) -> str:
    line = parse_line(text, longest)
    if isinstance(line, Refusal):
        raise Refused(line)
    return line


def decide_rule(numbers: RuleNumbers) -> RuleNumbers:
    """The numbers as they are. Refuses ``rule_invalid``."""
    caps = (numbers.cap_event_points, numbers.cap_day_points)
    fits = (
        0 <= numbers.fixed_points <= MOST_POINTS
        and 0 <= numbers.points_per_hour <= MOST_POINTS
        and 100 <= numbers.leader_factor_percent <= MOST_FACTOR_PERCENT
        and all(cap is None or 1 <= cap <= MOST_CAP_POINTS for cap in caps)
    )
    if not fits:
        raise refuse(Code.RULE_INVALID)
    return numbers


def preview(
    numbers: RuleNumbers, minutes: int, *, is_leader: bool, measure: str = "service"
) -> Preview:
    """What ``minutes`` would earn somebody who had no points that day: the very same arithmetic
    that will post them."""
    rule = PointsRule(
        id=0,
        version=0,
        fixed_points=numbers.fixed_points,
        points_per_hour=numbers.points_per_hour,
        leader_factor_percent=numbers.leader_factor_percent,
        cap_event_points=numbers.cap_event_points,
        cap_day_points=numbers.cap_day_points,
    )
    parts = parts_of(
        rule,
        minutes,
        is_leader=is_leader,
        earns_minutes=measure == "service",
        had_that_day=0,
    )
    factor_percent = rule.factor_percent(is_leader=is_leader)
    return Preview(minutes, is_leader, minutes // 15, factor_percent, parts)
