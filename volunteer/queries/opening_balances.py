"""Old passbooks brought forward, as staff see them: what waits, came back, was posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.opening_balances import State
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Entry,
    ImportBatch,
    Login,
    OpeningBalance,
    Resident,
)

ROWS_A_PAGE = 100
SHOWS = {
    "waiting": (State.PROPOSED,),
    "sent_back": (State.SENT_BACK,),
    "posted": (State.POSTED, State.REVERSED),
}


@dataclass(frozen=True)
class OpeningRow:
    """One proposal. ``lines``: how many lines the passbook has; ``entry_no``: under which it was
    posted."""

    opening_id: int
    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    points: int
    minutes: int
    note: str
    file_name: str | None
    row_number: int | None
    state: str
    proposed_at: datetime
    proposed_by_login_id: int
    proposed_by: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    lines: int
    entry_no: int | None


@dataclass(frozen=True)
class OpeningPage:
    """``after``: the id to go on from, None on the last page. ``counts``: by what SHOWS names."""

    rows: tuple[OpeningRow, ...]
    after: int | None
    counts: dict[str, int]


@dataclass(frozen=True)
class Source:
    """What waits from one spreadsheet, or typed in by hand (``file_name`` None)."""

    file_name: str | None
    count: int
    points: int
    minutes: int


@dataclass(frozen=True)
class WaitingInAll:
    """Everything that waits up to the proposal ``through``; ``largest`` are to be looked at before
    all of it is approved at once."""

    through: int
    count: int
    points: int
    minutes: int
    own: int
    sources: tuple[Source, ...]
    largest: tuple[OpeningRow, ...]


def read_openings(
    scope: Scope, community_id: int, show: str, *, after: int | None = None
) -> OpeningPage:
    """A page of proposals: what waits oldest first, what was decided newest first."""
    if not scope.sees(community_id):
        return OpeningPage((), None, dict.fromkeys(SHOWS, 0))
    opening = OpeningBalance
    wanted = _rows().where(
        opening.community_id == community_id,
        opening.state.in_([state.value for state in SHOWS[show]]),
    )
    oldest_first = show == "waiting"
    if after is not None:
        wanted = wanted.where(opening.id > after if oldest_first else opening.id < after)
    wanted = wanted.order_by(opening.id if oldest_first else opening.id.desc())
    rows = [OpeningRow(*row) for row in db.session.execute(wanted.limit(ROWS_A_PAGE + 1))]
    shown = tuple(rows[:ROWS_A_PAGE])
    more = shown[-1].opening_id if len(rows) > ROWS_A_PAGE else None
    return OpeningPage(shown, more, _counts(community_id))


def read_openings_by_id(scope: Scope, community_id: int, ids: list[int]) -> list[OpeningRow]:
    """Those of these proposals that still wait here."""
    if not scope.sees(community_id):
        return []
    wanted = _rows().where(
        OpeningBalance.community_id == community_id,
        OpeningBalance.state == State.PROPOSED.value,
        OpeningBalance.id.in_(ids),
    )
    rows = db.session.execute(wanted.order_by(OpeningBalance.id))
    return [OpeningRow(*row) for row in rows]


def read_newest_opening(scope: Scope, community_id: int, resident_id: int) -> OpeningRow | None:
    """A person's newest proposal that was not taken off the list."""
    if not scope.sees(community_id):
        return None
    wanted = _rows().where(
        OpeningBalance.resident_id == resident_id,
        OpeningBalance.state != State.WITHDRAWN.value,
    )
    row = db.session.execute(wanted.order_by(OpeningBalance.id.desc()).limit(1)).first()
    return OpeningRow(*row) if row else None


