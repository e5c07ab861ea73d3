"""When two passbooks become one, what goes where, and when that may be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.ledger import Passbook, apply, decide_with_debts, first_hash, mirror
from volunteer.domain.merge import (
    MergeFacts,
    MergePosting,
    UndoFacts,
    decide_merge,
    decide_undo,
    merge_transfers,
    move_debt,
    newest_consents,
    plan_attendances,
    said_of,
)
from volunteer.domain.refusals import Code
from volunteer.domain.resident_states import STATES
from volunteer.domain.scans import Attendance

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DEBTS = 99
POSTING = MergePosting(1, "7:0", NOW, 5, {})
FINE = MergeFacts(1, 2, "active", "active", is_guest=False, held_points=0, is_own=False)
UNDOABLE = UndoFacts(
    is_undone=False,
    is_followed=False,
    has_new_lines=False,
    has_new_scans=False,
    changed_attendances=0,
    available_points=10,
    needed_points=10,
    owed_points=3,
    moved_owed_points=3,
    is_own=False,
)


def book(account_id: int, points: int = 0, minutes: int = 0, owed: int = 0) -> Passbook:
    head = first_hash(1, account_id)
    return Passbook(account_id, 1, account_id, points, 0, owed, minutes, 0, head)


def code(refusal: object) -> Code | None:
    return getattr(refusal, "code", None)


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        (FINE, None),
        (replace(FINE, kept_id=2), Code.MERGE_NEEDS_TWO),
        (replace(FINE, is_guest=True), Code.MERGE_OF_GUEST),
        (replace(FINE, is_own=True), Code.OWN_RECORD),
        (replace(FINE, held_points=1), Code.POINTS_HELD),
        (replace(FINE, merged_state="provisional"), None),
        (replace(FINE, kept_state="provisional"), Code.MERGE_INTO_GONE),
    ],
)
def test_what_is_merged(facts: MergeFacts, refused: Code | None) -> None:
    assert code(decide_merge(facts)) is refused


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_only_open_passbooks_are_merged(kept: str, merged: str) -> None:
    refused = code(decide_merge(replace(FINE, kept_state=kept, merged_state=merged)))
    stays = kept in ("active", "moved_away")
    goes = merged in ("active", "moved_away", "provisional")
    assert (refused is None) == (stays and goes)


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        (UNDOABLE, None),
        (replace(UNDOABLE, is_undone=True), Code.CHANGED_MEANWHILE),
        (replace(UNDOABLE, is_followed=True), Code.MERGE_FOLLOWED),
        (replace(UNDOABLE, is_own=True), Code.OWN_RECORD),
        (replace(UNDOABLE, has_new_lines=True), Code.MERGE_CHANGED),
        (replace(UNDOABLE, has_new_scans=True), Code.MERGE_CHANGED),
        (replace(UNDOABLE, changed_attendances=1), Code.MERGE_CHANGED),
        (replace(UNDOABLE, available_points=9), Code.MERGE_POINTS_SPENT),
        (replace(UNDOABLE, owed_points=2), Code.MERGE_POINTS_SPENT),
    ],
)
def test_what_is_undone(facts: UndoFacts, refused: Code | None) -> None:
    assert code(decide_undo(facts)) is refused


figures = st.tuples(st.integers(0, 500), st.integers(0, 900), st.integers(0, 200))


@given(figures, figures)
def test_a_merge_moves_everything_and_an_undo_brings_it_back(
    kept: tuple[int, int, int], merged: tuple[int, int, int]
) -> None:
    books = {1: book(1, *kept), 2: book(2, *merged)}
    transfers = merge_transfers(books[2], books[1], DEBTS, POSTING)
    for transfer in transfers:
        books = posted(books, transfer)
    assert shown(books[2]) == (0, 0, 0)
    assert shown(books[1]) == tuple(a + b for a, b in zip(kept, merged, strict=True))
    back = [
        mirror(one, 1, f"reversal:{one.idempotency_key}")
        for one in transfers
        if one.idempotency_key == "merge:7:0"
    ]
    again = replace(POSTING, key="undo:7:0")
    back += move_debt(books[1], books[2], merged[2], DEBTS, again)
    for transfer in back:
        books = posted(books, transfer)
    assert (shown(books[1]), shown(books[2])) == (kept, merged)
    keys = [one.idempotency_key for one in (*transfers, *back)]
    assert len(keys) == len(set(keys))


def posted(books: dict[int, Passbook], transfer: object) -> dict[int, Passbook]:
    for wanted in decide_with_debts(transfer, books, DEBTS):  # type: ignore[arg-type]
        for account_id in (wanted.debit_account_id, wanted.credit_account_id):
            if account_id in books:
                books = books | {account_id: apply(books[account_id], wanted)[0]}
    return books


def shown(one: Passbook) -> tuple[int, int, int]:
    return one.balance_points, one.total_minutes, one.owed_points


@given(st.integers(0, 50), st.integers(1, 40), st.integers(0, 60))
def test_a_merged_passbook_stays_empty_whatever_is_taken_back(
    kept_points: int, points: int, minutes: int
) -> None:
    books = {1: book(1, kept_points, minutes), 2: replace(book(2), passes_to_id=1)}
    award = merge_transfers(book(3, points, minutes), book(2), DEBTS, POSTING)[0]
    taking = mirror(replace(award, code="award"), 1, "reversal:award")
    books = posted(books, taking)
    assert shown(books[2]) == (0, 0, 0)
    assert books[1].balance_points == max(kept_points - points, 0)
    assert books[1].owed_points == max(points - kept_points, 0)
    assert books[1].total_minutes == 0


def test_what_a_merged_passbook_gets_back_goes_on() -> None:
    books = {1: book(1), 2: replace(book(2), passes_to_id=1)}
    spent = merge_transfers(book(2, 8), book(3), DEBTS, POSTING)[0]
    books = posted(books, mirror(replace(spent, code="adjustment"), 1, "reversal:adjustment"))
    assert (shown(books[1]), shown(books[2])) == ((8, 0, 0), (0, 0, 0))


rows = st.dictionaries(
    st.tuples(st.integers(1, 6), st.sampled_from([1, 2])), st.booleans(), max_size=12
)


@given(rows)
def test_every_event_has_one_attendance_afterwards(taken_back: dict[tuple[int, int], bool]) -> None:
    """Of the passbook that goes, every row is handed over, joined, or stays taken back."""
    attendances = {
        (event_id, who): Attendance(
            event_id,
            who,
            date(2026, 11, 20),
            state="present",
            annulled_at=NOW if annulled else None,
            id=event_id * 10 + who,
        )
        for (event_id, who), annulled in taken_back.items()
    }
    plan = plan_attendances(attendances, 1, 2)
    goes = [one for one in attendances.values() if one.resident_id == 2]
    handed = set(plan.handed)
    joined = {gone for gone, _ in plan.joined}
    left = set(goes) - handed - joined
    assert not handed & joined
    assert all((one.event_id, 1) not in attendances for one in handed)
    assert all(gone.event_id == stays.event_id for gone, stays in plan.joined)
    assert all(one.annulled_at for one in left)
    after = {one.event_id for one in handed}
    assert after.isdisjoint(one.event_id for one in attendances.values() if one.resident_id == 1)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 90))
def test_an_attendance_that_says_something_else_is_told(a: int, b: int, minutes: int) -> None:
    one = Attendance(1, 1, date(2026, 11, 20), "complete", NOW, NOW, check_in_points=a)
    assert said_of(one) == said_of(replace(one, revision=9, resident_id=2))
    for other in (
        replace(one, check_in_points=a + 1 + b),
        replace(one, minutes=one.minutes + 1 + minutes),
        replace(one, checked_out_at=NOW + timedelta(seconds=1)),
        replace(one, annulled_at=NOW),
    ):
        assert said_of(other) != said_of(one)


def test_the_newest_answer_of_the_two_counts() -> None:
    early, late = NOW - timedelta(days=3), NOW
    mine = [("named_board", True, early), ("keep_record", True, late)]
    theirs = [
        ("named_board", True, early - timedelta(days=1)),
        ("named_board", False, late),
        ("keep_record", False, early),
        ("guardian_consent", True, early),
    ]
    assert newest_consents(mine, theirs) == ["guardian_consent", "named_board"]
    assert newest_consents(mine, []) == []
