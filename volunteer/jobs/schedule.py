"""When a job is due. Pure: the last run and the time in, yes or no out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")

Schedule = Callable[[datetime | None, datetime], bool]
"""(last run or None, now) -> due."""


def every(interval: timedelta) -> Schedule:
    """At once, then again when ``interval`` has passed since the last run."""

    def is_due(last_run_at: datetime | None, now: datetime) -> bool:
        # A clock that was set back must not silence a job until it catches up.
        return last_run_at is None or not now - interval < last_run_at <= now

    return is_due


def each_local_day(zone: ZoneInfo = ZONE) -> Schedule:
    """At once, then when a new day begins in the communities' zone."""

    def is_due(last_run_at: datetime | None, now: datetime) -> bool:
        if last_run_at is None:
            return True
        return last_run_at.astimezone(zone).date() != now.astimezone(zone).date()

    return is_due
