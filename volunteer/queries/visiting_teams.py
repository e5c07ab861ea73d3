"""Visiting teams: who they are, their people, the events they were at and what they did there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand, age_band_on
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Attendance,
    Community,
    Event,
    OrganisationKind,
    Resident,
    TeamEvent,
    TeamMember,
    VisitingTeam,
)


@dataclass(frozen=True)
class TeamRow:
    """``members``: how many belong to it today, ``to_confirm`` of them not confirmed yet;
    ``events``: how many it was at, ``last_on`` the day of the last."""

    team_id: int
    community_id: int
    kind_id: int
    kind: str
    kind_en: str | None
    name: str
    name_en: str | None
    contact: str | None
    contact_phone: str | None
    expected: int | None
    has_minors: bool
    consent_by: str | None
    consent_at: datetime | None
    consent_text_version: str | None
    is_active: bool
    members: int
    to_confirm: int
    events: int
    last_on: date | None


@dataclass(frozen=True)
class TeamMemberRow:
    """``attendance``: present or complete at the event that was asked about, else None."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    age_band: AgeBand
    provisional: bool
    ends_on: date | None
    attendance: str | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int
    points: int


@dataclass(frozen=True)
class TeamVisit:
    """A team at an event. ``people`` came; of those not confirmed yet (``to_confirm``) neither time
    nor points are in the sums. ``ref`` is the team's code at this event."""

    event_id: int
    ref: str
    name: str
    name_en: str | None
    place: str
    place_en: str | None
    starts_at: datetime
    ends_at: datetime
    zone: str
    measure: str
    people: int
    still_here: int
    to_confirm: int
    minutes: int
    points: int


@dataclass(frozen=True)
class TeamCode:
    """A team at an event, as who holds the team's code sees it."""

    community_id: int
    event_id: int
    name: str
    name_en: str | None
    has_minors: bool


def read_teams(
    scope: Scope,
    community_id: int,
    *,
    today: date,
    q: str = "",
    inactive: bool = False,
    not_at: int | None = None,
) -> list[TeamRow]:
    """Teams of a community, who came last first; ``not_at``: without those at this event."""
    if not scope.sees(community_id):
        return []
    wanted = _teams(today).where(VisitingTeam.community_id == community_id)
    if q:
        wanted = wanted.where(
            VisitingTeam.name.contains(q, autoescape=True)
            | func.lower(VisitingTeam.name_en).contains(q.casefold(), autoescape=True)
        )
    if not inactive:
        wanted = wanted.where(VisitingTeam.deactivated_at.is_(None))
    if not_at is not None:
        at = select(TeamEvent.team_id).where(TeamEvent.event_id == not_at)
        wanted = wanted.where(VisitingTeam.id.not_in(at))
    rows = db.session.execute(wanted.order_by(VisitingTeam.id.desc()))
    found = [_row(row) for row in rows]
    return sorted(found, key=lambda one: one.last_on or date.min, reverse=True)


def read_team(scope: Scope, team_id: int, *, today: date) -> TeamRow | None:
    row = db.session.execute(_teams(today).where(VisitingTeam.id == team_id)).first()
    return _row(row) if row and scope.sees(row.community_id) else None


