"""Board totals: added to in the scan's own transaction, last and in key order; rebuilt from the
ledger when asked.

Key order keeps two scans of the same building from waiting for each other in a ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from volunteer.domain.board import periods_of
from volunteer.domain.scans import Attendance
from volunteer.store.bulk import insert_rows, update_rows
from volunteer.store.database import Tx
from volunteer.store.models import Attendance as AttendanceRow
from volunteer.store.models import BoardParticipation, BoardTotal
from volunteer.store.models.base import table_of

_attendance = table_of(AttendanceRow)
TOTAL = table_of(BoardTotal)
PARTICIPATION = table_of(BoardParticipation)

_KEY = ("community_id", "board", "period_kind", "period_start", "subject_id")
_TOTAL_KEY = ", ".join(_KEY)
_RETURNED = ", ".join(f"board_participation.{name}" for name in _KEY)
_SAME_KEY = " AND ".join(f"{{table}}.{name} = r.{name}" for name in _KEY)

Key = tuple[int, str, str, date, int]


@dataclass
class _Delta:
    points: int = 0
    minutes: int = 0
    attendances: int = 0
    participants: int = 0


def add_to_boards(
    tx: Tx, community_id: int, changes: Iterable[tuple[Attendance, Attendance]]
) -> None:
    """Move the totals by the difference of each attendance (before, after)."""
    totals: dict[Key, _Delta] = defaultdict(_Delta)
    takes_part: dict[tuple[Key, int], int] = defaultdict(int)
    for before, after in changes:
        points = after.points * after.counts - before.points * before.counts
        minutes = after.minutes * after.counts - before.minutes * before.counts
        attendances = int(after.counts) - int(before.counts)
        if not (points or minutes or attendances):
            continue
        for key in _keys(community_id, after):
            total = totals[key]
            total.points += points
            total.minutes += minutes
            total.attendances += attendances
            takes_part[(key, after.resident_id)] += attendances
    for key, participants in _move_participation(tx, takes_part).items():
        totals[key].participants += participants
    _move_totals(tx, totals)


def _keys(community_id: int, attendance: Attendance) -> Iterable[Key]:
    subjects = (("building", attendance.building_id), ("youth_group", attendance.youth_group_id))
    for board, subject_id in subjects:
        if subject_id is not None:
            for period in periods_of(attendance.local_date):
                yield community_id, board, str(period.kind), period.starts_on, subject_id


def _key_columns(key: Key) -> dict[str, object]:
    return dict(zip(_KEY, key, strict=True))


def _move_participation(tx: Tx, moves: dict[tuple[Key, int], int]) -> dict[Key, int]:
    """Count attendances by resident; gives by how many participants each total moves."""
    moved: dict[Key, int] = defaultdict(int)
    rows = [
        _key_columns(key) | {"resident_id": resident_id, "attendances": count}
        for (key, resident_id), count in sorted(moves.items())
        if count
    ]
    joining = [row for row in rows if row["attendances"] > 0]  # type: ignore[operator]
    leaving = [row for row in rows if row["attendances"] < 0]  # type: ignore[operator]
    if joining:
        now = insert_rows(
            tx,
            PARTICIPATION,
            joining,
            f"ON CONFLICT ({_TOTAL_KEY}, resident_id) DO UPDATE SET "
            "attendances = board_participation.attendances + excluded.attendances "
            f"RETURNING {_TOTAL_KEY}, resident_id, attendances",
        )
        added = {(_key_of(row), row.resident_id): row.attendances for row in now}
        for (key, resident_id), attendances in added.items():
            if attendances == moves[(key, resident_id)]:  # it was at 0 before
                moved[key] += 1
    if leaving:
        left = update_rows(
            tx,
            PARTICIPATION,
            leaving,
            "attendances = board_participation.attendances + r.attendances",
            f"{_SAME_KEY.format(table='board_participation')}"
            " AND board_participation.resident_id = r.resident_id",
            f"RETURNING {_RETURNED}, board_participation.attendances",
        )
        for row in left:
            if row.attendances == 0:
                moved[_key_of(row)] -= 1
    return moved


def _key_of(row: object) -> Key:
    start = row.period_start  # type: ignore[attr-defined]
    start = start if isinstance(start, date) else date.fromisoformat(start)
    return row.community_id, row.board, row.period_kind, start, row.subject_id  # type: ignore[attr-defined]


def _move_totals(tx: Tx, totals: dict[Key, _Delta]) -> None:
    rows = [
        _key_columns(key)
        | {
            "points": delta.points,
            "minutes": delta.minutes,
            "attendances": delta.attendances,
            "participants": delta.participants,
        }
        for key, delta in sorted(totals.items())
    ]
    # A row that loses an attendance exists already, and PostgreSQL checks the row that an INSERT
    # proposes before it sees the conflict: -1 would be refused.
    falling = [row for row in rows if row["attendances"] < 0 or row["participants"] < 0]  # type: ignore[operator]
    rising = [row for row in rows if row not in falling]
    columns = ("points", "minutes", "attendances", "participants")
    if rising:
        sums = ", ".join(f"{name} = board_total.{name} + excluded.{name}" for name in columns)
        insert_rows(tx, TOTAL, rising, f"ON CONFLICT ({_TOTAL_KEY}) DO UPDATE SET {sums}")
    if falling:
        sums = ", ".join(f"{name} = board_total.{name} + r.{name}" for name in columns)
        changed = update_rows(tx, TOTAL, falling, sums, _SAME_KEY.format(table="board_total"))
        assert changed.rowcount == len(falling), "took from a board what was never on it"


def rebuild(tx: Tx, community_id: int) -> None:
    """Throw a community's totals away and add its attendances up again.

    Nothing is lost: points and minutes are those of the ledger's standing awards (which verify
    holds equal to the attendances'), participants those of the attendances themselves.
    """
    for table in (TOTAL, PARTICIPATION):
        tx.run(table.delete().where(table.c.community_id == community_id))
    last_id = 0
    while rows := tx.run(_page(community_id, last_id)).all():
        changes = [_from_nothing(row) for row in rows]
        add_to_boards(tx, community_id, changes)
        last_id = rows[-1].id


def _page(community_id: int, after_id: int) -> Select[Any]:
    return (
        select(_attendance)
        .where(_attendance.c.community_id == community_id, _attendance.c.id > after_id)
        .order_by(_attendance.c.id)
        .limit(500)
    )


def _from_nothing(row: Any) -> tuple[Attendance, Attendance]:
    values = dict(row._mapping)
    del values["community_id"]
    attendance = Attendance(**values)
    return replace(
        attendance, state="undone", check_in_points=0, check_out_points=0, minutes=0
    ), attendance
