"""transact(): one transaction, tried again where that helps, undone where it is refused."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.conftest import make_config
from tests.town import Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.factory import create_app
from volunteer.store import database
from volunteer.store.database import (
    ATTEMPTS,
    OutcomeUnknown,
    TryAgain,
    Tx,
    db,
    transact,
)

EVERYTHING = Scope.everything()


class Said(Exception):
    """What a driver raises: only its SQLSTATE matters."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def met(sqlstate: str | None) -> DBAPIError:
    return OperationalError("UPDATE account", {}, Said(sqlstate))


# Serialization failure, deadlock, a key that somebody else took meanwhile.
PASSING = [met("40001"), met("40P01"), met("23505"), TryAgain()]
PASSING_IDS = ["40001", "40P01", "23505", "TryAgain"]


@pytest.fixture
def tally(both_app: Flask) -> Callable[[], int]:
    """A table that a transaction counts up in, and what it says."""

    def make(tx: Tx) -> None:
        tx.run(text("CREATE TABLE tally (number integer)"))
        tx.run(text("INSERT INTO tally VALUES (0)"))

    transact(make, EVERYTHING)
    return read_tally


def read_tally() -> int:
    with db.engine.connect() as connection:
        return int(connection.execute(text("SELECT number FROM tally")).scalar_one())


def add_one(tx: Tx) -> None:
    tx.run(text("UPDATE tally SET number = number + 1"))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("trouble", PASSING, ids=PASSING_IDS)
def test_what_may_pass_is_tried_again(tally: Callable[[], int], trouble: Exception) -> None:
    tries = []

    def work(tx: Tx) -> str:
        add_one(tx)
        tries.append(tx)
        if len(tries) < ATTEMPTS:
            raise trouble
        return "done"

    assert transact(work, EVERYTHING) == "done"
    assert len(tries) == ATTEMPTS == 5
    assert len(set(map(id, tries))) == 5, "each try is a transaction of its own"
    assert tally() == 1


@pytest.mark.parametrize("trouble", PASSING, ids=PASSING_IDS)
def test_after_five_times_it_is_told(tally: Callable[[], int], trouble: Exception) -> None:
    tries = []

    def work(tx: Tx) -> None:
        add_one(tx)
        tries.append(tx)
        raise trouble

    with pytest.raises(type(trouble)):
        transact(work, EVERYTHING)
    assert len(tries) == 5
    assert tally() == 0


@pytest.mark.parametrize(
    "trouble",
    [met("53100"), met("23514"), met(None), ValueError(), AssertionError(), OutcomeUnknown()],
    ids=["disk full", "check", "no state", "ValueError", "AssertionError", "OutcomeUnknown"],
)
def test_anything_else_is_told_at_once(tally: Callable[[], int], trouble: Exception) -> None:
    tries = []

    def work(tx: Tx) -> None:
        add_one(tx)
        tries.append(tx)
        raise trouble

    with pytest.raises(type(trouble)):
        transact(work, EVERYTHING)
    assert len(tries) == 1
    assert tally() == 0


def test_a_refusal_undoes_everything(tally: Callable[[], int]) -> None:
    def work(tx: Tx) -> None:
        add_one(tx)
        raise refuse(Code.NOT_FOUND)

    with pytest.raises(Refused):
        transact(work, EVERYTHING)
    assert tally() == 0
    transact(add_one, EVERYTHING)
    assert tally() == 1


def test_a_service_never_calls_a_service(tally: Callable[[], int]) -> None:
    def work(tx: Tx) -> None:
        add_one(tx)
        transact(add_one, EVERYTHING)

    with pytest.raises(AssertionError, match="inside transact"):
        transact(work, EVERYTHING)
    assert tally() == 0
    # The refusal is of that call, not of the thread.
    transact(add_one, EVERYTHING)
    assert tally() == 1


def test_the_scope_is_the_callers(both_app: Flask) -> None:
    assert transact(lambda tx: tx.scope, Scope.of(7)) == Scope.of(7)


def test_an_older_snapshot_does_not_stand_in_the_way(tally: Callable[[], int]) -> None:
    """The request has read before it writes, and another request wrote in between."""
    assert db.session.execute(text("SELECT number FROM tally")).scalar_one() == 0
    other = threading.Thread(target=_in_an_app(lambda: transact(add_one, EVERYTHING)))
    other.start()
    other.join()
    transact(add_one, EVERYTHING)
    assert tally() == 2


def _in_an_app(work: Callable[[], object]) -> Callable[[], None]:
    from flask import current_app

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            work()

    return run


# --- what only PostgreSQL does ------------------------------------------------------------


