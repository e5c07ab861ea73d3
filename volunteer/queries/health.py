"""What /healthz answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from volunteer.store.database import db

VERSION = "0.1.0"


def read_health() -> dict[str, Any]:
    """Status, version, database kind and reachability, migration head, SQLite's version and lock
    mode, the job runner's last beat. Needs no scope: it shows no community's row."""
    kind = db.engine.dialect.name
    health: dict[str, Any] = {"status": "ok", "version": VERSION, "database": kind}
    try:
        health["migration"] = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        beat = db.session.scalar(text("SELECT max(beat_at) FROM job"))
        health["job_runner_beat_at"] = str(beat) if beat else None
        if kind == "sqlite":
            health["sqlite_version"] = db.session.scalar(text("SELECT sqlite_version()"))
            health["lock_mode"] = "flock"
        health["database_reachable"] = True
    except SQLAlchemyError:
        health.update(status="down", database_reachable=False)
    return health
