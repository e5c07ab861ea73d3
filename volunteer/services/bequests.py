"""Where the points of somebody who died go: one person proposes, another one approves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from volunteer.domain.access import Scope
from volunteer.domain.bequests import (
    BequestFacts,
    BequestPosting,
    bequest_transfers,
    decide_bequest,
)
from volunteer.domain.ledger import Passbook
from volunteer.domain.opening_balances import decide_approver
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.family import load_own_records, load_selves
from volunteer.store.ledger import RESIDENT, lock_passbooks, post, read_system_accounts
from volunteer.store.models import Bequest, Resident
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row, load_today

BEQUEST = table_of(Bequest)


def propose_bequest(
    resident_id: int, to_resident_id: int | None, *, by: int, now: datetime, scope: Scope
) -> int:
    """Propose that the points go to ``to_resident_id``, or to the care pool (None); gives the
    proposal's id. Nothing moves before somebody else approves it.

    Raises Refused: ``not_found``, what ``decide_bequest`` refuses, ``bequest_waits``.
    """

    def work(tx: Tx) -> int:
        lock_passbooks(tx, (resident_id,))  # before the resident, as merges do
        who = load_row(tx, Resident, resident_id)
        _decide(tx, who.community_id, resident_id, to_resident_id, by, now)
        row = {
            "community_id": who.community_id,
            "resident_id": resident_id,
            "to_resident_id": to_resident_id,
            "state": "waiting",
            "amount_points": 0,
            "proposed_at": now,
            "proposed_by_login_id": by,
        }
        made = insert_rows(tx, BEQUEST, [row], "ON CONFLICT DO NOTHING RETURNING id")
        bequest_id = made.scalar_one_or_none()
        if bequest_id is None:
            raise refuse(Code.BEQUEST_WAITS)
        _audit(tx, "bequest_proposed", who.community_id, resident_id, by, now)
        return int(bequest_id)

    return transact(work, scope)


def approve_bequest(bequest_id: int, *, by: int, now: datetime, scope: Scope) -> int:
    """Pass the points on; gives how many.

    Raises Refused: ``not_found``, ``changed_meanwhile``, ``second_person_needed`` (the proposer, or
    the same person under another sign-in), and what ``decide_bequest`` refuses.
    """

    def work(tx: Tx) -> int:
        row = _load_waiting(tx, bequest_id)
        book, receiver = _decide(tx, row.community_id, row.resident_id, row.to_resident_id, by, now)
        _require_second(tx, row, by, load_today(tx, row.community_id, now))
        system = read_system_accounts(tx, row.community_id)
        posting = BequestPosting(
            key=str(row.id),
            receiver_account_id=receiver.account_id if receiver else system.care_pool,
            debts_account_id=system.debts,
            now=now,
            proposed_by=row.proposed_by_login_id,
            approved_by=by,
        )
        transfers = bequest_transfers(book, posting)
        post(tx, transfers, [one for one in (book, receiver) if one], system.debts)
        points = transfers[-1].amount_points
        _record_decided(tx, row, "approved", by, now, points)
        _audit(tx, "bequest_approved", row.community_id, row.resident_id, by, now)
        return points

    return transact(work, scope)


def withdraw_bequest(bequest_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a proposal back, or do not approve it: the points stay where they are.

    Raises Refused: ``not_found``, ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        row = _load_waiting(tx, bequest_id)
        _record_decided(tx, row, "withdrawn", by, now, 0)
        _audit(tx, "bequest_withdrawn", row.community_id, row.resident_id, by, now)

    transact(work, scope)


def _decide(
    tx: Tx, community_id: int, resident_id: int, to_id: int | None, by: int, now: datetime
) -> tuple[Passbook, Passbook | None]:
    """Both passbooks, locked. Raises Refused."""
    ids = [one for one in (resident_id, to_id) if one is not None]
    books = lock_passbooks(tx, ids)
    found = tx.run(
        select(RESIDENT).where(RESIDENT.c.community_id == community_id, RESIDENT.c.id.in_(ids))
    )
    rows = {row.id: row for row in found}
    if len(rows) != len(set(ids)) or resident_id == to_id:
        raise refuse(Code.NOT_FOUND)
    receiver = rows[to_id] if to_id is not None else None
    own = load_own_records(tx, community_id, by, load_today(tx, community_id, now))
    book = books[resident_id]
    refusal = decide_bequest(
        BequestFacts(
            state=rows[resident_id].state,
            receiver_state=receiver.state if receiver else None,
            receiver_is_guest=bool(receiver and receiver.home_resident_id),
            balance_points=book.balance_points,
            held_points=book.held_points,
            owed_points=book.owed_points,
            is_own=not own.isdisjoint(ids),
        )
    )
    if refusal:
        raise Refused(refusal)
    return book, books[to_id] if to_id is not None else None


def _require_second(tx: Tx, row: Any, by: int, today: date) -> None:
    selves = load_selves(tx, {by, row.proposed_by_login_id}, today)
    refusal = decide_approver(
        selves.get(by, frozenset()),
        selves.get(row.proposed_by_login_id, frozenset()),
        is_same=row.proposed_by_login_id == by,
    )
    if refusal:
        raise Refused(refusal)


def _load_waiting(tx: Tx, bequest_id: int) -> Any:
    row = load_row(tx, Bequest, bequest_id)
    if row.state != "waiting":
        raise refuse(Code.CHANGED_MEANWHILE)
    return row


def _record_decided(tx: Tx, row: Any, state: str, by: int, now: datetime, points: int) -> None:
    decided = update(BEQUEST).where(BEQUEST.c.id == row.id, BEQUEST.c.state == "waiting")
    tx.run(
        decided.values(state=state, amount_points=points, decided_at=now, decided_by_login_id=by)
    )


def _audit(
    tx: Tx,
    action: str,
    community_id: int,
    resident_id: int,
    by: int,
    now: datetime,
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="resident",
        subject_id=resident_id,
        community_id=community_id,
        login_id=by,
    )
