"""Who is at an event: still there, done, at work, or checked out without ever having checked in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, select

from volunteer.domain.access import Scope
from volunteer.queries.events import Counts
from volunteer.queries.scanning import WaitingOut, read_waiting_outs
from volunteer.store.database import db
from volunteer.store.models import Attendance, Residence, Resident, WalkIn


@dataclass(frozen=True)
class RosterLine:
    """One person at an event. ``state``: present or complete. ``over``: which rule was passed over
    for them (over_capacity, late …), if one was. ``unnamed``: came with a blank card, and has no
    name yet."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    state: str
    on_duty: bool
    is_leader: bool
    is_guest: bool
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    ended_how: str | None
    provenance: str
    minutes: int
    points: int
    over: str | None
    provisional: bool
    unnamed: bool


@dataclass(frozen=True)
class Roster:
    """Everybody at an event, and who checked out without ever having checked in."""

    lines: tuple[RosterLine, ...] = ()
    waiting: tuple[WaitingOut, ...] = ()

    @property
    def counts(self) -> Counts:
        return Counts(
            present=sum(line.state == "present" for line in self.lines),
            complete=sum(line.state == "complete" for line in self.lines),
            on_duty=sum(line.on_duty for line in self.lines),
        )


def read_roster(scope: Scope, event_id: int) -> Roster:
    """Everybody at an event, those still there first, each group by name."""
    visits = exists().where(
        Residence.resident_id == Resident.id,
        Residence.community_id == Resident.community_id,
        Residence.kind == "guest",
        Residence.ends_on.is_(None),
    )
    rows = db.session.execute(
        select(
            Attendance,
            Resident,
            func.coalesce(WalkIn.unnamed, False).label("unnamed"),
            visits.label("visits"),
        )
        .join(Resident, Resident.id == Attendance.resident_id)
        .outerjoin(
            WalkIn,
            and_(WalkIn.community_id == Attendance.community_id, WalkIn.resident_id == Resident.id),
        )
        .where(
            Attendance.event_id == event_id,
            Attendance.state != "undone",
            Attendance.annulled_at.is_(None),
            _seen(scope, Attendance.community_id),
        )
        .order_by(Attendance.state.desc(), Resident.pinyin, Resident.id)
    )
    lines = tuple(_roster_line(row) for row in rows)
    return Roster(lines, tuple(read_waiting_outs(event_id, scope)))


def read_unnamed(scope: Scope, event_id: int, ref: str) -> str | None:
    """The passbook number of who came to this event with a blank card and has no name yet."""
    statement = (
        select(Resident.passbook_number)
        .join(WalkIn, WalkIn.resident_id == Resident.id)
        .where(
            WalkIn.event_id == event_id,
            WalkIn.unnamed,
            Resident.ref == ref,
            Resident.state == "provisional",
            _seen(scope, WalkIn.community_id),
        )
    )
    number = db.session.execute(statement).scalar_one_or_none()
    return str(number) if number else None


def _roster_line(row: Any) -> RosterLine:
    attendance: Attendance = row.Attendance
    resident: Resident = row.Resident
    return RosterLine(
        resident_id=resident.id,
        ref=resident.ref,
        name=resident.name,
        name_en=resident.name_en,
        passbook_number=resident.passbook_number,
        state=attendance.state,
        on_duty=attendance.on_duty,
        is_leader=attendance.is_leader,
        is_guest=resident.home_community_id is not None or bool(row.visits),
        checked_in_at=attendance.checked_in_at,
        checked_out_at=attendance.checked_out_at,
        ended_how=attendance.ended_how,
        provenance=attendance.provenance,
        minutes=attendance.minutes,
        points=attendance.check_in_points + attendance.check_out_points,
        over=attendance.override,
        provisional=attendance.provisional,
        unnamed=bool(row.unnamed),
    )


def _seen(scope: Scope, column: Any) -> Any:
    return column.in_(scope.community_ids) if scope.community_ids is not None else column > 0
