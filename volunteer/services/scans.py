"""Record scans: one phone tap, a card at the door, an upload, a roll call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.scans import LONGEST_BATCH, Batch, Recorder, Scan, Verdict
from volunteer.domain.tokens import Keys
from volunteer.store.database import db, transact
from volunteer.store.group_commit import GroupCommit
from volunteer.store.scans import record_batches


def record_together(gather: Callable[[], Sequence[Batch]]) -> list[list[Verdict]]:
    """Record batches of one community in one transaction: the ones that ``gather`` gives when it
    has begun. What each may see and do goes by its own scope, not by the transaction's."""
    return transact(lambda tx: record_batches(tx, gather()), Scope.nothing())


_together: GroupCommit[Batch, list[Verdict]] = GroupCommit(record_together, LONGEST_BATCH)


def record_scans(
    scans: Sequence[Scan],
    recorder: Recorder,
    *,
    now: datetime,
    scope: Scope,
    keys: Keys,
    community_id: int | None = None,
) -> list[Verdict]:
    """Record up to 500 rows of one community; one verdict a row, in the order sent.

    ``community_id``: whose books keep rows that name no event of the scope (a device's own
    community); without it the first event decides. A bad row never fails its neighbours. The same
    id with the same body gets its first answer for ever.
    """
    assert len(scans) <= LONGEST_BATCH
    if not scans:
        return []
    batch = Batch(scans, recorder, now, keys, scope, community_id)
    if community_id is None:
        return record_together(lambda: [batch])[0]
    return _together.run((db.engine, community_id), batch, len(scans))
