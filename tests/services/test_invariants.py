"""L1–L7, A1–A6 and B1 over whatever a community may do, on both databases.

The machine and its model are in scanning_machine.py. A proof is worth as much as what it would
have found, so each control of the code and of the tables is taken away once (``FOUND_SOON``,
``FOUND_LATER``), and the machine must notice.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event, text

from tests.services.scanning_machine import machine_for
from volunteer.domain import attendance, folding, ledger, scan_rules, scans
from volunteer.store import (
    append_only,
    award,
    board,
    confirmation,
    event_ends,
    opening_balances,
    scan_history,
)
from volunteer.store import ledger as ledger_store
from volunteer.store import scans as scans_store
from volunteer.store.database import db

FULL = os.environ.get("FAULTS_VOLUME") == "full"
# Shrinking takes longer than `make test` may: the failing steps are printed as they are.
# A shared machine decides about a change on the same examples every time; anybody else looks
# at new ones.
CI = bool(os.environ.get("CI"))
FAST = settings(
    derandomize=CI,
    stateful_step_count=35,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@pytest.mark.faults
@pytest.mark.timeout(1800 if FULL else 240)
def test_everything_a_community_does_keeps_the_books(both_app: Flask) -> None:
    examples = {"sqlite": 12, "postgresql": 6}[db.engine.dialect.name] * (10 if FULL else 1)
    run_state_machine_as_test(machine_for(both_app), settings=settings(FAST, max_examples=examples))


# --- the negative controls ---------------------------------------------------------------

Patch = pytest.MonkeyPatch


def no_triggers(_: Patch) -> None:
    """L5: the tables that only grow can be changed."""
    with db.engine.connect() as connection, connection.begin():
        for table in append_only.ONLY_GROW:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))


def no_checks(_: Patch) -> None:
    """L3, L4: balances below zero, minutes beyond all bounds."""

    @event.listens_for(db.engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA ignore_check_constraints=ON")

    db.engine.dispose()


def retries_are_judged_anew(patch: Patch) -> None:
    """L6: what was answered before is forgotten."""
    load = scan_history.load_history

    def forgetful(tx: Any, community_id: int, rows: Any, facts: Any) -> None:
        load(tx, community_id, rows, facts)
        for row in rows:
            facts.stored.pop(row.scan.client_id, None)

    patch.setattr(scan_history, "load_history", forgetful)


def any_body_is_a_retry(patch: Patch) -> None:
    """L6: another body under the same id gets the first one's answer."""
    patch.setattr(scans_store, "answer_again", lambda _scan, stored: stored.verdict)


def refusals_are_not_kept(patch: Patch) -> None:
    """A4"""
    record = scans_store._record_scans

    def forgetful(tx: Any, community_id: int, decided: Any) -> None:
        kept = [new for new in decided if new.verdict.verdict != "refused"]
        record(tx, community_id, kept)

    patch.setattr(scans_store, "_record_scans", forgetful)


def nothing_is_reversed(patch: Patch) -> None:
    """A2, L7: a correction leaves the old award standing."""
    patch.setattr(award, "_reversals", lambda *_: [])


def nothing_is_lent(patch: Patch) -> None:
    """L7: points already spent are taken back all the same."""
    patch.setattr(ledger_store, "decide_with_debts", lambda wanted, *_: [wanted])


def debts_are_never_recovered(patch: Patch) -> None:
    """L7"""
    decide = ledger.decide_with_debts

    def lenient(wanted: Any, books: Any, debts: int) -> Any:
        return [one for one in decide(wanted, books, debts) if one.code != "debt_recovery"]

    patch.setattr(ledger_store, "decide_with_debts", lenient)


def every_line_starts_a_chain(patch: Patch) -> None:
    """L2"""
    apply = ledger.apply

    def forked(book: Any, transfer: Any) -> Any:
        start = ledger.first_hash(book.community_id, book.account_id)
        return apply(replace(book, head_hash=start), transfer)

    patch.setattr(ledger_store, "apply", forked)


def minutes_are_not_stored(patch: Patch) -> None:
    """L2: the passbook's own row falls behind its lines."""
    store = ledger_store._store_passbooks

    def lossy(tx: Any, books: Any, before: Any) -> None:
        store(tx, [replace(book, total_minutes=0) for book in books], before)

    patch.setattr(ledger_store, "_store_passbooks", lossy)


def nobody_leaves_a_board(patch: Patch) -> None:
    """B1: participants only ever rise."""
    move = board._move_participation

    def rising(tx: Any, moves: Any) -> Any:
        return move(tx, {key: count for key, count in moves.items() if count > 0})

    patch.setattr(board, "_move_participation", rising)


