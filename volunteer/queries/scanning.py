"""What the leader's pages show: the last results, and who is here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.attendance import UNDO_MINUTES
from volunteer.store.database import db
from volunteer.store.models import (
    Attendance,
    Resident,
    Scan,
    WalkIn,
)

Statement = Select[*tuple[Any, ...]]

MOST_RESULTS = 60


@dataclass(frozen=True)
class Result:
    """A scan as the scanner lists it. ``undoable_until`` is None where nothing can be undone."""

    client_id: UUID
    direction: str
    verdict: str
    code: str
    facts: Mapping[str, Any]
    resident_id: int | None
    name: str | None
    name_en: str | None
    received_at: datetime
    undone: bool
    undoable_until: datetime | None
    ref: str | None = None
    provisional: bool = False
    """Whose it is waits to be confirmed."""
    unnamed: bool = False
    """… and has no name yet, only a blank card."""


def _results() -> Statement:
    undo = aliased(Scan)
    undone = exists().where(
        undo.community_id == Scan.community_id,
        undo.undoes == Scan.client_id,
        undo.verdict == "accepted",
    )
    return (
        select(
            Scan.client_id,
            Scan.direction,
            Scan.verdict,
            Scan.code,
            Scan.facts,
            Scan.resident_id,
            Resident.name,
            Resident.name_en,
            Scan.received_at,
            undone.label("undone"),
            Resident.ref,
            Resident.state,
            WalkIn.unnamed,
        )
        .outerjoin(Resident, Resident.id == Scan.resident_id)
        .outerjoin(
            WalkIn,
            and_(WalkIn.community_id == Scan.community_id, WalkIn.resident_id == Scan.resident_id),
        )
    )


def read_last_results(event_id: int, login_id: int, scope: Scope) -> list[Result]:
    """The newest scans that this login recorded at the event, newest first; no roll calls. More
    than a page lists: what was scanned a while ago can be undone for ten minutes."""
    statement = (
        _results()
        .where(
            Scan.event_id == event_id,
            Scan.recorded_by_login_id == login_id,
            Scan.provenance == "card_scan",
            Scan.direction != "undo",
        )
        .order_by(Scan.id.desc())
        .limit(MOST_RESULTS)
    )
    return _as_results(statement, scope)


def read_results(client_ids: list[UUID], login_id: int, scope: Scope) -> list[Result]:
    """The answers to these scans, in the order sent, if this login recorded them."""
    statement = (
        _results()
        .where(Scan.client_id.in_(client_ids), Scan.recorded_by_login_id == login_id)
        .order_by(Scan.id)
    )
    return _as_results(statement, scope)


def _as_results(statement: Statement, scope: Scope) -> list[Result]:
    if scope.community_ids is not None:
        statement = statement.where(Scan.community_id.in_(scope.community_ids))
    found = []
    for row in db.session.execute(statement):
        client_id, direction, verdict, code, facts, whose, *shown = row
        name, name_en, received_at, undone, ref, state, unnamed = shown
        can_undo = verdict in ("accepted", "waiting") and direction != "undo" and not undone
        until = received_at + timedelta(minutes=UNDO_MINUTES) if can_undo else None
        said = (client_id, direction, verdict, code, facts, whose, name, name_en)
        is_new = state == "provisional"
        found.append(
            Result(*said, received_at, bool(undone), until, ref, is_new, is_new and bool(unnamed))
        )
    return found


@dataclass(frozen=True)
class HereCount:
    """How many have checked in, and how many of them are still here."""

    came: int
    present: int


def read_here_count(event_id: int, scope: Scope) -> HereCount:
    statement = select(func.count(), func.count().filter(Attendance.state == "present")).where(
        Attendance.event_id == event_id,
        Attendance.state != "undone",
        Attendance.annulled_at.is_(None),
    )
    if scope.community_ids is not None:
        statement = statement.where(Attendance.community_id.in_(scope.community_ids))
    came, present = db.session.execute(statement).one()
    return HereCount(came, present)


@dataclass(frozen=True)
class WaitingOut:
    """Somebody who checked out but never checked in."""

    resident_id: int
    name: str
    name_en: str | None
    left_at: datetime


def read_waiting_outs(event_id: int, scope: Scope) -> list[WaitingOut]:
    """Outs that still wait for their in: the leader can call these people's names."""
    undo = aliased(Scan)
    statement = (
        select(Resident.id, Resident.name, Resident.name_en, func.max(Scan.corrected_at))
        .join(Resident, Resident.id == Scan.resident_id)
        .outerjoin(
            Attendance,
            and_(
                Attendance.event_id == Scan.event_id,
                Attendance.resident_id == Scan.resident_id,
                Attendance.state != "undone",
            ),
        )
        .where(
            Scan.event_id == event_id,
            Scan.verdict == "waiting",
            Scan.direction == "out",
            Attendance.id.is_(None),
            ~exists().where(
                undo.community_id == Scan.community_id,
                undo.undoes == Scan.client_id,
                undo.verdict == "accepted",
            ),
        )
        .group_by(Resident.id, Resident.name, Resident.name_en)
        .order_by(Resident.pinyin, Resident.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Scan.community_id.in_(scope.community_ids))
    return [WaitingOut(*row) for row in db.session.execute(statement)]


@dataclass(frozen=True)
class AtEvent:
    """One attendance as the roll call and the end of the event show it.

    ``roll_call_scan_id`` is the check-in that this login recorded by roll call, if it did: what
    unticking the name undoes. It was recorded at ``roll_call_at`` and counts from
    ``roll_call_from``.
    """

    resident_id: int
    name: str
    name_en: str | None
    passbook_number: str
    state: str
    checked_in_at: datetime
    checked_out_at: datetime | None
    ended_how: str | None
    provenance: str
    on_duty: bool
    is_leader: bool
    minutes: int
    points: int
    provisional: bool = False
    roll_call_scan_id: UUID | None = None
    roll_call_at: datetime | None = None
    roll_call_from: datetime | None = None


def read_at_event(event_id: int, login_id: int, scope: Scope) -> list[AtEvent]:
    """Everybody who checked in, by name."""
    statement = (
        select(
            Resident.id,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Attendance.state,
            Attendance.checked_in_at,
            Attendance.checked_out_at,
            Attendance.ended_how,
            Attendance.provenance,
            Attendance.on_duty,
            Attendance.is_leader,
            Attendance.minutes,
            Attendance.check_in_points + Attendance.check_out_points,
            Attendance.provisional,
        )
        .join(Resident, Resident.id == Attendance.resident_id)
        .where(
            Attendance.event_id == event_id,
            Attendance.state != "undone",
            Attendance.annulled_at.is_(None),
        )
        .order_by(Resident.pinyin, Resident.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Attendance.community_id.in_(scope.community_ids))
    called = _roll_calls(event_id, login_id, scope)
    rows: Iterable[Any] = db.session.execute(statement)
    return [AtEvent(*row, *called.get(row[0], ())) for row in rows]


def _roll_calls(
    event_id: int, login_id: int, scope: Scope
) -> dict[int, tuple[UUID, datetime, datetime]]:
    """This login's newest roll-call check-in of each resident that is not undone."""
    undo = aliased(Scan)
    statement = (
        select(Scan.resident_id, Scan.client_id, Scan.received_at, Scan.corrected_at)
        .where(
            Scan.event_id == event_id,
            Scan.recorded_by_login_id == login_id,
            Scan.provenance == "roll_call",
            Scan.direction == "in",
            Scan.verdict == "accepted",
            ~exists().where(
                undo.community_id == Scan.community_id,
                undo.undoes == Scan.client_id,
                undo.verdict == "accepted",
            ),
        )
        .order_by(Scan.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Scan.community_id.in_(scope.community_ids))
    rows: Iterable[Any] = db.session.execute(statement)
    return {resident_id: (client_id, at, since) for resident_id, client_id, at, since in rows}


def read_undone_calls(event_id: int, login_id: int, scope: Scope) -> dict[int, datetime]:
    """Where this login's last undo of each resident stands on the attendance's line of time."""
    statement = (
        select(Scan.resident_id, func.max(Scan.corrected_at))
        .where(
            Scan.event_id == event_id,
            Scan.recorded_by_login_id == login_id,
            Scan.direction == "undo",
            Scan.verdict == "accepted",
            Scan.resident_id.is_not(None),
        )
        .group_by(Scan.resident_id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Scan.community_id.in_(scope.community_ids))
    rows: Iterable[Any] = db.session.execute(statement)
    return dict(tuple(row) for row in rows)
