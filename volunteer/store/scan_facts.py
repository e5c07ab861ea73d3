"""What a batch of scans is decided on, found without locks, in a number of statements that does
not grow with the batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from volunteer.domain.event_codes import decide_event_code
from volunteer.domain.scans import Batch, Facts, Scan
from volunteer.domain.tokens import (
    EventCode,
    Keys,
)
from volunteer.store import models as m
from volunteer.store.bulk import many
from volunteer.store.database import Tx
from volunteer.store.event_facts import load_events
from volunteer.store.guests import load_guests
from volunteer.store.models.base import table_of
from volunteer.store.scan_people import load_cards, load_dated, load_residents

_scan = table_of(m.Scan)


def load_presented(tx: Tx, batch: Batch, scans: Sequence[Scan], facts: Facts) -> int | None:
    """Find events, cards and people without locks; gives the community of the batch, or None when
    nothing tells whose it is. Rows of another community's events find no event."""
    undone = _load_undone(tx, scans)
    event_ids = {scan.event_id for scan in scans} | {event_id for event_id, _ in undone}
    load_events(tx, batch, event_ids - {None}, facts)
    community_id = batch.community_id or _first_community(scans, undone, facts)
    if community_id is None:
        return None
    facts.events = {
        event_id: event
        for event_id, event in facts.events.items()
        if event.community_id == community_id
    }
    load_cards(tx, scans, facts)
    load_residents(tx, batch, scans, {resident_id for _, resident_id in undone}, facts)
    _verify_event_codes(scans, facts, batch.keys)
    load_dated(tx, facts)
    load_guests(tx, community_id, scans, facts)
    return community_id


_UNDONE = select(_scan.c.event_id, _scan.c.resident_id).where(
    _scan.c.client_id.in_(many("client_ids")), _scan.c.event_id.is_not(None)
)


def _first_community(
    scans: Sequence[Scan], undone: Iterable[tuple[int, int | None]], facts: Facts
) -> int | None:
    wanted = [scan.event_id for scan in scans] + [event_id for event_id, _ in undone]
    found = (facts.events[event_id] for event_id in wanted if event_id in facts.events)
    return next((event.community_id for event in found), None)


def _load_undone(tx: Tx, scans: Sequence[Scan]) -> list[tuple[int, int | None]]:
    """Event and resident of the scans that undos of this batch name; a read only if there are."""
    named = [scan.undoes for scan in scans if scan.undoes is not None]
    if not named:
        return []
    rows = tx.run(_UNDONE, client_ids=named)
    return [(row.event_id, row.resident_id) for row in rows]


def _verify_event_codes(scans: Sequence[Scan], facts: Facts, keys: Keys) -> None:
    for scan in scans:
        event = facts.events.get(scan.event_id or 0)
        if event is not None and isinstance(scan.presented, EventCode):
            code = scan.presented.code
            facts.event_codes[(event.id, code)] = decide_event_code(
                scan.presented, event.id, event, keys, facts.now
            )
