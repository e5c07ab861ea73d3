"""Two passbooks of one person become one, after a look at what that does; and two again. Or they
are two people's, and that is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit
from volunteer.store.belongings import Two
from volunteer.store.database import Tx, transact
from volunteer.store.likenesses import record_told_apart
from volunteer.store.merge import Merged, record_merge
from volunteer.store.merge_undo import Undoing, record_merge_undone
from volunteer.store.models import Resident, ResidentMerge
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_today, require_seen

_MERGE = table_of(ResidentMerge)
_RESIDENT = table_of(Resident)


@dataclass(frozen=True)
class Wish:
    """``merged_id`` goes on in ``kept_id``. ``with_sign_ins``: whoever could open the passbook
    that goes may open the other from now on."""

    kept_id: int
    merged_id: int
    with_sign_ins: bool


class _Preview(Exception):
    """Rolls everything back, with what it would have been."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged


def merge_residents(wish: Wish, *, by: int, now: datetime, scope: Scope) -> Merged:
    """Merge two passbooks of one community, in one transaction.

    Raises Refused: ``not_found``, ``merge_needs_two``, ``merge_into_gone``, ``merge_of_gone``,
    ``merge_of_guest``, ``own_record``, ``points_held``.
    """

    def work(tx: Tx) -> Merged:
        two = _load_two(tx, wish, by, now)
        merged = record_merge(tx, two)
        record_audit(
            tx,
            now=now,
            action="residents_merged",
            subject_kind="resident",
            subject_id=wish.kept_id,
            community_id=two.community_id,
            login_id=by,
            facts={
                "number": merged.merged_number,
                "points": merged.moved_points,
            },
        )
        return merged

    return transact(work, scope)


def preview_merge(wish: Wish, *, by: int, now: datetime, scope: Scope) -> Merged:
    """What ``merge_residents`` would do, worked out by doing it and rolling back.

    Raises Refused as that does.
    """

    def work(tx: Tx) -> None:
        raise _Preview(record_merge(tx, _load_two(tx, wish, by, now)))

    try:
        transact(work, scope)
    except _Preview as preview:
        return preview.merged
    raise AssertionError("unreachable")


def undo_merge(merge_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a merge apart again.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (undone already), ``merge_followed``,
    ``merge_changed``, ``merge_points_spent``, ``own_record``.
    """

    def work(tx: Tx) -> None:
        community_id = tx.run(
            select(_MERGE.c.community_id).where(_MERGE.c.id == merge_id)
        ).scalar_one_or_none()
        if community_id is None or not tx.scope.sees(community_id):
            raise refuse(Code.NOT_FOUND)
        undoing = Undoing(by, now, load_today(tx, community_id, now))
        row = record_merge_undone(tx, merge_id, undoing)
        record_audit(
            tx,
            now=now,
            action="merge_undone",
            subject_kind="resident",
            subject_id=row.kept_id,
            community_id=community_id,
            login_id=by,
            facts={
                "number": row.facts["numbers"][1],
            },
        )

    transact(work, scope)


def tell_apart(
    community_id: int, pairs: Iterable[tuple[int, int]], *, by: int, now: datetime, scope: Scope
) -> None:
    """Remember that the two of each pair are two people; nobody is asked again.

    Said twice is said once. Raises Refused: ``not_found``, ``merge_needs_two``.
    """
    ordered = sorted({(min(pair), max(pair)) for pair in pairs})
    if any(low == high for low, high in ordered):
        raise refuse(Code.MERGE_NEEDS_TWO)

    def work(tx: Tx) -> None:
        require_seen(tx, community_id)
        for low_id in record_told_apart(tx, community_id, ordered, by=by, now=now):
            record_audit(
                tx,
                now=now,
                action="different_people",
                subject_kind="resident",
                subject_id=low_id,
                community_id=community_id,
                login_id=by,
            )

    transact(work, scope)


def _load_two(tx: Tx, wish: Wish, by: int, now: datetime) -> Two:
    community_id = tx.run(
        select(_RESIDENT.c.community_id).where(_RESIDENT.c.id == wish.kept_id)
    ).scalar_one_or_none()
    if community_id is None or not tx.scope.sees(community_id):
        raise refuse(Code.NOT_FOUND)
    if wish.kept_id == wish.merged_id:
        raise refuse(Code.MERGE_NEEDS_TWO)
    today = load_today(tx, community_id, now)
    return Two(community_id, wish.kept_id, wish.merged_id, by, now, today, wish.with_sign_ins)
