"""``flask jobs run``: looks once a second for what is due, takes it, runs it, says it is alive.

Between the jobs it does the background work that people asked for (``jobs/tasks.py``).

Several runners may run: a job is taken by compare-and-swap on its row. A runner that is killed
leaves a lease without beats, which is free again after a minute; a job therefore works in chunks
that are safe to repeat. A job that fails is logged and tried again at its next time; the runner
itself ends only when it is told to, or when whoever started it is gone.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from volunteer.jobs.schedule import Schedule
from volunteer.jobs.tasks import Chunk, TaskWorker
from volunteer.queries.jobs import read_last_runs
from volunteer.services import job_leases
from volunteer.services import tasks as task_leases

log = logging.getLogger("volunteer.jobs")

BEAT_SECONDS = 10
LOOK_SECONDS = 1


@dataclass(frozen=True)
class Job:
    """Timed work: what to call, with the time, and when. The result is kept for the log."""

    run: Callable[[datetime], Mapping[str, Any]]
    schedule: Schedule
    at_start: bool = False
    """Run it when a runner starts too, whenever it ran last."""


@dataclass
class Runner:
    """One process that runs ``jobs``. ``clock`` gives the time at this edge."""

    app: Flask
    jobs: Mapping[str, Job]
    clock: Callable[[], datetime]
    name: str = field(
        default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
    )
    tasks: Mapping[str, Chunk] = field(default_factory=dict)
    """Background work by kind, done between the jobs."""
    stopping: threading.Event = field(default_factory=threading.Event)
    _parent: int = field(default_factory=os.getppid)
    _seen: set[str] = field(default_factory=set)
    """Jobs that this runner has looked at once."""

    def run(self) -> None:
        """Run what is due until told to stop, beating in a thread of its own meanwhile."""
        while not self._opens():
            if not self.goes_on():
                return
        beating = threading.Thread(target=self._keep_beating, name="beat", daemon=True)
        beating.start()
        while self.goes_on():
            self.look()
            self.work_off_tasks()
        self.stopping.set()
        beating.join(timeout=BEAT_SECONDS)

    def goes_on(self) -> bool:
        """Wait a moment. False: told to stop, or whoever started this is gone."""
        if self.stopping.wait(LOOK_SECONDS):
            return False
        if os.getppid() != self._parent:
            log.warning("the process that started the jobs is gone; ending")
            return False
        return True

    def _opens(self) -> bool:
        try:
            self.open()
        except SQLAlchemyError:
            # Ending here would take the web server along, which waits for the database as well.
            log.exception("cannot open the jobs")
            return False
        return True

    def open(self) -> None:
        with self.app.app_context():
            job_leases.open_jobs(tuple(self.jobs))

    def stop_on_signals(self) -> None:
        """End after the job at hand on SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())

    def look(self) -> list[str]:
        """Run every job that is due and free; gives the names of those it ran."""
        try:
            with self.app.app_context():
                last_runs = read_last_runs()
                now = self.clock()
                due = [name for name in self.jobs if self._is_due(name, last_runs.get(name), now)]
        except SQLAlchemyError:
            # The database may be restarting; the web server says 503 meanwhile.
            log.exception("cannot look for jobs")
            return []
        return [name for name in due if self.run_one(name, last_runs.get(name))]

    def _is_due(self, name: str, last_run_at: datetime | None, now: datetime) -> bool:
        job, first_look = self.jobs[name], name not in self._seen
        self._seen.add(name)
        return job.schedule(last_run_at, now) or (job.at_start and first_look)

    def work_off_tasks(self) -> int:
        """Do the background work that waits; gives how many tasks were taken."""
        worker = TaskWorker(self.tasks, self.name, self.clock, lambda: not self.stopping.is_set())
        try:
            with self.app.app_context():
                return worker.work_off()
        except SQLAlchemyError:
            log.exception("cannot work on tasks")
            return 0

    def run_now(self, name: str) -> bool:
        """Run one job, due or not. False: another runner is at it."""
        with self.app.app_context():
            seen = read_last_runs().get(name)
        return self.run_one(name, seen)

    def run_one(self, name: str, seen: datetime | None) -> bool:
        """Take and run one job that last ran at ``seen``. False: another runner was quicker."""
        with self.app.app_context():
            try:
                if not job_leases.take_job(name, self.name, seen=seen, now=self.clock()):
                    return False
                result = self._call(name)
                job_leases.end_job(name, self.name, now=self.clock(), result=result)
            except SQLAlchemyError:
                log.exception("job %s: no database", name)
                return False
        return True

    def _call(self, name: str) -> dict[str, Any]:
        try:
            result = dict(self.jobs[name].run(self.clock()))
        except Exception as error:
            # Whatever it is, the other jobs must go on; the next time this one is tried again.
            log.exception("job %s failed", name)
            return {"failed": type(error).__name__}
        if any(result.values()):
            log.info("job %s: %s", name, result)
        return result

    def beat(self) -> None:
        """Say that this runner is alive, for itself and for the jobs it holds."""
        with self.app.app_context():
            job_leases.beat(self.name, now=self.clock())
            if self.tasks:
                task_leases.beat(self.name, now=self.clock())

    def _keep_beating(self) -> None:
        while True:
            try:
                self.beat()
            except SQLAlchemyError:
                log.exception("cannot beat")
            if self.stopping.wait(BEAT_SECONDS):
                return
