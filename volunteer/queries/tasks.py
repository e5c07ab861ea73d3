"""Background tasks as the staff see them: how far they are, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from volunteer.domain.access import Scope
from volunteer.domain.tasks import LEASE
from volunteer.store.database import db
from volunteer.store.models import Login, Task

MOST = 30


@dataclass(frozen=True)
class TaskRow:
    task_id: int
    community_id: int
    kind: str
    state: str
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]
    done_steps: int
    total_steps: int
    created_at: datetime
    by_name: str | None
    by_login_id: int | None
    beat_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")

    def is_silent(self, now: datetime) -> bool:
        """Nobody has worked on it for a while: its runner was killed, the next one takes it."""
        return self.state == "running" and self.beat_at is not None and now - self.beat_at > LEASE


def read_task(scope: Scope, task_id: int) -> TaskRow | None:
    """One task, or None when not in scope."""
    row = db.session.execute(_tasks().where(Task.id == task_id)).first()
    return _row(row) if row and scope.sees(row.community_id) else None


def read_tasks(scope: Scope, community_id: int) -> list[TaskRow]:
    """The newest thirty of a community."""
    if not scope.sees(community_id):
        return []
    newest = _tasks().where(Task.community_id == community_id).order_by(Task.id.desc()).limit(MOST)
    return [_row(row) for row in db.session.execute(newest)]


def _tasks() -> Select[Any]:
    return select(
        Task.id,
        Task.community_id,
        Task.kind,
        Task.state,
        Task.arguments,
        Task.result,
        Task.done_steps,
        Task.total_steps,
        Task.created_at,
        Task.beat_at,
        Login.name.label("by_name"),
        Task.created_by_login_id.label("by_login_id"),
    ).outerjoin(Login, Login.id == Task.created_by_login_id)


def _row(row: Any) -> TaskRow:
    return TaskRow(
        task_id=row.id,
        community_id=row.community_id,
        kind=row.kind,
        state=row.state,
        arguments=row.arguments,
        result=row.result or {},
        done_steps=row.done_steps,
        total_steps=row.total_steps,
        created_at=row.created_at,
        by_name=row.by_name,
        beat_at=row.beat_at,
        by_login_id=row.by_login_id,
    )