@contextmanager
def at_commit(app: Flask, said: str) -> Iterator[None]:
    """PostgreSQL itself says ``said`` when the next scan of tally is committed."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(
            text(
                "CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE {said}; RETURN NULL; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER say AFTER UPDATE ON tally DEFERRABLE "
                "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION say()"
            )
        )
    yield
    with db.engine.connect() as connection, connection.begin():
        connection.execute(text("DROP TRIGGER say ON tally"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
class TestPostgresql:
    def test_an_unconfirmed_commit_is_of_unknown_outcome(
        self, both_app: Flask, tally: Callable[[], int]
    ) -> None:
        """What a cancelled wait for the standby says. Not tried again: it may have happened."""
        with at_commit(both_app, "WARNING 'not replicated' USING ERRCODE = '01000'"):
            with pytest.raises(OutcomeUnknown):
                transact(add_one, EVERYTHING)
            assert tally() == 1
        transact(add_one, EVERYTHING)
        assert tally() == 2

    def test_other_notices_are_only_notices(
        self, both_app: Flask, tally: Callable[[], int]
    ) -> None:
        with at_commit(both_app, "NOTICE 'by the way'"):
            transact(add_one, EVERYTHING)

        def work(tx: Tx) -> None:
            add_one(tx)
            tx.run(text("DO $$ BEGIN RAISE WARNING 'x' USING ERRCODE = '01000'; END $$"))

        # Said before the COMMIT it says nothing about it.
        transact(work, EVERYTHING)
        assert tally() == 2

    def test_a_failure_at_commit_is_tried_again(
        self, both_app: Flask, tally: Callable[[], int]
    ) -> None:
        """A serialization failure may come as late as that."""
        tries = []

        def work(tx: Tx) -> None:
            add_one(tx)
            tries.append(tx)

        with (
            at_commit(both_app, "EXCEPTION 'conflict' USING ERRCODE = '40001'"),
            pytest.raises(DBAPIError, match="conflict"),
        ):
            transact(work, EVERYTHING)
        assert len(tries) == 5
        assert tally() == 0

    def test_of_two_that_wait_for_each_other_both_come_through(
        self, both_app: Flask, both_town: Town
    ) -> None:
        """A real deadlock: each has locked what the other wants next."""
        first, second = both_town.resident(), both_town.resident()
        together = threading.Barrier(2)
        tries = []

        def touch(*order: int) -> None:
            def work(tx: Tx) -> None:
                tries.append(order)
                for place, resident_id in enumerate(order):
                    tx.run(
                        text("UPDATE resident SET name = name || '。' WHERE id = :id"),
                        id=resident_id,
                    )
                    if place == 0 and len(tries) <= 2:
                        together.wait(timeout=20)

            transact(work, EVERYTHING)

        threads = [
            threading.Thread(target=_in_an_app(lambda order=order: touch(*order)))  # type: ignore[misc]
            for order in ((first, second), (second, first))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        names = text("SELECT name FROM resident WHERE id IN (:one, :other)")
        found = both_town.write(lambda tx: tx.run(names, one=first, other=second).scalars().all())
        assert [name.count("。") for name in found] == [2, 2]
        assert len(tries) > 2, "they never met"


# --- what only SQLite needs ---------------------------------------------------------------


@pytest.fixture
def sqlite_tally(app: Flask) -> Callable[[], int]:
    def make(tx: Tx) -> None:
        tx.run(text("CREATE TABLE tally (number integer)"))
        tx.run(text("INSERT INTO tally VALUES (0)"))

    transact(make, EVERYTHING)
    return read_tally


@contextmanager
def somebody_writes() -> Iterator[None]:
    """Another process holds the writers' lock."""
    handle = os.open(f"{db.engine.url.database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def test_writers_wait_and_readers_do_not(sqlite_tally: Callable[[], int]) -> None:
    entered, done = threading.Event(), threading.Event()

    def work(tx: Tx) -> None:
        entered.set()
        add_one(tx)

    def write() -> None:
        transact(work, EVERYTHING)
        done.set()

    thread = threading.Thread(target=_in_an_app(write))
    with somebody_writes():
        thread.start()
        assert not entered.wait(0.3), "a writer did not wait for its turn"
        assert sqlite_tally() == 0
    assert done.wait(20)
    thread.join()
    assert sqlite_tally() == 1


def test_the_threads_of_a_process_wait_for_each_other(sqlite_tally: Callable[[], int]) -> None:
    """What lockf would not do: its locks belong to the process."""
    inside, seen = [0], []

    def work(tx: Tx) -> None:
        inside[0] += 1
        seen.append(inside[0])
        add_one(tx)
        threading.Event().wait(0.01)
        inside[0] -= 1

    def write() -> None:
        for _ in range(5):
            transact(work, EVERYTHING)

    threads = [threading.Thread(target=_in_an_app(write)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {1}
    assert sqlite_tally() == len(seen) == 30


@pytest.mark.parametrize("trouble", [ValueError(), met("53100")])
def test_a_turn_ends_with_its_writer_whatever_happened(
    sqlite_tally: Callable[[], int], trouble: Exception
) -> None:
    def work(tx: Tx) -> None:
        add_one(tx)
        raise trouble

    with pytest.raises(type(trouble)):
        transact(work, EVERYTHING)
    with somebody_writes():
        assert sqlite_tally() == 0
    transact(add_one, EVERYTHING)
    assert sqlite_tally() == 1


def test_every_connection_is_set_as_sqlite_needs_it(sqlite_url: str, tmp_path: Path) -> None:
    """In an app that the tests have not quickened."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }
    app = create_app(make_config(sqlite_url, tmp_path))
    with app.app_context(), db.engine.connect() as one, db.engine.connect() as other:
        for connection in (one, other):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
            assert found == wanted
