"""Which events belong together."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from volunteer.domain.events import EventPlan
from volunteer.domain.series import SeriesSpot, Target, is_reached
from volunteer.store.database import Tx
from volunteer.store.models import Event, EventSeries, Login, SeriesEvent
from volunteer.store.models.base import table_of

_event = table_of(Event)
_of_series = table_of(SeriesEvent)


def load_reached(tx: Tx, target: Target) -> set[int]:
    """The events that a change of this one reaches, itself among them; only itself where it
    belongs to no series. Not locked: what becomes of each is decided under its lock."""
    own = (
        select(_of_series.c.series_id)
        .where(_of_series.c.event_id == target.event_id)
        .scalar_subquery()
    )
    rows = tx.run(
        select(_event.c.id, _of_series.c.site, _event.c.starts_at)
        .join(_of_series, _of_series.c.event_id == _event.c.id)
        .where(_of_series.c.series_id == own, _event.c.state == "planned")
    )
    spots = {row.id: SeriesSpot(row.site, row.starts_at) for row in rows}
    chosen = spots.get(target.event_id)
    if chosen is None:
        return {target.event_id}
    return {one for one, spot in spots.items() if is_reached(target, chosen, spot)}


def load_same_series(tx: Tx, activity_id: int, plans: Collection[EventPlan], by: int) -> int | None:
    """The series that ``by`` has planned with exactly these places and times, none of them changed
    or cancelled since: their form came twice. A second one waits here for the first."""
    tx.run(select(Login.id).where(Login.id == by).with_for_update(key_share=True))
    series = table_of(EventSeries)
    rows = tx.run(
        select(_of_series.c.series_id, _event.c.place, _event.c.starts_at, _event.c.ends_at)
        .join(series, series.c.id == _of_series.c.series_id)
        .join(_event, _event.c.id == _of_series.c.event_id)
        .where(
            series.c.activity_id == activity_id,
            series.c.created_by_login_id == by,
            _event.c.state == "planned",
            _event.c.starts_at >= min(one.starts_at for one in plans),
        )
    )
    found: dict[int, list[tuple[str, datetime, datetime]]] = {}
    for row in rows:
        spot = row.place, row.starts_at, row.ends_at
        found.setdefault(row.series_id, []).append(spot)
    wanted = sorted((one.place, one.starts_at, one.ends_at) for one in plans)
    same = (one for one, spots in found.items() if sorted(spots) == wanted)
    return next(same, None)