def read_waiting_in_all(scope: Scope, community_id: int, login_id: int) -> WaitingInAll:
    """What approving everything would post. ``own``: how many ``login_id`` proposed."""
    opening = OpeningBalance
    here = and_(
        opening.community_id == community_id if scope.sees(community_id) else opening.id.is_(None),
        opening.state == State.PROPOSED.value,
    )
    grouped = db.session.execute(
        select(
            ImportBatch.file_name,
            func.count(),
            func.sum(opening.points),
            func.sum(opening.minutes),
            func.count().filter(opening.proposed_by_login_id == login_id),
            func.max(opening.id),
        )
        .outerjoin(ImportBatch, ImportBatch.id == opening.import_batch_id)
        .where(here)
        .group_by(ImportBatch.id, ImportBatch.file_name)
        .order_by(func.min(opening.id))
    ).all()
    largest = db.session.execute(
        _rows().where(here).order_by(opening.points.desc(), opening.minutes.desc()).limit(5)
    )
    return WaitingInAll(
        through=max((row[5] for row in grouped), default=0),
        count=sum(row[1] for row in grouped),
        points=sum(int(row[2]) for row in grouped),
        minutes=sum(int(row[3]) for row in grouped),
        own=sum(row[4] for row in grouped),
        sources=tuple(Source(row[0], row[1], int(row[2]), int(row[3])) for row in grouped),
        largest=tuple(OpeningRow(*row) for row in largest),
    )


def _counts(community_id: int) -> dict[str, int]:
    rows = db.session.execute(
        select(OpeningBalance.state, func.count())
        .where(OpeningBalance.community_id == community_id)
        .group_by(OpeningBalance.state)
    ).all()
    of_state = {str(state): int(count) for state, count in rows}
    return {
        show: sum(of_state.get(state.value, 0) for state in states)
        for show, states in SHOWS.items()
    }


def with_newest_opening(statement: Any) -> Any:
    """``statement`` over residents and their accounts, with each one's newest proposal behind its
    own columns: a person's page has a dozen statements, and this is none of them."""
    newest = (
        select(func.max(_NEWER.id))
        .where(_NEWER.resident_id == Resident.id, _NEWER.state != State.WITHDRAWN.value)
        .correlate(Resident)
        .scalar_subquery()
    )
    wider = statement.add_columns(*_COLUMNS).outerjoin(OpeningBalance, OpeningBalance.id == newest)
    return _with_people(wider)


def newest_opening(row: Sequence[Any]) -> OpeningRow | None:
    """What ``with_newest_opening`` found."""
    found = row[-len(_COLUMNS) :]
    return OpeningRow(*found) if found[0] is not None else None


def _rows() -> Any:
    statement = (
        select(*_COLUMNS)
        .select_from(OpeningBalance)
        .join(Resident, Resident.id == OpeningBalance.resident_id)
        .join(
            Account,
            and_(
                Account.resident_id == OpeningBalance.resident_id,
                Account.community_id == OpeningBalance.community_id,
            ),
        )
    )
    return _with_people(statement)


def _with_people(statement: Any) -> Any:
    line = and_(Entry.transfer_id == OpeningBalance.transfer_id, Entry.account_id == Account.id)
    return (
        statement.outerjoin(_PROPOSER, _PROPOSER.id == OpeningBalance.proposed_by_login_id)
        .outerjoin(_DECIDER, _DECIDER.id == OpeningBalance.decided_by_login_id)
        .outerjoin(ImportBatch, ImportBatch.id == OpeningBalance.import_batch_id)
        .outerjoin(Entry, line)
    )


_PROPOSER, _DECIDER, _NEWER = aliased(Login), aliased(Login), aliased(OpeningBalance)
_COLUMNS = (
    OpeningBalance.id,
    OpeningBalance.resident_id,
    Resident.ref,
    Resident.name,
    Resident.name_en,
    Resident.passbook_number,
    OpeningBalance.points,
    OpeningBalance.minutes,
    OpeningBalance.note,
    ImportBatch.file_name,
    OpeningBalance.import_row_number,
    OpeningBalance.state,
    OpeningBalance.proposed_at,
    OpeningBalance.proposed_by_login_id,
    _PROPOSER.name.label("proposed_by"),
    OpeningBalance.decided_at,
    _DECIDER.name.label("decided_by"),
    OpeningBalance.reason,
    Account.last_entry_no,
    Entry.entry_no,
)
