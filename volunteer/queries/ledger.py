"""The ledger as staff read it: the newest lines of a community, and what a reversal would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.age import is_minor
from volunteer.queries.paging import PAGE_ROWS
from volunteer.queries.passbook import PassbookCover
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Activity,
    Attendance,
    Entry,
    Event,
    Login,
    Resident,
    Transfer,
)


@dataclass(frozen=True)
class JournalRow:
    """A line of somebody's passbook, as it was posted among all others."""

    entry_id: int
    entry_no: int
    ref: str
    name: str
    name_en: str | None
    code: str
    amount_points: int
    amount_minutes: int
    posted_at: datetime
    reason: str | None
    activity_name: str | None
    activity_name_en: str | None
    recorder_name: str | None


@dataclass(frozen=True)
class ReversalPreview:
    """What reversing a line would post: the numbers of the lines it takes back, their sums, and
    how many of the points are spent already and become a debt."""

    entry_numbers: tuple[int, ...]
    points: int
    minutes: int
    debt_points: int


def read_journal(
    scope: Scope, community_id: int, *, before_id: int | None = None
) -> tuple[list[JournalRow], int | None]:
    """The newest lines of a community (before ``before_id``), and the id to go on from."""
    if not scope.sees(community_id):
        return [], None
    statement = (
        select(
            Entry.id.label("entry_id"),
            Entry.entry_no,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Transfer.code,
            Entry.amount_points,
            Entry.amount_minutes,
            Transfer.posted_at,
            Transfer.reason,
            Activity.name.label("activity_name"),
            Activity.name_en.label("activity_name_en"),
            Login.name.label("recorder_name"),
        )
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .join(Account, Account.id == Entry.account_id)
        .join(Resident, Resident.id == Account.resident_id)
        .outerjoin(Attendance, Attendance.id == Transfer.attendance_id)
        .outerjoin(Event, Event.id == Attendance.event_id)
        .outerjoin(Activity, Activity.id == Event.activity_id)
        .outerjoin(Login, Login.id == Transfer.recorded_by_login_id)
        .where(Entry.community_id == community_id)
        .order_by(Entry.id.desc())
        .limit(PAGE_ROWS + 1)
    )
    if before_id is not None:
        statement = statement.where(Entry.id < before_id)
    rows = [JournalRow(**row._mapping) for row in db.session.execute(statement)]
    shown = rows[:PAGE_ROWS]
    return shown, shown[-1].entry_id if len(rows) > PAGE_ROWS else None


def read_reversal_preview(
    scope: Scope, book: PassbookCover, transfer_id: int
) -> ReversalPreview | None:
    """What ``services.reversal`` would do with a transfer of this passbook."""
    if not scope.sees(book.community_id):
        return None
    named, reversing = aliased(Transfer), aliased(Transfer)
    attendance_id = (
        select(named.attendance_id)
        .where(named.id == transfer_id, named.code == "award")
        .scalar_subquery()
    )
    together = (Transfer.attendance_id == attendance_id) & (Transfer.code == "award")
    rows = db.session.execute(
        select(Entry.entry_no, Entry.amount_points, Entry.amount_minutes)
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .outerjoin(reversing, reversing.reverses_id == Transfer.id)
        .where(
            Entry.account_id == book.account_id,
            (Transfer.id == transfer_id) | together,
            reversing.id.is_(None),
        )
        .order_by(Entry.entry_no)
    ).all()
    points = sum(row.amount_points for row in rows)
    return ReversalPreview(
        entry_numbers=tuple(row.entry_no for row in rows),
        points=points,
        minutes=sum(row.amount_minutes for row in rows),
        debt_points=max(0, points - (book.balance_points - book.held_points)),
    )


def read_is_minor(scope: Scope, book: PassbookCover, today: date) -> bool:
    """Whether the book is a minor's: staff who open it leave a line in the audit trail."""
    if not scope.sees(book.community_id):
        return False
    row = db.session.execute(
        select(Resident.birth_date, Resident.age_band).where(Resident.id == book.resident_id)
    ).one()
    return is_minor(row.birth_date, row.age_band, today)
