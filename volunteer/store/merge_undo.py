"""Undoing a merge: what went along comes back, as long as nothing has grown over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, or_, select, update

from volunteer.domain.folding import recompute
from volunteer.domain.ledger import Passbook, Transfer, mirror
from volunteer.domain.merge import MergePosting, UndoFacts, decide_undo, move_debt, said_of
from volunteer.domain.refusals import Refused
from volunteer.domain.scans import Attendance, Recorder
from volunteer.store.award import Change, Posting, record_awards
from volunteer.store.belongings import Two, record_moved_back
from volunteer.store.database import Tx
from volunteer.store.family import load_own_records
from volunteer.store.ledger import (
    RESIDENT,
    TRANSFER,
    lock_passbooks,
    post,
    read_system_accounts,
)
from volunteer.store.merge import (
    MERGE,
    count_merge,
    hand_over,
    load_attendances,
    load_facts,
)
from volunteer.store.models import Scan
from volunteer.store.models.base import table_of

SCAN = table_of(Scan)


@dataclass(frozen=True)
class Undoing:
    """Who undoes, when, and the community's day."""

    by: int
    now: datetime
    today: date


def record_merge_undone(tx: Tx, merge_id: int, undoing: Undoing) -> Any:
    """Take a merge back; gives its row as it was. The caller has seen that it is in scope.

    Raises Refused: what ``decide_undo`` refuses.
    """
    found = tx.run(select(MERGE).where(MERGE.c.id == merge_id)).one()
    two = Two(
        found.community_id,
        found.kept_id,
        found.merged_id,
        undoing.by,
        undoing.now,
        undoing.today,
        with_sign_ins=True,
    )
    books = lock_passbooks(tx, (two.kept_id, two.merged_id))
    row = tx.run(select(MERGE).where(MERGE.c.id == merge_id)).one()
    attendances = {one.id: one for one in load_attendances(tx, two).values()}
    # The two are two again before anything is worked out, so that each has only its own scans.
    _record_residents_apart(tx, two, row)
    changes = _changes(tx, two, row, attendances)
    facts = _load_undo_facts(tx, two, row, books, attendances, changes)
    refusal = decide_undo(facts)
    if refusal is not None:
        raise Refused(refusal)
    _record_attendances_back(tx, two, row, attendances, changes, books)
    _post_back(tx, two, row)
    record_moved_back(tx, two, row.facts)
    tx.run(
        update(MERGE)
        .where(MERGE.c.id == merge_id)
        .values(undone_at=undoing.now, undone_by_login_id=undoing.by)
    )
    return row


def _record_residents_apart(tx: Tx, two: Two, row: Any) -> None:
    tx.run(
        update(RESIDENT)
        .where(RESIDENT.c.id == two.merged_id)
        .values(state=row.merged_state, merged_into_id=None)
    )
    followers = row.facts["followers"]
    if followers:
        tx.run(
            update(RESIDENT)
            .where(RESIDENT.c.id.in_(followers))
            .values(merged_into_id=two.merged_id)
        )
    count_merge(tx, two)


def _changes(
    tx: Tx, two: Two, row: Any, attendances: Mapping[int | None, Attendance]
) -> list[Change]:
    """Attendances that earn something else once the two are apart."""
    went = row.facts["attendances"]
    provisional = [attendances[one] for one in went["provisional"] if one in attendances]
    joined = [
        (attendances[goes], attendances[stays])
        for goes, stays in went["joined"]
        if goes in attendances and stays in attendances
    ]
    event_ids = {one.event_id for one in provisional} | {one.event_id for one, _ in joined}
    facts = load_facts(tx, two, event_ids)
    posting = Posting(Recorder(login_id=two.by), two.now)
    changes = []
    for before in provisional:
        waiting = replace(
            before, provisional=True, check_in_points=0, check_out_points=0, minutes=0
        )
        event = facts.events[before.event_id]
        changes.append(Change.by_one(before, waiting, event, posting))
        facts.attendances[before.event_id, two.kept_id] = waiting
    for goes, stays in joined:
        event = facts.events[goes.event_id]
        own = facts.counting(event.id, two.kept_id)
        if stays.annulled_at is None:
            apart = _as_it_was(recompute(stays, own, event, facts), went)
            changes.append(Change.by_one(stays, apart, event, posting))
        came = replace(goes, annulled_at=None, joined=False)
        theirs = facts.counting(event.id, two.merged_id)
        again = _as_it_was(recompute(came, theirs, event, facts, posted=0), went)
        changes.append(Change.by_one(goes, again, event, posting))
    return changes


