"""Cards, the codes on them, and the one-time codes that bind a phone to a resident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Digest,
    Id,
    Ref,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)


class Card(Base):
    """A printed card. Its QR code is derived from the card key and the card number, so it can be
    shown and reprinted; the table holds only the code's SHA-256. A blank card has no resident."""

    __tablename__ = "card"
    __table_args__ = in_community(
        one_of("state", ("active", "replaced", "revoked")),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended_when_not_active"),
        same_community("resident_id", "resident"),
        Index("ix_card_resident", "resident_id", "community_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[int | None] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(10), unique=True)
    """Passbook number and two digits of issue."""
    code_hash: Mapped[Digest] = mapped_column(unique=True)
    state: Mapped[Word] = mapped_column(default="active")
    issued_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    printed_at: Mapped[datetime | None]
    """When staff printed it last; what a resident prints at home is not known."""
    received_at: Mapped[datetime | None]
    """When its holder got it, by the signed receipt sheet."""


class ActivationCode(Base):
    """The code on the strip beside the card, or one that staff gave out; binds a login once."""

    __tablename__ = "activation_code"
    __table_args__ = in_community(
        one_of("purpose", ("card_strip", "staff")),
        whole("tries", 0, 5),
        whole("printing"),
        same_community("resident_id", "resident"),
        Index("ix_activation_code_resident", "resident_id", "community_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    purpose: Mapped[Word]
    printing: Mapped[int] = mapped_column(default=0, server_default="0")
    """Which of a card's strips it stands on; see ``domain.activation.strip_code``."""
    code_hash: Mapped[Digest]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
