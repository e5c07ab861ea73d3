"""The dates of what recurs: every Friday until December, not on public holidays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from volunteer.domain.holidays import DayKind, Holidays, SpecialDay
from volunteer.domain.refusals import Code, refuse

MOST_EVENTS = 500
"""Of one series, at all its sites together."""
_MOST_LOOKED_AT = 2 * MOST_EVENTS


class Rhythm(StrEnum):
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    """In the same week of each month as the first date: the second Friday, or the last one."""


@dataclass(frozen=True)
class Recurrence:
    """``weekdays``: 0 is Monday. Both days are included."""

    first_on: date
    last_on: date
    weekdays: frozenset[int]
    rhythm: Rhythm = Rhythm.WEEKLY
    skips_holidays: bool = True
    skips_workdays: bool = False
    """Leaves out the days of the weekend that are worked."""


@dataclass(frozen=True)
class Occurrence:
    """One date of a series. ``special``: what day it is, when it is a holiday or is worked.

    ``falls_out`` by the rule; ``left_out`` by the organizer's hand.
    """

    on: date
    special: SpecialDay | None = None
    falls_out: bool = False
    left_out: bool = False

    @property
    def is_kept(self) -> bool:
        return not (self.falls_out or self.left_out)


def occurrences(
    wanted: Recurrence, holidays: Holidays, left_out: Collection[date] = ()
) -> list[Occurrence]:
    """Every date in order, those that fall out among them.

    Refuses ``dates_reversed``, ``weekday_missing`` and ``series_too_long``.
    """
    if wanted.last_on < wanted.first_on:
        raise refuse(Code.DATES_REVERSED)
    if not wanted.weekdays:
        raise refuse(Code.WEEKDAY_MISSING)
    days = _days(wanted)
    if len(days) > _MOST_LOOKED_AT:
        raise refuse(Code.SERIES_TOO_LONG, most=MOST_EVENTS)
    return [
        Occurrence(day, special, _falls_out(wanted, special), day in left_out)
        for day in days
        for special in (holidays.days.get(day),)
    ]


def kept_dates(found: list[Occurrence], sites: int) -> list[date]:
    """The dates that take place. Refuses ``series_empty``, and ``series_too_long`` when they are
    more than a series may have at so many sites."""
    kept = [one.on for one in found if one.is_kept]
    if not kept:
        raise refuse(Code.SERIES_EMPTY)
    if len(kept) * max(sites, 1) > MOST_EVENTS:
        raise refuse(Code.SERIES_TOO_LONG, most=MOST_EVENTS)
    return kept


def _falls_out(wanted: Recurrence, special: SpecialDay | None) -> bool:
    if special is None:
        return False
    return wanted.skips_holidays if special.kind is DayKind.HOLIDAY else wanted.skips_workdays


def _days(wanted: Recurrence) -> list[date]:
    # Fortnights and weeks of a month are counted from the first date, not from the day typed in:
    # "from Saturday on, every second Friday" begins with the next Friday.
    ahead = min((one - wanted.first_on.weekday()) % 7 for one in wanted.weekdays)
    first_on = wanted.first_on + timedelta(days=ahead)
    if first_on > wanted.last_on:
        return []
    monthly = wanted.rhythm is Rhythm.MONTHLY
    week = (first_on.day - 1) // 7 + 1
    nth = -1 if week > 4 else week
    rule = rrule(
        MONTHLY if monthly else WEEKLY,
        dtstart=datetime.combine(first_on, time()),
        until=datetime.combine(wanted.last_on, time()),
        interval=2 if wanted.rhythm is Rhythm.FORTNIGHTLY else 1,
        wkst=0,
        byweekday=[weekday(one, nth if monthly else None) for one in sorted(wanted.weekdays)],
    )
    return [moment.date() for moment in islice(rule, _MOST_LOOKED_AT + 1)]
