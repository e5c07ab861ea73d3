"""Board totals, kept in the scan's own transaction. Disposable: rebuilt from the ledger."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import LIMIT, Base, BigId, Ref, Word, one_of, whole

BOARDS = ("building", "youth_group")
PERIOD_KINDS = ("day", "week", "month", "year", "all")


class BoardTotal(Base):
    """What one building or youth group did in one period, by the events' local start day."""

    __tablename__ = "board_total"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        one_of("board", BOARDS),
        one_of("period_kind", PERIOD_KINDS),
        whole("points", -LIMIT),
        whole("minutes", -LIMIT),
        whole("attendances"),
        whole("participants"),
    )

    community_id: Mapped[Ref] = mapped_column(primary_key=True)
    board: Mapped[Word] = mapped_column(primary_key=True)
    period_kind: Mapped[Word] = mapped_column(primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    subject_id: Mapped[Ref] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(BigId, default=0)
    minutes: Mapped[int] = mapped_column(BigId, default=0)
    attendances: Mapped[int] = mapped_column(BigId, default=0)
    participants: Mapped[int] = mapped_column(BigId, default=0)


class BoardParticipation(Base):
    """How often one resident took part for one subject in one period.

    Participants do not add up over days, so a total's count moves only when such a row goes
    between 0 and 1.
    """

    __tablename__ = "board_participation"
    __table_args__ = (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        one_of("board", BOARDS),
        one_of("period_kind", PERIOD_KINDS),
        whole("attendances"),
    )

    community_id: Mapped[Ref] = mapped_column(primary_key=True)
    board: Mapped[Word] = mapped_column(primary_key=True)
    period_kind: Mapped[Word] = mapped_column(primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    subject_id: Mapped[Ref] = mapped_column(primary_key=True)
    resident_id: Mapped[Ref] = mapped_column(primary_key=True)
    attendances: Mapped[int] = mapped_column(BigId, default=0)
