"""Two passbooks of one person: those that were merged, and pairs that staff say are two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Id,
    Ref,
    Word,
    in_community,
    same_community,
    whole,
)


class ResidentMerge(Base):
    """One passbook that went on in another, with what it takes to undo that."""

    __tablename__ = "resident_merge"
    __table_args__ = in_community(
        CheckConstraint("kept_id <> merged_id", name="two_residents"),
        CheckConstraint("undone_by_login_id IS NULL OR undone_at IS NOT NULL", name="undone_when"),
        whole("moved_points"),
        whole("moved_minutes"),
        whole("moved_owed_points"),
        whole("merged_entry_no"),
        same_community("kept_id", "resident"),
        same_community("merged_id", "resident"),
        Index("ix_resident_merge_kept", "kept_id", "id"),
        Index("ix_resident_merge_merged", "merged_id", "id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    kept_id: Mapped[Ref]
    merged_id: Mapped[Ref]
    merged_state: Mapped[Word]
    """What the merged resident was before."""
    moved_points: Mapped[int] = mapped_column(BigId)
    moved_minutes: Mapped[int] = mapped_column(BigId)
    moved_owed_points: Mapped[int] = mapped_column(BigId)
    merged_entry_no: Mapped[int] = mapped_column(BigId)
    """The merged passbook's last line; another one since makes the undo impossible."""
    facts: Mapped[dict[str, Any]]
    """Ids of the rows that went along, by table, and attendances with their revision."""
    merged_at: Mapped[datetime]
    merged_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    undone_at: Mapped[datetime | None]
    undone_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class DifferentPeople(Base):
    """Two residents who look alike and are not the same person: nobody is asked again."""

    __tablename__ = "different_people"
    __table_args__ = in_community(
        CheckConstraint("low_id < high_id", name="in_order"),
        same_community("low_id", "resident"),
        same_community("high_id", "resident"),
        UniqueConstraint("low_id", "high_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    low_id: Mapped[Ref]
    high_id: Mapped[Ref]
    said_at: Mapped[datetime]
    said_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
