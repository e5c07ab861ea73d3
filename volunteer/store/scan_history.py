"""What was scanned and attended before, read under the locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, union_all

from volunteer.domain.attendance import AcceptedScan
from volunteer.domain.scans import Attendance, Facts, Row, StoredScan, Verdict
from volunteer.store import models as m
from volunteer.store.bulk import among, among_found
from volunteer.store.database import Tx
from volunteer.store.models.base import table_of

_attendance = table_of(m.Attendance)
_event = table_of(m.Event)
_resident = table_of(m.Resident)
_scan = table_of(m.Scan)


def resident_ids(facts: Facts) -> set[int]:
    """Residents of the events' community whose passbooks may be touched: guests included."""
    communities = {event.community_id for event in facts.events.values()}
    at_home = {
        person.resident_id for person in facts.people.values() if person.community_id in communities
    }
    return at_home | set(facts.guests.values())


_SCAN = select(
    _scan.c.client_id,
    _scan.c.body_hash,
    _scan.c.event_id,
    _scan.c.resident_id,
    _scan.c.direction,
    _scan.c.corrected_at,
    _scan.c.received_at,
    _scan.c.provenance,
    _scan.c.device_id,
    _scan.c.recorded_by_login_id,
    _scan.c.undoes,
    _scan.c.verdict,
    _scan.c.code,
    _scan.c.facts,
).where(_scan.c.community_id == bindparam("community_id"))
# What counts for somebody includes the scans of whoever was merged into them, unless a person had
# taken that attendance back before.
_taken_back = exists().where(
    _attendance.c.event_id == _scan.c.event_id,
    _attendance.c.resident_id == _scan.c.resident_id,
    _attendance.c.annulled_at.is_not(None),
    ~_attendance.c.joined,
)
_merged = select(_resident.c.id).where(among(_resident.c.merged_into_id, "resident_ids"))
_goes_on_as = select(_resident.c.merged_into_id).where(_resident.c.id == _scan.c.resident_id)
_OF_MERGED = _SCAN.add_columns(_goes_on_as.scalar_subquery().label("counts_for_id")).where(
    among(_scan.c.event_id, "event_ids"), among_found(_scan.c.resident_id, _merged), ~_taken_back
)
_SCAN = _SCAN.add_columns(_scan.c.resident_id.label("counts_for_id"))
# Three reads in one: with OR between them, SQLite may search all scans of the community.
_STORED = union_all(
    _SCAN.where(among(_scan.c.client_id, "client_ids")),
    _SCAN.where(among(_scan.c.event_id, "event_ids"), among(_scan.c.resident_id, "resident_ids")),
    _OF_MERGED,
)
_ATTENDED = select(*(column for column in _attendance.c if column.name != "community_id")).where(
    _attendance.c.community_id == bindparam("community_id"),
    among(_attendance.c.resident_id, "resident_ids"),
    among(_attendance.c.local_date, "days"),
)


def load_history(tx: Tx, community_id: int, rows: Sequence[Row], facts: Facts) -> None:
    """What was scanned and attended before, and seats of capped events; read under the locks."""
    people = sorted(resident_ids(facts))
    _lock_capped_events(tx, rows, facts)
    known = [row.scan.client_id for row in rows]
    known += [row.scan.undoes for row in rows if row.scan.undoes]
    stored = tx.run(
        _STORED,
        community_id=community_id,
        client_ids=known,
        event_ids=sorted(facts.events),
        resident_ids=people,
    )
    for client_id, found in {found.client_id: found for found in stored}.items():
        facts.keep(client_id, _stored_scan(found))
    if people and facts.events:
        days = sorted({event.local_date for event in facts.events.values()})
        attended = tx.run(_ATTENDED, community_id=community_id, resident_ids=people, days=days)
        for found in attended:
            facts.attendances[(found.event_id, found.resident_id)] = Attendance(**found._mapping)


def _stored_scan(row: Any) -> StoredScan:
    client_id: UUID = row.client_id
    recorder = f"login:{row.recorded_by_login_id}" if row.recorded_by_login_id else "job"
    return StoredScan(
        AcceptedScan(
            client_id=client_id,
            direction=row.direction,
            corrected_at=row.corrected_at,
            received_at=row.received_at,
            provenance=row.provenance,
            recorder=f"device:{row.device_id}" if row.device_id else recorder,
            undoes=row.undoes,
        ),
        bytes(row.body_hash),
        Verdict(client_id, row.verdict, row.code, row.facts, row.resident_id),
        row.event_id,
        row.counts_for_id,
    )


def _lock_capped_events(tx: Tx, rows: Sequence[Row], facts: Facts) -> None:
    """Whoever may take a place of a capped event waits for the event: of two people racing for
    the last place one gets it, and a card that staff scan beyond the places is marked so. A key
    share would not do, as two cards may race as well. Rows that refer to the event do not wait."""
    capped = sorted(event.id for event in facts.events.values() if event.capacity is not None)
    if not capped:
        return
    entered = {row.scan.event_id for row in rows if row.scan.direction == "in"}
    if wanted := [event_id for event_id in capped if event_id in entered]:
        tx.run(
            select(_event.c.id)
            .where(_event.c.id.in_(wanted))
            .order_by(_event.c.id)
            .with_for_update(key_share=True)
        )
    taken = tx.run(
        select(_attendance.c.event_id, func.count().label("seats"))
        .where(
            _attendance.c.event_id.in_(capped),
            _attendance.c.state != "undone",
            ~_attendance.c.joined,
        )
        .group_by(_attendance.c.event_id)
    )
    facts.seats_taken = {row.event_id: row.seats for row in taken}
