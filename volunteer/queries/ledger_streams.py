"""The ledger as streams: everything, in order, a page at a time, in one snapshot.

Nothing here trusts a foreign key: what is stored may have been written behind the app's back.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    select,
    tuple_,
)

from volunteer.domain.access import Scope
from volunteer.domain.board import Period, PeriodKind
from volunteer.domain.ledger import Transfer
from volunteer.domain.verification import (
    Award,
    Credited,
    Line,
    Participation,
    PassbookFigures,
    Posting,
    Subject,
    Totals,
    expected_totals,
)
from volunteer.queries.ledger_rows import (
    TRANSFER,
    bytes_of,
    part_of,
    side_of,
    transfer_columns,
    transfer_of,
)
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.models.base import table_of

PAGE = 2_000

ACCOUNT, ENTRY = table_of(m.Account), table_of(m.Entry)
ATTENDANCE, RESIDENT = table_of(m.Attendance), table_of(m.Resident)
HOLD, HOLD_END, BOARD_TOTAL = table_of(m.Hold), table_of(m.HoldEnd), table_of(m.BoardTotal)

_SUBJECTS = {"building": ATTENDANCE.c.building_id, "youth_group": ATTENDANCE.c.youth_group_id}
BOARDS = tuple(_SUBJECTS)


@contextlib.contextmanager
def snapshot(scope: Scope) -> Iterator[LedgerStreams]:
    """One unchanging view of the database. SQLite's readers always have one."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield LedgerStreams(connection, scope)


