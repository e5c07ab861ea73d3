"""What stood in the paper passbooks, from the proposal to the line it became."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.domain.opening_balances import LONGEST_NOTE, MOST_HOURS, MOST_POINTS, State
from volunteer.store.models.base import (
    Base,
    BigId,
    Id,
    Ref,
    Title,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)

_LIVE = text("state IN ('proposed', 'posted')")


class OpeningBalance(Base):
    """One person's figures. Other figures are another row: who approves has seen what is posted.

    The index over what is live lets a person have one, whoever proposes at the same moment.
    """

    __tablename__ = "opening_balance"
    __table_args__ = in_community(
        one_of("state", tuple(State)),
        whole("points", 0, MOST_POINTS),
        whole("minutes", 0, MOST_HOURS * 60),
        CheckConstraint("points > 0 OR minutes > 0", name="brings_something"),
        CheckConstraint(
            "(state IN ('posted', 'reversed')) = (transfer_id IS NOT NULL)", name="posted_as"
        ),
        CheckConstraint(
            "state NOT IN ('posted', 'reversed') OR decided_by_login_id <> proposed_by_login_id",
            name="two_people",
        ),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_when"),
        same_community("resident_id", "resident"),
        same_community("import_batch_id", "import_batch"),
        same_community("transfer_id", "transfer"),
        UniqueConstraint("transfer_id"),
        Index("ix_opening_balance_state", "community_id", "state", "id"),
        Index("ix_opening_balance_resident", "resident_id", "id"),
        Index("ix_opening_balance_batch", "import_batch_id"),
        Index(
            "uq_opening_balance_live",
            "community_id",
            "resident_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    points: Mapped[int]
    minutes: Mapped[int]
    note: Mapped[str] = mapped_column(String(LONGEST_NOTE), default="")
    """Which paper book, which page."""
    import_batch_id: Mapped[int | None] = mapped_column(BigId)
    import_row_number: Mapped[int | None]
    """The spreadsheet they came from; None when somebody typed them in."""
    state: Mapped[Word] = mapped_column(default="proposed")
    proposed_at: Mapped[datetime]
    proposed_by_login_id: Mapped[int] = mapped_column(BigId, ForeignKey("login.id"))
    decided_at: Mapped[datetime | None]
    decided_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    reason: Mapped[Title | None]
    """Why it was sent back."""
    transfer_id: Mapped[int | None] = mapped_column(BigId)
