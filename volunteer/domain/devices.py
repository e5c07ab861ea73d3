"""What an organizer says of a scanning device: what it may scan for, when, and until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, Refusal, Refused, refuse

LONGEST_NAME = 120
LONGEST_DAYS = 366
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class DevicePlan:
    """No activity named: it may scan for all. Hours are minutes of the community's local day."""

    name: str
    expires_at: datetime
    activity_ids: frozenset[int] = frozenset()
    daily_from_minute: int = 0
    daily_to_minute: int = DAY_MINUTES


def decide_device(plan: DevicePlan, now: datetime) -> DevicePlan:
    """The plan with its name cleaned. Refuses ``name_missing``, ``text_too_long``,
    ``ends_before_it_starts`` (the hours) and ``date_invalid`` (past, or over a year away)."""
    name = parse_line(plan.name, LONGEST_NAME)
    if isinstance(name, Refusal):
        raise Refused(name)
    if not name:
        raise refuse(Code.NAME_MISSING)
    if not 0 <= plan.daily_from_minute < plan.daily_to_minute <= DAY_MINUTES:
        raise refuse(Code.ENDS_BEFORE_IT_STARTS)
    if not now < plan.expires_at <= now + timedelta(days=LONGEST_DAYS):
        raise refuse(Code.DATE_INVALID)
    return replace(plan, name=name)
