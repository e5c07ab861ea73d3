"""Spreadsheets of residents: the batch, its rows, and phones that others wrote down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
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

AGE_BANDS = ("under_14", "14_17", "18_plus")


class ContactPhone(Base):
    """A phone that somebody wrote down for a resident. Nobody signs in with it: that takes the
    activation code from the card, and makes a ``login``."""

    __tablename__ = "contact_phone"
    __table_args__ = in_community(
        same_community("resident_id", "resident"),
        UniqueConstraint("community_id", "resident_id"),
        Index("ix_contact_phone_phone", "community_id", "phone"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    phone: Mapped[str] = mapped_column(String(20))
    """E.164."""
    noted_at: Mapped[datetime]


class ImportBatch(Base):
    """One spreadsheet that was uploaded, how it is read, and how far it is."""

    __tablename__ = "import_batch"
    __table_args__ = in_community(
        one_of("state", ("uploading", "uploaded", "checked", "applying", "applied")),
        one_of("default_age_band", AGE_BANDS),
        whole("header_place", 0, 100_000),
        whole("total_rows", 0, 100_000),
        same_community("task_id", "task"),
        Index("ix_import_batch_file_hash", "community_id", "file_hash"),
        Index("ix_import_batch_header_key", "community_id", "header_key"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    state: Mapped[Word] = mapped_column(default="uploading")
    file_name: Mapped[Title]
    file_hash: Mapped[Digest]
    header_place: Mapped[int] = mapped_column(default=0)
    columns: Mapped[dict[str, Any]]
    """Field by place of the column, as text: {"1": "name"}."""
    header_key: Mapped[Digest | None]
    """SHA-256 of the headings: the next sheet with the same ones is read the same way."""
    notes: Mapped[dict[str, Any]]
    """``dropped``: headings of the columns that held identity card numbers; ``again``: staff know
    that this file was imported before."""
    default_age_band: Mapped[Word | None]
    total_rows: Mapped[int] = mapped_column(default=0)
    task_id: Mapped[int | None] = mapped_column(BigId)
    """The background work that was last asked for: writing it down, or taking it back."""
    applied_at: Mapped[datetime | None]
    """When it was asked for; what was recorded of its people later stands in the way of an undo."""
    undone_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class ImportRow(Base):
    """One row of the sheet: what stood there, whom it means, what became of it."""

    __tablename__ = "import_row"
    __table_args__ = in_community(
        one_of("fate", ("new", "update", "ask", "error", "skip")),
        one_of("outcome", ("added", "updated", "unchanged", "skipped")),
        whole("place", 0, 100_000),
        same_community("batch_id", "import_batch"),
        same_community("resident_id", "resident"),
        UniqueConstraint("batch_id", "place"),
        Index("ix_import_row_fate", "batch_id", "fate", "place"),
        Index("ix_import_row_resident", "community_id", "resident_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    batch_id: Mapped[Ref]
    place: Mapped[int]
    """Place among the rows that are not empty, from 0."""
    number: Mapped[int]
    """Row number as the spreadsheet program shows it."""
    cells: Mapped[dict[str, Any]]
    fate: Mapped[Word | None]
    reading: Mapped[dict[str, Any] | None]
    """``problems``, ``candidates``, ``unplaced`` and ``same_as`` (the number of a row that is the
    same person) as the dry run found them."""
    changes: Mapped[dict[str, Any] | None]
    """What an update would change, as the dry run found it: old and new value by name."""
    chosen_by_staff: Mapped[bool] = mapped_column(default=False)
    resident_id: Mapped[int | None] = mapped_column(BigId)
    """Whom the row updates, or whom it added."""
    outcome: Mapped[Word | None]
    before: Mapped[dict[str, Any] | None]
    """What an update changed, old and new value by name, for taking it back."""
    undone: Mapped[bool] = mapped_column(default=False, server_default=false())
