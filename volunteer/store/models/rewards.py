"""What residents redeem points for: the catalogue, the goods, and each redemption."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Id,
    Ref,
    Title,
    Word,
    Words,
    in_community,
    one_of,
    same_community,
    whole,
)


class Reward(Base):
    __tablename__ = "reward"
    __table_args__ = in_community(
        one_of("kind", ("goods", "service", "benefit")), whole("price_points", 1, 1_000_000)
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    kind: Mapped[Word]
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    description: Mapped[Words | None] = mapped_column(String(500))
    price_points: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class StockLot(Base):
    """Goods received together. Stock = received − held − handed over − written off ≥ 0."""

    __tablename__ = "stock_lot"
    __table_args__ = in_community(
        whole("received", 0, 1_000_000),
        whole("held", 0, 1_000_000),
        whole("handed_over", 0, 1_000_000),
        whole("written_off", 0, 1_000_000),
        CheckConstraint(
            "received - held - handed_over - written_off >= 0", name="stock_not_negative"
        ),
        same_community("reward_id", "reward"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    reward_id: Mapped[Ref]
    donor: Mapped[Title | None]
    best_before: Mapped[date | None]
    received: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    handed_over: Mapped[int] = mapped_column(default=0)
    written_off: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]


class Redemption(Base):
    """From request to hand-over; the price is frozen at the hold."""

    __tablename__ = "redemption"
    __table_args__ = in_community(
        one_of("state", ("held", "handed_over", "cancelled", "expired", "returned")),
        whole("price_points", 1),
        same_community("resident_id", "resident"),
        same_community("reward_id", "reward"),
        same_community("stock_lot_id", "stock_lot"),
        same_community("hold_id", "hold"),
        UniqueConstraint("hold_id"),
        Index("ix_redemption_resident", "community_id", "resident_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    reward_id: Mapped[Ref]
    stock_lot_id: Mapped[int | None] = mapped_column(BigId)
    hold_id: Mapped[Ref]
    state: Mapped[Word]
    price_points: Mapped[int] = mapped_column(BigId)
    recorded_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
