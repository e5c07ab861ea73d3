"""Youth groups and their members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand, age_band_on
from volunteer.store.database import db
from volunteer.store.models import Membership, Organisation, Resident, YouthGroup


@dataclass(frozen=True)
class YouthGroupRow:
    """``members``: how many belong to it today."""

    group_id: int
    community_id: int
    name: str
    name_en: str | None
    organisation_id: int | None
    organisation: str | None
    organisation_en: str | None
    members: int
    is_active: bool


@dataclass(frozen=True)
class MemberRow:
    membership_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    age_band: AgeBand
    starts_on: date
    ends_on: date | None


def read_youth_groups(
    scope: Scope, community_id: int, *, today: date, q: str = "", inactive: bool = False
) -> list[YouthGroupRow]:
    if not scope.sees(community_id):
        return []
    wanted = _groups(today).where(YouthGroup.community_id == community_id)
    if q:
        wanted = wanted.where(
            YouthGroup.name.contains(q, autoescape=True)
            | func.lower(YouthGroup.name_en).contains(q.casefold(), autoescape=True)
        )
    if not inactive:
        wanted = wanted.where(YouthGroup.deactivated_at.is_(None))
    return [_row(row) for row in db.session.execute(wanted.order_by(YouthGroup.name))]


def read_youth_group(scope: Scope, group_id: int, *, today: date) -> YouthGroupRow | None:
    row = db.session.execute(_groups(today).where(YouthGroup.id == group_id)).first()
    return _row(row) if row and scope.sees(row.community_id) else None


def read_members(
    scope: Scope, group: YouthGroupRow, *, today: date, former: bool = False
) -> list[MemberRow]:
    """Who belongs to a group today, by pinyin; with ``former`` those who once did as well."""
    if not scope.sees(group.community_id):
        return []
    wanted = (
        select(
            Membership.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Resident.birth_date,
            Resident.age_band,
            Membership.starts_on,
            Membership.ends_on,
        )
        .join(Resident, Resident.id == Membership.resident_id)
        .where(
            Membership.community_id == group.community_id,
            Membership.youth_group_id == group.group_id,
        )
        .order_by(Resident.pinyin, Resident.id, Membership.starts_on.desc())
    )
    if not former:
        wanted = wanted.where(or_(Membership.ends_on.is_(None), Membership.ends_on >= today))
    return [
        MemberRow(
            membership_id=row.id,
            ref=row.ref,
            name=row.name,
            name_en=row.name_en,
            passbook_number=row.passbook_number,
            age_band=age_band_on(row.birth_date, row.age_band, today),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
        )
        for row in db.session.execute(wanted)
    ]


def read_group_choices(scope: Scope, community_id: int) -> list[tuple[int, str, str | None]]:
    """Youth groups in use for a picker: id, name, English name."""
    if not scope.sees(community_id):
        return []
    rows = db.session.execute(
        select(YouthGroup.id, YouthGroup.name, YouthGroup.name_en)
        .where(YouthGroup.community_id == community_id, YouthGroup.deactivated_at.is_(None))
        .order_by(YouthGroup.name)
    )
    return [(row.id, row.name, row.name_en) for row in rows]


def _groups(today: date) -> Any:
    members = (
        select(func.count(func.distinct(Membership.resident_id)))
        .where(Membership.youth_group_id == YouthGroup.id, *_belongs(today))
        .correlate(YouthGroup)
        .scalar_subquery()
    )
    return select(
        YouthGroup.id,
        YouthGroup.community_id,
        YouthGroup.name,
        YouthGroup.name_en,
        YouthGroup.organisation_id,
        Organisation.name.label("organisation"),
        Organisation.name_en.label("organisation_en"),
        members.label("members"),
        YouthGroup.deactivated_at,
    ).outerjoin(Organisation, Organisation.id == YouthGroup.organisation_id)


def _belongs(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.starts_on <= today,
        or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
    )


def _row(row: Any) -> YouthGroupRow:
    return YouthGroupRow(
        group_id=row.id,
        community_id=row.community_id,
        name=row.name,
        name_en=row.name_en,
        organisation_id=row.organisation_id,
        organisation=row.organisation,
        organisation_en=row.organisation_en,
        members=row.members,
        is_active=row.deactivated_at is None,
    )
