"""What /healthz answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from volunteer.store.database import db
from volunteer.store.migration_files import newest_migration
from volunteer.store.models import Job

VERSION = "0.1.0"


def read_health() -> dict[str, Any]:
    """Status, version, database kind and reachability, migration head, SQLite's version and lock
    mode, the job runner's last beat. Needs no scope: it shows no community's row."""
    kind = db.engine.dialect.name
    health: dict[str, Any] = {
        "status": "ok",
        "version": VERSION,
        "database": kind,
        "database_reachable": True,
        "migration_newest": newest_migration(),
    }
    try:
        health["migration"] = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        beat_at = db.session.scalar(select(func.max(Job.beat_at)))
        health["job_runner_beat_at"] = beat_at.isoformat() if beat_at else None
        if kind == "sqlite":
            health["sqlite_version"] = db.session.scalar(text("SELECT sqlite_version()"))
            # Writers queue on a file beside the database; see store/database.py.
            health["lock_mode"] = "flock"
            health["journal_mode"] = db.session.scalar(text("PRAGMA journal_mode"))
    except SQLAlchemyError:
        health.update(status="down", database_reachable=False)
    else:
        if health["migration"] != health["migration_newest"]:
            health["status"] = "behind"
    return health
