"""Which migration the database is at."""

from __future__ import annotations

from sqlalchemy import inspect, text

from volunteer.store.database import db


def read_migration() -> str | None:
    """The migration of the database; None for an empty one. Needs no scope."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
