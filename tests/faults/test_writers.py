"""32 writers on one SQLite file: nobody hears "database is locked", and everybody gets a turn."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event, text

from tests.conftest import make_config
from tests.faults.volume import FULL
from tests.services.racing import PROCESSES, racing_processes
from tests.town import Town
from volunteer.domain.access import Scope
from volunteer.factory import create_app
from volunteer.store import database
from volunteer.store.database import Tx, db, transact

pytestmark = pytest.mark.faults

THREADS = 16
SECONDS = 60.0 if FULL else 5.0


@dataclass(frozen=True)
class Written:
    """What one writer did: its commits, its longest wait, and what it was told instead."""

    commits: int
    longest_seconds: float
    errors: tuple[str, ...]


def write_for_a_while(
    url: str, folder: Path, number: int, seconds: float, unfair: bool
) -> list[Written]:
    """The writers of one process."""
    app = create_app(make_config(url, folder))
    found: list[Written] = []
    with app.app_context(), _left_to_sqlite() if unfair else nullcontext():
        (folder / f"ready-{number}").touch()
        while len(list(folder.glob("ready-*"))) < PROCESSES:
            time.sleep(0.01)
        ends_at = time.monotonic() + seconds
        threads = [Thread(target=_write, args=(app, ends_at, found)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.engine.dispose()
    return found


def _write(app: Any, ends_at: float, found: list[Written]) -> None:
    commits, longest, errors = 0, 0.0, []
    with app.app_context():
        while (began := time.monotonic()) < ends_at:
            try:
                transact(_add_one, Scope.everything())
                commits += 1
            except Exception as error:
                # Whatever it is, the test wants to see it.
                errors.append(f"{error}"[:200])
            longest = max(longest, time.monotonic() - began)
    found.append(Written(commits, longest, tuple(errors)))


def _add_one(tx: Tx) -> None:
    # A look first and then a write, as every use case has them.
    found = tx.run(text("SELECT commits FROM tally")).scalar_one()
    tx.run(text("UPDATE tally SET commits = :next"), next=found + 1)


@contextmanager
def _left_to_sqlite() -> Iterator[None]:
    """The control: no queue, and transactions that turn into writers on the way."""
    queue = database._turn_to_write
    database._turn_to_write = lambda _engine: nullcontext()  # type: ignore[assignment,return-value]

    @event.listens_for(db.engine, "before_cursor_execute", retval=True)
    def _change(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> Any:
        return statement.replace("BEGIN IMMEDIATE", "BEGIN"), parameters

    yield
    database._turn_to_write = queue


@dataclass(frozen=True)
class Flood:
    """An SQLite file with a tally in it, and the processes that write to it."""

    town: Town
    pool: ProcessPoolExecutor
    url: str
    folder: Path

    def run(self, seconds: float, *, unfair: bool = False) -> list[Written]:
        self.town.write(lambda tx: tx.run(text("CREATE TABLE tally (commits integer)")))
        self.town.write(lambda tx: tx.run(text("INSERT INTO tally VALUES (0)")))
        db.engine.dispose()
        futures = [
            self.pool.submit(write_for_a_while, self.url, self.folder, number, seconds, unfair)
            for number in range(PROCESSES)
        ]
        return [written for future in futures for written in future.result(timeout=240)]

    @property
    def tally(self) -> int:
        found = text("SELECT commits FROM tally")
        return int(self.town.write(lambda tx: tx.run(found).scalar_one()))


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with racing_processes() as made:
        yield made


@pytest.fixture
def flood(town: Town, pool: ProcessPoolExecutor, sqlite_url: str, tmp_path: Path) -> Flood:
    return Flood(town, pool, sqlite_url, tmp_path)


@pytest.mark.timeout(300)
def test_everybody_gets_a_turn(flood: Flood) -> None:
    quiet = os.getloadavg()[0] < 0.5
    written = flood.run(SECONDS)
    commits = [one.commits for one in written]
    longest = max(one.longest_seconds for one in written)
    figures: Mapping[str, object] = {
        "commits": sum(commits),
        "fewest": min(commits),
        "most": max(commits),
        "longest wait in seconds": round(longest, 3),
    }
    print(f"\n{len(written)} writers: {figures}")  # noqa: T201 - read in `make faults`
    assert len(written) == PROCESSES * THREADS
    assert [one.errors for one in written if one.errors] == []
    assert flood.tally == sum(commits)
    assert min(commits) > 0
    # How long is a question of the machine: one with other work stalls everybody now and then.
    assert longest < (1.0 if FULL and quiet else 5.0)


def test_left_to_sqlite_somebody_is_told_that_it_is_locked(flood: Flood) -> None:
    written = flood.run(1.0, unfair=True)
    assert any("locked" in error for one in written for error in one.errors)
