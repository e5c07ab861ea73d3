"""The pure checks of the ledger's proof, where a database would only be in the way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.town import FRIDAY
from volunteer.domain.board import Period, periods_of
from volunteer.domain.findings import LIMIT, RULES, Fault, is_bounded
from volunteer.domain.ledger import Passbook, Transfer, apply, first_hash
from volunteer.domain.verification import (
    Line,
    Participation,
    PassbookFigures,
    check_passbooks,
    expected_totals,
)

FIRST = date(2026, 1, 1)
participations = st.lists(
    st.builds(
        Participation,
        resident_id=st.integers(1, 6),
        local_date=st.integers(0, 800).map(lambda days: FIRST + timedelta(days=days)),
        points=st.integers(0, 50),
        minutes=st.integers(0, 240),
    ),
    max_size=40,
)


@given(participations)
def test_totals_counted_as_they_pass_are_those_counted_at_leisure(
    attended: list[Participation],
) -> None:
    by_period: dict[Period, list[Participation]] = defaultdict(list)
    for one in attended:
        for period in periods_of(one.local_date):
            by_period[period].append(one)
    at_leisure = {
        period: (
            sum(one.points for one in ones),
            sum(one.minutes for one in ones),
            len(ones),
            len({one.resident_id for one in ones}),
        )
        for period, ones in by_period.items()
    }
    in_order = sorted(attended, key=lambda one: one.local_date)
    assert expected_totals(in_order) == at_leisure


def passbook(account_id: int, amounts: list[int]) -> tuple[PassbookFigures, list[Line]]:
    """A passbook that was given these points one after the other, and its lines."""
    book = Passbook(account_id, 1, account_id, 0, 0, 0, 0, 0, first_hash(1, account_id))
    lines = []
    for number, points in enumerate(amounts):
        transfer = Transfer(
            community_id=1,
            debit_account_id=999,
            credit_account_id=account_id,
            amount_points=points,
            amount_minutes=0,
            code="adjustment",
            idempotency_key=f"{account_id}:{number}",
            occurred_at=FRIDAY,
            posted_at=FRIDAY,
        )
        book, entry = apply(book, transfer)
        lines.append(
            Line(
                entry_id=number,
                community_id=1,
                account_id=account_id,
                transfer_id=number,
                entry_no=entry.entry_no,
                amount_points=entry.amount_points,
                amount_minutes=entry.amount_minutes,
                balance_after_points=entry.balance_after_points,
                total_after_minutes=entry.total_after_minutes,
                prev_hash=entry.prev_hash,
                hash=entry.hash,
                transfer=transfer,
            )
        )
    figures = PassbookFigures(
        account_id,
        1,
        f"{account_id:08d}",
        book.balance_points,
        0,
        0,
        0,
        book.last_entry_no,
        book.head_hash,
    )
    return figures, lines


amounts = st.lists(st.lists(st.integers(1, 100), max_size=6), min_size=1, max_size=4)


@given(amounts)
def test_whole_passbooks_are_whole(books: list[list[int]]) -> None:
    made = [passbook(number, given) for number, given in enumerate(books, start=1)]
    figures = [one for one, _ in made]
    assert list(check_passbooks(figures, (line for _, lines in made for line in lines))) == []


@given(st.lists(st.integers(1, 100), min_size=2, max_size=8), st.data())
def test_one_line_left_out_is_found(given_points: list[int], data: st.DataObject) -> None:
    figures, lines = passbook(1, given_points)
    gone = data.draw(st.integers(0, len(lines) - 1))
    findings = list(check_passbooks([figures], lines[:gone] + lines[gone + 1 :]))
    assert findings
    # What is wrong is named once where it is wrong, not on every line after it.
    assert len(findings) <= 4


@given(st.lists(st.integers(1, 100), min_size=2, max_size=8, unique=True), st.data())
def test_two_lines_swapped_are_found(given_points: list[int], data: st.DataObject) -> None:
    figures, lines = passbook(1, given_points)
    one, other = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=2)))
    lines[one], lines[other] = (
        replace(lines[other], entry_no=lines[one].entry_no),
        replace(lines[one], entry_no=lines[other].entry_no),
    )
    assert list(check_passbooks([figures], lines))


def test_the_last_lines_taken_with_the_head_are_for_a_seal_to_find() -> None:
    """The limit, said aloud: a chain cut short with its head set back looks whole."""
    _, lines = passbook(1, [5, 5, 5])
    shorter, _ = passbook(1, [5, 5])
    assert list(check_passbooks([shorter], lines[:2])) == []


def test_lines_of_no_passbook_are_found() -> None:
    figures, lines = passbook(2, [5])
    _, before = passbook(1, [5])
    _, after = passbook(3, [5])
    found = [one.fault for one in check_passbooks([figures], [*before, *lines, *after])]
    assert found == [Fault.PASSBOOK_MISSING, Fault.PASSBOOK_MISSING]


def test_only_whole_numbers_within_bounds() -> None:
    assert is_bounded(0)
    assert is_bounded(LIMIT)
    assert is_bounded(-LIMIT, -LIMIT)
    for value in (-1, LIMIT + 1, 1.0, "1", None, True):
        assert not is_bounded(value)


def test_every_fault_has_its_rule() -> None:
    assert set(RULES) == set(Fault)
