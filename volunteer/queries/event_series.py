"""The series an event belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from volunteer.domain.access import Scope
from volunteer.domain.recurrence import Rhythm
from volunteer.store.database import db
from volunteer.store.models import Event, EventSeries, SeriesEvent


@dataclass(frozen=True)
class SeriesShown:
    """``coming``: its events that have not begun and are not cancelled; at this event's site, and
    of those the ones from this event on."""

    series_id: int
    rhythm: Rhythm
    weekdays: Sequence[int]
    last_on: date
    sites: int
    coming: int
    coming_here: int
    following_here: int


def read_series_of(scope: Scope, event_id: int, now: datetime) -> SeriesShown | None:
    """None for an event that stands alone."""
    found = db.session.execute(
        select(EventSeries, SeriesEvent.site, Event.starts_at)
        .join(SeriesEvent, SeriesEvent.series_id == EventSeries.id)
        .join(Event, Event.id == SeriesEvent.event_id)
        .where(SeriesEvent.event_id == event_id)
    ).first()
    if found is None or not scope.sees(found.EventSeries.community_id):
        return None
    coming = (Event.state == "planned") & (Event.starts_at > now)
    here = coming & (SeriesEvent.site == found.site)
    counts = db.session.execute(
        select(
            func.count(SeriesEvent.site.distinct()),
            func.count().filter(coming),
            func.count().filter(here),
            func.count().filter(here & (Event.starts_at >= found.starts_at)),
        )
        .join(Event, Event.id == SeriesEvent.event_id)
        .where(SeriesEvent.series_id == found.EventSeries.id)
    ).one()
    return SeriesShown(
        series_id=found.EventSeries.id,
        rhythm=Rhythm(found.EventSeries.rhythm),
        weekdays=[int(one) for one in found.EventSeries.weekdays.split(",")],
        last_on=found.EventSeries.last_on,
        sites=counts[0],
        coming=counts[1],
        coming_here=counts[2],
        following_here=counts[3],
    )
