"""Proving the books: what must hold between the rows of the ledger, whoever wrote them.

Pure checks over streams that the caller reads page by page, so that a million lines need no more
memory than one passbook. Each finding names the rule of docs/architecture.md that is broken:

| Rule | What is proved |
|---|---|
| L1 | a transfer moves something ≥ 0 between two accounts and is printed once in each passbook |
| L2 | figures, numbering and hash chain of each passbook run without a gap |
| L4 | every figure is a whole number within its bounds |
| L7 | a reversal mirrors one transfer that is no reversal; none is reversed twice |
| A1 | one attendance per resident and event |
| A2 | an attendance has exactly the awards that it was credited with, in its own passbook |
| B1 | board totals are what the attendances add up to |

The chain proves order and content, not that nobody removed the last lines and set the head back:
an award that is gone is missed by its attendance (A2), everything else by an older seal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from volunteer.domain.board import Period, PeriodKind, periods_of
from volunteer.domain.findings import LIMIT, Fault, Finding, is_bounded
from volunteer.domain.ledger import Transfer, entry_hash, first_hash


@dataclass(frozen=True)
class PassbookFigures:
    """A passbook as its own row has it; ``held_by_holds`` is Σ of the holds that have not ended."""

    account_id: int
    community_id: int
    passbook_number: str
    balance_points: int
    held_points: int
    owed_points: int
    total_minutes: int
    last_entry_no: int
    head_hash: bytes
    held_by_holds: int = 0


@dataclass(frozen=True)
class Line:
    """One printed line with the transfer it stands for; None when that is gone."""

    entry_id: int
    community_id: int
    account_id: int
    transfer_id: int
    entry_no: int
    amount_points: int
    amount_minutes: int
    balance_after_points: int
    total_after_minutes: int
    prev_hash: bytes
    hash: bytes
    transfer: Transfer | None

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        return (
            self.entry_no,
            self.amount_points,
            self.amount_minutes,
            self.balance_after_points,
            self.total_after_minutes,
        )


@dataclass(frozen=True)
class Side:
    """One side of a transfer: whether that account is a passbook, and the lines printed in it."""

    is_passbook: bool
    lines: int
    points: int
    minutes: int


@dataclass(frozen=True)
class Posting:
    """A transfer with both sides, the transfer it reverses (None: none) and how often it is."""

    transfer_id: int
    transfer: Transfer
    debit: Side
    credit: Side
    reverses: Transfer | None = None
    times_reversed: int = 0


def check_passbooks(
    passbooks: Iterable[PassbookFigures], lines: Iterable[Line]
) -> Iterator[Finding]:
    """L2, L4 and the chains. Both streams come in order of account; lines then of entry_no."""
    groups = groupby(lines, key=lambda line: line.account_id)
    waiting = next(groups, None)
    for passbook in passbooks:
        while waiting is not None and waiting[0] < passbook.account_id:
            yield from _orphans(waiting[1])
            waiting = next(groups, None)
        own: Iterable[Line] = ()
        if waiting is not None and waiting[0] == passbook.account_id:
            own = waiting[1]
        yield from _check_passbook(passbook, own)
        if own:
            waiting = next(groups, None)
    while waiting is not None:
        yield from _orphans(waiting[1])
        waiting = next(groups, None)


def _orphans(lines: Iterable[Line]) -> Iterator[Finding]:
    for line in lines:
        yield Finding(
            Fault.PASSBOOK_MISSING, {"account": line.account_id, "entry_no": line.entry_no}
        )


@dataclass
class _Running:
    """What a passbook must show after the lines read so far."""

    entry_no: int
    points: int
    minutes: int
    owed: int
    head: bytes


def _check_passbook(passbook: PassbookFigures, lines: Iterable[Line]) -> Iterator[Finding]:
    where = {"passbook": passbook.passbook_number}
    now = _Running(0, 0, 0, 0, first_hash(passbook.community_id, passbook.account_id))
    for line in lines:
        yield from _check_line(line, now, where | {"entry_no": line.entry_no})
        if line.community_id != passbook.community_id:
            yield Finding(Fault.LINE_FOREIGN, where | {"entry_no": line.entry_no})
        _advance(now, line)
    pairs = {
        "balance_points": (passbook.balance_points, now.points),
        "total_minutes": (passbook.total_minutes, now.minutes),
        "owed_points": (passbook.owed_points, now.owed),
        "held_points": (passbook.held_points, passbook.held_by_holds),
        "last_entry_no": (passbook.last_entry_no, now.entry_no),
        "head_hash": (passbook.head_hash.hex(), now.head.hex()),
    }
    for name, (written, expected) in pairs.items():
        if written != expected:
            facts = {"figure": name, "written": written, "expected": expected}
            yield Finding(Fault.FIGURES_DIFFER, where | facts)
        if name != "head_hash" and not is_bounded(written):
            yield Finding(Fault.OUT_OF_RANGE, where | {"figure": name, "written": written})


def _check_line(line: Line, now: _Running, where: Mapping[str, Any]) -> Iterator[Finding]:
    if not (
        all(is_bounded(value, -LIMIT) for value in line.figures)
        and is_bounded(line.balance_after_points)
        and is_bounded(line.total_after_minutes)
    ):
        yield Finding(Fault.OUT_OF_RANGE, {**where, "figure": "entry", "written": line.figures})
        return
    if line.entry_no != now.entry_no + 1:
        yield Finding(Fault.NUMBERING, {**where, "expected": now.entry_no + 1})
    if line.prev_hash != now.head:
        yield Finding(Fault.CHAIN_BROKEN, where)
    after = (line.balance_after_points, line.total_after_minutes)
    expected = (now.points + line.amount_points, now.minutes + line.amount_minutes)
    if after != expected:
        yield Finding(Fault.AFTER_DIFFERS, {**where, "written": after, "expected": expected})
    if line.transfer is None:
        yield Finding(Fault.LINE_UNFOUNDED, {**where, "transfer": line.transfer_id})
    elif entry_hash(line.prev_hash, line.figures, line.transfer) != line.hash:
        yield Finding(Fault.HASH_DIFFERS, where)


def _advance(now: _Running, line: Line) -> None:
    """Go on from what is written, so that one changed line is one finding, not all after it."""
    now.head = line.hash
    if is_bounded(line.entry_no):
        now.entry_no = line.entry_no
    if is_bounded(line.balance_after_points) and is_bounded(line.total_after_minutes):
        now.points, now.minutes = line.balance_after_points, line.total_after_minutes
    if line.transfer is not None and is_bounded(line.transfer.amount_points):
        sign = {"debt": 1, "debt_recovery": -1}.get(line.transfer.code, 0)
        now.owed += sign * line.transfer.amount_points


def check_postings(postings: Iterable[Posting]) -> Iterator[Finding]:
    """L1, L4 and L7, one transfer at a time."""
    for posting in postings:
        where = {"transfer": posting.transfer_id}
        yield from _check_shape(posting.transfer, where)
        for side, sign, name in ((posting.debit, -1, "debit"), (posting.credit, 1, "credit")):
            yield from _check_side(posting.transfer, side, sign, {**where, "side": name})
        yield from _check_reversal(posting, where)


def _check_shape(transfer: Transfer, where: Mapping[str, Any]) -> Iterator[Finding]:
    amounts = (transfer.amount_points, transfer.amount_minutes)
    if not all(is_bounded(amount) for amount in amounts):
        yield Finding(Fault.OUT_OF_RANGE, {**where, "figure": "amount", "written": amounts})
    elif not any(amounts) or transfer.debit_account_id == transfer.credit_account_id:
        yield Finding(Fault.TRANSFER_SHAPE, where)


def _check_side(
    transfer: Transfer, side: Side, sign: int, where: Mapping[str, Any]
) -> Iterator[Finding]:
    if side.lines != (1 if side.is_passbook else 0):
        yield Finding(Fault.LINE_MISSING, {**where, "written": side.lines})
        return
    if not side.is_passbook:
        return
    expected = (sign * transfer.amount_points, sign * transfer.amount_minutes)
    if (side.points, side.minutes) != expected:
        written = (side.points, side.minutes)
        yield Finding(Fault.LINE_DIFFERS, {**where, "written": written, "expected": expected})


def _check_reversal(posting: Posting, where: Mapping[str, Any]) -> Iterator[Finding]:
    if posting.times_reversed > 1:
        yield Finding(Fault.REVERSED_TWICE, {**where, "written": posting.times_reversed})
    transfer, original = posting.transfer, posting.reverses
    if (transfer.code == "reversal") != (transfer.reverses_id is not None):
        yield Finding(Fault.REVERSAL_DIFFERS, where)
    elif transfer.reverses_id is not None and not (
        original is not None and _mirrors(transfer, original)
    ):
        yield Finding(Fault.REVERSAL_DIFFERS, {**where, "reverses": transfer.reverses_id})


def _mirrors(reversal: Transfer, original: Transfer) -> bool:
    return original.code != "reversal" and (
        reversal.debit_account_id,
        reversal.credit_account_id,
        reversal.amount_points,
        reversal.amount_minutes,
    ) == (
        original.credit_account_id,
        original.debit_account_id,
        original.amount_points,
        original.amount_minutes,
    )


@dataclass(frozen=True)
class Award:
    """An award that has not been reversed. ``resident_id``: whose passbook it went into."""

    transfer_id: int
    part: str
    amount_points: int
    amount_minutes: int
    resident_id: int | None


@dataclass(frozen=True)
class Credited:
    """An attendance with the awards that stand for it."""

    attendance_id: int
    event_id: int
    resident_id: int
    state: str
    annulled: bool
    check_in_points: int
    check_out_points: int
    minutes: int
    awards: tuple[Award, ...] = ()

    @property
    def parts(self) -> dict[str, tuple[int, int]]:
        """Points and minutes by part; a part worth nothing has no award."""
        if self.annulled or self.state == "undone":
            return {}
        worth = {
            "check_in": (self.check_in_points, 0),
            "check_out": (self.check_out_points, self.minutes),
        }
        return {part: amounts for part, amounts in worth.items() if any(amounts)}


def check_credits(attendances: Iterable[Credited]) -> Iterator[Finding]:
    """A2: exactly the awards that an attendance was credited with, in the attender's passbook."""
    for attendance in attendances:
        where = {"attendance": attendance.attendance_id}
        for award in attendance.awards:
            if award.resident_id != attendance.resident_id:
                yield Finding(Fault.AWARD_FOREIGN, where | {"transfer": award.transfer_id})
        standing = sorted(
            (award.part, (award.amount_points, award.amount_minutes)) for award in attendance.awards
        )
        expected = sorted(attendance.parts.items())
        if standing != expected:
            facts = {"written": standing, "expected": expected}
            yield Finding(Fault.AWARD_DIFFERS, where | facts)


