"""A series of events: what one form plans, and how far a change of one event reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum

from volunteer.domain.events import (
    EventPlan,
    LeaderPlan,
    decide_event,
    decide_window,
    moment_of,
)
from volunteer.domain.holidays import Holidays
from volunteer.domain.recurrence import Recurrence, kept_dates, occurrences
from volunteer.domain.refusals import Code, Refused, refuse

MOST_SITES = 8


class Reach(StrEnum):
    """Which events of a series a change is for: those at the same site, unless told otherwise."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True)
class Site:
    """One of the places where a series takes place each time."""

    place: str
    leaders: tuple[LeaderPlan, ...]
    place_en: str | None = None
    area_id: int | None = None
    capacity: int | None = None


@dataclass(frozen=True)
class SeriesPlan:
    """``starts`` and ``ends`` are the community's clock; ``left_out``: dates taken out by hand."""

    recurrence: Recurrence
    starts: time
    ends: time
    sites: tuple[Site, ...]
    to_next_day: bool = False
    left_out: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Target:
    """An event of a series and how far from it a change reaches; ``everywhere``: at every site."""

    event_id: int
    reach: Reach = Reach.THIS
    everywhere: bool = False


def decide_series(
    plan: SeriesPlan, holidays: Holidays, zone: tzinfo, today: date
) -> list[tuple[int, EventPlan]]:
    """Every event of the series with the number of its site, in order of time.

    Refuses ``series_in_past``, what ``occurrences`` and ``kept_dates`` refuse, and what
    ``decide_window`` and ``decide_event`` refuse; a refusal about a site names it (``site``).
    """
    if plan.recurrence.first_on < today:
        raise refuse(Code.SERIES_IN_PAST)
    found = occurrences(plan.recurrence, holidays, plan.left_out)
    days = kept_dates(found, len(plan.sites))
    sites = [_decide_site(number, site) for number, site in enumerate(plan.sites, 1)]
    planned = []
    for day in days:
        starts_at, ends_at = decide_window(
            day, plan.starts, plan.ends, zone, to_next_day=plan.to_next_day
        )
        planned += [
            (number, replace(site, starts_at=starts_at, ends_at=ends_at))
            for number, site in enumerate(sites, 1)
        ]
    return planned


def _decide_site(number: int, site: Site) -> EventPlan:
    try:
        return decide_event(
            EventPlan(
                place=site.place,
                # Any window will do: the words of a site are looked at once, not for every date.
                starts_at=_SOME_DAY,
                ends_at=_SOME_DAY.replace(hour=1),
                leaders=site.leaders,
                place_en=site.place_en,
                area_id=site.area_id,
                capacity=site.capacity,
            )
        )
    except Refused as refused:
        raise refuse(refused.refusal.code, **{**refused.refusal.facts, "site": number}) from None


_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def is_reached(target: Target, chosen: SeriesSpot, other: SeriesSpot) -> bool:
    """Whether a change of the event at ``chosen`` is also for the one at ``other``."""
    if not target.everywhere and other.site != chosen.site:
        return False
    if target.reach is Reach.ALL:
        return True
    if target.reach is Reach.FOLLOWING:
        return other.starts_at >= chosen.starts_at
    return other.starts_at == chosen.starts_at


@dataclass(frozen=True)
class SeriesSpot:
    """Where an event stands in its series."""

    site: int
    starts_at: datetime


def change_alike(before: EventPlan, after: EventPlan, other: EventPlan, zone: tzinfo) -> EventPlan:
    """``other`` with what is different between ``before`` and ``after``, and nothing else: what
    was changed for that day alone stays. Times are taken over on the community's clock, and a day
    moves by as many days.

    Refuses what ``decide_event`` and a skipped time refuse.
    """
    changed = {
        name: getattr(after, name)
        for name in ("place", "place_en", "area_id", "capacity")
        if getattr(before, name) != getattr(after, name)
    }
    if set(before.leaders) != set(after.leaders):
        changed["leaders"] = after.leaders
    for name in ("starts_at", "ends_at"):
        changed[name] = _moved(
            getattr(before, name), getattr(after, name), getattr(other, name), zone
        )
    return decide_event(replace(other, **changed))


def _moved(before: datetime, after: datetime, other: datetime, zone: tzinfo) -> datetime:
    if before == after:
        return other
    old, new, moved = (moment.astimezone(zone) for moment in (before, after, other))
    day = moved.date() + (new.date() - old.date())
    at = moved.time() if old.time() == new.time() else new.time()
    return moment_of(day, at, zone)
