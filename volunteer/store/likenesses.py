"""People who look alike and are not the same: said once, asked no more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from volunteer.domain.refusals import Code, refuse
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import DifferentPeople, Resident
from volunteer.store.models.base import table_of

_DIFFERENT = table_of(DifferentPeople)
_RESIDENT = table_of(Resident)


def record_told_apart(
    tx: Tx,
    community_id: int,
    pairs: Collection[tuple[int, int]],
    *,
    by: int | None,
    now: datetime,
) -> Sequence[int]:
    """Write down pairs (lower id first) of two people; gives the lower ids of those that are new.

    Raises Refused: ``not_found`` when one of them is not of this community.
    """
    if not pairs:
        return []
    ids = {one for pair in pairs for one in pair}
    found = select(_RESIDENT.c.id).where(
        _RESIDENT.c.community_id == community_id, _RESIDENT.c.id.in_(sorted(ids))
    )
    if set(tx.run(found).scalars()) != ids:
        raise refuse(Code.NOT_FOUND)
    rows = [
        {
            "community_id": community_id,
            "low_id": low_id,
            "high_id": high_id,
            "said_at": now,
            "said_by_login_id": by,
        }
        for low_id, high_id in sorted(pairs)
    ]
    written = insert_rows(tx, _DIFFERENT, rows, "ON CONFLICT DO NOTHING RETURNING low_id")
    return list(written.scalars())
