"""The arithmetic of a passbook: entries, their hash chain, debts. Values in, values out.

A passbook is a chain: each entry's hash covers the hash before it, the entry's own figures and
everything its transfer says. Changing, dropping or swapping a row breaks the chain from there on.
No name is in it, so erasing a person leaves it whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Transfer:
    """Points and minutes from one account to another, ready to be posted.

    Amounts are ≥ 0 and not both 0. ``occurred_at`` is when it was earned, ``posted_at`` when it
    was written.
    """

    community_id: int
    debit_account_id: int
    credit_account_id: int
    amount_points: int
    amount_minutes: int
    code: str
    idempotency_key: str
    occurred_at: datetime
    posted_at: datetime
    attendance_id: int | None = None
    points_rule_id: int | None = None
    reverses_id: int | None = None
    recorded_by_login_id: int | None = None
    recorded_by_device_id: int | None = None
    approved_by_login_id: int | None = None
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Passbook:
    """A passbook's figures and the head of its chain."""

    account_id: int
    community_id: int
    resident_id: int
    balance_points: int
    held_points: int
    owed_points: int
    total_minutes: int
    last_entry_no: int
    head_hash: bytes
    merges: int = 0
    """Merges and undos that this passbook took part in."""
    passes_to_id: int | None = None
    """Of a merged passbook: the account that it went on in."""

    @property
    def available_points(self) -> int:
        return self.balance_points - self.held_points


@dataclass(frozen=True)
class Entry:
    """One printed line: a transfer as one passbook sees it. Amounts are signed."""

    account_id: int
    entry_no: int
    amount_points: int
    amount_minutes: int
    balance_after_points: int
    total_after_minutes: int
    prev_hash: bytes
    hash: bytes


def first_hash(community_id: int, account_id: int) -> bytes:
    """What the first entry of a passbook is chained to."""
    return hashlib.sha256(f"love-passbook/1/{community_id}/{account_id}".encode()).digest()


def time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def transfer_body(transfer: Transfer) -> dict[str, Any]:
    """Everything a transfer says, in JSON values: what the chain covers and retries compare."""
    return {
        "community_id": transfer.community_id,
        "debit_account_id": transfer.debit_account_id,
        "credit_account_id": transfer.credit_account_id,
        "amount_points": transfer.amount_points,
        "amount_minutes": transfer.amount_minutes,
        "code": transfer.code,
        "idempotency_key": transfer.idempotency_key,
        "occurred_at": time_text(transfer.occurred_at),
        "posted_at": time_text(transfer.posted_at),
        "attendance_id": transfer.attendance_id,
        "points_rule_id": transfer.points_rule_id,
        "reverses_id": transfer.reverses_id,
        "recorded_by_login_id": transfer.recorded_by_login_id,
        "recorded_by_device_id": transfer.recorded_by_device_id,
        "approved_by_login_id": transfer.approved_by_login_id,
        "reason": transfer.reason,
        "facts": dict(transfer.facts),
    }


