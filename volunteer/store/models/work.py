"""Background work, timed work, the audit trail, and which demo chapters are loaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import Base, BigId, Id, Title, Word, in_community, one_of, whole


class Task(Base):
    """Background work with progress and result, taken by compare-and-swap on ``taken_by``."""

    __tablename__ = "task"
    __table_args__ = in_community(
        one_of("state", ("waiting", "running", "done", "failed")),
        whole("done_steps"),
        whole("total_steps"),
        Index("ix_task_state", "state", "id"),
    )

    id: Mapped[Id]
    community_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[Word]
    state: Mapped[Word] = mapped_column(default="waiting")
    arguments: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    done_steps: Mapped[int] = mapped_column(default=0)
    total_steps: Mapped[int] = mapped_column(default=0)
    taken_by: Mapped[Title | None]
    beat_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class Job(Base):
    """Timed work: who holds it, its last beat, its last run. Taken by compare-and-swap."""

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    taken_by: Mapped[Title | None]
    beat_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    last_result: Mapped[dict[str, Any] | None]


class AuditEvent(Base):
    """Who did what for whom, from which device. Only grows."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_community", "community_id", "id"),
        Index("ix_audit_event_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("community.id"))
    happened_at: Mapped[datetime]
    login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    on_behalf_of_resident_id: Mapped[int | None] = mapped_column(BigId)
    action: Mapped[Word]
    subject_kind: Mapped[Word]
    subject_id: Mapped[int | None] = mapped_column(BigId)
    facts: Mapped[dict[str, Any]]


class DemoChapter(Base):
    """A chapter of the demo community that is loaded; each is loaded once."""

    __tablename__ = "demo_chapter"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    loaded_at: Mapped[datetime]
