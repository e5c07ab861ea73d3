"""The language and the size of letters that a person chose, on whichever browser they sign in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from volunteer.domain.access import Scope
from volunteer.store.database import Tx, transact
from volunteer.store.models import Login


def record_preferences(
    login_id: int, *, locale: str | None = None, elder_mode: bool | None = None
) -> None:
    """Keep what was chosen; None leaves it as it is."""
    chosen: dict[str, Any] = {"locale": locale, "elder_mode": elder_mode}
    values = {name: value for name, value in chosen.items() if value is not None}
    assert values, "nothing was chosen"

    def work(tx: Tx) -> None:
        tx.run(update(Login).where(Login.id == login_id).values(**values))

    transact(work, Scope.nothing())
