"""Mark a chapter of the demo community as loaded, so that it is loaded once."""

from __future__ import annotations

from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.store.bulk import insert_rows
from volunteer.store.database import transact
from volunteer.store.models import DemoChapter
from volunteer.store.models.base import table_of


def record_chapter(name: str, *, now: datetime) -> None:
    """Twice is the same as once; the first time counts."""
    row = {"name": name, "loaded_at": now}
    transact(
        lambda tx: insert_rows(tx, table_of(DemoChapter), [row], "ON CONFLICT DO NOTHING"),
        Scope.everything(),
    )