def read_teams_at(scope: Scope, event_id: int) -> list[tuple[int, str, str | None, int]]:
    """The teams at an event: id, name, English name, how many of them have come."""
    statement = (
        select(VisitingTeam.id, VisitingTeam.name, VisitingTeam.name_en, _people())
        .select_from(TeamEvent)
        .join(VisitingTeam, VisitingTeam.id == TeamEvent.team_id)
        .outerjoin(TeamMember, TeamMember.team_id == TeamEvent.team_id)
        .outerjoin(Attendance, _attended())
        .where(TeamEvent.event_id == event_id)
        .group_by(VisitingTeam.id, VisitingTeam.name, VisitingTeam.name_en)
        .order_by(VisitingTeam.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(TeamEvent.community_id.in_(scope.community_ids))
    rows: Iterable[Any] = db.session.execute(statement)
    return [tuple(row) for row in rows]


def read_team_members(
    team: TeamRow, *, today: date, event_id: int | None = None, former: bool = False
) -> list[TeamMemberRow]:
    """A team's people by name, and whether they were at an event. Who has left is there with
    ``former``, and where they were at the event all the same."""
    attended = and_(
        Attendance.event_id == (event_id or 0),
        Attendance.resident_id == Resident.id,
        Attendance.state != "undone",
        Attendance.annulled_at.is_(None),
    )
    statement = (
        select(Resident, TeamMember.ends_on, Attendance)
        .join(TeamMember, TeamMember.resident_id == Resident.id)
        .outerjoin(Attendance, attended)
        .where(
            TeamMember.community_id == team.community_id,
            TeamMember.team_id == team.team_id,
            Resident.state.in_(("active", "provisional", "moved_away")),
        )
        .order_by(Resident.pinyin, Resident.id)
    )
    if not former:
        statement = statement.where(or_(_belongs(today), Attendance.id.is_not(None)))
    rows: Iterable[Any] = db.session.execute(statement)
    return [_member(row, today) for row in rows]


def read_team_visits(team: TeamRow, *, event_id: int | None = None) -> list[TeamVisit]:
    """Where a team was and what it did there, the newest first; or at one event only."""
    not_confirmed = func.count(Attendance.id).filter(Attendance.provisional)
    statement = (
        select(
            TeamEvent.event_id,
            TeamEvent.ref,
            Activity.name,
            Activity.name_en,
            Event.place,
            Event.place_en,
            Event.starts_at,
            Event.ends_at,
            Community.time_zone,
            Activity.measure,
            _people(),
            func.count(Attendance.id).filter(Attendance.state == "present"),
            not_confirmed,
            func.coalesce(func.sum(Attendance.minutes), 0),
            func.coalesce(func.sum(Attendance.check_in_points + Attendance.check_out_points), 0),
        )
        .select_from(TeamEvent)
        .join(Event, Event.id == TeamEvent.event_id)
        .join(Activity, Activity.id == Event.activity_id)
        .join(Community, Community.id == TeamEvent.community_id)
        .outerjoin(TeamMember, TeamMember.team_id == TeamEvent.team_id)
        .outerjoin(Attendance, _attended())
        .where(TeamEvent.team_id == team.team_id, TeamEvent.community_id == team.community_id)
        .group_by(TeamEvent.id, Event.id, Activity.id, Community.id)
        .order_by(Event.starts_at.desc(), Event.id.desc())
    )
    if event_id is not None:
        statement = statement.where(TeamEvent.event_id == event_id)
    rows: Iterable[Any] = db.session.execute(statement)
    return [TeamVisit(*row) for row in rows]


def read_team_code(ref: str) -> TeamCode | None:
    """The team and the event behind a code; None too for a team that is out of use."""
    row: Any = db.session.execute(
        select(
            TeamEvent.community_id,
            TeamEvent.event_id,
            VisitingTeam.name,
            VisitingTeam.name_en,
            VisitingTeam.has_minors,
        )
        .join(VisitingTeam, VisitingTeam.id == TeamEvent.team_id)
        .where(TeamEvent.ref == ref, VisitingTeam.deactivated_at.is_(None))
    ).first()
    return TeamCode(*row) if row else None


def _attended() -> ColumnElement[bool]:
    return and_(
        Attendance.event_id == TeamEvent.event_id,
        Attendance.resident_id == TeamMember.resident_id,
        Attendance.state != "undone",
        Attendance.annulled_at.is_(None),
    )


def _people() -> Any:
    return func.count(Attendance.id)


def _belongs(today: date) -> ColumnElement[bool]:
    return or_(TeamMember.ends_on.is_(None), TeamMember.ends_on >= today)


def _teams(today: date) -> Any:
    belongs = and_(
        TeamMember.team_id == VisitingTeam.id,
        TeamMember.community_id == VisitingTeam.community_id,
        _belongs(today),
    )
    members = (
        select(func.count())
        .select_from(TeamMember)
        .join(Resident, Resident.id == TeamMember.resident_id)
    )
    on_books = Resident.state.in_(("active", "provisional"))
    visits = (
        select(TeamEvent.id)
        .join(Event, Event.id == TeamEvent.event_id)
        .where(TeamEvent.team_id == VisitingTeam.id)
    )
    return select(
        VisitingTeam.id,
        VisitingTeam.community_id,
        VisitingTeam.kind_id,
        OrganisationKind.name.label("kind"),
        OrganisationKind.name_en.label("kind_en"),
        VisitingTeam.name,
        VisitingTeam.name_en,
        VisitingTeam.contact,
        VisitingTeam.contact_phone,
        VisitingTeam.expected,
        VisitingTeam.has_minors,
        VisitingTeam.consent_by,
        VisitingTeam.consent_at,
        VisitingTeam.consent_text_version,
        case((VisitingTeam.deactivated_at.is_(None), True), else_=False).label("is_active"),
        members.where(belongs, on_books).scalar_subquery().label("members"),
        members.where(belongs, Resident.state == "provisional")
        .scalar_subquery()
        .label("to_confirm"),
        visits.with_only_columns(func.count()).scalar_subquery().label("events"),
        visits.with_only_columns(func.max(Event.local_date)).scalar_subquery().label("last_on"),
    ).join(OrganisationKind, OrganisationKind.id == VisitingTeam.kind_id)


def _row(row: Any) -> TeamRow:
    team_id, *more = row
    return TeamRow(team_id, *more)


def _member(row: Any, today: date) -> TeamMemberRow:
    one, came = row.Resident, row.Attendance
    return TeamMemberRow(
        resident_id=one.id,
        ref=one.ref,
        name=one.name,
        name_en=one.name_en,
        passbook_number=one.passbook_number,
        age_band=age_band_on(one.birth_date, one.age_band, today),
        provisional=one.state == "provisional",
        ends_on=row.ends_on,
        attendance=came.state if came else None,
        checked_in_at=came.checked_in_at if came else None,
        checked_out_at=came.checked_out_at if came else None,
        minutes=came.minutes if came else 0,
        points=came.check_in_points + came.check_out_points if came else 0,
    )
