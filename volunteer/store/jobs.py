"""Leases on timed jobs: taken by compare-and-swap, kept by beats, so two runners are harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update

from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import Job
from volunteer.store.models.base import table_of

JOB = table_of(Job)

RUNNER = "runner"
"""The row that stands for any runner: its beat is what /healthz shows while no job is at work."""


def record_job_names(tx: Tx, names: Sequence[str]) -> None:
    """Make sure that each job has its row."""
    rows = [{"name": name} for name in (RUNNER, *names)]
    insert_rows(tx, JOB, rows, "ON CONFLICT DO NOTHING")


def take_lease(
    tx: Tx, name: str, runner: str, *, now: datetime, seen: datetime | None, lease: timedelta
) -> bool:
    """Take a job unless somebody holds it, or has run it since the caller looked (``seen``)."""
    free = or_(JOB.c.taken_by.is_(None), JOB.c.beat_at.is_(None), JOB.c.beat_at < now - lease)
    taken = tx.run(
        update(JOB)
        .where(JOB.c.name == name, free, JOB.c.last_run_at.is_not_distinct_from(seen))
        .values(taken_by=runner, beat_at=now)
    )
    return taken.rowcount == 1


def record_beat(tx: Tx, runner: str, now: datetime) -> None:
    """Say that the runner is alive: on its own row and on those of the jobs that it holds."""
    alive = or_(JOB.c.taken_by == runner, JOB.c.name == RUNNER)
    tx.run(update(JOB).where(alive).values(beat_at=now))


def record_job_end(
    tx: Tx, name: str, runner: str, *, now: datetime, result: dict[str, Any]
) -> bool:
    """Give a job back with its result; False when another runner has taken it over meanwhile."""
    ended = tx.run(
        update(JOB)
        .where(JOB.c.name == name, JOB.c.taken_by == runner)
        .values(taken_by=None, last_run_at=now, last_result=result)
    )
    return ended.rowcount == 1
