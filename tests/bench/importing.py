"""An import of many residents while somebody scans: how long it takes, how long a scan waits.

The import runs where it does in life, in the job runner's own process; the scanner is a thread here
that checks people in one after the other, as a leader with a USB scanner would.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from tests.bench.databases import Prepared, prepared
from tests.bench.village import open_events, settle
from tests.scanning import as_device, record, scan_row
from tests.town import Town
from volunteer.documents.spreadsheet import read_spreadsheet, write_xlsx
from volunteer.domain.access import Scope
from volunteer.domain.names import pinyin_of
from volunteer.domain.residents_import import guess_columns
from volunteer.domain.residents_matching import Fate
from volunteer.queries.tasks import read_task
from volunteer.services import residents_import, residents_upload
from volunteer.services.residents_import import Choices
from volunteer.services.residents_upload import Upload
from volunteer.store.database import db

ROWS = 3000
SCANNERS = 400
QUIET_SECONDS = 5
PATIENCE_SECONDS = 120
HEADER = ("姓名", "手机", "楼栋", "房号", "出生日期", "义工号", "旧积分", "备注")
_FAMILY = "陈李王张刘黄林周吴何"
_GIVEN = "秀英建国丽华志强小敏家豪玉兰伟民思琪海涛"


@dataclass(frozen=True)
class Waits:
    """Scans one after the other: how many, and their milliseconds."""

    scans: int
    median_ms: float
    p99_ms: float
    longest_ms: float

    @classmethod
    def of(cls, waits: list[float]) -> Waits:
        found = sorted(waits)
        last = len(found) - 1
        return cls(len(found), found[last // 2], found[int(0.99 * last)], found[-1])

    def __str__(self) -> str:
        return (
            f"{self.scans:,} scans, median {self.median_ms:.0f} ms, p99 {self.p99_ms:.0f} ms, "
            f"longest {self.longest_ms:.0f} ms"
        )


@dataclass(frozen=True)
class Imported:
    """Seconds for each step; how long scans took in milliseconds, before it and meanwhile."""

    rows: int
    upload_seconds: float
    dry_run_seconds: float
    write_seconds: float
    quiet: Waits
    meanwhile: Waits


def measure(kind: str, rows: int = ROWS) -> Imported:
    """Import ``rows`` people into a community of four hundred, on one kind of database."""
    with prepared(kind) as database, database.app.app_context():
        town = Town(database.app)
        pinyin_of("名")  # a worker that has named somebody has its dictionaries
        codes, _ = settle(town, SCANNERS, 60)
        events = open_events(town, 1 + rows // 100)
        return _import(town, database, rows, (codes, events))


def _import(
    town: Town, database: Prepared, rows: int, presented: tuple[list[str], list[int]]
) -> Imported:
    scope, now = Scope.of(town.community_id), datetime.now(UTC)
    file = write_xlsx("居民", [HEADER, *_people(rows)])
    with _scanning(town, *presented) as waits, _runner(database):
        # The first scans and the runner's start are not what is measured.
        time.sleep(3)
        waits.clear()
        time.sleep(QUIET_SECONDS)
        quiet = Waits.of(waits)
        waits.clear()
        started = time.monotonic()
        sheet = read_spreadsheet(file)
        cells, numbers = [row.cells for row in sheet.rows], [row.number for row in sheet.rows]
        upload = Upload("名单.xlsx", sha256(file).digest(), cells, numbers)
        by = town.login()
        batch_id = residents_upload.keep_upload(
            town.community_id, upload, by=by, now=now, scope=scope
        )
        uploaded = time.monotonic()
        choices = Choices(guess_columns(HEADER))
        residents_import.check_import(batch_id, choices, now=now, scope=scope)
        residents_import.choose_all(batch_id, Fate.NEW, scope=scope)
        checked = time.monotonic()
        task_id = residents_import.apply_import(batch_id, by=by, now=now, scope=scope)
        _wait_for(task_id)
        written = time.monotonic()
        meanwhile = Waits.of(waits)
    seconds = (uploaded - started, checked - uploaded, written - checked)
    return Imported(rows, *seconds, quiet, meanwhile)


def _people(rows: int) -> Iterator[tuple[str, ...]]:
    chosen = random.Random(20261120)
    for number in range(rows):
        name = chosen.choice(_FAMILY) + chosen.choice(_GIVEN) + chosen.choice(_GIVEN)
        born = f"19{number % 60 + 40:02d}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        yield (
            name, f"139{number:08d}" if number % 3 else "", f"{number % 60 + 1}栋",
            f"{100 + number // 60}", born, f"SZ{number:06d}", str(number % 200), "",
        )  # fmt: skip


@contextmanager
def _scanning(town: Town, codes: list[str], events: list[int]) -> Iterator[list[float]]:
    """A thread that checks people in, one every 20 ms or so; gives the waits as they are."""
    waits: list[float] = []
    stopping = threading.Event()
    device = as_device(1)

    def scan() -> None:
        with town.app.app_context():
            turns = ((event, code) for event in events for code in codes)
            for event, code in turns:
                if stopping.wait(0.02):
                    return
                now = datetime.now(UTC)
                row = scan_row(event, code, at=now, client_id=uuid4())
                before = time.perf_counter()
                [verdict] = record(town, device, row, now=now)
                waits.append((time.perf_counter() - before) * 1000)
                assert verdict.code == "ok_in", verdict

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        yield waits
    finally:
        stopping.set()
        thread.join()


@contextmanager
def _runner(database: Prepared) -> Iterator[None]:
    command = [sys.executable, "-m", "flask", "--app", "app", "jobs", "run"]
    root = Path(__file__).parents[2]
    with (database.folder / "jobs.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=root, env={**os.environ, **database.environ}, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(task_id: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        task = read_task(Scope.everything(), task_id)
        db.session.remove()
        if task and not task.is_open:
            assert task.state == "done", task
            return
        time.sleep(0.1)
    raise AssertionError("the import did not end")
