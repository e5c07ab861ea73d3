"""Old passbooks brought forward: proposed by one person, approved or sent back by another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.opening_balances import State, parse_figures
from volunteer.domain.refusals import Code, Refused, or_refuse, refuse
from volunteer.domain.reversal import parse_reason
from volunteer.store import opening_balances as store
from volunteer.store.database import Tx, transact
from volunteer.store.models import OpeningBalance, Resident
from volunteer.store.opening_balances import Decided, Deciding, Proposed
from volunteer.store.rows import load_row, load_today, require_seen

CHUNK = 100
"""Lines a transaction, when a whole list is approved: nobody's scan waits long for it."""
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Written:
    """What somebody typed in from a paper book, as they typed it."""

    points: str = ""
    hours: str = ""
    note: str = ""


@dataclass
class Approved:
    """How many lines were posted, their sums, and of the rest how many for which reason."""

    posted: int = 0
    points: int = 0
    minutes: int = 0
    refused: Counter[Code] = field(default_factory=Counter)

    def add(self, decided: Decided) -> None:
        self.posted += len(decided.posted)
        self.points += decided.points
        self.minutes += decided.minutes
        self.refused.update(one.code for one in decided.refused.values())


def propose(resident_id: int, written: Written, *, by: int, now: datetime, scope: Scope) -> None:
    """Propose what stands in a person's paper book; it replaces figures that still wait.

    Raises Refused: what ``parse_figures`` and ``decide_receiver`` refuse, ``not_found``.
    """
    figures = or_refuse(parse_figures(written.points, written.hours, written.note))

    def work(tx: Tx) -> None:
        community_id = load_row(tx, Resident, resident_id).community_id
        hand = Deciding(by, now, load_today(tx, community_id, now))
        refused = store.record_proposed(tx, community_id, [Proposed(resident_id, figures)], hand)
        for refusal in refused.values():
            raise Refused(refusal)

    transact(work, scope)


def approve(
    community_id: int, ids: Sequence[int], *, by: int, now: datetime, scope: Scope
) -> Approved:
    """Post these proposals. Those that this person may not approve stay, counted by why.

    Raises Refused: ``not_found`` (community), ``too_many_rows``.
    """
    if len(ids) > MOST_AT_ONCE:
        raise refuse(Code.TOO_MANY_ROWS, most=MOST_AT_ONCE)

    def work(tx: Tx) -> Decided:
        hand = _hand(tx, community_id, by, now)
        return store.record_posted(tx, community_id, sorted(set(ids)), hand)

    approved = Approved()
    approved.add(transact(work, scope))
    return approved


def approve_all(
    community_id: int, through: int, *, by: int, now: datetime, scope: Scope
) -> Approved:
    """Post everything that waits, up to and with the proposal ``through``: nobody has seen what was
    proposed after the page was opened. In chunks, each a transaction of its own; if something
    breaks, what was posted stays so, and the next try goes on from there.

    Raises Refused: ``not_found`` (community).
    """
    approved, after = Approved(), 0

    def work(tx: Tx) -> tuple[int, Decided]:
        hand = _hand(tx, community_id, by, now)
        ids = store.load_ids_through(tx, community_id, after, through, CHUNK)
        return max(ids, default=through), store.record_posted(tx, community_id, ids, hand)

    while after < through:
        after, decided = transact(work, scope)
        approved.add(decided)
    return approved


def send_back(
    community_id: int, ids: Sequence[int], *, reason: str, by: int, now: datetime, scope: Scope
) -> int:
    """Say no, with a reason that whoever proposed will read. Gives how many.

    Raises Refused: ``reason_missing``, ``text_too_long``, ``not_found``, ``changed_meanwhile``.
    """
    words = or_refuse(parse_reason(reason), "reason")

    def work(tx: Tx) -> int:
        hand = _hand(tx, community_id, by, now)
        waiting = store.load_waiting_ids(tx, community_id, set(ids))
        if not waiting or len(waiting) != len(set(ids)):
            raise refuse(Code.CHANGED_MEANWHILE)
        store.record_decided(tx, waiting, State.SENT_BACK, hand, words)
        return len(waiting)

    return transact(work, scope)


def withdraw(opening_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a proposal off the list before anybody decided.

    Raises Refused: ``not_found``, ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        row = load_row(tx, OpeningBalance, opening_id)
        if row.state != State.PROPOSED.value:
            raise refuse(Code.CHANGED_MEANWHILE)
        hand = _hand(tx, row.community_id, by, now)
        store.record_decided(tx, [opening_id], State.WITHDRAWN, hand)

    transact(work, scope)


def _hand(tx: Tx, community_id: int, by: int, now: datetime) -> Deciding:
    require_seen(tx, community_id)
    return Deciding(by, now, load_today(tx, community_id, now))
