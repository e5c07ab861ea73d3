"""Taking a line of a passbook back, with a reason that stays with it for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select

from volunteer.domain.access import Scope
from volunteer.domain.ledger import Passbook, Transfer, mirror
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.reversal import ReversalFacts, decide_reversal, parse_reason
from volunteer.domain.scans import Recorder
from volunteer.store.audit import record_audit
from volunteer.store.award import ATTENDANCE, Posting, annul_attendance
from volunteer.store.database import TryAgain, Tx, transact
from volunteer.store.event_facts import load_event
from volunteer.store.family import load_own_records
from volunteer.store.ledger import (
    ACCOUNT,
    ENTRY,
    RESIDENT,
    TRANSFER,
    lock_merged_passbooks,
    lock_passbooks,
    post,
    read_system_accounts,
)
from volunteer.store.opening_balances import record_reversed
from volunteer.store.rows import load_today


def reverse_transfer(
    transfer_id: int, *, reason: str, by: int, now: datetime, scope: Scope
) -> None:
    """Post the opposite of a transfer. Points that are spent already become a debt.

    An award takes its whole attendance with it: both its parts are reversed and it leaves the
    boards, for an attendance that half happened would be awarded again by its next scan.

    Raises Refused: ``reason_missing``, ``text_too_long``, ``not_found``, ``already_reversed``,
    ``reversal_of_reversal``, ``line_not_reversible``, ``own_record`` (the passbook is that of
    login ``by``, or of their guardian or ward).
    """
    words = parse_reason(reason)
    if isinstance(words, Refusal):
        raise Refused(words)

    def work(tx: Tx) -> None:
        transfer, book, books = _load(tx, transfer_id)
        posting = Posting(Recorder(login_id=by), now, words)
        today = load_today(tx, transfer.community_id, now)
        facts = ReversalFacts(
            code=transfer.code,
            is_reversed=_is_reversed(tx, transfer_id),
            is_own=not load_own_records(tx, transfer.community_id, by, today).isdisjoint(books),
        )
        refusal = decide_reversal(facts)
        if refusal:
            raise Refused(refusal)
        if transfer.code == "award":
            assert transfer.attendance_id is not None
            _annul(tx, transfer.attendance_id, books, posting)
        else:
            _post_mirror(tx, transfer_id, transfer, books, posting)
        if transfer.code == "opening_balance":
            record_reversed(tx, transfer_id)
        record_audit(
            tx,
            now=now,
            action="transfer_reversed",
            subject_kind="resident",
            subject_id=book.resident_id,
            community_id=transfer.community_id,
            login_id=by,
            facts={"line": _load_number(tx, transfer_id, book), "reason": words},
        )

    transact(work, scope)


def _load(tx: Tx, transfer_id: int) -> tuple[Transfer, Passbook, dict[int, Passbook]]:
    """The transfer, the passbook whose line is taken back, and by resident all that it may touch,
    locked: two reversals wait for each other. A merged passbook brings the one it went on in."""
    row = tx.run(select(TRANSFER).where(TRANSFER.c.id == transfer_id)).first()
    if row is None or not tx.scope.sees(row.community_id):
        raise refuse(Code.NOT_FOUND)
    values = dict(row._mapping)
    del values["id"]
    # One that was given comes before one that was taken from: a line between two is printed twice.
    touched = (row.credit_account_id, row.debit_account_id)
    owners = tx.run(
        select(ACCOUNT.c.id, ACCOUNT.c.resident_id, RESIDENT.c.merged_into_id)
        .join(RESIDENT, RESIDENT.c.id == ACCOUNT.c.resident_id)
        .where(ACCOUNT.c.id.in_(touched))
    ).all()
    ids = {one.resident_id for one in owners} | {one.merged_into_id for one in owners} - {None}
    books = lock_passbooks(tx, ids)
    books |= {
        book.resident_id: book for book in lock_merged_passbooks(tx, [one.id for one in owners])
    }
    locked = {book.account_id for book in books.values()}
    if any(book.passes_to_id and book.passes_to_id not in locked for book in books.values()):
        raise TryAgain  # merged since the owners were read
    printed = {one.id: books[one.resident_id] for one in owners}
    return Transfer(**values), next(printed[one] for one in touched if one in printed), books


def _load_number(tx: Tx, transfer_id: int, book: Passbook) -> int:
    """The number of the line under which the passbook printed it."""
    number = select(ENTRY.c.entry_no).where(
        ENTRY.c.transfer_id == transfer_id, ENTRY.c.account_id == book.account_id
    )
    return int(tx.run(number).scalar_one())


def _is_reversed(tx: Tx, transfer_id: int) -> bool:
    return bool(tx.run(select(exists().where(TRANSFER.c.reverses_id == transfer_id))).scalar_one())


def _annul(tx: Tx, attendance_id: int, books: Mapping[int, Passbook], posting: Posting) -> None:
    row = tx.run(
        select(ATTENDANCE.c.event_id, ATTENDANCE.c.resident_id).where(
            ATTENDANCE.c.id == attendance_id
        )
    ).one()
    if row.resident_id not in books:  # merged, or a merge undone, since the passbook was found
        raise TryAgain
    event = load_event(tx, row.event_id)
    annul_attendance(tx, attendance_id, event, books[row.resident_id], posting)


def _post_mirror(
    tx: Tx,
    transfer_id: int,
    transfer: Transfer,
    books: Mapping[int, Passbook],
    posting: Posting,
) -> None:
    opposite = mirror(
        transfer,
        transfer_id,
        f"reversal:{transfer.idempotency_key}",
        posted_at=posting.now,
        recorded_by_login_id=posting.recorder.login_id,
        recorded_by_device_id=None,
        reason=posting.reason,
    )
    debts = read_system_accounts(tx, transfer.community_id).debts
    post(tx, [opposite], books.values(), debts)
