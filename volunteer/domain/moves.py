"""Somebody moves to another community, and their points with them.

No transaction spans two communities, so a move is two sides and a few steps between them, each one
transaction of one community. What a step did is what its side's row says, so the next step follows
from the two rows alone: whoever reads them, after a crash as well, goes on where the last ended.

The points leave into one clearing account and come out of the other. Minutes stay where they were
served: that community is the one that can certify them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from volunteer.domain.ledger import Passbook, Transfer
from volunteer.domain.refusals import Code, Refusal

MAY_MOVE = frozenset({"active", "moved_away"})


class Step(StrEnum):
    """What is to be done next, each in one community."""

    OFFER = "offer"  # there: write down who wants to arrive
    LEAVE = "leave"  # here: empty and close the passbook
    ARRIVE = "arrive"  # there: open or find the passbook, and fill it
    SETTLE = "settle"  # here: note where it went on
    TAKE_BACK = "take_back"  # here: they were not taken
    CALL_OFF = "call_off"  # there: they stay after all


_NEXT: Mapping[tuple[str, str | None], Step] = {
    ("waiting", None): Step.OFFER,
    ("left", None): Step.OFFER,  # points that follow are sent before anybody is asked
    ("waiting", "accepted"): Step.LEAVE,
    ("left", "accepted"): Step.ARRIVE,
    ("left", "done"): Step.SETTLE,
    ("waiting", "declined"): Step.TAKE_BACK,
    ("withdrawn", "waiting"): Step.CALL_OFF,
    ("withdrawn", "accepted"): Step.CALL_OFF,
}


def next_step(out_state: str, in_state: str | None) -> Step | None:
    """What follows from the two sides; None when it is people's turn, or all is done."""
    return _NEXT.get((out_state, in_state))


def is_in_old_community(step: Step) -> bool:
    """Where a step is done."""
    return step in (Step.LEAVE, Step.SETTLE, Step.TAKE_BACK)


@dataclass(frozen=True)
class LeaverFacts:
    """What is known of somebody who shall move. ``is_own``: whoever asks is them, or family."""

    state: str
    is_guest: bool
    same_community: bool
    held_points: int
    is_own: bool


def decide_move(facts: LeaverFacts) -> Refusal | None:
    """Why somebody does not move, or None.

    Refuses ``resident_inactive``, ``move_of_guest``, ``move_to_itself``, ``own_record`` and
    ``points_held``: what is set aside is finished first, so that a passbook closes empty.
    """
    if facts.state not in MAY_MOVE:
        return Refusal(Code.RESIDENT_INACTIVE)
    if facts.is_guest:
        return Refusal(Code.MOVE_OF_GUEST)
    if facts.same_community:
        return Refusal(Code.MOVE_TO_ITSELF)
    if facts.is_own:
        return Refusal(Code.OWN_RECORD)
    return Refusal(Code.POINTS_HELD) if facts.held_points else None


@dataclass(frozen=True)
class MovePosting:
    """One side's posting: in which community, under which key, and what its lines say."""

    community_id: int
    key: str
    clearing_account_id: int
    debts_account_id: int
    now: datetime
    by: int | None
    facts: Mapping[str, Any]


def leave_transfers(book: Passbook, posting: MovePosting) -> list[Transfer]:
    """What empties a passbook: a debt goes along, paid back here with what the clearing account
    lends, and then every point. Asserts that nothing is held."""
    assert book.held_points == 0, "somebody leaves with points set aside"
    clearing, debts = posting.clearing_account_id, posting.debts_account_id
    ways = [
        ("move", "owed:", (clearing, book.account_id), book.owed_points),
        ("debt_recovery", "", (book.account_id, debts), book.owed_points),
        ("move", "out:", (book.account_id, clearing), book.balance_points),
    ]
    return [_transfer(posting, *way) for way in ways if way[3]]


def arrive_transfers(
    book: Passbook, points: int, owed_points: int, posting: MovePosting
) -> list[Transfer]:
    """What fills the other one: the mirror image of ``leave_transfers``."""
    clearing, debts = posting.clearing_account_id, posting.debts_account_id
    ways = [
        ("debt", "", (debts, book.account_id), owed_points),
        ("move", "owed:", (book.account_id, clearing), owed_points),
        ("move", "in:", (clearing, book.account_id), points),
    ]
    return [_transfer(posting, *way) for way in ways if way[3]]


def _transfer(
    posting: MovePosting, code: str, kind: str, way: tuple[int, int], points: int
) -> Transfer:
    debit, credit = way
    return Transfer(
        community_id=posting.community_id,
        debit_account_id=debit,
        credit_account_id=credit,
        amount_points=points,
        amount_minutes=0,
        code=code,
        idempotency_key=f"{code}:move:{kind}{posting.key}",
        occurred_at=posting.now,
        posted_at=posting.now,
        recorded_by_login_id=posting.by,
        facts=dict(posting.facts),
    )
