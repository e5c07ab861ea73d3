"""People who leave: to another community, with their points; or for good, and where theirs go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Id,
    Ref,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)

MOVE_STATES = ("waiting", "accepted", "left", "done", "withdrawn", "declined")
BEQUEST_STATES = ("waiting", "approved", "withdrawn")
_RUNS_OUT = "side = 'out' AND state = 'waiting'"


class CommunityMove(Base):
    """One side of a move to another community: ``out`` where somebody leaves, ``in`` where they
    arrive. Both carry the same key, and each is written in its own community's transactions only.
    """

    __tablename__ = "community_move"
    __table_args__ = in_community(
        one_of("side", ("out", "in")),
        one_of("state", MOVE_STATES),
        CheckConstraint("community_id <> other_community_id", name="two_communities"),
        CheckConstraint("side = 'in' OR resident_id IS NOT NULL", name="somebody_leaves"),
        CheckConstraint("side = 'in' OR state <> 'accepted'", name="accepted_on_arrival"),
        CheckConstraint("side = 'out' OR state <> 'left'", name="left_on_departure"),
        whole("moved_points"),
        whole("moved_owed_points"),
        same_community("resident_id", "resident"),
        UniqueConstraint("community_id", "move_key"),
        # Nobody moves to two communities at once.
        Index(
            "uq_community_move_waiting",
            "resident_id",
            unique=True,
            sqlite_where=text(_RUNS_OUT),
            postgresql_where=text(_RUNS_OUT),
        ),
        Index("ix_community_move_resident", "resident_id", "id"),
        Index("ix_community_move_state", "state", "side", "community_id"),
        Index("ix_community_move_key", "move_key"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    side: Mapped[Word]
    move_key: Mapped[UUID] = mapped_column(Uuid())
    follows_key: Mapped[UUID | None] = mapped_column(Uuid())
    """Of points that came to the old passbook after its person had left: the move they follow."""
    state: Mapped[Word]
    other_community_id: Mapped[Ref] = mapped_column(ForeignKey("community.id"))
    resident_id: Mapped[int | None] = mapped_column(BigId)
    """Who leaves; on arrival who they are here, once they are."""
    moved_points: Mapped[int] = mapped_column(BigId, default=0)
    moved_owed_points: Mapped[int] = mapped_column(BigId, default=0)
    facts: Mapped[dict[str, Any]]
    """What the other side needs to write the person down, and what it answered."""
    asked_at: Mapped[datetime]
    asked_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    decided_at: Mapped[datetime | None]
    decided_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class Bequest(Base):
    """The points of somebody who died, on their way to family or to the care pool: one person
    proposes, another one approves."""

    __tablename__ = "bequest"
    __table_args__ = in_community(
        one_of("state", BEQUEST_STATES),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_when"),
        CheckConstraint(
            "state <> 'approved' OR decided_by_login_id <> proposed_by_login_id",
            name="two_people",
        ),
        CheckConstraint("resident_id <> to_resident_id", name="to_somebody_else"),
        whole("amount_points"),
        same_community("resident_id", "resident"),
        same_community("to_resident_id", "resident"),
        Index(
            "uq_bequest_waiting",
            "resident_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_bequest_resident", "resident_id", "id"),
        Index("ix_bequest_community_id_state", "community_id", "state"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    to_resident_id: Mapped[int | None] = mapped_column(BigId)
    """None: the care pool."""
    state: Mapped[Word]
    amount_points: Mapped[int] = mapped_column(BigId, default=0)
    """What went, once approved."""
    proposed_at: Mapped[datetime]
    proposed_by_login_id: Mapped[Ref] = mapped_column(ForeignKey("login.id"))
    decided_at: Mapped[datetime | None]
    decided_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
