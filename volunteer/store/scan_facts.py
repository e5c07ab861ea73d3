"""What scans are decided on, found without locks, in a number of statements that does
not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from volunteer.domain.event_codes import decide_event_code
from volunteer.domain.scans import Batch, Facts, Row
from volunteer.domain.tokens import EventCode
from volunteer.store import models as m
from volunteer.store.bulk import among
from volunteer.store.database import Tx
from volunteer.store.event_facts import load_events
from volunteer.store.guests import load_guests
from volunteer.store.models.base import table_of
from volunteer.store.scan_people import load_cards, load_dated, load_residents

_scan = table_of(m.Scan)


def load_presented(
    tx: Tx, batches: Sequence[Batch], rows: Sequence[Row], facts: Facts
) -> int | None:
    """Find the events, cards and people of these batches' rows without locks; gives the community
    of the batches, or None when nothing tells whose they are. Rows of another community's events
    find no event."""
    undone = _load_undone(tx, rows)
    event_ids = {row.scan.event_id for row in rows} | {event_id for event_id, _ in undone}
    device_ids = {batch.recorder.device_id for batch in batches}
    load_events(tx, _known(event_ids), _known(device_ids), facts)
    community_id = batches[0].community_id or _first_community(rows, undone, facts)
    if community_id is None:
        return None
    facts.events = {
        event_id: event
        for event_id, event in facts.events.items()
        if event.community_id == community_id
    }
    load_cards(tx, [row.scan for row in rows], facts)
    load_residents(tx, rows, {resident_id for _, resident_id in undone}, facts)
    _verify_event_codes(rows, facts)
    load_dated(tx, batches, facts)
    load_guests(tx, community_id, rows, facts)
    return community_id


def _known(ids: Iterable[int | None]) -> set[int]:
    return {one for one in ids if one is not None}


_UNDONE = select(_scan.c.event_id, _scan.c.resident_id).where(
    among(_scan.c.client_id, "client_ids"), _scan.c.event_id.is_not(None)
)


def _first_community(
    rows: Sequence[Row], undone: Iterable[tuple[int, int | None]], facts: Facts
) -> int | None:
    wanted = [row.scan.event_id for row in rows] + [event_id for event_id, _ in undone]
    found = (facts.events[event_id] for event_id in wanted if event_id in facts.events)
    return next((event.community_id for event in found if rows[0].batch.sees(event)), None)


def _load_undone(tx: Tx, rows: Sequence[Row]) -> list[tuple[int, int | None]]:
    """Event and resident of the scans that undos among these name; a read only if there are."""
    named = [row.scan.undoes for row in rows if row.scan.undoes is not None]
    if not named:
        return []
    found = tx.run(_UNDONE, client_ids=named)
    return [(row.event_id, row.resident_id) for row in found]


def _verify_event_codes(rows: Sequence[Row], facts: Facts) -> None:
    for scan, batch in ((row.scan, row.batch) for row in rows):
        event = facts.events.get(scan.event_id or 0)
        if event is not None and isinstance(scan.presented, EventCode):
            facts.event_codes[scan.client_id] = decide_event_code(
                scan.presented, event.id, event, batch.keys, batch.now
            )
