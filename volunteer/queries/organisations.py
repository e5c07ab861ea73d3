"""Organisations and their kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import Activity, Organisation, OrganisationKind


@dataclass(frozen=True)
class OrganisationRow:
    """``activities``: how many kinds of work it hosts."""

    organisation_id: int
    community_id: int
    kind_id: int
    kind: str
    kind_en: str | None
    name: str
    name_en: str | None
    activities: int
    is_active: bool


@dataclass(frozen=True)
class KindRow:
    """``organisations``: how many are of this kind; only a kind without any can be removed."""

    kind_id: int
    community_id: int
    name: str
    name_en: str | None
    organisations: int


def read_organisations(
    scope: Scope,
    community_id: int,
    *,
    q: str = "",
    kind_id: int | None = None,
    inactive: bool = False,
) -> list[OrganisationRow]:
    """Organisations of a community by kind and name; those out of use only with ``inactive``."""
    if not scope.sees(community_id):
        return []
    wanted = _organisations().where(Organisation.community_id == community_id)
    if q:
        wanted = wanted.where(
            Organisation.name.contains(q, autoescape=True)
            | func.lower(Organisation.name_en).contains(q.casefold(), autoescape=True)
        )
    if kind_id is not None:
        wanted = wanted.where(Organisation.kind_id == kind_id)
    if not inactive:
        wanted = wanted.where(Organisation.deactivated_at.is_(None))
    rows = db.session.execute(wanted.order_by(OrganisationKind.id, Organisation.name))
    return [_row(row) for row in rows]


def read_organisation(scope: Scope, organisation_id: int) -> OrganisationRow | None:
    row = db.session.execute(_organisations().where(Organisation.id == organisation_id)).first()
    return _row(row) if row and scope.sees(row.community_id) else None


def read_kinds(scope: Scope, community_id: int) -> list[KindRow]:
    """Kinds of organisation in the order they were made."""
    if not scope.sees(community_id):
        return []
    rows = db.session.execute(
        _kinds().where(OrganisationKind.community_id == community_id).order_by(OrganisationKind.id)
    )
    return [KindRow(*row) for row in rows]


def read_kind(scope: Scope, kind_id: int) -> KindRow | None:
    row = db.session.execute(_kinds().where(OrganisationKind.id == kind_id)).first()
    return KindRow(*row) if row and scope.sees(row.community_id) else None


def _organisations() -> Any:
    activities = (
        select(func.count())
        .select_from(Activity)
        .where(Activity.organisation_id == Organisation.id)
        .correlate(Organisation)
        .scalar_subquery()
    )
    return select(
        Organisation.id,
        Organisation.community_id,
        Organisation.kind_id,
        OrganisationKind.name.label("kind"),
        OrganisationKind.name_en.label("kind_en"),
        Organisation.name,
        Organisation.name_en,
        activities.label("activities"),
        Organisation.deactivated_at,
    ).join(OrganisationKind, OrganisationKind.id == Organisation.kind_id)


def _row(row: Any) -> OrganisationRow:
    return OrganisationRow(
        organisation_id=row.id,
        community_id=row.community_id,
        kind_id=row.kind_id,
        kind=row.kind,
        kind_en=row.kind_en,
        name=row.name,
        name_en=row.name_en,
        activities=row.activities,
        is_active=row.deactivated_at is None,
    )


def _kinds() -> Any:
    organisations = (
        select(func.count())
        .select_from(Organisation)
        .where(Organisation.kind_id == OrganisationKind.id)
        .correlate(OrganisationKind)
        .scalar_subquery()
    )
    return select(
        OrganisationKind.id,
        OrganisationKind.community_id,
        OrganisationKind.name,
        OrganisationKind.name_en,
        organisations,
    )
