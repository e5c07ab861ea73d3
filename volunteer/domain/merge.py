"""Two passbooks of one person: when they may become one, what goes where, and when that may be
taken back.

The person was at an event once, however many passbooks they showed: where both were there, one
attendance stays and is made of the scans of both. Nothing else is worked out anew: attendances go
along with what they earned, and the points and minutes follow in one transfer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.ledger import Passbook, Transfer
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.scans import Attendance

STAYS = frozenset({"active", "moved_away"})
GOES = frozenset({"active", "moved_away", "provisional"})


@dataclass(frozen=True)
class MergeFacts:
    """What is known of the two. ``held_points``: set aside in the passbook that goes.
    ``is_own``: whoever merges is one of the two, or their guardian or ward."""

    kept_id: int
    merged_id: int
    kept_state: str
    merged_state: str
    is_guest: bool
    held_points: int
    is_own: bool


def decide_merge(facts: MergeFacts) -> Refusal | None:
    """Why the two do not become one, or None.

    Refuses ``merge_needs_two``, ``merge_into_gone``, ``merge_of_gone``, ``merge_of_guest``,
    ``own_record`` and ``points_held``.
    """
    if facts.kept_id == facts.merged_id:
        return Refusal(Code.MERGE_NEEDS_TWO)
    if facts.is_guest:
        return Refusal(Code.MERGE_OF_GUEST)
    if facts.kept_state not in STAYS:
        return Refusal(Code.MERGE_INTO_GONE)
    if facts.merged_state not in GOES:
        return Refusal(Code.MERGE_OF_GONE)
    if facts.is_own:
        return Refusal(Code.OWN_RECORD)
    return Refusal(Code.POINTS_HELD) if facts.held_points else None


@dataclass(frozen=True)
class UndoFacts:
    """What is known of a merge that shall be undone."""

    is_undone: bool
    is_followed: bool
    """Another merge into the same passbook, or of it, came later and stands."""
    has_new_lines: bool
    """The merged passbook was printed in since: a line there was taken back."""
    has_new_scans: bool
    """The kept person was scanned since at an event that came along."""
    changed_attendances: int
    available_points: int
    needed_points: int
    owed_points: int
    moved_owed_points: int
    is_own: bool


def decide_undo(facts: UndoFacts) -> Refusal | None:
    """Why a merge is not undone, or None.

    Refuses ``changed_meanwhile`` (it is undone already), ``merge_followed``, ``own_record``,
    ``merge_changed`` and ``merge_points_spent`` (used, or a debt that was paid back since).
    """
    if facts.is_undone:
        return Refusal(Code.CHANGED_MEANWHILE)
    if facts.is_followed:
        return Refusal(Code.MERGE_FOLLOWED)
    if facts.is_own:
        return Refusal(Code.OWN_RECORD)
    if facts.has_new_lines or facts.has_new_scans or facts.changed_attendances:
        return Refusal(Code.MERGE_CHANGED)
    spent = facts.available_points < facts.needed_points
    if spent or facts.owed_points < facts.moved_owed_points:
        return Refusal(Code.MERGE_POINTS_SPENT)
    return None


@dataclass(frozen=True)
class AttendancePlan:
    """What becomes of the attendances of the passbook that goes."""

    handed: tuple[Attendance, ...]
    """Go along: the kept person was not at those events."""
    joined: tuple[tuple[Attendance, Attendance], ...]
    """(goes, stays) at the same event: the second counts for both."""


def plan_attendances(
    attendances: Mapping[tuple[int, int], Attendance], kept_id: int, merged_id: int
) -> AttendancePlan:
    """``attendances`` of the two by (event, resident).

    What a person took back stays where it is when both were there: its scans must not come back
    through the other passbook.
    """
    handed, joined = [], []
    for (event_id, resident_id), goes in sorted(attendances.items()):
        if resident_id != merged_id:
            continue
        stays = attendances.get((event_id, kept_id))
        if stays is None:
            handed.append(goes)
        elif goes.annulled_at is None:
            joined.append((goes, stays))
    return AttendancePlan(tuple(handed), tuple(joined))


def said_of(attendance: Attendance) -> str:
    """What an attendance says, to tell later whether it still does; its revision may have moved on
    and back meanwhile."""
    times = (attendance.checked_in_at, attendance.checked_out_at)
    return " ".join(
        (
            attendance.state,
            *(at.isoformat(timespec="microseconds") if at else "-" for at in times),
            str(attendance.check_in_points),
            str(attendance.check_out_points),
            str(attendance.minutes),
            "annulled" if attendance.annulled_at else "stands",
        )
    )


@dataclass(frozen=True)
class MergePosting:
    """Who merges or undoes, when, and under which key."""

    community_id: int
    key: str
    now: datetime
    by: int
    facts: Mapping[str, str]


def merge_transfers(
    giver: Passbook, taker: Passbook, debts_account_id: int, posting: MergePosting
) -> list[Transfer]:
    """What empties ``giver`` into ``taker``: a debt goes along first, then points and minutes.

    A debt is no balance: it is lent to the one and paid back by the other, so that each passbook
    still owes what its lines say.
    """
    moved = move_debt(giver, taker, giver.owed_points, debts_account_id, posting)
    if giver.balance_points or giver.total_minutes:
        moved.append(
            _transfer(
                posting,
                "merge",
                (giver.account_id, taker.account_id),
                giver.balance_points,
                giver.total_minutes,
            )
        )
    return moved


def move_debt(
    giver: Passbook,
    taker: Passbook,
    amount_points: int,
    debts_account_id: int,
    posting: MergePosting,
) -> list[Transfer]:
    """``amount_points`` that ``giver`` owes are owed by ``taker`` afterwards; nobody has more."""
    if not amount_points:
        return []
    ways = (
        ("debt", (debts_account_id, taker.account_id)),
        ("merge", (taker.account_id, giver.account_id)),
        ("debt_recovery", (giver.account_id, debts_account_id)),
    )
    return [_transfer(posting, code, way, amount_points, 0, "owed:") for code, way in ways]


def _transfer(
    posting: MergePosting,
    code: str,
    way: tuple[int, int],
    points: int,
    minutes: int,
    kind: str = "",
) -> Transfer:
    debit, credit = way
    return Transfer(
        community_id=posting.community_id,
        debit_account_id=debit,
        credit_account_id=credit,
        amount_points=points,
        amount_minutes=minutes,
        code=code,
        idempotency_key=f"{code}:{kind}{posting.key}",
        occurred_at=posting.now,
        posted_at=posting.now,
        recorded_by_login_id=posting.by,
        facts=dict(posting.facts),
    )


def newest_consents(
    kept: Iterable[tuple[str, bool, datetime]], merged: Iterable[tuple[str, bool, datetime]]
) -> list[str]:
    """Kinds of consent whose newest answer stands in the passbook that goes.

    Each (what, given, given_at). The newest answer of the person counts, a withdrawal too.
    """
    mine = {what: at for what, _, at in sorted(kept, key=lambda one: one[2])}
    theirs = {what: at for what, _, at in sorted(merged, key=lambda one: one[2])}
    return sorted(what for what, at in theirs.items() if what not in mine or at > mine[what])
