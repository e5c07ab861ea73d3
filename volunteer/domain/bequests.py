"""The points of somebody who died go to family or to the care pool: proposed by one person,
approved by another one. What they owed is paid back first; service time stays in their book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.ledger import Passbook, Transfer
from volunteer.domain.refusals import Code, Refusal

MAY_RECEIVE = frozenset({"active", "moved_away"})


@dataclass(frozen=True)
class BequestFacts:
    """What is known of a proposal. ``receiver_state`` is None for the care pool; ``is_own``: who
    decides is the one who died, or who gets the points, or family of one of them."""

    state: str
    receiver_state: str | None
    receiver_is_guest: bool
    balance_points: int
    held_points: int
    owed_points: int
    is_own: bool


def decide_bequest(facts: BequestFacts) -> Refusal | None:
    """Why the points do not go there, or None.

    Refuses ``not_deceased``, ``resident_inactive`` (who would get them), ``own_record``,
    ``points_held`` and ``no_points_left``.
    """
    if facts.state != "deceased":
        return Refusal(Code.NOT_DECEASED)
    if facts.receiver_state is not None and (
        facts.receiver_state not in MAY_RECEIVE or facts.receiver_is_guest
    ):
        return Refusal(Code.RESIDENT_INACTIVE)
    if facts.is_own:
        return Refusal(Code.OWN_RECORD)
    if facts.held_points:
        return Refusal(Code.POINTS_HELD)
    if facts.balance_points <= facts.owed_points:
        return Refusal(Code.NO_POINTS_LEFT)
    return None


@dataclass(frozen=True)
class BequestPosting:
    """Which accounts, under which key, by whom and with whose approval."""

    key: str
    receiver_account_id: int
    debts_account_id: int
    now: datetime
    proposed_by: int
    approved_by: int


def bequest_transfers(book: Passbook, posting: BequestPosting) -> list[Transfer]:
    """What empties the passbook: a debt is paid back, the rest is passed on."""
    rest = book.balance_points - book.owed_points
    ways = [
        ("debt_recovery", posting.debts_account_id, book.owed_points),
        ("gift", posting.receiver_account_id, rest),
    ]
    return [
        Transfer(
            community_id=book.community_id,
            debit_account_id=book.account_id,
            credit_account_id=account_id,
            amount_points=points,
            amount_minutes=0,
            code=code,
            idempotency_key=f"{code}:bequest:{posting.key}",
            occurred_at=posting.now,
            posted_at=posting.now,
            recorded_by_login_id=posting.proposed_by,
            approved_by_login_id=posting.approved_by,
        )
        for code, account_id, points in ways
        if points
    ]
