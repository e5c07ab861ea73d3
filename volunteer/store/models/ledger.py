"""The ledger: accounts, transfers between two of them, and the lines printed in passbooks.

An unbalanced transfer cannot be written: a row *is* one debit and one credit of the same amounts.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    LIMIT,
    Base,
    BigId,
    Digest,
    Id,
    Ref,
    Title,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)

ACCOUNT_KINDS = ("passbook", "issued", "redeemed", "debts", "care_pool", "clearing")
TRANSFER_CODES = (
    "award",
    "adjustment",
    "reversal",
    "opening_balance",
    "redemption",
    "debt",
    "debt_recovery",
    "gift",
    "lapse",
    "merge",
    "move",
)


class Account(Base):
    """A passbook, or one of a community's system accounts.

    System accounts keep no running balance: it would be one row that every scan waits for. Their
    totals are sums over transfers.
    """

    __tablename__ = "account"
    __table_args__ = in_community(
        one_of("kind", ACCOUNT_KINDS),
        CheckConstraint("(kind = 'passbook') = (resident_id IS NOT NULL)", name="passbook_owned"),
        CheckConstraint("(kind = 'passbook') = (head_hash IS NOT NULL)", name="passbook_chained"),
        CheckConstraint("balance_points - held_points >= 0", name="available_not_negative"),
        CheckConstraint(
            "kind = 'passbook' OR (balance_points = 0 AND held_points = 0 AND owed_points = 0"
            " AND total_minutes = 0 AND last_entry_no = 0)",
            name="system_account_keeps_no_balance",
        ),
        whole("balance_points"),
        whole("held_points"),
        whole("owed_points"),
        whole("total_minutes"),
        whole("last_entry_no"),
        whole("merges"),
        same_community("resident_id", "resident"),
        # Column order: passbooks are looked for by resident, over communities (guests) too.
        UniqueConstraint("resident_id", "community_id"),
        Index(
            "uq_account_system",
            "community_id",
            "kind",
            unique=True,
            sqlite_where=text("kind <> 'passbook'"),
            postgresql_where=text("kind <> 'passbook'"),
        ),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    kind: Mapped[Word]
    resident_id: Mapped[int | None] = mapped_column(BigId)
    balance_points: Mapped[int] = mapped_column(BigId, default=0)
    held_points: Mapped[int] = mapped_column(BigId, default=0)
    owed_points: Mapped[int] = mapped_column(BigId, default=0)
    total_minutes: Mapped[int] = mapped_column(BigId, default=0)
    last_entry_no: Mapped[int] = mapped_column(BigId, default=0)
    head_hash: Mapped[Digest | None]
    merges: Mapped[int] = mapped_column(default=0, server_default="0")
    """As ``resident.merges``, under this row's lock."""


class Transfer(Base):
    """Points and minutes moved from one account to another, and why. Only grows."""

    __tablename__ = "transfer"
    __table_args__ = in_community(
        one_of("code", TRANSFER_CODES),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        CheckConstraint("amount_points > 0 OR amount_minutes > 0", name="moves_something"),
        CheckConstraint(
            "amount_minutes = 0 OR code IN"
            " ('award', 'adjustment', 'reversal', 'opening_balance', 'merge')",
            name="minutes_never_spent",
        ),
        CheckConstraint("(code = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_of"),
        CheckConstraint("code <> 'award' OR attendance_id IS NOT NULL", name="award_for"),
        whole("amount_points"),
        whole("amount_minutes"),
        same_community("debit_account_id", "account"),
        same_community("credit_account_id", "account"),
        same_community("reverses_id", "transfer"),
        same_community("attendance_id", "attendance"),
        same_community("points_rule_id", "points_rule"),
        same_community("recorded_by_device_id", "device"),
        UniqueConstraint("reverses_id"),
        UniqueConstraint("community_id", "idempotency_key"),
        Index("ix_transfer_attendance", "attendance_id", "community_id"),
        Index("ix_transfer_posted_at", "community_id", "posted_at"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    debit_account_id: Mapped[Ref]
    credit_account_id: Mapped[Ref]
    amount_points: Mapped[int] = mapped_column(BigId)
    amount_minutes: Mapped[int] = mapped_column(BigId)
    code: Mapped[Word]
    attendance_id: Mapped[int | None] = mapped_column(BigId)
    points_rule_id: Mapped[int | None] = mapped_column(BigId)
    reverses_id: Mapped[int | None] = mapped_column(BigId)
    recorded_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    recorded_by_device_id: Mapped[int | None] = mapped_column(BigId)
    approved_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    reason: Mapped[Title | None]
    facts: Mapped[dict[str, Any]]
    """What the amount was worked out from: part, quarter hours, factor, cap, scan id …"""
    occurred_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    idempotency_key: Mapped[str] = mapped_column(String(120))


class Entry(Base):
    """One printed line of a passbook, chained to the line before it. Only grows."""

    __tablename__ = "entry"
    __table_args__ = in_community(
        whole("entry_no", 1),
        whole("amount_points", -LIMIT),
        whole("amount_minutes", -LIMIT),
        whole("balance_after_points"),
        whole("total_after_minutes"),
        same_community("account_id", "account"),
        same_community("transfer_id", "transfer"),
        UniqueConstraint("account_id", "entry_no"),
        UniqueConstraint("transfer_id", "account_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    account_id: Mapped[Ref]
    transfer_id: Mapped[Ref]
    entry_no: Mapped[int] = mapped_column(BigId)
    amount_points: Mapped[int] = mapped_column(BigId)
    amount_minutes: Mapped[int] = mapped_column(BigId)
    balance_after_points: Mapped[int] = mapped_column(BigId)
    total_after_minutes: Mapped[int] = mapped_column(BigId)
    prev_hash: Mapped[Digest]
    hash: Mapped[Digest]


class Hold(Base):
    """Points set aside for a booking or a dispute. Only grows; a hold ends once, by a hold_end."""

    __tablename__ = "hold"
    __table_args__ = in_community(
        one_of("purpose", ("booking", "dispute")),
        whole("amount_points", 1),
        same_community("account_id", "account"),
        UniqueConstraint("community_id", "idempotency_key"),
        Index("ix_hold_account", "community_id", "account_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    account_id: Mapped[Ref]
    purpose: Mapped[Word]
    amount_points: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    idempotency_key: Mapped[str] = mapped_column(String(120))


class HoldEnd(Base):
    __tablename__ = "hold_end"
    __table_args__ = in_community(
        one_of("how", ("posted", "void", "expired")),
        same_community("hold_id", "hold"),
        same_community("transfer_id", "transfer"),
        CheckConstraint("(how = 'posted') = (transfer_id IS NOT NULL)", name="posted_by_transfer"),
        UniqueConstraint("hold_id"),
        Index("ix_hold_end_transfer", "community_id", "transfer_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    hold_id: Mapped[Ref]
    how: Mapped[Word]
    transfer_id: Mapped[int | None] = mapped_column(BigId)
    ended_at: Mapped[datetime]


class Seal(Base):
    """A day's signed Merkle root over all passbooks of a community. Only grows."""

    __tablename__ = "seal"
    __table_args__ = in_community(UniqueConstraint("community_id", "sealed_on"), whole("passbooks"))

    id: Mapped[Id]
    community_id: Mapped[Ref]
    sealed_on: Mapped[date]
    passbooks: Mapped[int]
    merkle_root: Mapped[Digest]
    signature: Mapped[bytes]
    check_code: Mapped[Word]
    sealed_at: Mapped[datetime]
