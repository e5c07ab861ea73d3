"""Which migration the database is at, and which is the newest one there is."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import inspect, text

from volunteer.store.database import db

FOLDER = Path(__file__).parents[2] / "migrations" / "versions"
_REVISION = re.compile(r"""^revision(?:\s*:\s*str)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_DOWN = re.compile(r"""^down_revision(?:\s*:[^=]*)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)


def read_migration() -> str | None:
    """The migration of the database; None for an empty one. Needs no scope."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def newest_migration() -> str:
    """The head of the migrations, read from their files: importing Alembic costs a third of a
    second, and a start that has nothing to migrate should not pay for it."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")]
    revisions = {found[1] for one in texts if (found := _REVISION.search(one))}
    replaced = {found[1] for one in texts if (found := _DOWN.search(one))}
    heads = revisions - replaced
    assert len(heads) == 1, f"the migrations have {len(heads)} heads"
    return heads.pop()
