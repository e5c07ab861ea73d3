"""Boards, pages and codes: flat in history, and quick."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask

from tests.bench import load, servers
from tests.bench.databases import Prepared, prepared
from tests.bench.scans import WORKERS, Round, hello_requests, median, one_round
from tests.bench.village import open_events, remember, settle
from tests.passbooks import post_lines
from tests.signed_in import FreshClient, sign_in
from tests.town import Town
from volunteer.documents.qr import qr_svg
from volunteer.domain.access import Scope
from volunteer.domain.board import BoardKind, Measure, Period, PeriodKind
from volunteer.queries.boards import read_board
from volunteer.store.database import db

BOARD_SIZES = (10_000, 100_000, 1_000_000)
BOOK_SIZES = (10, 1_000, 10_000)
BUILDINGS = 32


@dataclass(frozen=True)
class Size:
    """Milliseconds for one read of a history of ``rows``."""

    rows: int
    milliseconds: float


def _timed(
    work: Callable[[], object],
    times: int = 60,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Milliseconds of the quickest time: what else runs on the machine only ever adds."""
    work()
    taken = []
    for _ in range(times):
        began = clock()
        work()
        taken.append(clock() - began)
    return min(taken) * 1000


def boards(kind: str) -> list[Size]:
    """Database and query time of a building board, all history sizes in turn."""
    found = []
    for size in BOARD_SIZES:
        with prepared(kind) as database, database.app.app_context():
            town = Town(database.app)
            _, buildings = settle(town, BUILDINGS * 2, BUILDINGS)
            remember(town, size, buildings)
            scope = Scope.of(town.community_id)
            month = Period.holding(PeriodKind.MONTH, datetime.now(UTC).date())

            def read() -> None:
                read_board(scope, town.community_id, BoardKind.BUILDING, month, Measure.POINTS)  # noqa: B023
                db.session.remove()

            found.append(Size(size, _timed(read)))
            db.engine.dispose()
    return found


def passbooks(kind: str) -> list[Size]:
    """The whole page of a passbook, in process, for books of different lengths."""
    found = []
    with prepared(kind) as database, database.app.app_context():
        town = Town(database.app)
        for size in BOOK_SIZES:
            resident = town.resident()
            phone = f"+8613711{size:06d}"
            town.login(phone, acts_for={resident: "self"})
            for first in range(0, size, 500):
                lines = [
                    {"points": 1, "code": "adjustment"}
                    for _ in range(first, min(first + 500, size))
                ]
                post_lines(town, resident, lines)
            found.append(Size(size, _page(database.app, phone, "/passbook")))
        db.session.remove()
        db.engine.dispose()
    return found


def _page(app: Flask, phone: str, path: str) -> float:
    app.test_client_class = FreshClient
    client = app.test_client()
    if phone:
        sign_in(client, phone)

    def read() -> None:
        assert client.get(path).status_code == 200

    return _timed(read, 30, time.process_time)


def pages() -> dict[str, float]:
    """Milliseconds of CPU that pages of a community of 3,000 cost on SQLite, by address."""
    resident, staff = "+8613711000000", "+8613711000001"
    with prepared("sqlite") as database, database.app.app_context():
        town = Town(database.app)
        _, buildings = settle(town, 3000, BUILDINGS)
        remember(town, BOARD_SIZES[0], buildings)
        events = open_events(town, 6)
        someone = town.write(lambda tx: tx.run_text("SELECT max(id) FROM resident").scalar_one())
        town.login(resident, acts_for={someone: "self"})
        town.login(staff, roles=("community_admin", "organizer"))
        post_lines(town, someone, [{"points": 1, "code": "adjustment"}] * 100)
        asked = (
            ("", ("/", "/boards")),
            (resident, ("/home", "/passbook", "/scan", "/me")),
            (staff, ("/organize", f"/organize/events/{events[0]}", "/admin/people")),
        )
        found = {path: _page(database.app, who, path) for who, paths in asked for path in paths}
        db.session.remove()
        db.engine.dispose()
    return found


def board_page() -> tuple[float, float]:
    """The public board over HTTP: (share of hello-world, CPU over hello-world's)."""
    ours: list[Round] = []
    hello: list[Round] = []
    with prepared("sqlite") as database:
        with database.app.app_context():
            town = Town(database.app)
            _, buildings = settle(town, BUILDINGS * 2, BUILDINGS)
            remember(town, BOARD_SIZES[0], buildings)
            db.session.remove()
            db.engine.dispose()
        _board_rounds(database, hello, ours)
    one, reference = median(ours), median(hello)
    return one.per_second / reference.per_second, one.cpu_ms / reference.cpu_ms


def _board_rounds(database: Prepared, hello: list[Round], ours: list[Round]) -> None:
    reference = servers.gunicorn("tests.bench.hello:app", {}, "--workers", "2", "--keep-alive", "0")
    app = servers.gunicorn("app:app", database.environ, *WORKERS)
    with reference as (hello_port, hello_pid), app as (port, pid):
        load.run(port, _board_requests(), 1)
        for _ in range(3):
            hello.append(one_round(hello_port, [hello_pid], hello_requests()))
            ours.append(one_round(port, [pid], _board_requests()))


def _board_requests() -> Iterator[tuple[bytes, bytes]]:
    while True:
        yield load.get("/boards"), b"200 OK"


def qr_milliseconds() -> float:
    """Drawing one code for the screen, none of them drawn before."""
    numbers = itertools.count()
    return _timed(lambda: qr_svg(f"https://love.example.cn/q/{next(numbers)}/K7Q2M9"))
