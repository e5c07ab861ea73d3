"""The arithmetic of a passbook: lines, chain, debts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.ledger import (
    Passbook,
    Transfer,
    apply,
    decide_with_debts,
    entry_hash,
    first_hash,
    mirror,
)

ISSUED, DEBTS, BOOK = 1, 2, 7
AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
EMPTY = Passbook(BOOK, 3, 11, 0, 0, 0, 0, 0, first_hash(3, BOOK))


def transfer(points: int, minutes: int = 0, **more: object) -> Transfer:
    values: dict[str, object] = {
        "community_id": 3,
        "debit_account_id": ISSUED,
        "credit_account_id": BOOK,
        "amount_points": points,
        "amount_minutes": minutes,
        "code": "award",
        "idempotency_key": "award:5:check_in:1",
        "occurred_at": AT,
        "posted_at": AT,
        "attendance_id": 5,
        "facts": {"part": "check_in", "rule_version": 1},
    }
    return Transfer(**values | more)  # type: ignore[arg-type]


def test_the_chain_is_made_as_it_was_on_the_first_day() -> None:
    """Every hash ever printed or sealed depends on this: it may never change."""
    assert EMPTY.head_hash.hex() == (
        "57be2a9d837acd477306fe8dbbc0666be18e894eb215214b0dafd52bcdf94c86"
    )
    _, entry = apply(EMPTY, transfer(10, 60))
    assert entry.hash.hex() == "101d7c088d4df4950bd0f4d87b45f8fa16e3a45ec8078c98bfc7025455ba96d4"


@pytest.mark.parametrize(
    "change",
    [
        {"amount_points": 11},
        {"amount_minutes": 1},
        {"code": "adjustment"},
        {"idempotency_key": "award:5:check_in:2"},
        {"occurred_at": AT.replace(minute=31)},
        {"posted_at": AT.replace(microsecond=1)},
        {"attendance_id": 6},
        {"points_rule_id": 1},
        {"recorded_by_login_id": 1},
        {"approved_by_login_id": 1},
        {"recorded_by_device_id": 1},
        {"reason": ""},
        {"facts": {"part": "check_in", "rule_version": 2}},
        {"debit_account_id": 9},
    ],
)
def test_a_lines_hash_covers_all_its_transfer_says(change: dict[str, object]) -> None:
    figures = (1, 10, 0, 10, 0)
    said = entry_hash(EMPTY.head_hash, figures, transfer(10))
    assert entry_hash(EMPTY.head_hash, figures, replace(transfer(10), **change)) != said  # type: ignore[arg-type]


def test_points_that_are_not_there_cannot_be_spent() -> None:
    spent = transfer(1, debit_account_id=BOOK, credit_account_id=ISSUED, code="redemption")
    with pytest.raises(AssertionError):
        apply(EMPTY, spent)
    with pytest.raises(AssertionError):
        apply(replace(EMPTY, balance_points=5, held_points=5), spent)


@given(
    balance=st.integers(0, 50),
    held=st.integers(0, 50),
    owed=st.integers(0, 50),
    taken=st.integers(1, 80),
    given_=st.integers(1, 80),
)
def test_debts_lend_what_is_missing_and_awards_pay_it_back(
    balance: int, held: int, owed: int, taken: int, given_: int
) -> None:
    held = min(held, balance)
    book = replace(EMPTY, balance_points=balance, held_points=held, owed_points=owed)
    reversal = mirror(transfer(taken), 1, "reversal:x", posted_at=AT)
    for wanted in (reversal, transfer(given_)):
        for one in decide_with_debts(wanted, {BOOK: book}, DEBTS):
            book, _ = apply(book, one)  # asserts that nothing goes below zero
    missing = max(taken - (balance - held), 0)
    repaid = min(given_, owed + missing)
    assert book.owed_points == owed + missing - repaid
    assert book.balance_points == balance + missing - taken + given_ - repaid
    assert book.available_points >= 0


def test_a_reversal_is_the_same_the_other_way_round() -> None:
    back = mirror(transfer(10, 60, points_rule_id=4), 99, "reversal:x", posted_at=AT, reason="误记")
    assert (back.debit_account_id, back.credit_account_id) == (BOOK, ISSUED)
    assert (back.amount_points, back.amount_minutes) == (10, 60)
    assert (back.code, back.reverses_id, back.facts) == ("reversal", 99, {})
    assert (back.attendance_id, back.points_rule_id) == (5, 4)
