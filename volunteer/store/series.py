"""Which events belong together."""

from __future__ import annotations

from sqlalchemy import select

from volunteer.domain.series import SeriesSpot, Target, is_reached
from volunteer.store.database import Tx
from volunteer.store.models import Event, SeriesEvent
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
