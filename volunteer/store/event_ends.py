"""Ending an event: the outs that a leader or the job records for everybody still there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import exists, or_, select, update

from volunteer.domain.event_end import moves_own_out
from volunteer.domain.scans import Batch, Recorder, Scan, Verdict, body_hash_of
from volunteer.domain.tokens import Keys
from volunteer.store.database import Tx
from volunteer.store.ledger import lock_passbooks
from volunteer.store.models import Attendance, Event
from volunteer.store.models import Scan as ScanRow
from volunteer.store.models.base import table_of
from volunteer.store.scans import record_batches

_attendance = table_of(Attendance)
_event = table_of(Event)
_scan = table_of(ScanRow)

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
    was_ended_at: datetime | None = None
    """The end that ``outs`` were decided on; given another one meanwhile, they are not these."""


# A leader may end an event again to correct the time; the job never touches what somebody ended.
_ENDS_FROM = {"leader": ("planned", "ended"), "auto": ("planned",)}


def record_end(
    tx: Tx, end: End, recorder: Recorder, now: datetime, keys: Keys
) -> list[Verdict] | None:
    """Mark the event ended, then record the outs as one batch; verdicts in the order of ``outs``.

    None, and nothing written: the event was cancelled or ended by somebody else meanwhile.
    """
    # Passbooks before the event, as a check-in to a capped event locks them.
    lock_passbooks(tx, end.outs)
    ended = tx.run(
        update(_event)
        .where(
            _event.c.id == end.event_id,
            _event.c.state.in_(_ENDS_FROM[end.how]),
            _event.c.ended_at.is_not_distinct_from(end.was_ended_at),
        )
        .values(
            state="ended",
            ended_at=end.ended_at,
            ended_how=end.how,
            ended_by_login_id=recorder.login_id,
        )
    )
    if ended.rowcount != 1:
        return None
    return record_outs(tx, end, recorder, now, keys)


def record_outs(tx: Tx, end: End, recorder: Recorder, now: datetime, keys: Keys) -> list[Verdict]:
    """The outs of an end as one batch, the event left as it is."""
    if not end.outs:
        return []
    provenance = "leader_end" if end.how == "leader" else "auto_close"
    scans = [
        _out(end.event_id, resident_id, left_at, provenance, now)
        for resident_id, left_at in end.outs.items()
    ]
    (verdicts,) = record_batches(
        tx, [Batch(scans, recorder, now, keys, tx.scope, end.community_id)]
    )
    return verdicts


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


def load_present(tx: Tx, event_id: int, new_end: datetime) -> list[tuple[int, datetime]]:
    """(resident, checked in at) of those whom an end at ``new_end`` concerns.

    Those ended by a leader or the job are there too: ending again corrects them. Who checked out
    themselves is not, unless they left after the planned end and the end changes how much of that
    counts. For the event's leader time counts until the planned end, whatever is said later.
    """
    rows = tx.run(
        select(
            _attendance.c.resident_id,
            _attendance.c.checked_in_at,
            _attendance.c.checked_out_at,
            _attendance.c.ended_how,
            _attendance.c.is_leader,
            _event.c.ends_at,
            _event.c.ended_at,
        )
        .join(_event, _event.c.id == _attendance.c.event_id)
        .where(
            _attendance.c.event_id == event_id,
            _attendance.c.state != "undone",
            _attendance.c.annulled_at.is_(None),
            or_(
                _attendance.c.ended_how.is_(None),
                _attendance.c.ended_how != "own",
                _attendance.c.checked_out_at > _event.c.ends_at,
            ),
        )
        .order_by(_attendance.c.resident_id)
    )
    return [
        (row.resident_id, row.checked_in_at)
        for row in rows
        if row.ended_how != "own"
        or (
            not row.is_leader
            and moves_own_out(row.checked_out_at, row.ends_at, row.ended_at, new_end)
        )
    ]


def load_left_open(tx: Tx, event_ids: Sequence[int]) -> dict[int, list[tuple[int, datetime]]]:
    """(resident, checked in at) of those still there after the end of their event, by event.

    An in may come later than the end: a scanner without network kept it, or it was just being
    recorded. An out that was refused once is not tried again.
    """
    refused = exists().where(
        _scan.c.community_id == _attendance.c.community_id,
        _scan.c.event_id == _attendance.c.event_id,
        _scan.c.resident_id == _attendance.c.resident_id,
        _scan.c.provenance == "auto_close",
        _scan.c.verdict == "refused",
    )
    rows = tx.run(
        select(_attendance.c.event_id, _attendance.c.resident_id, _attendance.c.checked_in_at)
        .where(
            _attendance.c.event_id.in_(event_ids),
            _attendance.c.state == "present",
            _attendance.c.annulled_at.is_(None),
            ~refused,
        )
        .order_by(_attendance.c.resident_id)
    )
    return _by_event(rows)


def _by_event(rows: Iterable[Any]) -> dict[int, list[tuple[int, datetime]]]:
    present: dict[int, list[tuple[int, datetime]]] = {}
    for row in rows:
        present.setdefault(row.event_id, []).append((row.resident_id, row.checked_in_at))
    return present