def check_sum(community_id: int, balances: int, moved_in: int, figure: str) -> Iterator[Finding]:
    """L1: what the passbooks of a community hold is what transfers moved into them."""
    if balances != moved_in:
        facts = {"community": community_id, "figure": figure}
        yield Finding(Fault.SUM_NOT_ZERO, facts | {"written": balances, "expected": moved_in})


@dataclass(frozen=True)
class Participation:
    """One attendance as a board counts it."""

    resident_id: int
    local_date: date
    points: int
    minutes: int


class Subject(NamedTuple):
    """A building or a youth group, as boards name it; sorts as the streams do."""

    community_id: int
    board: str
    subject_id: int


Totals = tuple[int, int, int, int]
"""Points, minutes, attendances, participants."""


@dataclass
class _Counting:
    points: int = 0
    minutes: int = 0
    attendances: int = 0
    residents: set[int] = field(default_factory=set)

    def add(self, one: Participation) -> None:
        self.points += one.points
        self.minutes += one.minutes
        self.attendances += 1
        self.residents.add(one.resident_id)

    @property
    def totals(self) -> Totals:
        return self.points, self.minutes, self.attendances, len(self.residents)


def expected_totals(participations: Iterable[Participation]) -> dict[Period, Totals]:
    """What one subject's boards must show. Attendances come in order of their day, so only the
    periods that are still running keep their residents in memory."""
    done: dict[Period, Totals] = {}
    running: dict[PeriodKind, tuple[Period, _Counting]] = {}
    for one in participations:
        for period in periods_of(one.local_date):
            current = running.get(period.kind)
            if current is None or current[0] != period:
                if current is not None:
                    done[current[0]] = current[1].totals
                current = running[period.kind] = (period, _Counting())
            current[1].add(one)
    return done | {period: counting.totals for period, counting in running.values()}


def check_board(
    subject: Subject, expected: Mapping[Period, Totals], written: Mapping[Period, Totals]
) -> Iterator[Finding]:
    """B1 for one subject. A row of zeros says the same as no row."""
    nothing: Totals = (0, 0, 0, 0)
    for period in sorted({*expected, *written}):
        pair = written.get(period, nothing), expected.get(period, nothing)
        if pair[0] != pair[1]:
            facts = {
                "community": subject.community_id,
                "board": subject.board,
                "subject": subject.subject_id,
                "period": f"{period.kind} {period.starts_on}",
            }
            yield Finding(Fault.BOARD_DIFFERS, facts | {"written": pair[0], "expected": pair[1]})
