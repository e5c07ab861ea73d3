"""Youth groups, and who belongs to one from which day to which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from volunteer.domain.access import Scope
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import Membership, Organisation, Resident, YouthGroup
from volunteer.store.rows import (
    load_row,
    record_row,
    require_in_community,
    require_seen,
    require_unique,
)

LONGEST_NAME = 120


@dataclass(frozen=True)
class YouthGroupDetails:
    """``organisation_id``: who looks after it, if somebody does."""

    name: str
    name_en: str | None = None
    organisation_id: int | None = None


def add_youth_group(
    community_id: int, details: YouthGroupDetails, *, by: int | None, now: datetime, scope: Scope
) -> int:
    """Raises Refused: ``not_found`` (community or organisation), ``name_missing``,
    ``text_too_long``, ``already_exists``."""
    values = _columns(details)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        require_in_community(tx, Organisation, details.organisation_id, community_id)
        group_id = record_row(tx, YouthGroup, {"community_id": community_id, **values})
        record_audit(
            tx,
            now=now,
            action="youth_group_added",
            subject_kind="youth_group",
            subject_id=group_id,
            community_id=community_id,
            login_id=by,
            facts={"name": values["name"]},
        )
        return group_id

    return transact(work, scope)


def edit_youth_group(
    group_id: int, details: YouthGroupDetails, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused as ``add_youth_group``."""
    values = _columns(details)

    def work(tx: Tx) -> None:
        before = load_row(tx, YouthGroup, group_id)
        require_in_community(tx, Organisation, details.organisation_id, before.community_id)
        same_name = {"community_id": before.community_id, "name": values["name"]}
        require_unique(tx, YouthGroup, group_id, same_name)
        tx.run(update(YouthGroup).where(YouthGroup.id == group_id).values(**values))
        record_audit(
            tx,
            now=now,
            action="youth_group_edited",
            subject_kind="youth_group",
            subject_id=group_id,
            community_id=before.community_id,
            login_id=by,
            facts={"name": values["name"]},
        )

    transact(work, scope)


def set_youth_group_active(
    group_id: int, active: bool, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused: ``not_found``. Memberships stay as they are."""

    def work(tx: Tx) -> None:
        before = load_row(tx, YouthGroup, group_id)
        if (before.deactivated_at is None) == active:
            return
        tx.run(
            update(YouthGroup)
            .where(YouthGroup.id == group_id)
            .values(deactivated_at=None if active else now)
        )
        record_audit(
            tx,
            now=now,
            action="youth_group_reactivated" if active else "youth_group_deactivated",
            subject_kind="youth_group",
            subject_id=group_id,
            community_id=before.community_id,
            login_id=by,
            facts={"name": before.name},
        )

    transact(work, scope)


def add_member(
    group_id: int,
    resident_id: int,
    starts_on: date,
    *,
    by: int | None,
    now: datetime,
    scope: Scope,
) -> int:
    """Take a resident into a youth group from a day on.

    Raises Refused: ``not_found``, ``resident_inactive``, ``already_exists`` (a member that day or
    from a later one already). A youth group shows on its board as of the day of each event, so a
    first day in the past is allowed and changes no attendance that is already there.
    """

    def work(tx: Tx) -> int:
        group = load_row(tx, YouthGroup, group_id)
        resident = load_row(tx, Resident, resident_id)
        if resident.community_id != group.community_id:
            raise refuse(Code.NOT_FOUND)
        if resident.state not in ("active", "provisional"):
            raise refuse(Code.RESIDENT_INACTIVE)
        overlapping = select(Membership.id).where(
            Membership.youth_group_id == group_id,
            Membership.resident_id == resident_id,
            (Membership.ends_on.is_(None)) | (Membership.ends_on >= starts_on),
        )
        if tx.run(overlapping).first():
            raise refuse(Code.ALREADY_EXISTS)
        row = {
            "community_id": group.community_id,
            "youth_group_id": group_id,
            "resident_id": resident_id,
            "starts_on": starts_on,
        }
        membership_id = record_row(tx, Membership, row)
        record_audit(
            tx,
            now=now,
            action="membership_added",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=group.community_id,
            login_id=by,
            facts={"youth_group": group.name, "starts_on": starts_on.isoformat()},
        )
        return membership_id

    return transact(work, scope)


def end_membership(
    membership_id: int, ends_on: date, *, by: int, now: datetime, scope: Scope
) -> None:
    """The last day somebody belonged to a youth group.

    Raises Refused: ``not_found``, ``dates_reversed`` (before the first day)."""

    def work(tx: Tx) -> None:
        before = load_row(tx, Membership, membership_id)
        if ends_on < before.starts_on:
            raise refuse(Code.DATES_REVERSED, field="ends_on")
        tx.run(update(Membership).where(Membership.id == membership_id).values(ends_on=ends_on))
        group = load_row(tx, YouthGroup, before.youth_group_id)
        record_audit(
            tx,
            now=now,
            action="membership_ended",
            subject_kind="resident",
            subject_id=before.resident_id,
            community_id=before.community_id,
            login_id=by,
            facts={"youth_group": group.name, "ends_on": ends_on.isoformat()},
        )

    transact(work, scope)


def _columns(details: YouthGroupDetails) -> dict[str, Any]:
    name = or_refuse(parse_line(details.name, LONGEST_NAME), "name")
    name_en = or_refuse(parse_line(details.name_en or "", LONGEST_NAME), "name_en")
    if not name:
        raise refuse(Code.NAME_MISSING, field="name")
    return {"name": name, "name_en": name_en or None, "organisation_id": details.organisation_id}
