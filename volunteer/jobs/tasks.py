"""Works on background tasks, chunk by chunk, in the runner's own process.

A chunk is one call into the service of the task's kind and one transaction, which also notes the
progress. So a killed runner costs at most a chunk, and nobody's scan waits for more than one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from volunteer.domain.refusals import Refused
from volunteer.domain.tasks import LeaseLost, Progress, TakenTask
from volunteer.services import tasks as service

log = logging.getLogger("volunteer.jobs")

Chunk = Callable[[TakenTask, datetime], Progress]
"""Does the next part of a task from ``done_steps`` on, and records how far it came."""

PAUSE_SECONDS = 0.02
"""Between chunks, or a waiting scan would meet the next chunk's lock each time it tries."""


@dataclass(frozen=True)
class TaskWorker:
    """What one runner does about tasks. ``goes_on``: False when the runner is to end."""

    kinds: Mapping[str, Chunk]
    runner: str
    clock: Callable[[], datetime]
    goes_on: Callable[[], bool]

    def work_off(self) -> int:
        """Take tasks and do them until none waits; gives how many were taken."""
        taken = 0
        while self.goes_on() and self.kinds:
            task = service.take_task(tuple(self.kinds), self.runner, now=self.clock())
            if task is None:
                break
            taken += 1
            self._do(task)
        return taken

    def _do(self, task: TakenTask) -> None:
        """All chunks of one task, as far as it goes."""
        chunk = self.kinds[task.kind]
        while True:
            try:
                progress = chunk(task, self.clock())
            except Refused as refused:
                refusal = refused.refusal
                facts = dict(refusal.facts)
                service.fail_task(task, {"refused": refusal.code.value, "facts": facts})
                return
            except LeaseLost:
                log.warning("task %s was taken over by another runner", task.task_id)
                return
            except (OperationalError, InterfaceError):
                # An outage: this runner or another goes on with the task afterwards.
                raise
            except Exception as error:
                log.exception("task %s (%s) failed", task.task_id, task.kind)
                service.fail_task(task, {"failed": type(error).__name__})
                return
            task = replace(task, done_steps=progress.done_steps)
            if progress.result is not None:
                log.info("task %s (%s): %s", task.task_id, task.kind, counts_of(progress.result))
                return
            if not self.goes_on():
                service.give_back(task)
                return
            time.sleep(PAUSE_SECONDS)


def counts_of(result: Mapping[str, Any]) -> dict[str, int]:
    """What of a result may stand in a log: how many, never which file."""
    return {name: count for name, count in result.items() if isinstance(count, int)}
