"""kill -9 of web workers under load: nothing acknowledged is lost, nothing counts twice.

The system runs as ``./run`` starts it. What the kills leave behind is asked of the devices, who
noted every answer, and of the books.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from tests.bench.village import open_events, settle
from tests.conftest import SECRET
from tests.faults.audits import changed_answers, faults_of_books
from tests.faults.scanners import Body, Notes, bodies_for, scan_all
from tests.faults.volume import FULL, volume
from tests.started import children, one_of, started, wait_until_up
from tests.town import Town
from volunteer.store import append_only
from volunteer.store.database import db

pytestmark = [pytest.mark.faults, pytest.mark.slow]

PEOPLE = 100
EVENTS = volume(50)
KILLS = volume(100)
COPIED = (
    "community_id, debit_account_id, credit_account_id, amount_points, amount_minutes, code,"
    " attendance_id, points_rule_id, recorded_by_device_id, facts, occurred_at, posted_at"
)


@dataclass(frozen=True)
class Stormed:
    """What is left after the kills."""

    town: Town
    bodies: list[Body]
    notes: Notes
    killed: int
    changed: list[str]

    def faults(self) -> list[str]:
        return faults_of_books(self.town, self.notes, PEOPLE, EVENTS)


@pytest.mark.timeout(1200 if FULL else 240)
def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(
    both_town: Town, database_url: str, tmp_path: Path
) -> None:
    stormed = storm(both_town, database_url, tmp_path)
    notes = stormed.notes
    print(  # noqa: T201 - the figures are what `make faults` is run for
        f"\n{db.engine.dialect.name}: {stormed.killed} kills, {notes.acknowledged} scans "
        f"acknowledged, {sum(notes.refusals.values())} requests sent again, "
        f"longest {notes.longest_seconds:.2f} s"
    )
    assert notes.given_up == []
    assert stormed.killed >= KILLS
    assert notes.acknowledged >= PEOPLE * EVENTS
    assert notes.refusals[0] >= KILLS // 2, "the kills met no request under way"
    assert set(notes.refusals) == {0}, notes.seen_down[:3]
    assert stormed.changed == []
    assert stormed.faults() == []
    the_audit_would_have_noticed(stormed)


def storm(town: Town, database_url: str, data_dir: Path) -> Stormed:
    """Everybody is scanned in at every event while one worker after the other is killed."""
    codes, _ = settle(town, PEOPLE, 5)
    bodies = bodies_for(open_events(town, EVENTS), codes, Random(20261123))
    notes = Notes()
    settings = {"DATABASE_URL": database_url.replace("+psycopg", ""), "SECRET_KEY": SECRET}
    with started(data_dir, **settings) as (process, address):
        wait_until_up(address)
        web = one_of(children(process.pid), "gunicorn")
        port = int(address.rpartition(":")[2])
        devices = scan_all(port, bodies, notes)
        killed = kill_workers(web, notes, sum(len(body.ids) for body in bodies))
        for device in devices:
            device.join()
        changed = changed_answers(port, bodies, notes) if not notes.given_up else []
    return Stormed(town, bodies, notes, killed, changed)


def kill_workers(web: int, notes: Notes, scans: int) -> int:
    """kill -9 a worker each time another share of the scans is through, both at once every tenth
    time; gives how many were killed."""
    dice = Random(7)
    killed = 0
    deadline = time.monotonic() + (900 if FULL else 120)
    for share in range(KILLS):
        # The last share is left without kills, so that each one meets a load.
        while notes.acknowledged < scans * share // (KILLS + 1):
            assert time.monotonic() < deadline, "the load stands still"
            time.sleep(0.005)
        time.sleep(dice.random() * 0.02)
        workers = sorted(children(web))
        for worker in dice.sample(workers, min(len(workers), 2 if share % 10 == 9 else 1)):
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                killed += 1
    return killed


def the_audit_would_have_noticed(stormed: Stormed) -> None:
    """The negative control: a scan that is gone, an award given twice, an answer that changed."""
    notes = stormed.notes
    body = stormed.bodies[0]
    without_triggers("scan", "transfer")
    _run("DELETE FROM scan WHERE client_id = :id", id=_stored_id(body.ids[0]))
    assert any("stored as None" in fault for fault in stormed.faults())

    said = notes.answers[body]
    notes.answers[body] = said.replace(b'"accepted"', b'"refused"').replace(b'"already"', b'"in"')
    assert any("acknowledged as" in fault for fault in stormed.faults())
    notes.answers[body] = said

    _run(
        f"INSERT INTO transfer ({COPIED}, idempotency_key) SELECT {COPIED}, 'twice' "
        "FROM transfer WHERE id = (SELECT MIN(id) FROM transfer)"
    )
    found = stormed.faults()
    assert any(fault.startswith("awards:") for fault in found)
    assert any("flask ledger verify" in fault for fault in found)


def without_triggers(*tables: str) -> None:
    assert set(tables) <= set(append_only.ONLY_GROW)
    for table in tables:
        of_table = f" ON {table}" if db.engine.dialect.name == "postgresql" else ""
        for verb in ("update", "delete"):
            _run(f"DROP TRIGGER {table}_no_{verb}{of_table}")


def _stored_id(client_id: str) -> str:
    return client_id.replace("-", "") if db.engine.dialect.name == "sqlite" else client_id


def _run(statement: str, **values: object) -> None:
    with db.engine.connect() as connection, connection.begin():
        done = connection.execute(text(statement), values)
        assert done.rowcount != 0, statement
