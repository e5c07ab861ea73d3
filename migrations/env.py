"""Runs migrations over MIGRATION_DATABASE_URL, one transaction each.

On SQLite foreign keys are off while tables move and are checked at the end: a migration that
leaves a dangling row fails before it commits. The driver is told to leave transactions alone, or
it would commit before every CREATE TABLE.
"""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Engine, create_engine, event, pool

from volunteer.store.database import db


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_foreign_keys(connection: Any) -> None:
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if dangling:
        raise RuntimeError(f"foreign keys left dangling: {dangling[:5]}")


def _run() -> None:
    url = current_app.extensions["config"].migration_database_url
    engine = create_engine(url, poolclass=pool.NullPool)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        _prepare_sqlite(engine)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            compare_type=True,
            render_as_batch=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        if sqlite:
            _check_foreign_keys(connection)


_run()
