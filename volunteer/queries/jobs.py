"""When each timed job last ran."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from volunteer.store.database import db
from volunteer.store.models import Job


def read_last_runs() -> dict[str, datetime | None]:
    """Last run by job. Needs no scope: jobs belong to no community."""
    return {
        row.name: row.last_run_at for row in db.session.execute(select(Job.name, Job.last_run_at))
    }
