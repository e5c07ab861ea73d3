"""Who runs which timed job, and that they are still at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from volunteer.domain.access import Scope
from volunteer.domain.tasks import LEASE
from volunteer.store.database import transact
from volunteer.store.jobs import (
    record_beat,
    record_job_end,
    record_job_names,
    take_lease,
)


def open_jobs(names: Sequence[str]) -> None:
    """Make sure that each job has its row."""
    transact(lambda tx: record_job_names(tx, names), Scope.everything())


def take_job(name: str, runner: str, *, seen: datetime | None, now: datetime) -> bool:
    """Take a job that last ran at ``seen``. False: somebody else has it, or has just run it."""
    return transact(
        lambda tx: take_lease(tx, name, runner, now=now, seen=seen, lease=LEASE),
        Scope.everything(),
    )


def beat(runner: str, *, now: datetime) -> None:
    """Keep the leases of a runner that is alive."""
    transact(lambda tx: record_beat(tx, runner, now), Scope.everything())


def end_job(name: str, runner: str, *, now: datetime, result: dict[str, Any]) -> bool:
    """Give a job back with its result. False: the lease was lost and another runner has it."""
    return transact(
        lambda tx: record_job_end(tx, name, runner, now=now, result=result), Scope.everything()
    )
