"""Racers: threads of several processes that do what they were told at the same moment.

Several processes, because the threads of one may take turns before they reach the database; that
is an optimisation, and what holds must hold without it. A racer opens the database itself.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import event, select

from tests.conftest import make_config
from tests.town import FRIDAY
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Refused
from volunteer.domain.scans import Recorder, Scan
from volunteer.domain.tokens import Keys
from volunteer.factory import create_app
from volunteer.services import merges, moves, opening_balances
from volunteer.services.event_end import end_event
from volunteer.services.merges import Wish
from volunteer.services.reversal import reverse_transfer
from volunteer.services.scans import record_scans
from volunteer.store import database, scan_people
from volunteer.store.database import db
from volunteer.store.models import ResidentMerge

PROCESSES = 2


@dataclass(frozen=True)
class Racer:
    """What one thread does, one call after the other."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Call:
    """One call of a service: ``what`` names a function of ``SERVICES``."""

    what: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a call gave: its result, the code of its refusal, or what went wrong."""

    call: Call
    result: Any = None
    refused: str | None = None
    wrong: str | None = None


@dataclass(frozen=True)
class Course:
    """Where they race. ``without``: a function of ``CONTROLS`` that takes something away."""

    url: str
    folder: Path
    community_id: int
    without: str | None = None
    name: str = field(default_factory=lambda: secrets.token_hex(4))

    def line_up(self, process: int, processes: int) -> None:
        """Wait until every process stands at the line."""
        (self.folder / f"race-{self.name}-{process}").touch()
        deadline = time.monotonic() + 60
        while len(list(self.folder.glob(f"race-{self.name}-*"))) < processes:
            assert time.monotonic() < deadline, "somebody did not come to the start"
            time.sleep(0.002)


@contextmanager
def racing_processes() -> Iterator[ProcessPoolExecutor]:
    """Processes that stay ready for several races: to start one takes a second."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


def race(pool: ProcessPoolExecutor, course: Course, racers: Sequence[Racer]) -> list[Outcome]:
    """Everybody starts at once; gives the outcomes of all calls."""
    groups = [racers[number::PROCESSES] for number in range(PROCESSES)]
    futures = [
        pool.submit(run_racers, course, number, group) for number, group in enumerate(groups)
    ]
    return [outcome for future in futures for outcome in future.result(timeout=240)]


def run_racers(course: Course, process: int, racers: Sequence[Racer]) -> list[Outcome]:
    """In one process: a thread for each."""
    app = create_app(make_config(course.url, course.folder))
    outcomes: list[Outcome] = []
    with app.app_context():
        give_back = CONTROLS[course.without]() if course.without else None
        threads = [
            threading.Thread(target=_run, args=(app, course, racer, outcomes)) for racer in racers
        ]
        db.engine.connect().close()
        course.line_up(process, PROCESSES)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.engine.dispose()
    if give_back:
        give_back()
    return outcomes


def _run(app: Flask, course: Course, racer: Racer, outcomes: list[Outcome]) -> None:
    with app.app_context():
        keys = Keys.derive(app.extensions["config"].secret_key.encode())
        for call in racer.calls:
            outcomes.append(_outcome(call, course, keys))


def _outcome(call: Call, course: Course, keys: Keys) -> Outcome:
    try:
        result = SERVICES[call.what](course.community_id, keys, **call.values)
    except Refused as refused:
        return Outcome(call, refused=str(refused.refusal.code))
    except Exception as error:
        # Whatever it is, it is told to the test, which lets nothing of the kind pass.
        return Outcome(call, wrong=f"{type(error).__name__}: {error}"[:300])
    return Outcome(call, result)


# --- what they may do --------------------------------------------------------------------


def scan(rows: Sequence[Scan], recorder: Recorder, now: datetime = FRIDAY) -> Call:
    return Call("scan", {"rows": tuple(rows), "recorder": recorder, "now": now})


def end(event_id: int, recorder: Recorder, now: datetime) -> Call:
    return Call("end", {"event_id": event_id, "recorder": recorder, "now": now})


def reverse(transfer_id: int, by: int, now: datetime) -> Call:
    return Call("reverse", {"transfer_id": transfer_id, "by": by, "now": now})


def merge(kept_id: int, merged_id: int, by: int, now: datetime) -> Call:
    """Merge the second into the first."""
    return Call("merge", {"kept_id": kept_id, "merged_id": merged_id, "by": by, "now": now})


def undo_merge(kept_id: int, by: int, now: datetime) -> Call:
    """Undo the newest merge into a passbook, if there is one that stands."""
    return Call("undo_merge", {"kept_id": kept_id, "by": by, "now": now})


