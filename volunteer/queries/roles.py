"""Who holds or held which role in a community."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import PERMISSIONS, Permission, Role, Scope
from volunteer.store.database import db
from volunteer.store.models import Community, Login, RoleGrant, SubDistrict


@dataclass(frozen=True)
class GrantRow:
    """``of_sub_district``: the name of the sub-district whose role it is; None for the
    community's own."""

    grant_id: int
    login_id: int
    name: str
    phone: str | None
    role: Role
    of_sub_district: str | None
    of_sub_district_en: str | None
    starts_on: date
    ends_on: date | None
    revoked_at: datetime | None
    granted_by: str | None
    has_secret: bool

    def state_on(self, day: date) -> str:
        """holds, to_come or ended."""
        if self.revoked_at is not None or (self.ends_on is not None and self.ends_on < day):
            return "ended"
        return "to_come" if self.starts_on > day else "holds"


def read_grants(
    scope: Scope, community_id: int, *, today: date, role: str = "", ended: bool = False
) -> list[GrantRow]:
    """Grants of a community and of its sub-district, by role and name; those that have ended only
    with ``ended``."""
    if not scope.sees(community_id):
        return []
    wanted = _grants(community_id)
    if role:
        wanted = wanted.where(RoleGrant.role == role)
    if not ended:
        wanted = wanted.where(
            RoleGrant.revoked_at.is_(None),
            or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today),
        )
    order = {role: place for place, role in enumerate(Role)}
    rows = [_row(row) for row in db.session.execute(wanted)]
    return sorted(rows, key=lambda row: (order[row.role], row.name, row.grant_id))


def read_grant(scope: Scope, community_id: int, grant_id: int) -> GrantRow | None:
    """One grant of the community itself, or None when there is none in scope."""
    if not scope.sees(community_id):
        return None
    row = db.session.execute(
        _grants(community_id).where(
            RoleGrant.id == grant_id, RoleGrant.community_id == community_id
        )
    ).first()
    return _row(row) if row else None


def read_approvers(scope: Scope, community_id: int, *, today: date) -> dict[int, str]:
    """Names of the community's own staff who may be the second person, by login."""
    roles = {role for role, allowed in PERMISSIONS.items() if Permission.APPROVE_RECORDS in allowed}
    grants = read_grants(scope, community_id, today=today)
    return {
        row.login_id: row.name
        for row in grants
        if row.role in roles and row.state_on(today) == "holds"
    }


def _grants(community_id: int) -> Any:
    giver = aliased(Login)
    sub_district_id = (
        select(Community.sub_district_id).where(Community.id == community_id).scalar_subquery()
    )
    return (
        select(
            RoleGrant.id,
            RoleGrant.login_id,
            Login.name,
            Login.phone,
            RoleGrant.role,
            SubDistrict.name.label("of_sub_district"),
            SubDistrict.name_en.label("of_sub_district_en"),
            RoleGrant.starts_on,
            RoleGrant.ends_on,
            RoleGrant.revoked_at,
            giver.name.label("granted_by"),
            Login.secret_hash.is_not(None).label("has_secret"),
        )
        .select_from(RoleGrant)
        .join(Login, Login.id == RoleGrant.login_id)
        .outerjoin(giver, giver.id == RoleGrant.granted_by_login_id)
        .outerjoin(SubDistrict, SubDistrict.id == RoleGrant.sub_district_id)
        .where(
            or_(
                RoleGrant.community_id == community_id,
                RoleGrant.sub_district_id == sub_district_id,
            )
        )
    )


def _row(row: Any) -> GrantRow:
    return GrantRow(
        grant_id=row.id,
        login_id=row.login_id,
        name=row.name,
        phone=row.phone,
        role=Role(row.role),
        of_sub_district=row.of_sub_district,
        of_sub_district_en=row.of_sub_district_en,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        revoked_at=row.revoked_at,
        granted_by=row.granted_by,
        has_secret=row.has_secret,
    )
