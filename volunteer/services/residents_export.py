"""Everybody's names and phones leave the system in a file: who took them is written down."""

from __future__ import annotations

from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.rows import require_seen


def record_export(community_id: int, count: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Raises Refused: ``not_found``."""

    def work(tx: Tx) -> None:
        require_seen(tx, community_id)
        record_audit(
            tx,
            now=now,
            action="residents_exported",
            subject_kind="community",
            subject_id=community_id,
            community_id=community_id,
            login_id=by,
            facts={"count": count},
        )

    transact(work, scope)
