"""Counting the SQL statements of a piece of work; BEGIN and COMMIT are not counted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event

from volunteer.store.database import db

_UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """Collects what the app's engine executes while the block runs."""
    seen: list[str] = []

    def remember(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.lstrip().upper().startswith(_UNCOUNTED):
            seen.append(statement)

    engine = db.engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", remember)
