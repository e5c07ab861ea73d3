"""Merges as staff see them: what went where, who did it, and whether it was undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.queries.person import PersonKey
from volunteer.store.database import db
from volunteer.store.models import Login, Resident, ResidentMerge


@dataclass(frozen=True)
class Named:
    """A resident as a sentence names them."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str


@dataclass(frozen=True)
class MergeShown:
    """One merge. ``undone_at`` is None while it stands."""

    merge_id: int
    community_id: int
    kept: Named
    merged: Named
    moved_points: int
    moved_minutes: int
    moved_owed_points: int
    handed: int
    joined: int
    cards: int
    sign_ins: int
    merged_at: datetime
    merged_by: str | None
    undone_at: datetime | None
    undone_by: str | None


def read_merge(scope: Scope, merge_id: int) -> MergeShown | None:
    """One merge, or None when there is none in scope."""
    row = db.session.execute(_statement().where(ResidentMerge.id == merge_id)).first()
    return _shown(row) if row and scope.sees(row.community_id) else None


def read_merges_of(scope: Scope, person: PersonKey) -> tuple[MergeShown, ...]:
    """The merges that somebody took part in, the newest first."""
    if not scope.sees(person.community_id):
        return ()
    about = or_(
        ResidentMerge.kept_id == person.resident_id,
        ResidentMerge.merged_id == person.resident_id,
    )
    statement = _statement().where(ResidentMerge.community_id == person.community_id, about)
    rows = db.session.execute(statement.order_by(ResidentMerge.id.desc()))
    return tuple(_shown(row) for row in rows)


def _statement() -> Select[Any]:
    kept, merged = aliased(Resident), aliased(Resident)
    did, undid = aliased(Login), aliased(Login)
    return (
        select(
            ResidentMerge.id,
            ResidentMerge.community_id,
            ResidentMerge.moved_points,
            ResidentMerge.moved_minutes,
            ResidentMerge.moved_owed_points,
            ResidentMerge.facts,
            ResidentMerge.merged_at,
            ResidentMerge.undone_at,
            did.name.label("merged_by"),
            undid.name.label("undone_by"),
            *_named(kept, "kept"),
            *_named(merged, "merged"),
        )
        .join(kept, kept.id == ResidentMerge.kept_id)
        .join(merged, merged.id == ResidentMerge.merged_id)
        .outerjoin(did, did.id == ResidentMerge.merged_by_login_id)
        .outerjoin(undid, undid.id == ResidentMerge.undone_by_login_id)
    )


def _named(resident: Any, which: str) -> tuple[Any, ...]:
    names = ("id", "ref", "name", "name_en", "passbook_number")
    return tuple(getattr(resident, name).label(f"{which}_{name}") for name in names)


def _shown(row: Any) -> MergeShown:
    went = row.facts["attendances"]
    return MergeShown(
        merge_id=row.id,
        community_id=row.community_id,
        kept=Named(
            row.kept_id, row.kept_ref, row.kept_name, row.kept_name_en, row.kept_passbook_number
        ),
        merged=Named(
            row.merged_id,
            row.merged_ref,
            row.merged_name,
            row.merged_name_en,
            row.merged_passbook_number,
        ),
        moved_points=row.moved_points,
        moved_minutes=row.moved_minutes,
        moved_owed_points=row.moved_owed_points,
        handed=len(went["handed"]),
        joined=len(went["joined"]),
        cards=len(row.facts.get("card") or ()),
        sign_ins=len(row.facts.get("login_resident") or ()),
        merged_at=row.merged_at,
        merged_by=row.merged_by,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
