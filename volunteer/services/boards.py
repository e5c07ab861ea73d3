"""Rebuild the boards from what the ledger and the attendances say."""

from __future__ import annotations

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.store.board import rebuild
from volunteer.store.database import Tx, transact
from volunteer.store.models import Community


def rebuild_boards(scope: Scope) -> int:
    """Rebuild the boards of the communities in ``scope``, each in one transaction, so that nobody
    sees half a board; gives how many communities."""

    def communities(tx: Tx) -> list[int]:
        found = tx.execute(select(Community.id).order_by(Community.id)).scalars()
        return [community_id for community_id in found if scope.sees(community_id)]

    ids = transact(communities, scope)
    for community_id in ids:
        transact(lambda tx, one=community_id: rebuild(tx, one), scope)  # type: ignore[misc]
    return len(ids)
