"""Provisional residents as staff see them: who waits to be confirmed, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, and_, case, exists, func, literal_column, select

from volunteer.domain.access import Scope
from volunteer.domain.walk_ins import LEFT_OVER_AFTER
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Area,
    Attendance,
    Building,
    Event,
    Login,
    LoginResident,
    Residence,
    Resident,
    TeamMember,
    VisitingTeam,
    WalkIn,
)
from volunteer.store.models.base import table_of

MOST_SHOWN = 200
# In words, not as a parameter, or SQLite overlooks the index of the provisional ones.
_PROVISIONAL = Resident.state == literal_column("'provisional'")


@dataclass(frozen=True)
class Waiting:
    """One provisional resident, with the visiting team they came with. ``how`` is None for somebody
    staff took up in the register; ``namesakes``: how many others of this name are on the books."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    age_band: str | None
    created_at: datetime
    how: str | None
    unnamed: bool
    event_id: int | None
    activity: str | None
    activity_en: str | None
    place: str | None
    phone: str | None
    attendances: int
    namesakes: int
    is_left_over: bool
    is_guest: bool
    team_id: int | None
    team: str | None
    team_en: str | None


@dataclass(frozen=True)
class ToConfirm:
    """The oldest first; at most ``MOST_SHOWN`` of ``total``."""

    rows: tuple[Waiting, ...]
    total: int
    left_over: int


def read_to_confirm(
    scope: Scope, community_id: int, now: datetime, *, only_left_over: bool = False
) -> ToConfirm:
    """Who waits in this community."""
    if not scope.sees(community_id):
        return ToConfirm((), 0, 0)
    old = Resident.created_at <= now - LEFT_OVER_AFTER
    provisional = and_(Resident.community_id == community_id, _PROVISIONAL)
    counted = db.session.execute(
        select(func.count(), func.count().filter(old)).where(provisional)
    ).one()
    other = table_of(Resident).alias("namesake")
    namesakes = (
        select(func.count())
        .where(
            other.c.community_id == community_id,
            other.c.name == Resident.name,
            other.c.id != Resident.id,
            other.c.state.in_(("active", "provisional")),
        )
        .scalar_subquery()
    )
    attended = (
        select(func.count())
        .where(
            Attendance.community_id == community_id,
            Attendance.resident_id == Resident.id,
            Attendance.state != "undone",
            Attendance.annulled_at.is_(None),
        )
        .scalar_subquery()
    )
    statement = (
        select(
            Resident.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Resident.age_band,
            Resident.created_at,
            WalkIn.how,
            func.coalesce(WalkIn.unnamed, False),
            WalkIn.event_id,
            Activity.name,
            Activity.name_en,
            _place(),
            _phone(),
            attended,
            namesakes,
            case((old, True), else_=False),
            _visits(),
            VisitingTeam.id,
            VisitingTeam.name,
            VisitingTeam.name_en,
        )
        .outerjoin(
            WalkIn,
            and_(WalkIn.community_id == community_id, WalkIn.resident_id == Resident.id),
        )
        .outerjoin(Event, Event.id == WalkIn.event_id)
        .outerjoin(Activity, Activity.id == Event.activity_id)
        .outerjoin(
            VisitingTeam,
            and_(VisitingTeam.community_id == community_id, VisitingTeam.id == _team_id()),
        )
        .where(provisional, *([old] if only_left_over else []))
        .order_by(Resident.created_at, Resident.id)
        .limit(MOST_SHOWN)
    )
    rows = tuple(Waiting(*tuple(row)) for row in db.session.execute(statement))
    return ToConfirm(rows, int(counted[0]), int(counted[1]))


def _place() -> ScalarSelect[Any]:
    where = and_(
        Residence.community_id == Resident.community_id,
        Residence.resident_id == Resident.id,
        Residence.ends_on.is_(None),
    )
    return (
        select(func.coalesce(Area.name, "") + " " + func.coalesce(Building.name, ""))
        .select_from(Residence)
        .outerjoin(Area, Area.id == Residence.area_id)
        .outerjoin(Building, Building.id == Residence.building_id)
        .where(where)
        .order_by(Residence.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _visits() -> Any:
    return exists().where(
        Residence.community_id == Resident.community_id,
        Residence.resident_id == Resident.id,
        Residence.kind == "guest",
        Residence.ends_on.is_(None),
    )


def _team_id() -> ScalarSelect[Any]:
    """The visiting team that somebody came with, the first one of several."""
    return (
        select(func.min(TeamMember.team_id))
        .where(
            TeamMember.community_id == Resident.community_id,
            TeamMember.resident_id == Resident.id,
        )
        .scalar_subquery()
    )


def _phone() -> ScalarSelect[Any]:
    return (
        select(Login.phone)
        .join(LoginResident, LoginResident.login_id == Login.id)
        .where(
            LoginResident.community_id == Resident.community_id,
            LoginResident.resident_id == Resident.id,
            LoginResident.revoked_at.is_(None),
        )
        .order_by(LoginResident.id)
        .limit(1)
        .scalar_subquery()
    )