def _as_it_was(apart: Attendance, went: Mapping[str, Any]) -> Attendance:
    """What it was worth before the merge, which undoing gives back: worked out now, the day's cap
    would see points in another order. Merges of before this was kept are worked out."""
    for one, check_in_points, check_out_points, minutes in went.get("worth", ()):
        if one == apart.id:
            return replace(
                apart,
                check_in_points=check_in_points,
                check_out_points=check_out_points,
                minutes=minutes,
            )
    return apart


def _load_undo_facts(
    tx: Tx,
    two: Two,
    row: Any,
    books: Mapping[int, Passbook],
    attendances: Mapping[int | None, Attendance],
    changes: Sequence[Change],
) -> UndoFacts:
    kept, merged = books[two.kept_id], books[two.merged_id]
    went = row.facts["attendances"]
    changed = sum(
        one not in attendances or said_of(attendances[one]) != said for one, said in went["left_as"]
    )
    taken = sum(
        change.before.points - change.after.points
        for change in changes
        if change.before.resident_id == two.kept_id
    )
    event_ids = {attendances[one].event_id for one, _ in went["left_as"] if one in attendances}
    return UndoFacts(
        is_undone=row.undone_at is not None,
        is_followed=_is_followed(tx, two, row),
        has_new_lines=merged.last_entry_no != row.merged_entry_no,
        has_new_scans=_has_new_scans(tx, two, event_ids, row.merged_at),
        changed_attendances=changed,
        available_points=kept.available_points,
        needed_points=row.moved_points - row.moved_owed_points + taken,
        owed_points=kept.owed_points,
        moved_owed_points=row.moved_owed_points,
        is_own=not load_own_records(tx, two.community_id, two.by, two.today).isdisjoint(
            (two.kept_id, two.merged_id)
        ),
    )


def _is_followed(tx: Tx, two: Two, row: Any) -> bool:
    later = exists().where(
        MERGE.c.id > row.id,
        MERGE.c.undone_at.is_(None),
        or_(MERGE.c.kept_id == two.kept_id, MERGE.c.merged_id == two.kept_id),
    )
    return bool(tx.run(select(later)).scalar_one())


def _has_new_scans(tx: Tx, two: Two, event_ids: set[int], merged_at: datetime) -> bool:
    """A scan that counted and changed nothing would count for the wrong one of the two."""
    if not event_ids:
        return False
    since = exists().where(
        SCAN.c.community_id == two.community_id,
        SCAN.c.event_id.in_(event_ids),
        SCAN.c.resident_id == two.kept_id,
        SCAN.c.received_at > merged_at,
        SCAN.c.verdict != "refused",
    )
    return bool(tx.run(select(since)).scalar_one())


def _record_attendances_back(
    tx: Tx,
    two: Two,
    row: Any,
    attendances: Mapping[int | None, Attendance],
    changes: Sequence[Change],
    books: Mapping[int, Passbook],
) -> None:
    went = row.facts["attendances"]
    provisional = set(went["provisional"])
    on_boards = [
        (attendances[one], replace(attendances[one], resident_id=two.merged_id))
        for one in went["handed"]
        if one not in provisional
    ]
    record_awards(tx, changes, books, handed=on_boards)
    # After the awards: until here these rows are found under the kept resident.
    hand_over(tx, went["handed"], two.kept_id, two.merged_id)


def _post_back(tx: Tx, two: Two, row: Any) -> None:
    """The merge's transfer is reversed; a debt that went along is moved the same way back."""
    books = lock_passbooks(tx, (two.kept_id, two.merged_id))
    debts = read_system_accounts(tx, two.community_id).debts
    kept, merged = books[two.kept_id], books[two.merged_id]
    key = row.facts["key"]
    found = tx.run(
        select(TRANSFER).where(
            TRANSFER.c.community_id == two.community_id,
            TRANSFER.c.idempotency_key == f"merge:{key}",
        )
    ).first()
    transfers: list[Transfer] = []
    if found is not None:
        values = dict(found._mapping)
        transfer_id = values.pop("id")
        transfers.append(
            mirror(
                Transfer(**values),
                transfer_id,
                f"reversal:merge:{key}",
                posted_at=two.now,
                recorded_by_login_id=two.by,
                recorded_by_device_id=None,
            )
        )
    posting = MergePosting(two.community_id, f"undo:{key}", two.now, two.by, {})
    transfers += move_debt(kept, merged, row.moved_owed_points, debts, posting)
    post(tx, transfers, books.values(), debts)
