"""The database server goes and comes back, or cannot say whether a COMMIT came through: a clean
503 meanwhile, nothing acknowledged lost, and on with the work by itself."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.bench.village import TOKEN, open_events, settle
from tests.conftest import SECRET
from tests.faults.audits import changed_answers, faults_of_books
from tests.faults.conftest import OwnServer
from tests.faults.failing import faults_of_json, faults_of_page
from tests.faults.scanners import Body, Notes, bodies_for, body_of, scan_all, verdicts_in
from tests.faults.volume import FULL, volume
from tests.started import started, wait_until_up
from tests.town import Town
from volunteer.store import database
from volunteer.store.database import db

pytestmark = [pytest.mark.faults, pytest.mark.postgresql]

PEOPLE = 50
EVENTS = volume(60)
CRASHES = 5 if FULL else 1


@pytest.mark.slow
@pytest.mark.timeout(900 if FULL else 240)
def test_the_server_crashes_and_comes_back(
    own_server: OwnServer, own_town: Town, tmp_path: Path
) -> None:
    town = own_town
    codes, _ = settle(town, PEOPLE, 5)
    bodies = bodies_for(open_events(town, EVENTS), codes, Random(20261123))
    notes = Notes()
    url = _address_of(db.engine.url)
    _let_go()
    with started(tmp_path, DATABASE_URL=url, SECRET_KEY=SECRET) as (_, address):
        wait_until_up(address)
        port = int(address.rpartition(":")[2])
        devices = scan_all(port, bodies, notes)
        scans = sum(len(body.ids) for body in bodies)
        for crash in range(1, CRASHES + 1):
            _wait(lambda crash=crash: notes.acknowledged > scans * crash // (CRASHES + 2))  # type: ignore[misc]
            before = notes.refusals[503]
            own_server.crash()
            try:
                _wait(lambda before=before: notes.refusals[503] > before + 20)  # type: ignore[misc]
                pages = {path: _get(address + path) for path in ("/", "/sign-in", "/nowhere")}
                health = _get(f"{address}/healthz")
            finally:
                own_server.start()
            assert [fault for page in pages.values() for fault in faults_of_page(*page)] == []
            assert health[0] == 503
            assert b'"database_reachable":false' in health[2]
        for device in devices:
            device.join()
        assert _get(f"{address}/healthz")[0] == 200
        changed = changed_answers(port, bodies, notes) if not notes.given_up else []
    assert notes.given_up == []
    assert set(notes.refusals) == {503}
    assert [fault for answer in notes.seen_down for fault in faults_of_json(*answer)] == []
    assert changed == []
    assert faults_of_books(town, notes, PEOPLE, EVENTS) == []


def _address_of(url: Any) -> str:
    return str(url.render_as_string(hide_password=False)).replace("+psycopg", "")


def _let_go() -> None:
    db.session.remove()
    db.engine.dispose()


def _get(address: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def _wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + (300 if FULL else 60)
    while not reached():
        assert time.monotonic() < deadline, "nothing moves"
        time.sleep(0.01)


def scan_while_the_standby_is_silent(server: OwnServer, town: Town, body: Body) -> TestResponse:
    """A COMMIT that waits for a standby which is not there, and whose wait is then cancelled:
    PostgreSQL reports success and a warning."""
    found: list[TestResponse] = []
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def work() -> None:
        found.append(town.app.test_client().post("/api/v1/scans", data=body.text, headers=headers))

    server.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
    thread = threading.Thread(target=work)
    try:
        thread.start()
        waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname IS NOT NULL"
        _wait(lambda: bool(server.run(f"SELECT pid {waiting}")))
        server.run(f"SELECT pg_cancel_backend(pid) {waiting}")
        thread.join(30)
    finally:
        server.run("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
        thread.join(30)
    return found[0]


def a_scan(town: Town) -> Body:
    codes, _ = settle(town, 1, 1)
    (event_id,) = open_events(town, 1)
    _let_go()
    return body_of([(event_id, codes[0])])


def test_an_unconfirmed_commit_is_never_a_success(own_server: OwnServer, own_town: Town) -> None:
    body = a_scan(own_town)
    answer = scan_while_the_standby_is_silent(own_server, own_town, body)
    assert faults_of_json(answer.status_code, answer.headers, answer.data) == []

    # This server kept it all the same; the retry hears so and does nothing twice.
    client, headers = own_town.app.test_client(), {"Authorization": f"Bearer {TOKEN}"}
    notes = Notes()
    for _ in range(3):
        again = client.post("/api/v1/scans", data=body.text, headers=headers)
        assert again.status_code == 200
        assert notes.answers.setdefault(body, verdicts_in(again.data)) == verdicts_in(again.data)
    assert faults_of_books(own_town, notes, 1, 1) == []


def test_without_the_control_an_unconfirmed_commit_looks_like_success(
    own_server: OwnServer, own_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = a_scan(own_town)
    monkeypatch.setattr(database, "OUTCOME_UNKNOWN_STATE", "never")
    answer = scan_while_the_standby_is_silent(own_server, own_town, body)
    assert answer.status_code == 200
