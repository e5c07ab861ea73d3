"""``record_awards()``: attendances change, what they earn is posted, boards follow. Nothing else
posts an award.

One part, one award: check_in carries fixed points, check_out minutes and hourly points. A part
whose worth changes is posted anew under the next revision and the old award reversed, in that
order, so a correction that nets ≥ 0 never fails for want of points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select

from volunteer.domain.attendance import Interval, service_minutes
from volunteer.domain.ledger import Passbook, Transfer, mirror
from volunteer.domain.points import parts_of
from volunteer.domain.scans import PARTS, Attendance, EventFacts, Recorder
from volunteer.store.board import add_to_boards
from volunteer.store.bulk import insert_rows
from volunteer.store.database import TryAgain, Tx
from volunteer.store.ledger import TRANSFER, lock_merged_passbooks, post
from volunteer.store.models import Attendance as AttendanceRow
from volunteer.store.models.base import table_of

ATTENDANCE = table_of(AttendanceRow)

_CHANGING = (
    "state",
    "checked_in_at",
    "checked_out_at",
    "ended_how",
    "provenance",
    "revision",
    "check_in_points",
    "check_out_points",
    "minutes",
    "annulled_at",
    "provisional",
    "joined",
    "override",
    "override_by",
)
# Writing the scan has waited for whoever edits the event; what they made of it shows here.
_EVENT_NOW = (
    "(SELECT state FROM event WHERE event.id = event_id) AS event_state, "
    "(SELECT points_rule_id FROM event WHERE event.id = event_id) AS rule_id"
)
_UPSERT = (
    "ON CONFLICT (event_id, resident_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _CHANGING)
    + " WHERE attendance.revision = excluded.revision - 1"
    + f" RETURNING id, event_id, resident_id, {_EVENT_NOW}"
)


@dataclass(frozen=True)
class Posting:
    """Who writes, when, and why where a person gave a reason."""

    recorder: Recorder
    now: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Change:
    """An attendance before and after, with the event it belongs to and, by part, who changes what
    it earns."""

    before: Attendance
    after: Attendance
    event: EventFacts
    postings: Mapping[str, Posting]

    @classmethod
    def by_one(
        cls, before: Attendance, after: Attendance, event: EventFacts, posting: Posting
    ) -> Self:
        """A change that one person makes to all of an attendance."""
        return cls(before, after, event, dict.fromkeys(PARTS, posting))


def record_awards(
    tx: Tx,
    changes: Sequence[Change],
    passbooks: Mapping[int, Passbook],
    *,
    handed: Sequence[tuple[Attendance, Attendance]] = (),
) -> None:
    """Store the changed attendances of one community, post what they earn, move the boards.

    ``passbooks``: by resident, locked by this transaction. ``handed``: attendances that a merge
    has given to another resident, before and after; their awards stand where they were posted, the
    boards count somebody else. Raises TryAgain when an attendance was changed since it was read, or
    its event cancelled or given another rule.
    """
    if not changes and not handed:
        return
    moves = [
        move
        for before, after in handed
        for move in ((before, _nothing_of(before)), (_nothing_of(after), after))
    ]
    if changes:
        changes = _store_attendances(tx, changes)
        _post_changes(tx, changes, passbooks)
    moves += [(change.before, change.after) for change in changes]
    community_id = next(iter(passbooks.values())).community_id
    add_to_boards(tx, community_id, moves)


def _post_changes(tx: Tx, changes: Sequence[Change], passbooks: Mapping[int, Passbook]) -> None:
    reversals = _reversals(tx, changes)
    transfers = _awards(changes, passbooks) + reversals
    touched = {change.after.resident_id for change in changes}
    books = [book for resident_id, book in passbooks.items() if resident_id in touched]
    # An award from before a merge was printed in the passbook that is merged now.
    elsewhere = {one.debit_account_id for one in reversals} - {book.account_id for book in books}
    books += lock_merged_passbooks(tx, elsewhere)
    post(tx, transfers, books, changes[0].event.debts_account_id)


def _nothing_of(attendance: Attendance) -> Attendance:
    return replace(attendance, state="undone", check_in_points=0, check_out_points=0, minutes=0)


def _store_attendances(tx: Tx, changes: Sequence[Change]) -> list[Change]:
    rows = [_row(change) for change in changes]
    events = {change.event.id: change.event for change in changes}
    stored = insert_rows(tx, ATTENDANCE, rows, _UPSERT).all()
    ids = {(row.event_id, row.resident_id): row.id for row in stored}
    if len(ids) != len(rows):
        raise TryAgain
    for row in stored:
        decided_on = events[row.event_id]
        cancelled = row.event_state == "cancelled" != decided_on.state
        if cancelled or row.rule_id != decided_on.rule.id:
            raise TryAgain
    return [
        replace(
            change,
            after=replace(
                change.after,
                id=ids[(change.after.event_id, change.after.resident_id)],
                revision=change.before.revision + 1,
            ),
        )
        for change in changes
    ]


def _row(change: Change) -> dict[str, Any]:
    after = change.after
    return {
        "community_id": change.event.community_id,
        "event_id": after.event_id,
        "resident_id": after.resident_id,
        "local_date": after.local_date,
        "state": after.state,
        "checked_in_at": after.checked_in_at,
        "checked_out_at": after.checked_out_at,
        "ended_how": after.ended_how,
        "provenance": after.provenance,
        "on_duty": after.on_duty,
        "is_leader": after.is_leader,
        "building_id": after.building_id,
        "youth_group_id": after.youth_group_id,
        "revision": change.before.revision + 1,
        "check_in_points": after.check_in_points,
        "check_out_points": after.check_out_points,
        "minutes": after.minutes,
        "annulled_at": after.annulled_at,
        "provisional": after.provisional,
        "joined": after.joined,
        "override": after.override,
        "override_by": after.override_by,
    }


def _moved_parts(change: Change) -> Iterable[str]:
    return (part for part in PARTS if change.before.worth(part) != change.after.worth(part))


def _awards(changes: Sequence[Change], passbooks: Mapping[int, Passbook]) -> list[Transfer]:
    transfers = []
    for change in changes:
        after, event = change.after, change.event
        for part in _moved_parts(change):
            points, minutes = after.worth(part)
            if not (points or minutes):
                continue
            posting = change.postings[part]
            occurred_at = after.checked_in_at if part == "check_in" else after.checked_out_at
            assert occurred_at is not None
            transfers.append(
                Transfer(
                    community_id=event.community_id,
                    debit_account_id=event.issued_account_id,
                    credit_account_id=passbooks[after.resident_id].account_id,
                    amount_points=points,
                    amount_minutes=minutes,
                    code="award",
                    idempotency_key=f"award:{after.id}:{part}:{after.revision}",
                    occurred_at=occurred_at,
                    posted_at=posting.now,
                    attendance_id=after.id,
                    points_rule_id=event.rule.id,
                    recorded_by_login_id=posting.recorder.login_id,
                    recorded_by_device_id=posting.recorder.device_id,
                    facts=_arithmetic(change, part),
                )
            )
    return transfers


def _arithmetic(change: Change, part: str) -> dict[str, Any]:
    """What the passbook shows when a line is opened: how the amount was worked out."""
    after, event = change.after, change.event
    rule = event.rule
    interval = Interval(after.checked_in_at, after.checked_out_at, after.ended_how, None)
    window_ends_at = event.ends_at if after.is_leader else event.window_ends_at
    served = service_minutes(interval, event.starts_at, window_ends_at)
    uncapped = parts_of(
        replace(rule, cap_event_points=None, cap_day_points=None),
        served,
        is_leader=after.is_leader,
        earns_minutes=True,
        had_that_day=0,
    )
    facts: dict[str, Any] = {
        "part": part,
        "rule_version": rule.version,
        "factor_percent": rule.factor_percent(is_leader=after.is_leader),
        "provenance": after.provenance,
    }
    if part == "check_in":
        return facts | {
            "fixed_points": rule.fixed_points,
            "points_before_cap": uncapped.check_in_points,
        }
    return facts | {
        "minutes": served,
        "quarter_hours": served // 15,
        "points_per_hour": rule.points_per_hour,
        "points_before_cap": uncapped.check_out_points,
        "ended_how": after.ended_how,
    }


def _reversals(tx: Tx, changes: Sequence[Change]) -> list[Transfer]:
    moved = {
        (change.after.id, part): change.postings[part]
        for change in changes
        for part in _moved_parts(change)
        if any(change.before.worth(part))
    }
    if not moved:
        return []
    found = read_unreversed_awards(
        tx, {attendance_id for attendance_id, _ in moved if attendance_id}
    )
    reversals = []
    for transfer_id, transfer in found:
        posting = moved.get((transfer.attendance_id, transfer.facts["part"]))
        if posting is not None:
            reversals.append(
                mirror(
                    transfer,
                    transfer_id,
                    f"reversal:{transfer.idempotency_key}",
                    posted_at=posting.now,
                    recorded_by_login_id=posting.recorder.login_id,
                    recorded_by_device_id=posting.recorder.device_id,
                    reason=posting.reason,
                )
            )
    return reversals


def read_unreversed_awards(tx: Tx, attendance_ids: Iterable[int]) -> list[tuple[int, Transfer]]:
    """The standing awards of these attendances, oldest first, with their ids."""
    reversal = TRANSFER.alias("reversal")
    standing = (
        select(TRANSFER)
        .outerjoin(reversal, reversal.c.reverses_id == TRANSFER.c.id)
        .where(
            TRANSFER.c.attendance_id.in_(sorted(attendance_ids)),
            TRANSFER.c.code == "award",
            reversal.c.id.is_(None),
        )
        .order_by(TRANSFER.c.id)
    )
    found = []
    for row in tx.run(standing):
        values = dict(row._mapping)
        transfer_id = values.pop("id")
        found.append((transfer_id, Transfer(**values)))
    return found


def annul_attendance(
    tx: Tx, attendance_id: int, event: EventFacts, passbook: Passbook, posting: Posting
) -> None:
    """Take an attendance back for good: its awards are reversed and it leaves the boards.

    Reversing one line of an attendance takes the whole of it: an attendance that half happened
    would be awarded again by the next scan. ``passbook``: its resident's, locked.
    """
    row = tx.run(select(ATTENDANCE).where(ATTENDANCE.c.id == attendance_id)).one()
    values = dict(row._mapping)
    del values["community_id"]
    before = Attendance(**values)
    after = replace(
        before, annulled_at=posting.now, check_in_points=0, check_out_points=0, minutes=0
    )
    change = Change.by_one(before, after, event, posting)
    record_awards(tx, [change], {before.resident_id: passbook})
