"""When an event may be ended, and when each person left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from volunteer.domain.refusals import Code, refuse

LONGEST_OVERRUN_MINUTES = 180


def check_end(ended_at: datetime, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raises Refused: the end lies in the future, before the start, or hours past the plan."""
    if now < starts_at:
        raise refuse(Code.EVENT_NOT_STARTED)
    if ended_at > now:
        raise refuse(Code.END_IN_FUTURE)
    if ended_at < starts_at:
        raise refuse(Code.END_BEFORE_START)
    if ended_at > ends_at + timedelta(minutes=LONGEST_OVERRUN_MINUTES):
        raise refuse(Code.EVENT_TOO_LONG, hours=LONGEST_OVERRUN_MINUTES // 60)


def decide_outs(
    present: Iterable[tuple[int, datetime]],
    ended_at: datetime,
    left_at: Mapping[int, datetime],
    planned_only: frozenset[int],
    ends_at: datetime,
) -> dict[int, datetime]:
    """When each person left: at the end, or earlier where the leader said so.

    ``planned_only``: the leader and their family, whose end is the planned one, never later (they
    would be recording time for themselves). Nobody leaves before they came, or after the end.
    """
    outs = {}
    for resident_id, checked_in_at in present:
        out = min(left_at.get(resident_id, ended_at), ended_at)
        if resident_id in planned_only:
            out = min(out, ends_at)
        outs[resident_id] = max(out, checked_in_at)
    return outs


def moves_own_out(
    out: datetime, ends_at: datetime, ended_at: datetime | None, new_end: datetime
) -> bool:
    """Whether a new end changes how much counts before somebody's own ``out``: time counts until
    the planned end, or until the given one where that is later."""
    return min(out, max(ends_at, ended_at or ends_at)) != min(out, max(ends_at, new_end))


def default_end(starts_at: datetime, ends_at: datetime, default_minutes: int | None) -> datetime:
    """Where the job puts a forgotten end: the activity's default minutes, or the planned end."""
    if default_minutes is None:
        return ends_at
    return min(starts_at + timedelta(minutes=default_minutes), ends_at)
