"""Proving the whole ledger (`flask ledger verify`): streams in, findings out.

A running system can be verified: everything is read in one snapshot. The checks are pure
(`domain/verification.py`); this file feeds them and counts what passed.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from volunteer.domain.access import Scope
from volunteer.domain.board import Period
from volunteer.domain.findings import Fault, Finding, is_bounded
from volunteer.domain.verification import (
    PassbookFigures,
    Posting,
    Side,
    Subject,
    Totals,
    check_board,
    check_credits,
    check_passbooks,
    check_postings,
    check_sum,
)
from volunteer.domain.verification_openings import check_openings
from volunteer.queries.ledger_streams import BOARDS, LedgerStreams, snapshot
from volunteer.queries.move_streams import clearing_sums, halves_apart
from volunteer.queries.opening_streams import brought_forward_twice, openings

T = TypeVar("T")
MOST_FINDINGS = 1_000


@dataclass
class Report:
    """What was looked at and what was found. No names: passbook numbers and ids."""

    passbooks: int = 0
    lines: int = 0
    transfers: int = 0
    attendances: int = 0
    board_totals: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How much was looked at, by what it is."""
        return {
            "passbooks": self.passbooks,
            "lines": self.lines,
            "transfers": self.transfers,
            "attendances": self.attendances,
            "board_totals": self.board_totals,
        }

    @property
    def is_whole(self) -> bool:
        return not self.findings


def read_report(scope: Scope, *, most_findings: int = MOST_FINDINGS) -> Report:
    """Prove every community of ``scope``; stops looking at ``most_findings``."""
    report = Report()
    with snapshot(scope) as streams:
        findings = _findings(streams, report)
        try:
            report.findings.extend(itertools.islice(findings, most_findings))
        except (ValueError, TypeError) as error:
            # A date or a word that the app could not have written.
            report.findings.append(Finding(Fault.UNREADABLE, {"written": str(error)[:200]}))
    return report


def _findings(streams: LedgerStreams, report: Report) -> Iterator[Finding]:
    sums = _Sums()
    yield from check_passbooks(
        sums.with_balances(_counted(streams.passbooks(), report, "passbooks")),
        _counted(streams.lines(), report, "lines"),
    )
    yield from check_postings(sums.with_postings(_counted(streams.postings(), report, "transfers")))
    yield from sums.findings()
    for event_id, resident_id, times in streams.attended_twice():
        facts = {"event": event_id, "resident": resident_id, "written": times}
        yield Finding(Fault.ATTENDANCE_TWICE, facts)
    yield from check_credits(_counted(streams.credits(), report, "attendances"))
    for transfer_id, attendance_id in streams.unfounded_awards():
        facts = {"transfer": transfer_id, "attendance": attendance_id}
        yield Finding(Fault.AWARD_UNFOUNDED, facts)
    yield from check_openings(openings(streams.connection, streams.scope))
    for account_id, times in brought_forward_twice(streams.connection, streams.scope):
        yield Finding(Fault.OPENING_TWICE, {"account": account_id, "written": times})
    for community_id, written, expected in clearing_sums(streams.connection, streams.scope):
        if written != expected:
            facts = {"community": community_id, "written": written, "expected": expected}
            yield Finding(Fault.CLEARING_DIFFERS, facts)
    for key, left, arrived in halves_apart(streams.connection, streams.scope):
        yield Finding(Fault.MOVE_DIFFERS, {"key": key, "written": arrived, "expected": left})
    for board in BOARDS:
        yield from _board_findings(streams, board, report)


def _counted(stream: Iterable[T], report: Report, what: str) -> Iterator[T]:
    for one in stream:
        setattr(report, what, getattr(report, what) + 1)
        yield one


class _Sums:
    """L1 per community, added up while the other checks look at the same rows."""

    def __init__(self) -> None:
        self._balances: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._moved_in: defaultdict[tuple[int, str], int] = defaultdict(int)

    def with_balances(self, passbooks: Iterable[PassbookFigures]) -> Iterator[PassbookFigures]:
        for book in passbooks:
            self._add(self._balances, book.community_id, book.balance_points, book.total_minutes)
            yield book

    def with_postings(self, postings: Iterable[Posting]) -> Iterator[Posting]:
        for posting in postings:
            self._move(posting, posting.debit, -1)
            self._move(posting, posting.credit, 1)
            yield posting

    def findings(self) -> Iterator[Finding]:
        for key in sorted({*self._balances, *self._moved_in}):
            yield from check_sum(key[0], self._balances[key], self._moved_in[key], key[1])

    def _move(self, posting: Posting, side: Side, sign: int) -> None:
        transfer = posting.transfer
        points, minutes = transfer.amount_points, transfer.amount_minutes
        # Figures out of bounds are findings of their own and may not even be numbers.
        if side.is_passbook and is_bounded(points) and is_bounded(minutes):
            self._add(self._moved_in, transfer.community_id, sign * points, sign * minutes)

    @staticmethod
    def _add(
        sums: defaultdict[tuple[int, str], int], community_id: int, points: int, minutes: int
    ) -> None:
        for figure, amount in (("points", points), ("minutes", minutes)):
            if isinstance(amount, int):
                sums[community_id, figure] += amount


def _board_findings(streams: LedgerStreams, board: str, report: Report) -> Iterator[Finding]:
    """B1, one subject after the other: both streams come in the same order."""
    expected, written = streams.expected_boards(board), streams.written_boards(board)
    for subject, must, does in _merged(expected, written):
        report.board_totals += len(does)
        yield from check_board(subject, must, does)


Boards = Iterator[tuple[Subject, dict[Period, Totals]]]


def _merged(
    expected: Boards, written: Boards
) -> Iterator[tuple[Subject, dict[Period, Totals], dict[Period, Totals]]]:
    left, right = next(expected, None), next(written, None)
    while left is not None or right is not None:
        subject = min(side[0] for side in (left, right) if side is not None)
        must: dict[Period, Totals] = {}
        does: dict[Period, Totals] = {}
        if left is not None and left[0] == subject:
            must, left = left[1], next(expected, None)
        if right is not None and right[0] == subject:
            does, right = right[1], next(written, None)
        yield subject, must, does
