"""The database, its two ways in, and ``transact``: the only way to write.

Readers use ``db.session`` in the queries. Writers call ``transact(work, scope)``: one call, one
transaction. The engine tells them apart by the execution option ``writer``.

What SQLite needs was measured, not guessed (docs/architecture.md, "SQLite"):

* the driver starts its transactions late, so it is switched to autocommit and the engine emits
  ``BEGIN`` (readers) or ``BEGIN IMMEDIATE`` (writers) itself;
* ``busy_timeout`` is unfair (one of eight busy writers never got a turn), so writers queue on a
  lock of the file ``<database>.lock`` before ``BEGIN IMMEDIATE``. ``flock``, not ``lockf``: the
  latter lets the threads of one process pass each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, CursorResult, Engine, Executable, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from volunteer.store.models.base import Base

if TYPE_CHECKING:
    from volunteer.domain.access import Scope

db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"autoflush": False, "expire_on_commit": False},
)

ATTEMPTS = 5
RETRY_STATES = frozenset({"40001", "40P01", "23505"})
"""Serialization failure, deadlock, unique violation: what somebody else has written since ``work``
looked. Looking again it finds the row and says so."""
OUTCOME_UNKNOWN_STATE = "01000"

T = TypeVar("T")

_inside: ContextVar[bool] = ContextVar("inside_transact", default=False)


class OutcomeUnknown(Exception):
    """COMMIT came back, but the standby has not confirmed it: say 503, retry with the same key."""


class TryAgain(Exception):
    """Raised by a work function that met a row written since it looked: run it once more."""


class Tx(Session):
    """The session of one writing transaction, with the communities its caller may see."""

    scope: Scope

    @property
    def dialect(self) -> str:
        return cast(Connection, self.bind).dialect.name

    def run(self, statement: Executable, **parameters: Any) -> CursorResult[Any]:
        """Execute a Core statement, past the ORM, whose bookkeeping costs as much again.

        A statement of the hot path is built once, with bind parameters: building it anew for
        every scan cost more than the database did.
        """
        return cast(Connection, self.bind).execute(statement, parameters)

    def run_text(self, statement: str, **parameters: Any) -> CursorResult[Any]:
        """Execute SQL written for this database, in its driver's own parameter style."""
        return cast(Connection, self.bind).exec_driver_sql(statement, parameters)


def transact(work: Callable[[Tx], T], scope: Scope) -> T:
    """Run ``work`` in one writing transaction and commit it.

    ``work`` may run up to five times (``RETRY_STATES``, TryAgain), so it touches nothing but the
    database. Whatever it raises, a Refused among them, rolls everything back.
    Raises OutcomeUnknown when a commit was not confirmed.
    """
    assert not _inside.get(), "transact() inside transact(): a service called a service"
    # The request's read session may hold an older snapshot; on SQLite a write after it would
    # answer "database is locked" at once.
    db.session.remove()
    token = _inside.set(True)
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _attempt(work, scope)
            except (TryAgain, DBAPIError) as error:
                if attempt == ATTEMPTS or not _worth_another(error):
                    raise
                time.sleep(0.005 * attempt)
        raise AssertionError("unreachable")
    finally:
        _inside.reset(token)


def look(work: Callable[[Tx], T], scope: Scope) -> T:
    """Run ``work``, which only reads, without a turn to write: a look at a whole register, for a
    dry run, keeps no scan waiting. What it saw may have changed when it returns."""
    assert not _inside.get(), "look() inside transact()"
    db.session.remove()
    with (
        db.engine.connect() as connection,
        connection.begin(),
        Tx(bind=connection, autoflush=False, expire_on_commit=False) as tx,
    ):
        tx.scope = scope
        return work(tx)


def _attempt(work: Callable[[Tx], T], scope: Scope) -> T:
    engine = db.engine
    with _turn_to_write(engine), engine.connect() as connection:
        writer = connection.execution_options(writer=True)
        warnings = writer.info.get("warnings", [])
        # The session joins this transaction and never ends it, so that Core statements may go
        # straight to the connection.
        with writer.begin(), Tx(bind=writer, autoflush=False, expire_on_commit=False) as tx:
            tx.scope = scope
            result = work(tx)
            tx.flush()
            warnings.clear()
        if OUTCOME_UNKNOWN_STATE in warnings:
            raise OutcomeUnknown
        return result


def _worth_another(error: TryAgain | DBAPIError) -> bool:
    if isinstance(error, TryAgain):
        return True
    return getattr(error.orig, "sqlstate", None) in RETRY_STATES


@contextlib.contextmanager
def _turn_to_write(engine: Engine) -> Iterator[None]:
    """Queue for SQLite's one writer; PostgreSQL needs no queue."""
    if engine.dialect.name != "sqlite":
        yield
        return
    handle = os.open(f"{engine.url.database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def reading_once() -> Iterator[Connection]:
    """A connection for a single read, past the session. On PostgreSQL it reads outside of a
    transaction, whose BEGIN and ROLLBACK would be two more ways to the server and back."""
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextlib.contextmanager
def syncing_less() -> Iterator[None]:
    """For loading what can be loaded again: SQLite syncs at its checkpoints only.

    A power cut then costs the newest transactions, never their order or the file. It saves one
    wait for the disk a transaction, on a memory card half a minute of the demo. PostgreSQL stays
    as it is.
    """
    engine = db.engine
    if engine.dialect.name != "sqlite":
        yield
        return
    engine.dispose()
    event.listen(engine, "connect", _sync_at_checkpoints)
    try:
        yield
    finally:
        event.remove(engine, "connect", _sync_at_checkpoints)
        engine.dispose()


def _sync_at_checkpoints(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


def prepare_engine(engine: Engine) -> None:
    """Attach what each database needs to a fresh engine. Called once by the factory."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "handle_error", _forget_values)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.create_function("unhex", 1, _unhex, deterministic=True)  # built in from 3.41 on
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=5000",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # or INSERT OR REPLACE slips past the append-only triggers
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _begin_sqlite(connection: Any) -> None:
    writer = connection.get_execution_options().get("writer")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _prepare_postgresql(connection: Any, record: Any) -> None:
    warnings: list[str] = record.info.setdefault("warnings", [])
    connection.add_notice_handler(lambda notice: warnings.append(notice.sqlstate))


def _forget_values(context: ExceptionContext) -> None:
    """Keep the first line of what PostgreSQL says, before anybody logs it.

    The lines after it quote the row ("Failing row contains …", "Key (phone)=(…) already exists"):
    ``hide_parameters`` knows nothing of those.
    """
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].partition("\n")[0], *error.args[1:])