def approve(opening_id: int, by: int, now: datetime) -> Call:
    """Bring one old passbook forward."""
    return Call("approve", {"opening_id": opening_id, "by": by, "now": now})


def carry_on(move_key: UUID, now: datetime) -> Call:
    """Carry a move to another community out, as far as it goes."""
    return Call("carry_on", {"move_key": move_key, "now": now})


def _carry_on(_community_id: int, keys: Keys, move_key: UUID, now: datetime) -> None:
    moves.carry_on(move_key, keys=keys, now=now)


def _scan(community_id: int, keys: Keys, rows: Any, recorder: Recorder, now: datetime) -> Any:
    return record_scans(
        rows,
        recorder,
        now=now,
        scope=Scope.of(community_id),
        keys=keys,
        community_id=community_id if recorder.device_id else None,
    )


def _end(community_id: int, keys: Keys, event_id: int, recorder: Any, now: datetime) -> Any:
    return end_event(
        event_id,
        ended_at=now,
        left_at={},
        recorder=recorder,
        now=now,
        scope=Scope.of(community_id),
        keys=keys,
    )


def _reverse(community_id: int, _: Keys, transfer_id: int, by: int, now: datetime) -> None:
    reverse_transfer(transfer_id, reason="登记错人", by=by, now=now, scope=Scope.of(community_id))


def _merge(community_id: int, _: Keys, kept_id: int, merged_id: int, by: int, now: datetime) -> Any:
    wish = Wish(kept_id, merged_id, with_sign_ins=True)
    return merges.merge_residents(wish, by=by, now=now, scope=Scope.of(community_id))


def _undo_merge(community_id: int, _: Keys, kept_id: int, by: int, now: datetime) -> None:
    standing = select(ResidentMerge.id).where(
        ResidentMerge.kept_id == kept_id, ResidentMerge.undone_at.is_(None)
    )
    merge_id = db.session.execute(standing.order_by(ResidentMerge.id.desc())).scalars().first()
    merges.undo_merge(merge_id or 0, by=by, now=now, scope=Scope.of(community_id))


def _approve(community_id: int, _: Keys, opening_id: int, by: int, now: datetime) -> int:
    scope = Scope.of(community_id)
    return opening_balances.approve(community_id, [opening_id], by=by, now=now, scope=scope).posted


SERVICES: Mapping[str, Callable[..., Any]] = {
    "scan": _scan,
    "end": _end,
    "reverse": _reverse,
    "merge": _merge,
    "undo_merge": _undo_merge,
    "approve": _approve,
    "carry_on": _carry_on,
}


# --- what may be taken away, for the negative controls ------------------------------------


def _no_locks() -> Callable[[], None]:
    """No row is locked on PostgreSQL; on SQLite writers neither queue nor begin as writers."""
    _rewrite((" FOR UPDATE", ""), (" FOR NO KEY UPDATE", ""), ("BEGIN IMMEDIATE", "BEGIN"))
    queue = database._turn_to_write
    database._turn_to_write = lambda _engine: nullcontext()  # type: ignore[assignment,return-value]

    def give_back() -> None:
        database._turn_to_write = queue

    return give_back


def _no_second_try() -> Callable[[], None]:
    """No locks, and whoever finds that a row was written since they looked does not look again."""
    give_back, attempts = _no_locks(), database.ATTEMPTS
    database.ATTEMPTS = 1

    def give_both_back() -> None:
        database.ATTEMPTS = attempts
        give_back()

    return give_both_back


def _rewrite(*pairs: tuple[str, str]) -> None:
    """Change what is sent to this racer's own engine, and wait a moment between looking and
    writing: who is not held up by a lock has all the time to get in between."""

    @event.listens_for(db.engine, "before_cursor_execute", retval=True)
    def _change(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> Any:
        for old, new in pairs:
            statement = statement.replace(old, new)
        if statement.startswith(("INSERT INTO scan", "INSERT INTO transfer")):
            time.sleep(0.02)
        return statement, parameters


def _no_second_look() -> Callable[[], None]:
    """A scan goes on with whom it found, whoever was merged while it waited for the passbook."""
    looked = scan_people.require_same_people
    scan_people.require_same_people = lambda *_: None  # type: ignore[assignment]

    def give_back() -> None:
        scan_people.require_same_people = looked

    return give_back


CONTROLS: Mapping[str, Callable[[], Callable[[], None]]] = {
    "a second look": _no_second_look,
    "locks": _no_locks,
    "locks and second tries": _no_second_try,
}