def entry_hash(
    prev_hash: bytes, figures: tuple[int, int, int, int, int], transfer: Transfer
) -> bytes:
    """SHA-256 over the hash before, the entry's five figures and the transfer's body.

    ``figures`` = entry_no, amount_points, amount_minutes, balance after, total minutes after.
    """
    body = json.dumps(
        [prev_hash.hex(), *figures, transfer_body(transfer)],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return hashlib.sha256(body.encode()).digest()


def apply(passbook: Passbook, transfer: Transfer) -> tuple[Passbook, Entry]:
    """The passbook after ``transfer``, and the line printed for it.

    Asserts that the points are there: whoever spends has checked that before.
    """
    sign = _side(passbook, transfer)
    points, minutes = sign * transfer.amount_points, sign * transfer.amount_minutes
    owed = {"debt": 1, "debt_recovery": -1}.get(transfer.code, 0) * transfer.amount_points
    entry_no = passbook.last_entry_no + 1
    balance, total = passbook.balance_points + points, passbook.total_minutes + minutes
    figures = (entry_no, points, minutes, balance, total)
    entry = Entry(
        passbook.account_id,
        *figures,
        passbook.head_hash,
        entry_hash(passbook.head_hash, figures, transfer),
    )
    after = replace(
        passbook,
        balance_points=balance,
        owed_points=passbook.owed_points + owed,
        total_minutes=total,
        last_entry_no=entry_no,
        head_hash=entry.hash,
    )
    assert after.available_points >= 0, "spent more points than are there"
    assert after.owed_points >= 0, "recovered more than was owed"
    assert after.total_minutes >= 0, "took back more minutes than were recorded"
    return after, entry


def _side(passbook: Passbook, transfer: Transfer) -> int:
    if passbook.account_id == transfer.credit_account_id:
        return 1
    assert passbook.account_id == transfer.debit_account_id
    return -1


def decide_with_debts(
    wanted: Transfer, passbooks: Mapping[int, Passbook], debts_account_id: int
) -> list[Transfer]:
    """``wanted``, with what a debt or a merge adds around it.

    A taking-back that finds the points spent or held is preceded by a ``debt`` that lends what is
    missing; an award to somebody who owes is followed by a ``debt_recovery`` of min(award, owed).
    A merged passbook stays empty: what a taking-back needs there comes from the passbook it went
    on in, and what it gets goes on to that.
    """
    if wanted.code == "reversal":
        return _decide_reversal(wanted, passbooks, debts_account_id)
    given_to = passbooks.get(wanted.credit_account_id)
    if wanted.code == "award" and given_to is not None:
        repaid = min(wanted.amount_points, given_to.owed_points)
        if repaid > 0:
            account_id = wanted.credit_account_id
            return [wanted, _beside(wanted, "debt_recovery", repaid, account_id, debts_account_id)]
    return [wanted]


def _decide_reversal(
    wanted: Transfer, passbooks: Mapping[int, Passbook], debts_account_id: int
) -> list[Transfer]:
    before, after = [], []
    taken_from = passbooks.get(wanted.debit_account_id)
    if taken_from is not None and taken_from.passes_to_id is not None:
        payer = passbooks[taken_from.passes_to_id]
        before = _lent(wanted, payer, debts_account_id)
        before.append(_passed(wanted, payer.account_id, taken_from.account_id))
    elif taken_from is not None:
        before = _lent(wanted, taken_from, debts_account_id)
    given_to = passbooks.get(wanted.credit_account_id)
    if given_to is not None and given_to.passes_to_id is not None:
        after.append(_passed(wanted, given_to.account_id, given_to.passes_to_id))
    return [*before, wanted, *after]


def _lent(wanted: Transfer, payer: Passbook, debts_account_id: int) -> list[Transfer]:
    missing = wanted.amount_points - payer.available_points
    if missing <= 0:
        return []
    return [_beside(wanted, "debt", missing, debts_account_id, payer.account_id)]


def _passed(wanted: Transfer, debit: int, credit: int) -> Transfer:
    passed = _beside(wanted, "merge", wanted.amount_points, debit, credit)
    return replace(passed, amount_minutes=wanted.amount_minutes)


def _beside(beside: Transfer, code: str, points: int, debit: int, credit: int) -> Transfer:
    return replace(
        beside,
        code=code,
        debit_account_id=debit,
        credit_account_id=credit,
        amount_points=points,
        amount_minutes=0,
        reverses_id=None,
        facts={},
        idempotency_key=f"{code}:{beside.idempotency_key}",
    )


def mirror(original: Transfer, original_id: int, key: str, **who: Any) -> Transfer:
    """The reversing transfer: the same amounts the other way round. ``who``: recorder, reason,
    posted_at …"""
    return replace(
        original,
        debit_account_id=original.credit_account_id,
        credit_account_id=original.debit_account_id,
        code="reversal",
        reverses_id=original_id,
        idempotency_key=key,
        approved_by_login_id=None,
        facts={},
        **who,
    )
