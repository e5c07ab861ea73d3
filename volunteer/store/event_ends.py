"""Ending an event: the outs that a leader or the job records for everybody still there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select, update

from volunteer.domain.scans import Batch, Recorder, Scan, Verdict, body_hash_of
from volunteer.domain.tokens import Keys
from volunteer.store.database import Tx
from volunteer.store.models import Attendance, Event
from volunteer.store.models.base import table_of
from volunteer.store.scans import record_batch

_attendance = table_of(Attendance)
_event = table_of(Event)

# Ids of outs follow from event, resident, kind and time: recording the same end twice is a retry.
_NAMESPACE = UUID("5b0c7a52-6d0e-4c5f-9a43-2f3f1d8f7e10")


@dataclass(frozen=True)
class End:
    """How an event ends: when for each resident, by whom, and what the event row then says."""

    event_id: int
    community_id: int
    ended_at: datetime
    how: str
    """leader or auto."""
    outs: Mapping[int, datetime]
    """When each resident left."""


def record_end(tx: Tx, end: End, recorder: Recorder, now: datetime, keys: Keys) -> list[Verdict]:
    """Mark the event ended, then record the outs as one batch; verdicts in the order of ``outs``.

    The newest end wins: an event may be ended again to correct the time.
    """
    tx.run(
        update(_event)
        .where(_event.c.id == end.event_id)
        .values(
            state="ended",
            ended_at=end.ended_at,
            ended_how=end.how,
            ended_by_login_id=recorder.login_id,
        )
    )
    if not end.outs:
        return []
    provenance = "leader_end" if end.how == "leader" else "auto_close"
    scans = [
        _out(end.event_id, resident_id, left_at, provenance, now)
        for resident_id, left_at in end.outs.items()
    ]
    return record_batch(tx, Batch(scans, recorder, now, keys, end.community_id))


def _out(
    event_id: int, resident_id: int, left_at: datetime, provenance: str, now: datetime
) -> Scan:
    name = f"{event_id}/{resident_id}/{provenance}/{left_at.isoformat()}/{now.isoformat()}"
    body = {"event": event_id, "direction": "out", "scanned_at": left_at.isoformat()}
    return Scan(
        client_id=uuid5(_NAMESPACE, name),
        direction="out",
        provenance=provenance,
        scanned_at=left_at,
        corrected_at=left_at,
        body_hash=body_hash_of(body),
        event_id=event_id,
        resident_id=resident_id,
    )


def load_present(tx: Tx, event_ids: Sequence[int]) -> dict[int, list[tuple[int, datetime]]]:
    """(resident, checked in at) of those whose end nobody but an organizer gave, by event.

    Those ended by a leader or the job are there too: ending again corrects them.
    """
    rows = tx.run(
        select(_attendance.c.event_id, _attendance.c.resident_id, _attendance.c.checked_in_at)
        .where(
            _attendance.c.event_id.in_(event_ids),
            _attendance.c.state != "undone",
            _attendance.c.annulled_at.is_(None),
            (_attendance.c.ended_how.is_(None)) | (_attendance.c.ended_how != "own"),
        )
        .order_by(_attendance.c.resident_id)
    )
    present: dict[int, list[tuple[int, datetime]]] = {}
    for row in rows:
        present.setdefault(row.event_id, []).append((row.resident_id, row.checked_in_at))
    return present
