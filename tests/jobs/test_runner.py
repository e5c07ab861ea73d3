"""Timed jobs: due when they should be, run once however many runners there are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.scanning import as_device, record, scan_row
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.tasks import LEASE
from volunteer.domain.tokens import Keys
from volunteer.jobs.registry import jobs_of
from volunteer.jobs.runner import Job, Runner
from volunteer.jobs.schedule import each_local_day, every
from volunteer.queries.jobs import read_last_runs
from volunteer.services import job_leases
from volunteer.store import models as m
from volunteer.store.database import db

MINUTE = timedelta(minutes=1)
FIVE_MINUTES = every(5 * MINUTE)


def never_fails(now: datetime) -> Mapping[str, Any]:
    return {"at": now.isoformat()}


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def runner(app: Flask, clock: Clock, **jobs: Job) -> Runner:
    made = Runner(app, jobs, clock)
    made.open()
    return made


def held(name: str) -> tuple[str | None, datetime | None]:
    with db.engine.connect() as connection:
        row = connection.execute(
            select(m.Job.taken_by, m.Job.last_run_at).where(m.Job.name == name)
        ).one()
    return row.taken_by, row.last_run_at


# --- when ---------------------------------------------------------------------------------


@given(st.integers(-10_000, 10_000))
def test_every_five_minutes(minutes: int) -> None:
    last_run_at = FRIDAY + timedelta(minutes=minutes)
    due = FIVE_MINUTES(last_run_at, FRIDAY)
    # A last run in the future is a clock that was set back: better too often than not at all.
    assert due == (minutes <= -5 or minutes > 0)


def test_what_never_ran_is_due() -> None:
    assert FIVE_MINUTES(None, FRIDAY)
    assert each_local_day()(None, FRIDAY)


def test_a_new_day_begins_at_midnight_in_shanghai() -> None:
    before = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)
    assert not each_local_day()(STARTS_AT, before)
    assert each_local_day()(STARTS_AT, before + MINUTE)


# --- once ---------------------------------------------------------------------------------


def test_a_due_job_runs_once_and_keeps_its_result(both_app: Flask) -> None:
    clock = Clock(FRIDAY)
    one = runner(both_app, clock, tidy=Job(never_fails, FIVE_MINUTES))
    assert one.look() == ["tidy"]
    assert one.look() == []
    clock.now += 5 * MINUTE
    assert one.look() == ["tidy"]
    assert held("tidy") == (None, clock.now)
    with db.engine.connect() as connection:
        result = connection.execute(
            select(m.Job.last_result).where(m.Job.name == "tidy")
        ).scalar_one()
    assert result == {"at": clock.now.isoformat()}


def test_a_job_may_ask_to_run_at_every_start(both_app: Flask) -> None:
    clock = Clock(FRIDAY)
    job = Job(never_fails, each_local_day(), at_start=True)
    first = runner(both_app, clock, today=job)
    assert (first.look(), first.look()) == (["today"], [])
    second = runner(both_app, clock, today=job)
    assert (second.look(), second.look()) == (["today"], [])


def test_two_runners_are_harmless(both_app: Flask) -> None:
    """Twenty rounds, both looking at the same moment: each round is run by one of them."""
    ran: list[datetime] = []
    clock = Clock(FRIDAY)
    job = Job(lambda now: ran.append(now) or {}, FIVE_MINUTES)  # type: ignore[func-returns-value]
    runners = [runner(both_app, clock, tidy=job) for _ in range(2)]
    for _ in range(20):
        gate = threading.Barrier(2)

        def look(one: Runner, gate: threading.Barrier = gate) -> None:
            gate.wait()
            one.look()

        threads = [threading.Thread(target=look, args=(one,)) for one in runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.now += 5 * MINUTE
    assert len(ran) == len(set(ran)) == 20


def test_a_job_that_is_held_is_left_alone_until_its_holder_falls_silent(both_app: Flask) -> None:
    clock = Clock(FRIDAY)
    one, other = (runner(both_app, clock, tidy=Job(never_fails, FIVE_MINUTES)) for _ in range(2))
    assert job_leases.take_job("tidy", one.name, seen=None, now=clock.now)
    assert other.look() == []
    clock.now += LEASE - timedelta(seconds=1)
    one.beat()
    clock.now += timedelta(seconds=30)
    assert other.look() == [], "the holder has beaten half a minute ago"
    clock.now += LEASE
    assert other.look() == ["tidy"]
    assert not job_leases.end_job("tidy", one.name, now=clock.now, result={}), "the lease was lost"


def test_a_job_that_fails_is_tried_again_and_stops_nothing(
    both_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(now: datetime) -> Mapping[str, Any]:
        raise RuntimeError("no")

    clock = Clock(FRIDAY)
    one = runner(both_app, clock, bad=Job(fails, FIVE_MINUTES), good=Job(never_fails, FIVE_MINUTES))
    assert one.look() == ["bad", "good"]
    assert "job bad failed" in caplog.text
    clock.now += 5 * MINUTE
    assert one.look() == ["bad", "good"]


def test_an_outage_is_no_end(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    one = runner(app, Clock(FRIDAY), tidy=Job(never_fails, FIVE_MINUTES))
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE job RENAME TO job_away"))
    assert one.look() == []
    assert "cannot look for jobs" in caplog.text
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE job_away RENAME TO job"))
    assert one.look() == ["tidy"]


def test_an_outage_at_the_start_is_no_end_either(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[datetime] = []

    def note(now: datetime) -> Mapping[str, Any]:
        ran.append(now)
        return {}

    one = Runner(app, {"tidy": Job(note, FIVE_MINUTES)}, Clock(FRIDAY))
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE job RENAME TO job_away"))
    running = threading.Thread(target=one.run)
    running.start()
    try:
        _until(lambda: "cannot open the jobs" in caplog.text)
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE job_away RENAME TO job"))
        _until(lambda: bool(ran))
    finally:
        one.stopping.set()
        running.join(timeout=20)
    assert not running.is_alive()


def _until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_beat_is_what_healthz_shows(both_app: Flask) -> None:
    client = both_app.test_client()
    assert client.get("/healthz").json["job_runner_beat_at"] is None  # type: ignore[index]
    runner(both_app, Clock(FRIDAY)).beat()
    shown = client.get("/healthz").json["job_runner_beat_at"]  # type: ignore[index]
    assert datetime.fromisoformat(shown) == FRIDAY


# --- the jobs there are --------------------------------------------------------------------


def test_the_runner_closes_what_the_leader_forgot(both_app: Flask) -> None:
    town = Town(both_app)
    event = town.event(town.activity(rule={"points_per_hour": 10}))
    number = town.card(town.resident())[1]
    record(town, as_device(town.device()), scan_row(event, number, at=STARTS_AT), now=STARTS_AT)
    clock = Clock(ENDS_AT + timedelta(minutes=119))
    jobs = jobs_of(Keys.derive(both_app.extensions["config"].secret_key.encode()))
    one = runner(both_app, clock, close_forgotten=jobs["close_forgotten"])
    one.look()
    assert _ended(event) == ("planned", None)
    clock.now += 5 * MINUTE
    one.look()
    assert _ended(event) == ("ended", "auto")


def _ended(event_id: int) -> tuple[str, str | None]:
    with db.engine.connect() as connection:
        row = connection.execute(
            select(m.Event.state, m.Event.ended_how).where(m.Event.id == event_id)
        ).one()
    return row.state, row.ended_how


def test_every_job_runs_on_an_empty_system(both_app: Flask) -> None:
    jobs = jobs_of(Keys.derive(both_app.extensions["config"].secret_key.encode()))
    assert set(jobs) >= {"close_forgotten", "demo_today"}
    one = runner(both_app, Clock(FRIDAY), **jobs)
    assert one.look() == list(jobs)
    with db.engine.connect() as connection:
        results = connection.execute(select(m.Job.name, m.Job.last_result)).all()
    assert not [row for row in results if row.last_result and "failed" in row.last_result]


# --- the process ---------------------------------------------------------------------------


def _start(app: Flask, shell: str = "exec {}") -> subprocess.Popen[bytes]:
    config = app.extensions["config"]
    environ = os.environ | {
        "DATA_DIR": str(config.data_dir),
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "PYTHONUNBUFFERED": "1",
    }
    command = f"{sys.executable} -m flask --app app jobs run"
    return subprocess.Popen(
        ["/bin/sh", "-c", shell.format(command)],
        cwd=Path(__file__).parents[2],
        env=environ,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _wait_for_beat() -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with db.engine.connect() as connection:
            if connection.execute(
                select(m.Job.beat_at).where(m.Job.name == "runner", m.Job.beat_at.is_not(None))
            ).first():
                return
        time.sleep(0.2)
    raise AssertionError("the runner never beat")


def test_sigterm_ends_the_runner_cleanly(app: Flask) -> None:
    with _start(app) as process:
        try:
            _wait_for_beat()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def test_the_runner_ends_with_whoever_started_it(app: Flask) -> None:
    """The shell is killed outright, as by a closed terminal; its child must not live on."""
    with _start(app, "{} & echo $! >&2; wait") as process:
        assert process.stderr is not None
        child = int(process.stderr.readline())
        try:
            _wait_for_beat()
            process.kill()
            deadline = time.monotonic() + 20
            while _lives(child) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert not _lives(child)
        finally:
            if _lives(child):
                os.kill(child, signal.SIGKILL)


def _lives(process_id: int) -> bool:
    """Whether it runs; one that ended and is not yet collected does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_last_runs_are_read_by_name(both_app: Flask) -> None:
    clock = Clock(FRIDAY)
    runner(both_app, clock, tidy=Job(never_fails, FIVE_MINUTES)).look()
    assert read_last_runs() == {"runner": None, "tidy": FRIDAY}