@dataclass(frozen=True)
class LedgerStreams:
    """Streams of one snapshot, limited to the communities of a scope."""

    connection: Connection
    scope: Scope

    def passbooks(self) -> Iterator[PassbookFigures]:
        held = (
            select(func.coalesce(func.sum(HOLD.c.amount_points), 0))
            .outerjoin(HOLD_END, HOLD_END.c.hold_id == HOLD.c.id)
            .where(HOLD.c.account_id == ACCOUNT.c.id, HOLD_END.c.id.is_(None))
            .scalar_subquery()
        )
        wanted = (
            select(ACCOUNT, RESIDENT.c.passbook_number, held.label("held_by_holds"))
            .outerjoin(RESIDENT, RESIDENT.c.id == ACCOUNT.c.resident_id)
            .where(ACCOUNT.c.kind == "passbook", self._within(ACCOUNT.c.community_id))
        )
        for row in self._pages(wanted, ACCOUNT.c.id):
            yield PassbookFigures(
                account_id=row.id,
                community_id=row.community_id,
                passbook_number=row.passbook_number or f"#{row.id}",
                balance_points=row.balance_points,
                held_points=row.held_points,
                owed_points=row.owed_points,
                total_minutes=row.total_minutes,
                last_entry_no=row.last_entry_no,
                head_hash=bytes_of(row.head_hash),
                held_by_holds=row.held_by_holds,
            )

    def lines(self) -> Iterator[Line]:
        wanted = (
            select(ENTRY, TRANSFER.c.id.label("found_transfer_id"), *self._body())
            .outerjoin(TRANSFER, TRANSFER.c.id == ENTRY.c.transfer_id)
            .where(self._within(ENTRY.c.community_id))
        )
        for row in self._pages(wanted, ENTRY.c.account_id, ENTRY.c.entry_no):
            yield Line(
                entry_id=row.id,
                community_id=row.community_id,
                account_id=row.account_id,
                transfer_id=row.transfer_id,
                entry_no=row.entry_no,
                amount_points=row.amount_points,
                amount_minutes=row.amount_minutes,
                balance_after_points=row.balance_after_points,
                total_after_minutes=row.total_after_minutes,
                prev_hash=bytes_of(row.prev_hash),
                hash=bytes_of(row.hash),
                transfer=transfer_of(row) if row.found_transfer_id is not None else None,
            )

    def postings(self) -> Iterator[Posting]:
        wanted = select(
            TRANSFER.c.id, TRANSFER.c.id.label("found_transfer_id"), *self._body()
        ).where(self._within(TRANSFER.c.community_id))
        for page in _chunks(self._pages(wanted, TRANSFER.c.id)):
            ids = [row.id for row in page]
            sides = self._sides(ids)
            reversed_ids = [row.t_reverses_id for row in page if row.t_reverses_id is not None]
            originals = self._transfers(reversed_ids)
            times = self._times_reversed(ids)
            passbook_ids = self._passbook_ids(page)
            for row in page:
                transfer = transfer_of(row)
                debit, credit = (
                    side_of(account_id in passbook_ids, sides[row.id, account_id])
                    for account_id in (transfer.debit_account_id, transfer.credit_account_id)
                )
                original = originals.get(row.t_reverses_id)
                yield Posting(row.id, transfer, debit, credit, original, times.get(row.id, 0))

    def credits(self) -> Iterator[Credited]:
        wanted = select(
            ATTENDANCE.c.id,
            ATTENDANCE.c.event_id,
            ATTENDANCE.c.resident_id,
            ATTENDANCE.c.state,
            ATTENDANCE.c.annulled_at.is_not(None).label("annulled"),
            ATTENDANCE.c.check_in_points,
            ATTENDANCE.c.check_out_points,
            ATTENDANCE.c.minutes,
        ).where(self._within(ATTENDANCE.c.community_id))
        for page in _chunks(self._pages(wanted, ATTENDANCE.c.id)):
            awards = self._awards([row.id for row in page])
            for row in page:
                yield Credited(
                    attendance_id=row.id,
                    event_id=row.event_id,
                    resident_id=row.resident_id,
                    state=row.state,
                    annulled=bool(row.annulled),
                    check_in_points=row.check_in_points,
                    check_out_points=row.check_out_points,
                    minutes=row.minutes,
                    awards=tuple(awards.get(row.id, ())),
                )

    # --- what a page needs beside its own rows -------------------------------------------

    def _sides(self, transfer_ids: list[int]) -> defaultdict[tuple[int, int], list[Any]]:
        """The lines of these transfers by (transfer, account)."""
        sides: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
        wanted = select(
            ENTRY.c.transfer_id, ENTRY.c.account_id, ENTRY.c.amount_points, ENTRY.c.amount_minutes
        )
        for row in self._among(wanted, ENTRY.c.transfer_id, transfer_ids):
            sides[row.transfer_id, row.account_id].append(row)
        return sides

    def _transfers(self, ids: list[int]) -> dict[int, Transfer]:
        wanted = select(TRANSFER.c.id, *self._body())
        return {row.id: transfer_of(row) for row in self._among(wanted, TRANSFER.c.id, ids)}

    def _times_reversed(self, ids: list[int]) -> dict[int, int]:
        wanted = select(TRANSFER.c.reverses_id, func.count().label("times")).group_by(
            TRANSFER.c.reverses_id
        )
        rows = self._among(wanted, TRANSFER.c.reverses_id, ids)
        return {row.reverses_id: row.times for row in rows}

    def _passbook_ids(self, page: list[Any]) -> set[int]:
        ids = {row.t_debit_account_id for row in page} | {row.t_credit_account_id for row in page}
        wanted = select(ACCOUNT.c.id).where(ACCOUNT.c.kind == "passbook")
        return {row.id for row in self._among(wanted, ACCOUNT.c.id, list(ids))}

    def _awards(self, attendance_ids: list[int]) -> dict[int, list[Award]]:
        """The awards of these attendances that no transfer reverses."""
        reversal = TRANSFER.alias()
        wanted = (
            select(
                TRANSFER.c.id,
                TRANSFER.c.attendance_id,
                TRANSFER.c.amount_points,
                TRANSFER.c.amount_minutes,
                TRANSFER.c.idempotency_key,
                # A merged passbook keeps the awards of attendances that went along.
                func.coalesce(RESIDENT.c.merged_into_id, RESIDENT.c.id).label("resident_id"),
            )
            .outerjoin(ACCOUNT, ACCOUNT.c.id == TRANSFER.c.credit_account_id)
            .outerjoin(RESIDENT, RESIDENT.c.id == ACCOUNT.c.resident_id)
            .outerjoin(reversal, reversal.c.reverses_id == TRANSFER.c.id)
            .where(TRANSFER.c.code == "award", reversal.c.id.is_(None))
        )
        found: dict[int, list[Award]] = defaultdict(list)
        for row in self._among(wanted, TRANSFER.c.attendance_id, attendance_ids):
            award = Award(
                row.id,
                part_of(row.idempotency_key),
                row.amount_points,
                row.amount_minutes,
                row.resident_id,
            )
            found[row.attendance_id].append(award)
        return found

    # --- attendances and boards -----------------------------------------------------------

    def attended_twice(self) -> Iterator[tuple[int, int, int]]:
        """Event, resident, times. The UNIQUE holds it; a changed database may have lost that."""
        times = func.count()
        wanted = (
            select(ATTENDANCE.c.event_id, ATTENDANCE.c.resident_id, times)
            .where(self._within(ATTENDANCE.c.community_id))
            .group_by(ATTENDANCE.c.event_id, ATTENDANCE.c.resident_id)
            .having(times > 1)
        )
        yield from (tuple(row) for row in self.connection.execute(wanted))

    def unfounded_awards(self) -> Iterator[tuple[int, int]]:
        """Transfer and attendance of awards whose attendance is gone."""
        wanted = (
            select(TRANSFER.c.id, TRANSFER.c.attendance_id)
            .outerjoin(ATTENDANCE, ATTENDANCE.c.id == TRANSFER.c.attendance_id)
            .where(
                TRANSFER.c.code == "award",
                ATTENDANCE.c.id.is_(None),
                self._within(TRANSFER.c.community_id),
            )
        )
        yield from (tuple(row) for row in self.connection.execute(wanted))

    def expected_boards(self, board: str) -> Iterator[tuple[Subject, dict[Period, Totals]]]:
        """What each subject's boards must show, counted from the attendances, in their order."""
        subject_id = _SUBJECTS[board]
        keys = (ATTENDANCE.c.community_id, subject_id, ATTENDANCE.c.local_date, ATTENDANCE.c.id)
        wanted = select(
            ATTENDANCE.c.community_id,
            subject_id,
            ATTENDANCE.c.local_date,
            ATTENDANCE.c.resident_id,
            (ATTENDANCE.c.check_in_points + ATTENDANCE.c.check_out_points).label("points"),
            ATTENDANCE.c.minutes,
        ).where(
            self._within(ATTENDANCE.c.community_id),
            subject_id.is_not(None),
            ATTENDANCE.c.state != "undone",
            ATTENDANCE.c.on_duty.is_(False),
            ATTENDANCE.c.annulled_at.is_(None),
            ATTENDANCE.c.provisional.is_(False),
        )
        for (community_id, of), rows in groupby(self._stream(wanted, *keys), itemgetter(0, 1)):
            counted = (
                Participation(row.resident_id, row.local_date, row.points, row.minutes)
                for row in rows
            )
            yield Subject(community_id, board, of), expected_totals(counted)

    def written_boards(self, board: str) -> Iterator[tuple[Subject, dict[Period, Totals]]]:
        """What each subject's boards do show, in the same order."""
        keys = (BOARD_TOTAL.c.community_id, BOARD_TOTAL.c.subject_id)
        wanted = select(*keys, *(c for c in BOARD_TOTAL.c if c not in set(keys))).where(
            BOARD_TOTAL.c.board == board, self._within(BOARD_TOTAL.c.community_id)
        )
        for (community_id, of), rows in groupby(self._stream(wanted, *keys), itemgetter(0, 1)):
            yield (
                Subject(community_id, board, of),
                {
                    Period(PeriodKind(row.period_kind), row.period_start): (
                        row.points,
                        row.minutes,
                        row.attendances,
                        row.participants,
                    )
                    for row in rows
                },
            )

    def _stream(self, wanted: Select[Any], *keys: ColumnElement[Any]) -> Iterator[Row[Any]]:
        ordered = wanted.order_by(*keys).execution_options(yield_per=PAGE)
        yield from self.connection.execute(ordered)

    # --- paging -----------------------------------------------------------------------------

    def _within(self, community: ColumnElement[Any]) -> ColumnElement[bool]:
        if self.scope.community_ids is None:
            return community.is_not(None)
        return community.in_(self.scope.community_ids)

    def _pages(self, wanted: Select[Any], *keys: Column[Any]) -> Iterator[Row[Any]]:
        """All rows in order of ``keys``, fetched a page at a time from after the last one seen."""
        after: tuple[Any, ...] | None = None
        labelled = [key.label(f"page_key_{number}") for number, key in enumerate(keys)]
        ordered = wanted.add_columns(*labelled).order_by(*keys).limit(PAGE)
        while True:
            page = ordered if after is None else ordered.where(tuple_(*keys) > tuple_(*after))
            rows = self.connection.execute(page).all()
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1]._mapping
            after = tuple(last[f"page_key_{number}"] for number in range(len(keys)))

    def _among(
        self, wanted: Select[Any], key: Column[Any], ids: Iterable[int]
    ) -> Iterator[Row[Any]]:
        """``wanted`` for the rows whose ``key`` is one of ``ids``."""
        listed = sorted(set(ids))
        if listed:
            yield from self.connection.execute(wanted.where(key.in_(listed)))

    def _body(self) -> list[ColumnElement[Any]]:
        return transfer_columns(self.connection.dialect.name)


def _chunks(rows: Iterable[Row[Any]], size: int = 500) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
