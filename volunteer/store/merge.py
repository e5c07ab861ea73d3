"""Two passbooks become one, and one becomes two again: rows, awards, boards and the transfer.

Both passbooks are locked first, in id order as everywhere; a scan that found the person before
reads under the lock that the number of merges has moved on, and looks again
(``scan_people.require_same_people``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, update

from volunteer.domain.folding import recompute
from volunteer.domain.ledger import Passbook
from volunteer.domain.merge import (
    AttendancePlan,
    MergeFacts,
    MergePosting,
    decide_merge,
    merge_transfers,
    plan_attendances,
    said_of,
)
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.scans import Attendance, Facts, Person, Recorder
from volunteer.store.award import ATTENDANCE, Change, Posting, record_awards
from volunteer.store.belongings import Two, record_moved
from volunteer.store.bulk import insert_rows, update_rows
from volunteer.store.database import TryAgain, Tx
from volunteer.store.event_facts import load_events
from volunteer.store.family import load_own_records
from volunteer.store.ledger import (
    ACCOUNT,
    RESIDENT,
    lock_passbooks,
    post,
    read_system_accounts,
)
from volunteer.store.models import ResidentMerge
from volunteer.store.models.base import table_of
from volunteer.store.scan_history import load_history

MERGE = table_of(ResidentMerge)


@dataclass(frozen=True)
class Merged:
    """What a merge did; ``cards`` and ``sign_ins`` went along, ``after_…`` are the kept passbook's
    figures."""

    merge_id: int
    merged_number: str
    moved_points: int
    moved_minutes: int
    moved_owed_points: int
    handed: int
    joined: int
    cards: int
    sign_ins: int
    after_points: int
    after_minutes: int
    after_owed_points: int


def record_merge(tx: Tx, two: Two) -> Merged:
    """Merge ``two.merged_id`` into ``two.kept_id``; one community, both locked here.

    Raises Refused: what ``decide_merge`` refuses, and ``not_found``.
    """
    books = lock_passbooks(tx, (two.kept_id, two.merged_id))
    rows = load_residents(tx, two, books)
    kept, merged = rows[two.kept_id], rows[two.merged_id]
    own = load_own_records(tx, two.community_id, two.by, two.today)
    facts = MergeFacts(
        kept_id=two.kept_id,
        merged_id=two.merged_id,
        kept_state=kept.state,
        merged_state=merged.state,
        is_guest=bool(kept.home_resident_id or merged.home_resident_id),
        held_points=books[two.merged_id].held_points,
        is_own=not own.isdisjoint((two.kept_id, two.merged_id)),
    )
    _raise(decide_merge(facts))
    plan, handed = _record_attendances(tx, two, books)
    moved = record_moved(tx, two)
    moved["key"] = f"{two.merged_id}:{merged.merges}"
    moved["numbers"] = [kept.passbook_number, merged.passbook_number]
    given = _post_merge(tx, two, moved)
    _record_residents_merged(tx, two, moved)
    books = lock_passbooks(tx, (two.kept_id, two.merged_id))
    moved["attendances"] = _left(tx, two, plan, handed)
    merge_id = _record_row(tx, two, merged.state, given, books[two.merged_id], moved)
    stays = books[two.kept_id]
    return Merged(
        merge_id,
        merged.passbook_number,
        given.balance_points,
        given.total_minutes,
        given.owed_points,
        len(handed),
        len(plan.joined),
        len(moved["card"]),
        len(moved.get("login_resident") or ()),
        stays.balance_points,
        stays.total_minutes,
        stays.owed_points,
    )


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)


def load_residents(tx: Tx, two: Two, books: Mapping[int, Passbook]) -> dict[int, Any]:
    """Both residents as they are under the locks."""
    found = tx.run(
        select(RESIDENT).where(
            RESIDENT.c.community_id == two.community_id,
            RESIDENT.c.id.in_((two.kept_id, two.merged_id)),
        )
    )
    rows = {row.id: row for row in found}
    if two.kept_id not in rows or two.merged_id not in rows:
        raise refuse(Code.NOT_FOUND)
    assert rows.keys() == books.keys(), "a resident without a passbook"
    return rows


# --- attendances ---------------------------------------------------------------------------


def _record_attendances(
    tx: Tx, two: Two, books: Mapping[int, Passbook]
) -> tuple[AttendancePlan, list[Attendance]]:
    """Hand the attendances over, join those of the same events, post what changes; gives the
    plan and the attendances that were handed over, as they are now."""
    own = load_attendances(tx, two)
    plan = plan_attendances(own, two.kept_id, two.merged_id)
    hand_over(tx, [one.id for one in plan.handed], two.merged_id, two.kept_id)
    handed = [
        replace(one, resident_id=two.kept_id, revision=one.revision + 1) for one in plan.handed
    ]
    posting = Posting(Recorder(login_id=two.by), two.now)
    worked_out = [one for one in handed if one.provisional and one.annulled_at is None]
    event_ids = {one.event_id for one in worked_out} | {one.event_id for one, _ in plan.joined}
    facts = load_facts(tx, two, event_ids)
    changes = []
    for goes, stays in plan.joined:
        counting = _counting_of_both(facts, goes.event_id, two)
        event = facts.events[goes.event_id]
        gone = replace(
            goes, annulled_at=two.now, joined=True, check_in_points=0, check_out_points=0, minutes=0
        )
        changes.append(Change.by_one(goes, gone, event, posting))
        facts.attendances[goes.event_id, two.merged_id] = gone
        if stays.annulled_at is None:
            posted = goes.points if goes.points > stays.points else None
            after = recompute(stays, counting, event, facts, posted=posted)
            changes.append(Change.by_one(stays, after, event, posting))
            facts.attendances[goes.event_id, two.kept_id] = after
    for before in worked_out:
        counting = _counting_of_both(facts, before.event_id, two)
        event = facts.events[before.event_id]
        after = recompute(replace(before, provisional=False), counting, event, facts, posted=0)
        changes.append(Change.by_one(before, after, event, posting))
        facts.attendances[before.event_id, two.kept_id] = after
    on_boards = [
        (before, after)
        for before, after in zip(plan.handed, handed, strict=True)
        if not before.provisional
    ]
    record_awards(tx, changes, books, handed=on_boards)
    return plan, handed


def _counting_of_both(facts: Facts, event_id: int, two: Two) -> list[Any]:
    return [*facts.counting(event_id, two.kept_id), *facts.counting(event_id, two.merged_id)]


def load_attendances(tx: Tx, two: Two) -> dict[tuple[int, int], Attendance]:
    columns = [column for column in ATTENDANCE.c if column.name != "community_id"]
    rows = tx.run(
        select(*columns).where(
            ATTENDANCE.c.community_id == two.community_id,
            ATTENDANCE.c.resident_id.in_((two.kept_id, two.merged_id)),
        )
    )
    return {(row.event_id, row.resident_id): Attendance(**row._mapping) for row in rows}


def load_facts(tx: Tx, two: Two, event_ids: set[int]) -> Facts:
    """Scans of both at these events, and their attendances of the same days: caps see them."""
    facts = Facts(
        people={
            one: Person(one, two.community_id, "", "active", None, "18_plus")
            for one in (two.kept_id, two.merged_id)
        }
    )
    if event_ids:
        load_events(tx, event_ids, set(), facts)
        load_history(tx, two.community_id, (), facts)
    return facts


def hand_over(tx: Tx, ids: Sequence[int | None], giver_id: int, taker_id: int) -> None:
    if not ids:
        return
    rows = [{"id": one, "giver_id": giver_id, "resident_id": taker_id} for one in sorted(ids)]  # type: ignore[type-var]
    changed = update_rows(
        tx,
        ATTENDANCE,
        rows,
        "resident_id = r.resident_id, revision = revision + 1",
        "attendance.id = r.id AND attendance.resident_id = r.giver_id",
    )
    if changed.rowcount != len(rows):
        raise TryAgain


def _left(tx: Tx, two: Two, plan: AttendancePlan, handed: Sequence[Attendance]) -> dict[str, Any]:
    """What the undo must find again: which attendances, and as what they were left."""
    touched = {one.id for one in handed} | {one.id for pair in plan.joined for one in pair}
    return {
        "left_as": [
            [one.id, said_of(one)]
            for one in load_attendances(tx, two).values()
            if one.id in touched
        ],
        "handed": [one.id for one in plan.handed],
        "provisional": [
            one.id for one in plan.handed if one.provisional and one.annulled_at is None
        ],
        "joined": [[goes.id, stays.id] for goes, stays in plan.joined],
        "worth": [
            [one.id, one.check_in_points, one.check_out_points, one.minutes]
            for pair in plan.joined
            for one in pair
        ],
    }


# --- points and minutes ----------------------------------------------------------------------


def _post_merge(tx: Tx, two: Two, moved: Mapping[str, Any]) -> Passbook:
    """Empty the merged passbook into the kept one; gives it as it was right before."""
    books = lock_passbooks(tx, (two.kept_id, two.merged_id))
    debts = read_system_accounts(tx, two.community_id).debts
    kept_number, merged_number = moved["numbers"]
    posting = MergePosting(
        two.community_id,
        moved["key"],
        two.now,
        two.by,
        {"from_number": merged_number, "to_number": kept_number},
    )
    giver, taker = books[two.merged_id], books[two.kept_id]
    post(tx, merge_transfers(giver, taker, debts, posting), books.values(), debts)
    return giver


def _record_residents_merged(tx: Tx, two: Two, moved: dict[str, Any]) -> None:
    """The merged row leads to the kept one, and so do those that led to it before."""
    following = (
        update(RESIDENT)
        .where(
            RESIDENT.c.community_id == two.community_id, RESIDENT.c.merged_into_id == two.merged_id
        )
        .values(merged_into_id=two.kept_id)
    )
    moved["followers"] = sorted(tx.run(following.returning(RESIDENT.c.id)).scalars())
    tx.run(
        update(RESIDENT)
        .where(RESIDENT.c.id == two.merged_id)
        .values(state="merged", merged_into_id=two.kept_id)
    )
    count_merge(tx, two)


def count_merge(tx: Tx, two: Two) -> None:
    both = (two.kept_id, two.merged_id)
    tx.run(update(RESIDENT).where(RESIDENT.c.id.in_(both)).values(merges=RESIDENT.c.merges + 1))
    tx.run(
        update(ACCOUNT).where(ACCOUNT.c.resident_id.in_(both)).values(merges=ACCOUNT.c.merges + 1)
    )


def _record_row(
    tx: Tx, two: Two, state: str, given: Passbook, emptied: Passbook, moved: Mapping[str, Any]
) -> int:
    row = {
        "community_id": two.community_id,
        "kept_id": two.kept_id,
        "merged_id": two.merged_id,
        "merged_state": state,
        "moved_points": given.balance_points,
        "moved_minutes": given.total_minutes,
        "moved_owed_points": given.owed_points,
        "merged_entry_no": emptied.last_entry_no,
        "facts": dict(moved),
        "merged_at": two.now,
        "merged_by_login_id": two.by,
    }
    return int(insert_rows(tx, MERGE, [row], "RETURNING id").scalar_one())
