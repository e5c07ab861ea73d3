"""A disk that takes no more: a clean 503, nothing acknowledged lost, and on with the work by itself
as soon as there is room."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from tests.bench.village import TOKEN, open_events, settle
from tests.conftest import SECRET
from tests.faults.audits import changed_answers, faults_of_books
from tests.faults.failing import faults_of_json, faults_of_page
from tests.faults.scanners import Body, Notes, bodies_for, body_of, scan_all, verdicts_in
from tests.faults.volume import FULL, volume
from tests.scanning import new_id
from tests.signed_in import csrf_token, sign_in
from tests.started import children, one_of, started, wait_until_up
from tests.town import Town
from volunteer.store.database import db
from volunteer.web import failures

pytestmark = pytest.mark.faults

PEOPLE = 100
EVENTS = volume(30)
PAGE_BYTES = 4096
PHONE = "+8613900000001"


def send(client: FlaskClient, body: Body) -> TestResponse:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return client.post("/api/v1/scans", data=body.text, headers=headers)


@contextlib.contextmanager
def full_sqlite() -> Iterator[None]:
    """The database may not grow: SQLite says itself that the disk is full."""

    def keep_its_size(connection: Any, _record: Any, _proxy: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def let_it_grow(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1073741823")

    db.session.remove()
    event.listen(db.engine, "checkout", keep_its_size)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", keep_its_size)
        event.listen(db.engine, "checkout", let_it_grow)


@contextlib.contextmanager
def full_postgresql() -> Iterator[None]:
    """The server finds no room when it commits, and says so as it does: SQLSTATE 53100."""
    _execute(
        """
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'could not extend file: No space left on device'
            USING ERRCODE = '53100';
        END $$
        """,
        "CREATE CONSTRAINT TRIGGER no_room AFTER INSERT ON scan DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION no_room()",
    )
    try:
        yield
    finally:
        _execute("DROP TRIGGER no_room ON scan", "DROP FUNCTION no_room()")


def _execute(*statements: str) -> None:
    db.session.remove()
    with db.engine.connect() as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))


def full_disk() -> contextlib.AbstractContextManager[None]:
    return full_sqlite() if db.engine.dialect.name == "sqlite" else full_postgresql()


def scan_until_it_is_full(client: FlaskClient, bodies: Iterator[Body], notes: Notes) -> Body:
    """The first body that was not taken; what was taken before is noted."""
    for body in bodies:
        answer = send(client, body)
        if answer.status_code != 200:
            assert faults_of_json(answer.status_code, answer.headers, answer.data) == []
            return body
        notes.answers[body] = verdicts_in(answer.data)
    raise AssertionError("the disk never filled")


def test_a_full_disk_says_so_and_goes_on_when_there_is_room(both_town: Town) -> None:
    town = both_town
    codes, _ = settle(town, PEOPLE, 5)
    (event_id,) = open_events(town, 1)
    town.login(PHONE, roles=("organizer",))
    browser = town.app.test_client()
    sign_in(browser, PHONE)
    token = csrf_token(browser, f"/organize/events/{event_id}/scan")
    bodies = iter([body_of([(event_id, code)]) for code in codes])
    client, notes = town.app.test_client(), Notes()

    with full_disk():
        refused = scan_until_it_is_full(client, bodies, notes)
        again = send(client, refused)
        assert faults_of_json(again.status_code, again.headers, again.data) == []
        form = {"csrf_token": token, "scan_id": str(new_id()), "code": codes[-1]}
        page = browser.post(f"/organize/events/{event_id}/scan", data=form)
        assert faults_of_page(page.status_code, page.headers, page.data) == []
        # What is only read is still there.
        assert browser.get(f"/organize/events/{event_id}").status_code == 200
        assert client.get("/healthz").status_code == 200
        for body, answer in notes.answers.items():
            found = send(client, body)
            assert (found.status_code, verdicts_in(found.data)) == (200, answer)

    for body in (refused, *bodies):
        answer = send(client, body)
        assert answer.status_code == 200, answer.data
        notes.answers[body] = verdicts_in(answer.data)
    assert faults_of_books(town, notes, PEOPLE, 1) == []


def test_the_log_of_an_outage_names_nobody(both_town: Town, caplog: Any) -> None:
    codes, _ = settle(both_town, 20, 1)
    (event_id,) = open_events(both_town, 1)
    bodies = iter([body_of([(event_id, code)]) for code in codes * 20])
    with full_disk():
        refused = scan_until_it_is_full(both_town.app.test_client(), bodies, Notes())
    logged = caplog.text
    assert "failed" in logged
    assert "INSERT" in logged or "No space" in logged
    assert refused.ids[0] not in logged
    assert refused.ids[0].replace("-", "") not in logged


@pytest.mark.slow
@pytest.mark.timeout(900 if FULL else 240)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone changes a limit")
def test_no_write_reaches_the_disk_for_a_while(town: Town, sqlite_url: str, tmp_path: Path) -> None:
    """The real processes under load: what they write past the first pages of any file fails, in
    the database, its journal and the log alike; then there is room again."""
    codes, _ = settle(town, PEOPLE, 5)
    bodies = bodies_for(open_events(town, EVENTS), codes, Random(20261123))
    notes = Notes()
    with started(tmp_path, DATABASE_URL=sqlite_url, SECRET_KEY=SECRET) as (process, address):
        wait_until_up(address)
        port = int(address.rpartition(":")[2])
        devices = scan_all(port, bodies, notes)
        for share in (1, 2, 3):
            _wait(lambda share=share: notes.acknowledged > PEOPLE * EVENTS * share // 5)  # type: ignore[misc]
            before = notes.refusals[503]
            web = one_of(children(process.pid), "gunicorn")
            _limit_files([web, *children(web)], 2 * PAGE_BYTES)
            _wait(lambda before=before: notes.refusals[503] > before + 20)  # type: ignore[misc]
            _limit_files([web, *children(web)], resource.RLIM_INFINITY)
        for device in devices:
            device.join()
        changed = changed_answers(port, bodies, notes)
    assert notes.given_up == []
    assert set(notes.refusals) == {503}
    unclean = [fault for answer in notes.seen_down for fault in faults_of_json(*answer)]
    assert unclean == []
    assert changed == []
    assert faults_of_books(town, notes, PEOPLE, EVENTS) == []


def _wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + (300 if FULL else 60)
    while not reached():
        assert time.monotonic() < deadline, "the load stands still"
        time.sleep(0.005)


def _limit_files(pids: list[int], size: int) -> None:
    for pid in pids:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def test_an_answer_that_is_not_clean_is_noticed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without our handlers, the same outage is no clean 503."""
    codes, _ = settle(town, PEOPLE, 1)
    (event_id,) = open_events(town, 1)
    monkeypatch.setattr(failures, "RETRY_AFTER_SECONDS", "")
    client = town.app.test_client()
    bodies = iter([body_of([(event_id, code)]) for code in codes])
    with full_disk(), pytest.raises(AssertionError, match="when to come back"):
        scan_until_it_is_full(client, bodies, Notes())
    town.app.error_handler_spec[None][None].clear()
    town.app.config.update(PROPAGATE_EXCEPTIONS=False)
    with full_disk(), pytest.raises(AssertionError, match="status 500"):
        scan_until_it_is_full(client, bodies, Notes())