def boards_forget_corrections(patch: Patch) -> None:
    """B1: only the first award of an attendance reaches the boards."""
    add = award.add_to_boards

    def first_only(tx: Any, community_id: int, changes: Any) -> None:
        add(tx, community_id, [pair for pair in changes if not pair[0].revision])

    patch.setattr(award, "add_to_boards", first_only)


def the_last_out_wins(patch: Patch) -> None:
    """A3: a leader's end beats the person's own."""
    patch.setattr(
        attendance, "_last_out", lambda outs: max(outs, key=lambda o: o.corrected_at, default=None)
    )


def the_first_scanned_in_wins(patch: Patch) -> None:
    """A3: the attendance goes by the order of arrival."""
    fold = attendance.interval_of

    def in_order(counting: Any) -> Any:
        ins = [scan for scan in counting if scan.direction == "in"]
        return fold([scan for scan in counting if scan.direction != "in" or scan is ins[0]])

    patch.setattr(folding, "interval_of", in_order)


def anybody_undoes(patch: Patch) -> None:
    """A3: an undo reaches other people's scans."""
    patch.setattr(attendance.AcceptedScan, "scanned_by_recorder_of", lambda *_: True)


def no_window(patch: Patch) -> None:
    """A5: an event takes scans at any time."""
    patch.setattr(scan_rules, "check_event", lambda *_: None)


def leaders_record_their_family(patch: Patch) -> None:
    """A6"""
    check = scan_rules.check_person

    def blind(row: Any, facts: Any) -> None:
        row.person = replace(row.person, self_login_ids=frozenset(), guardian_login_ids=frozenset())
        check(row, facts)

    patch.setattr(scan_rules, "check_person", blind)


def a_full_event_takes_everybody(patch: Patch) -> None:
    """The last place is given away twice."""
    patch.setattr(scan_rules, "check_seat", lambda *_: None)


def staff_at_work_earn(patch: Patch) -> None:
    """Those on duty count like everyone else."""
    patch.setattr(
        scans.Attendance,
        "counts",
        property(lambda one: one.state != "undone" and one.annulled_at is None),
    )


def strangers_earn_at_once(patch: Patch) -> None:
    """Who is provisional is awarded without anybody's word."""
    patch.setattr(
        scans.Attendance,
        "counts",
        property(lambda o: o.state != "undone" and not o.on_duty and o.annulled_at is None),
    )


def confirming_posts_nothing(patch: Patch) -> None:
    """Who is confirmed goes away empty-handed."""
    patch.setattr(confirmation, "record_awards", lambda *_: None)


def an_end_concerns_everybody(patch: Patch) -> None:
    """Those who checked out themselves are checked out again by the job."""
    patch.setattr(event_ends, "moves_own_out", lambda *_: True)


def one_person_brings_an_old_book_forward(patch: Patch) -> None:
    """Whoever proposed the figures approves them."""
    patch.setattr(opening_balances, "decide_approver", lambda *_, **__: None)


def an_old_book_brings_no_minutes(patch: Patch) -> None:
    """Its hours stay behind."""
    line = opening_balances._transfer
    patch.setattr(
        opening_balances, "_transfer", lambda *args: replace(line(*args), amount_minutes=0)
    )


# Found within a few examples, so they are taken away in `make test` as well; the others take a
# quarter of a minute each and wait for `make faults`.
FOUND_SOON: list[Callable[[Patch], None]] = [
    no_triggers,
    no_checks,
    retries_are_judged_anew,
    any_body_is_a_retry,
    refusals_are_not_kept,
    nothing_is_reversed,
    every_line_starts_a_chain,
    minutes_are_not_stored,
    the_first_scanned_in_wins,
    anybody_undoes,
    no_window,
    leaders_record_their_family,
    staff_at_work_earn,
    strangers_earn_at_once,
    one_person_brings_an_old_book_forward,
]
FOUND_LATER: list[Callable[[Patch], None]] = [
    confirming_posts_nothing,
    nothing_is_lent,
    debts_are_never_recovered,
    nobody_leaves_a_board,
    boards_forget_corrections,
    the_last_out_wins,
    a_full_event_takes_everybody,
    an_end_concerns_everybody,
    an_old_book_brings_no_minutes,
]


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "without", FOUND_SOON + (FOUND_LATER if FULL else []), ids=lambda without: without.__name__
)
def test_the_machine_notices(
    app: Flask, without: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch)
    few = settings(
        FAST,
        max_examples=200,  # most are noticed within ten; a new rule of the machine shuffles them
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
    with pytest.raises(BaseException) as noticed:
        run_state_machine_as_test(machine_for(app), settings=few)
    mistakes = (KeyboardInterrupt, TypeError, AttributeError, NameError)
    assert not isinstance(noticed.value, mistakes), "the control was not taken away cleanly"
