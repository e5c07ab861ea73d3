"""One check-in over HTTP against hello-world, on both databases."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import event

from tests.bench import load, servers
from tests.bench.databases import Prepared, prepared
from tests.bench.village import TOKEN, analyse, open_events, settle
from tests.town import Town
from volunteer.store.database import db

PEOPLE = 3000
BUILDINGS = 30
EVENTS = 12
SECONDS = 4.0
ROUNDS = 3
WORKERS = ("--workers", "2", "--threads", "8", "--worker-class", "gthread")


@dataclass(frozen=True)
class Round:
    """A round's load and the CPU milliseconds that one request cost, app and database."""

    load: load.Load
    cpu_ms: float


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds."""

    per_second: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    failed: int
    memory_megabytes: float = 0.0


def median(rounds: list[Round], memory: float = 0.0) -> Measured:
    def of(values: list[float]) -> float:
        return statistics.median(values)

    return Measured(
        of([one.load.per_second for one in rounds]),
        of([one.cpu_ms for one in rounds]),
        of([one.load.p50_ms for one in rounds]),
        of([one.load.p99_ms for one in rounds]),
        sum(one.load.failed for one in rounds),
        memory,
    )


def envelope(event_id: int, codes: Sequence[str]) -> bytes:
    now = datetime.now(UTC).isoformat()
    scans = [
        {
            "id": str(uuid.uuid4()),
            "event": event_id,
            "code": code,
            "direction": "in",
            "scanned_at": now,
        }
        for code in codes
    ]
    return json.dumps({"device": "bench", "sent_at": now, "scans": scans}).encode()


def check_in(event_id: int, code: str) -> tuple[bytes, bytes]:
    return load.post_json("/api/v1/scans", envelope(event_id, [code]), TOKEN), b'"accepted"'


def check_ins(events: list[int], codes: list[str]) -> Iterator[tuple[bytes, bytes]]:
    for event_id in events:
        for code in codes:
            yield check_in(event_id, code)


def one_round(port: int, pids: list[int], requests: Iterator[tuple[bytes, bytes]]) -> Round:
    before = servers.cpu_seconds(*pids)
    result = load.run(port, requests, SECONDS)
    used = servers.cpu_seconds(*pids) - before
    return Round(result, used / max(result.requests, 1) * 1000)


def hello_requests() -> Iterator[tuple[bytes, bytes]]:
    while True:
        yield load.get("/"), b"hello, world"


def measure() -> dict[str, Measured]:
    """Rounds of hello-world, SQLite and PostgreSQL in turn; medians of each."""
    rounds: dict[str, list[Round]] = {}
    memory: dict[str, float] = {}
    for kind in ("sqlite", "postgresql", "sqlite, one building"):
        with prepared(kind.split(",")[0]) as database:
            with database.app.app_context():
                town = Town(database.app)
                codes, _ = settle(town, PEOPLE, 1 if "one" in kind else BUILDINGS)
                events = open_events(town, EVENTS)
                db.session.remove()
                db.engine.dispose()
            _rounds(kind, database, check_ins(events, codes), rounds, memory)
    return {name: median(some, memory.get(name, 0.0)) for name, some in rounds.items()}


def _rounds(
    kind: str,
    database: Prepared,
    requests: Iterator[tuple[bytes, bytes]],
    rounds: dict[str, list[Round]],
    memory: dict[str, float],
) -> None:
    hello = servers.gunicorn("tests.bench.hello:app", {}, "--workers", "2", "--keep-alive", "0")
    ours = servers.gunicorn("app:app", database.environ, *WORKERS)
    with hello as (hello_port, hello_pid), ours as (port, pid):
        pids = [pid] + ([database.server_pid] if database.server_pid else [])
        load.run(port, (pair for _, pair in zip(range(200), requests)), 10)  # noqa: B905
        load.run(hello_port, hello_requests(), 1)
        analyse(database.app)
        for _ in range(ROUNDS):
            rounds.setdefault("hello-world", []).append(
                one_round(hello_port, [hello_pid], hello_requests())
            )
            rounds.setdefault(kind, []).append(one_round(port, pids, requests))
        memory[kind] = servers.memory_megabytes(pid)


@dataclass(frozen=True)
class Upload:
    """What an upload of ``rows`` scans costs: statements, BEGIN and COMMIT uncounted, and the
    seconds until its answer."""

    rows: int
    statements: int
    seconds: float


def upload(kind: str, rows: int) -> Upload:
    """What a scanner sends that was offline: ``rows`` check-ins at once with a device's token."""
    statements: list[str] = []
    with prepared(kind) as database, database.app.app_context():
        town = Town(database.app)
        codes, _ = settle(town, rows, BUILDINGS)
        (event_id,) = open_events(town, 1)
        client = database.app.test_client()

        def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
            if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
                statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        body = envelope(event_id, codes)
        began = time.perf_counter()
        answer = client.post(
            "/api/v1/scans", data=body, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        took = time.perf_counter() - began
        assert answer.data.count(b'"accepted"') == rows, answer.data[:500]
        db.session.remove()
        db.engine.dispose()
    return Upload(rows, len(statements), took)
