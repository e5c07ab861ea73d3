"""Background work: taken by compare-and-swap, done in chunks, each its own transaction.

A chunk's transaction also says how far the task has come, so a runner that is killed loses the
chunk it was at and nothing else: the next one goes on where the last commit ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from volunteer.domain.tasks import LEASE, LeaseLost, NewTask, Progress, TakenTask
from volunteer.store.database import Tx
from volunteer.store.models import Task
from volunteer.store.models.base import table_of

TASK = table_of(Task)


def record_task(tx: Tx, community_id: int, task: NewTask, *, by: int | None, now: datetime) -> int:
    """Ask for background work, in the transaction of what asks for it; gives the task's id."""
    added = tx.run(
        TASK.insert().values(
            community_id=community_id,
            kind=task.kind,
            state="waiting",
            arguments=dict(task.arguments),
            done_steps=0,
            total_steps=task.total_steps,
            created_at=now,
            created_by_login_id=by,
        )
    )
    assert added.inserted_primary_key is not None
    return int(added.inserted_primary_key[0])


def take_task(tx: Tx, kinds: Sequence[str], runner: str, now: datetime) -> TakenTask | None:
    """Take the oldest task that waits, or whose runner fell silent; None when there is none.

    A runner does one task at a time, so one that it still holds when it looks is left over from an
    outage, and its own beats would keep it from everybody for ever.
    """
    left = or_(TASK.c.beat_at < now - LEASE, TASK.c.taken_by == runner)
    free = or_(TASK.c.state == "waiting", (TASK.c.state == "running") & left)
    found = tx.run(
        select(TASK)
        .where(free, TASK.c.kind.in_(kinds))
        .order_by(TASK.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    tx.run(
        update(TASK)
        .where(TASK.c.id == found.id)
        .values(state="running", taken_by=runner, beat_at=now)
    )
    return TakenTask(
        task_id=found.id,
        community_id=found.community_id,
        kind=found.kind,
        arguments=found.arguments,
        done_steps=found.done_steps,
        total_steps=found.total_steps,
        runner=runner,
        by=found.created_by_login_id,
    )


def require_held(tx: Tx, task: TakenTask) -> None:
    """A chunk begins with this: nobody else does the same one. Raises LeaseLost."""
    held = select(TASK.c.id).where(*_held(task), TASK.c.done_steps == task.done_steps)
    if tx.run(held.with_for_update()).first() is None:
        raise LeaseLost


def record_progress(tx: Tx, task: TakenTask, progress: Progress, now: datetime) -> None:
    """Say in a chunk's own transaction how far it came; with a result, that it was the last.

    Raises LeaseLost when another runner has taken the task over, or a copy of this chunk is done:
    the caller's whole chunk is then rolled back.
    """
    ended = {"state": "done", "taken_by": None} if progress.result is not None else {}
    moved = tx.run(
        update(TASK)
        .where(*_held(task), TASK.c.done_steps == task.done_steps)
        .values(
            done_steps=progress.done_steps,
            beat_at=now,
            result=None if progress.result is None else dict(progress.result),
            **ended,
        )
    )
    if moved.rowcount != 1:
        raise LeaseLost


def record_failed(tx: Tx, task: TakenTask, result: Mapping[str, Any]) -> None:
    """The task stops where it is; ``result`` says why."""
    failed = {"state": "failed", "taken_by": None, "result": dict(result)}
    tx.run(update(TASK).where(*_held(task)).values(**failed))


def record_given_back(tx: Tx, task: TakenTask) -> None:
    """Whoever looks next goes on with it at once."""
    tx.run(update(TASK).where(*_held(task)).values(state="waiting", taken_by=None))


def record_task_beat(tx: Tx, runner: str, now: datetime) -> None:
    """Keep what a runner that is alive holds."""
    tx.run(update(TASK).where(TASK.c.taken_by == runner).values(beat_at=now))


def record_tried_again(tx: Tx, task_id: int) -> bool:
    """Let a failed task go on where it stopped. False: it is not failed (any more)."""
    again = tx.run(
        update(TASK)
        .where(TASK.c.id == task_id, TASK.c.state == "failed")
        .values(state="waiting", result=None)
    )
    return again.rowcount == 1


def _held(task: TakenTask) -> tuple[Any, ...]:
    return TASK.c.id == task.task_id, TASK.c.taken_by == task.runner
