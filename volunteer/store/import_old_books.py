"""What a sheet of residents says of their old paper passbooks: proposed, for a second person to
approve, and taken along when the import is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from volunteer.domain.opening_balances import OldFigures, State
from volunteer.domain.residents_import import SheetPerson
from volunteer.store.bulk import among, update_rows
from volunteer.store.database import Tx
from volunteer.store.import_changes import Hand
from volunteer.store.imports import ROW
from volunteer.store.opening_balances import (
    OPENING,
    Deciding,
    Proposed,
    record_decided,
    record_proposed,
)


def record_old_books(
    tx: Tx,
    batch: Any,
    rows: Sequence[Any],
    people: Mapping[int, SheetPerson],
    outcomes: Sequence[Mapping[str, Any]],
    hand: Hand,
) -> None:
    """Propose the figures of a chunk's rows; why one could not be is kept with its row."""
    if hand.by is None:
        return
    meant = {one["id"]: one["resident_id"] for one in outcomes if one["resident_id"] is not None}
    proposed = [
        Proposed(
            meant[row.id],
            OldFigures(people[row.id].old_points, people[row.id].old_minutes),
            batch.id,
            row.number,
        )
        for row in rows
        if row.id in meant and people[row.id].has_old_book
    ]
    by_whom = Deciding(hand.by, hand.now, hand.today)
    refused = record_proposed(tx, batch.community_id, proposed, by_whom)
    noted = [
        {
            "id": row.id,
            "reading": {
                **(row.reading or {}),
                "old_refused": {"code": refusal.code.value, "facts": dict(refusal.facts)},
            },
        }
        for row in rows
        if (refusal := refused.get(meant.get(row.id, 0)))
    ]
    if noted:
        update_rows(tx, ROW, noted, "reading = r.reading", "import_row.id = r.id")


def record_old_books_withdrawn(
    tx: Tx, batch_id: int, resident_ids: Sequence[int], by_whom: Deciding
) -> None:
    """Take back what the import proposed for these people and nobody has decided."""
    waiting = select(OPENING.c.id).where(
        OPENING.c.import_batch_id == batch_id,
        OPENING.c.state == State.PROPOSED.value,
        among(OPENING.c.resident_id, "resident_ids"),
    )
    ids = list(tx.run(waiting, resident_ids=list(resident_ids)).scalars())
    if ids:
        record_decided(tx, ids, State.WITHDRAWN, by_whom)
