"""What a new community has, counted in one statement for its checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, Select, distinct, func, or_, select

from volunteer.domain.access import PERMISSIONS, Permission, Scope
from volunteer.domain.first_day import Founded
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Building,
    Card,
    Community,
    Event,
    OpeningBalance,
    Organisation,
    Resident,
    RoleGrant,
)

_APPROVING = tuple(
    role.value for role, allowed in PERMISSIONS.items() if Permission.APPROVE_RECORDS in allowed
)


@dataclass(frozen=True)
class FirstDay:
    """``skipped``: the steps that are not for this community."""

    founded: Founded
    skipped: tuple[str, ...]
    ended_at: datetime | None


def read_first_day(scope: Scope, community_id: int, today: date) -> FirstDay | None:
    """None when not in scope."""
    if not scope.sees(community_id):
        return None
    row = db.session.execute(
        select(
            Community.first_day,
            Community.first_day_ended_at,
            Community.points_preset.label("preset"),
            *(count.label(name) for name, count in _counts(community_id, today).items()),
        ).where(Community.id == community_id)
    ).first()
    if row is None:
        return None
    said = dict(row._mapping)
    skipped = tuple(said.pop("first_day").get("skipped", ()))
    ended_at = said.pop("first_day_ended_at")
    return FirstDay(Founded(**said), skipped, ended_at)


def read_points_preset(scope: Scope, community_id: int) -> str | None:
    """What new activities begin with here, when that was chosen."""
    if not scope.sees(community_id):
        return None
    wanted = select(Community.points_preset).where(Community.id == community_id)
    return db.session.scalar(wanted)


def _counts(community_id: int, today: date) -> dict[str, ScalarSelect[int]]:
    holding = select(func.count(distinct(RoleGrant.login_id))).where(
        RoleGrant.community_id == community_id,
        RoleGrant.revoked_at.is_(None),
        RoleGrant.starts_on <= today,
        or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today),
    )
    opening = _count(OpeningBalance, community_id)
    return {
        "buildings": _count(Building, community_id)
        .where(Building.deactivated_at.is_(None))
        .scalar_subquery(),
        "organisations": _count(Organisation, community_id)
        .where(Organisation.deactivated_at.is_(None))
        .scalar_subquery(),
        "residents": _count(Resident, community_id)
        .where(Resident.home_resident_id.is_(None), Resident.state == "active")
        .scalar_subquery(),
        "openings_posted": opening.where(OpeningBalance.state == "posted").scalar_subquery(),
        "openings_waiting": opening.where(OpeningBalance.state == "proposed").scalar_subquery(),
        "cards_printed": _count(Card, community_id)
        .where(Card.printed_at.is_not(None))
        .scalar_subquery(),
        "activities": _count(Activity, community_id)
        .where(Activity.deactivated_at.is_(None))
        .scalar_subquery(),
        "staff": holding.scalar_subquery(),
        "approvers": holding.where(RoleGrant.role.in_(_APPROVING)).scalar_subquery(),
        "events": _count(Event, community_id).where(Event.state != "cancelled").scalar_subquery(),
    }


def _count(model: type[_OfCommunity], community_id: int) -> Select[int]:
    return select(func.count()).select_from(model).where(model.community_id == community_id)


_OfCommunity = Building | Organisation | Resident | OpeningBalance | Card | Activity | Event
