"""Organisations that host activities, and their kinds, which are the community's own data."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from volunteer.domain.access import Scope
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import Organisation, OrganisationKind
from volunteer.store.rows import (
    load_row,
    record_row,
    require_in_community,
    require_seen,
    require_unique,
)

LONGEST_NAME = 120


@dataclass(frozen=True)
class OrganisationDetails:
    kind_id: int
    name: str
    name_en: str | None = None


def add_organisation(
    community_id: int, details: OrganisationDetails, *, by: int | None, now: datetime, scope: Scope
) -> int:
    """Raises Refused: ``not_found`` (community or kind), ``name_missing``, ``text_too_long``,
    ``already_exists``."""
    names = _names(details.name, details.name_en)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        require_in_community(tx, OrganisationKind, details.kind_id, community_id)
        organisation_id = record_row(
            tx,
            Organisation,
            {"community_id": community_id, "kind_id": details.kind_id, **names},
        )
        record_audit(
            tx,
            now=now,
            action="organisation_added",
            subject_kind="organisation",
            subject_id=organisation_id,
            community_id=community_id,
            login_id=by,
            facts={"name": names["name"]},
        )
        return organisation_id

    return transact(work, scope)


def edit_organisation(
    organisation_id: int, details: OrganisationDetails, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused as ``add_organisation``."""
    names = _names(details.name, details.name_en)

    def work(tx: Tx) -> None:
        before = load_row(tx, Organisation, organisation_id)
        require_in_community(tx, OrganisationKind, details.kind_id, before.community_id)
        same_name = {"community_id": before.community_id, "name": names["name"]}
        require_unique(tx, Organisation, organisation_id, same_name)
        tx.run(
            update(Organisation)
            .where(Organisation.id == organisation_id)
            .values(kind_id=details.kind_id, **names)
        )
        record_audit(
            tx,
            now=now,
            action="organisation_edited",
            subject_kind="organisation",
            subject_id=organisation_id,
            community_id=before.community_id,
            login_id=by,
            facts={"name": names["name"]},
        )

    transact(work, scope)


def set_organisation_active(
    organisation_id: int, active: bool, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused: ``not_found``."""

    def work(tx: Tx) -> None:
        before = load_row(tx, Organisation, organisation_id)
        if (before.deactivated_at is None) == active:
            return
        tx.run(
            update(Organisation)
            .where(Organisation.id == organisation_id)
            .values(deactivated_at=None if active else now)
        )
        record_audit(
            tx,
            now=now,
            action="organisation_reactivated" if active else "organisation_deactivated",
            subject_kind="organisation",
            subject_id=organisation_id,
            community_id=before.community_id,
            login_id=by,
            facts={"name": before.name},
        )

    transact(work, scope)


def add_organisation_kind(
    community_id: int,
    name: str,
    name_en: str | None,
    *,
    by: int,
    now: datetime,
    scope: Scope,
) -> int:
    """Raises Refused: ``not_found``, ``name_missing``, ``text_too_long``, ``already_exists``."""
    names = _names(name, name_en)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        _require_kind_name_free(tx, community_id, names["name"])
        row = {"community_id": community_id, "code": f"own_{secrets.token_hex(4)}", **names}
        kind_id = record_row(tx, OrganisationKind, row)
        _audit_kind(tx, "organisation_kind_added", kind_id, community_id, names["name"], by, now)
        return kind_id

    return transact(work, scope)


def edit_organisation_kind(
    kind_id: int, name: str, name_en: str | None, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused as ``add_organisation_kind``."""
    names = _names(name, name_en)

    def work(tx: Tx) -> None:
        before = load_row(tx, OrganisationKind, kind_id)
        _require_kind_name_free(tx, before.community_id, names["name"], but_id=kind_id)
        tx.run(update(OrganisationKind).where(OrganisationKind.id == kind_id).values(**names))
        _audit_kind(
            tx,
            "organisation_kind_edited",
            kind_id,
            before.community_id,
            names["name"],
            by,
            now,
        )

    transact(work, scope)


def remove_organisation_kind(kind_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Raises Refused: ``not_found``; ``in_use`` while an organisation is of this kind."""

    def work(tx: Tx) -> None:
        before = load_row(tx, OrganisationKind, kind_id)
        used = select(Organisation.id).where(Organisation.kind_id == kind_id).limit(1)
        if tx.run(used).first():
            raise refuse(Code.IN_USE)
        tx.run(delete(OrganisationKind).where(OrganisationKind.id == kind_id))
        _audit_kind(
            tx, "organisation_kind_removed", kind_id, before.community_id, before.name, by, now
        )

    transact(work, scope)


def _names(name: str, name_en: str | None) -> dict[str, str | None]:
    kept = or_refuse(parse_line(name, LONGEST_NAME), "name")
    kept_en = or_refuse(parse_line(name_en or "", LONGEST_NAME), "name_en")
    if not kept:
        raise refuse(Code.NAME_MISSING, field="name")
    return {"name": kept, "name_en": kept_en or None}


def _require_kind_name_free(
    tx: Tx, community_id: int, name: str | None, but_id: int | None = None
) -> None:
    same = select(OrganisationKind.id).where(
        OrganisationKind.community_id == community_id, OrganisationKind.name == name
    )
    if but_id is not None:
        same = same.where(OrganisationKind.id != but_id)
    if tx.run(same).first():
        raise refuse(Code.ALREADY_EXISTS)


def _audit_kind(  # noqa: PLR0913, PLR0917 - the columns of one row
    tx: Tx,
    action: str,
    kind_id: int,
    community_id: int,
    name: str | None,
    by: int,
    now: datetime,
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="organisation_kind",
        subject_id=kind_id,
        community_id=community_id,
        login_id=by,
        facts={"name": name},
    )
