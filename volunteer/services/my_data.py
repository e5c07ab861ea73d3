"""Taking one's own data away is written down: a phone left lying open must not do it unseen."""

from __future__ import annotations

from datetime import datetime

from volunteer.domain.access import Principal
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact


def record_exported(*, principal: Principal, now: datetime) -> None:
    """A line in the audit, which the file itself then shows."""

    def work(tx: Tx) -> None:
        record_audit(
            tx,
            now=now,
            action="data_exported",
            subject_kind="login",
            subject_id=principal.login_id,
            community_id=None,
            login_id=principal.login_id,
        )

    transact(work, principal.scope)
