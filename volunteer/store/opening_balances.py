"""Old passbooks brought forward: proposals, and the lines that approved ones become.

Whoever posts locks the passbooks first, in id order as everywhere, then the proposals: a merge that
holds a passbook never waits for somebody who waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from volunteer.domain.ledger import Passbook, Transfer
from volunteer.domain.opening_balances import (
    OldFigures,
    Receiver,
    State,
    decide_approver,
    decide_receiver,
)
from volunteer.domain.refusals import Code, Refusal
from volunteer.store.audit import record_audit_of_residents
from volunteer.store.bulk import among, insert_rows, update_rows
from volunteer.store.database import TryAgain, Tx
from volunteer.store.family import load_own_records, load_selves
from volunteer.store.ledger import RESIDENT, TRANSFER, lock_passbooks, post, read_system_accounts
from volunteer.store.models import ImportBatch, OpeningBalance
from volunteer.store.models.base import table_of

OPENING = table_of(OpeningBalance)
_BATCH = table_of(ImportBatch)


@dataclass(frozen=True)
class Proposed:
    """Figures for a resident, and the row of the spreadsheet that they come from, if any."""

    resident_id: int
    figures: OldFigures
    import_batch_id: int | None = None
    import_row_number: int | None = None


@dataclass(frozen=True)
class Deciding:
    """Whoever proposes or decides, when; ``today`` in the community."""

    by: int
    now: datetime
    today: date


@dataclass(frozen=True)
class Decided:
    """What was posted, and why the rest was not, by proposal."""

    posted: tuple[int, ...]
    points: int
    minutes: int
    refused: Mapping[int, Refusal]


def record_proposed(
    tx: Tx, community_id: int, rows: Sequence[Proposed], hand: Deciding
) -> dict[int, Refusal]:
    """Propose figures, at most one row a resident, in a fixed number of statements.

    The same figures again change nothing, other ones replace what is not decided yet, so a sheet
    can be imported twice. Gives by resident why a row was not proposed; the others are.
    """
    assert len({row.resident_id for row in rows}) == len(rows), "a resident with two old books"
    if not rows:
        return {}
    ids = [row.resident_id for row in rows]
    receivers = _load_receivers(tx, community_id, ids, hand)
    waiting = {row.resident_id: row for row in _load_waiting_of(tx, community_id, ids)}
    refused, new, replaced = {}, [], []
    for row in rows:
        receiver = receivers.get(row.resident_id)
        refusal = decide_receiver(receiver) if receiver else Refusal(Code.NOT_FOUND)
        if refusal is not None:
            refused[row.resident_id] = refusal
            continue
        before = waiting.get(row.resident_id)
        if before and OldFigures(before.points, before.minutes, before.note) == row.figures:
            continue
        if before:
            replaced.append(before.id)
        new.append(row)
    if replaced:
        record_decided(tx, replaced, State.WITHDRAWN, hand)
    if new:
        _insert(tx, community_id, new, hand)
    return refused


def record_decided(
    tx: Tx, ids: Sequence[int], state: State, hand: Deciding, reason: str | None = None
) -> None:
    """Send proposals back or take them off the list. Raises TryAgain when one was decided
    meanwhile."""
    rows = [
        {"id": one, "state": state.value, "decided_at": hand.now, "reason": reason}
        | {"decided_by_login_id": hand.by}
        for one in sorted(ids)
    ]
    changed = update_rows(
        tx,
        OPENING,
        rows,
        "state = r.state, decided_at = r.decided_at, reason = r.reason,"
        " decided_by_login_id = r.decided_by_login_id",
        "opening_balance.id = r.id AND opening_balance.state = 'proposed'",
        "RETURNING opening_balance.community_id, opening_balance.resident_id,"
        " opening_balance.points, opening_balance.minutes",
    ).all()
    if len(changed) != len(rows):
        raise TryAgain
    _audit(tx, f"opening_balance_{state.value}", changed, hand, reason)


def load_waiting_ids(tx: Tx, community_id: int, ids: Collection[int]) -> list[int]:
    """Those of them that nobody has decided, locked."""
    return [row.id for row in _load_waiting(tx, community_id, ids)]


def record_reversed(tx: Tx, transfer_id: int) -> None:
    """The line was taken back: the person may be proposed again."""
    update_rows(
        tx,
        OPENING,
        [{"transfer_id": transfer_id}],
        "state = 'reversed'",
        "opening_balance.transfer_id = r.transfer_id AND opening_balance.state = 'posted'",
    )


def record_posted(tx: Tx, community_id: int, ids: Collection[int], hand: Deciding) -> Decided:
    """Post these proposals, each as one line of its passbook.

    One that may not be posted never holds up its neighbours. One that somebody else decided, or
    withdrew, is refused as ``changed_meanwhile``.
    """
    residents = _read_residents(tx, community_id, ids)
    books = lock_passbooks(tx, residents.values())
    rows = {row.id: row for row in _load_waiting(tx, community_id, ids)}
    if any(row.resident_id != residents[row.id] for row in rows.values()):
        raise TryAgain
    receivers = _load_receivers(tx, community_id, [row.resident_id for row in rows.values()], hand)
    people = {hand.by, *(row.proposed_by_login_id for row in rows.values())}
    selves = load_selves(tx, people, hand.today)
    refused: dict[int, Refusal] = {
        one: Refusal(Code.CHANGED_MEANWHILE) for one in ids if one not in rows
    }
    posting = []
    for row in rows.values():
        refusal = decide_receiver(receivers[row.resident_id]) or decide_approver(
            selves.get(hand.by, frozenset()),
            selves.get(row.proposed_by_login_id, frozenset()),
            is_same=row.proposed_by_login_id == hand.by,
        )
        if refusal is None:
            posting.append(row)
        else:
            refused[row.id] = refusal
    if posting:
        _post(tx, posting, books, hand)
        _audit(tx, "opening_balance_posted", posting, hand)
    return Decided(
        tuple(row.id for row in posting),
        sum(row.points for row in posting),
        sum(row.minutes for row in posting),
        refused,
    )


def load_ids_through(tx: Tx, community_id: int, after: int, through: int, most: int) -> list[int]:
    """The next proposals that wait, up to and with the id ``through``."""
    wanted = select(OPENING.c.id).where(
        OPENING.c.community_id == community_id,
        OPENING.c.state == State.PROPOSED.value,
        OPENING.c.id > after,
        OPENING.c.id <= through,
    )
    return list(tx.run(wanted.order_by(OPENING.c.id).limit(most)).scalars())


def _insert(tx: Tx, community_id: int, rows: Iterable[Proposed], hand: Deciding) -> None:
    values = [
        {
            "community_id": community_id,
            "resident_id": row.resident_id,
            "points": row.figures.points,
            "minutes": row.figures.minutes,
            "note": row.figures.note,
            "import_batch_id": row.import_batch_id,
            "import_row_number": row.import_row_number,
            "state": State.PROPOSED.value,
            "proposed_at": hand.now,
            "proposed_by_login_id": hand.by,
        }
        for row in rows
    ]
    inserted = insert_rows(
        tx,
        OPENING,
        values,
        "ON CONFLICT DO NOTHING RETURNING community_id, resident_id, points, minutes",
    ).all()
    if len(inserted) != len(values):  # somebody proposed for the same person meanwhile
        raise TryAgain
    _audit(tx, "opening_balance_proposed", inserted, hand)


def _audit(
    tx: Tx, action: str, rows: Sequence[Any], hand: Deciding, reason: str | None = None
) -> None:
    facts = {
        row.resident_id: {"points": row.points, "minutes": row.minutes}
        | ({"reason": reason} if reason else {})
        for row in rows
    }
    record_audit_of_residents(
        tx, action, rows[0].community_id, facts, login_id=hand.by, now=hand.now
    )


def _load_receivers(
    tx: Tx, community_id: int, resident_ids: Sequence[int], hand: Deciding
) -> dict[int, Receiver]:
    own = load_own_records(tx, community_id, hand.by, hand.today)
    rows = tx.run(
        select(
            RESIDENT.c.id,
            RESIDENT.c.state,
            RESIDENT.c.home_resident_id,
            _HAS_POSTED.label("has_posted"),
        ).where(RESIDENT.c.community_id == community_id, among(RESIDENT.c.id, "ids")),
        ids=sorted(set(resident_ids)),
    )
    return {
        row.id: Receiver(
            row.state, row.home_resident_id is not None, row.id in own, bool(row.has_posted)
        )
        for row in rows
    }


def _has_posted() -> Any:
    """An old book stands in the resident's passbook, or in one that was merged into it. Two
    questions, each along an index: asked as one, every resident looked through all old books."""
    merged = RESIDENT.alias("merged")
    posted = select(OPENING.c.id).where(OPENING.c.state == State.POSTED.value)
    own = posted.where(OPENING.c.resident_id == RESIDENT.c.id)
    of_merged = posted.join(merged, merged.c.id == OPENING.c.resident_id).where(
        merged.c.merged_into_id == RESIDENT.c.id
    )
    return or_(own.correlate(RESIDENT).exists(), of_merged.correlate(RESIDENT).exists())


_HAS_POSTED = _has_posted()


def _load_waiting_of(tx: Tx, community_id: int, resident_ids: Sequence[int]) -> Sequence[Any]:
    wanted = select(OPENING).where(
        OPENING.c.community_id == community_id,
        OPENING.c.state == State.PROPOSED.value,
        among(OPENING.c.resident_id, "ids"),
    )
    return tx.run(wanted, ids=sorted(resident_ids)).all()


def _read_residents(tx: Tx, community_id: int, ids: Collection[int]) -> dict[int, int]:
    wanted = select(OPENING.c.id, OPENING.c.resident_id).where(
        OPENING.c.community_id == community_id, among(OPENING.c.id, "ids")
    )
    return {row.id: row.resident_id for row in tx.run(wanted, ids=sorted(ids))}


def _load_waiting(tx: Tx, community_id: int, ids: Collection[int]) -> Sequence[Any]:
    """Those of them that are not decided, locked, with the name of their spreadsheet."""
    wanted = (
        select(OPENING, _BATCH.c.file_name)
        .outerjoin(_BATCH, _BATCH.c.id == OPENING.c.import_batch_id)
        .where(
            OPENING.c.community_id == community_id,
            OPENING.c.state == State.PROPOSED.value,
            among(OPENING.c.id, "ids"),
        )
        .order_by(OPENING.c.id)
        .with_for_update(of=OPENING)
    )
    return tx.run(wanted, ids=sorted(ids)).all()


def _post(tx: Tx, rows: Sequence[Any], books: Mapping[int, Passbook], hand: Deciding) -> None:
    community_id = rows[0].community_id
    system = read_system_accounts(tx, community_id)
    transfers = [_transfer(row, books[row.resident_id], system.issued, hand) for row in rows]
    touched = [books[row.resident_id] for row in rows]
    post(tx, transfers, touched, system.debts)
    written = tx.run(
        select(TRANSFER.c.id, TRANSFER.c.idempotency_key).where(
            TRANSFER.c.community_id == community_id, among(TRANSFER.c.idempotency_key, "keys")
        ),
        keys=[one.idempotency_key for one in transfers],
    )
    ids = {row.idempotency_key: row.id for row in written}
    update_rows(
        tx,
        OPENING,
        [
            {"id": row.id, "transfer_id": ids[_key(row.id)], "decided_at": hand.now}
            | {"decided_by_login_id": hand.by}
            for row in rows
        ],
        "state = 'posted', transfer_id = r.transfer_id, decided_at = r.decided_at,"
        " decided_by_login_id = r.decided_by_login_id",
        "opening_balance.id = r.id",
    )


def _transfer(row: Any, book: Passbook, issued_id: int, hand: Deciding) -> Transfer:
    facts: dict[str, Any] = {"provenance": "old_passbook"}
    if row.import_batch_id is not None:
        facts |= {"file": row.file_name, "row": row.import_row_number}
    return Transfer(
        community_id=row.community_id,
        debit_account_id=issued_id,
        credit_account_id=book.account_id,
        amount_points=row.points,
        amount_minutes=row.minutes,
        code="opening_balance",
        idempotency_key=_key(row.id),
        occurred_at=row.proposed_at,
        posted_at=hand.now,
        recorded_by_login_id=row.proposed_by_login_id,
        approved_by_login_id=hand.by,
        reason=row.note or None,
        facts=facts,
    )


def _key(opening_id: int) -> str:
    return f"opening_balance:{opening_id}"
