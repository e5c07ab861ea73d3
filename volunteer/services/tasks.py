"""Who works on which background task, and that they are still at it.

What a task does is the service of its kind, one call a chunk; asking for one is the use case's own
(``store.tasks.record_task`` in its transaction).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.tasks import TakenTask
from volunteer.store import tasks as store
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import Task
from volunteer.store.rows import load_row


def take_task(kinds: Sequence[str], runner: str, *, now: datetime) -> TakenTask | None:
    """The oldest task of these kinds that nobody works on, or None."""
    return transact(lambda tx: store.take_task(tx, kinds, runner, now), Scope.everything())


def beat(runner: str, *, now: datetime) -> None:
    """Keep the tasks of a runner that is alive."""
    transact(lambda tx: store.record_task_beat(tx, runner, now), Scope.everything())


def fail_task(task: TakenTask, result: Mapping[str, Any]) -> None:
    """A chunk could not be done, and would not be the next time: stop and say why."""
    transact(lambda tx: store.record_failed(tx, task, result), Scope.everything())


def give_back(task: TakenTask) -> None:
    """The runner ends: the next one goes on at once, without waiting for the lease."""
    transact(lambda tx: store.record_given_back(tx, task), Scope.everything())


def try_again(task_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Let a failed task go on where it stopped.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it is not failed any more).
    """

    def work(tx: Tx) -> None:
        task = load_row(tx, Task, task_id)
        if not store.record_tried_again(tx, task_id):
            raise refuse(Code.CHANGED_MEANWHILE)
        record_audit(
            tx,
            now=now,
            action="task_tried_again",
            subject_kind="task",
            subject_id=task_id,
            community_id=task.community_id,
            login_id=by,
        )

    transact(work, scope)
