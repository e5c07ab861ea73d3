"""What printing cards writes: cards for who has none, the next card, new strips, the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from volunteer.domain.activation import Purpose, activation_code_hash, expires_at, strip_code
from volunteer.domain.card_prints import Hand, PrintWish
from volunteer.domain.passbook_number import (
    FIRST_ISSUE,
    LAST_ISSUE,
    issue_of,
)
from volunteer.store.audit import record_audit_of_residents
from volunteer.store.bulk import among, insert_rows
from volunteer.store.cards import ACTIVATION_CODE, CARD, NewCard, record_cards
from volunteer.store.database import Tx
from volunteer.store.models import Resident
from volunteer.store.models.base import table_of

RESIDENT = table_of(Resident)
HOLDERS = ("active", "provisional")


@dataclass(frozen=True)
class _Holder:
    """A resident with the card that works, if there is one."""

    community_id: int
    resident_id: int
    passbook_number: str
    card_number: str | None
    last_issue: int


def record_print(
    tx: Tx, community_id: int, resident_ids: Sequence[int], wish: PrintWish, hand: Hand
) -> int:
    """Make the cards of these residents ready to be drawn; gives of how many.

    Left out is who is not here any more. Who would need a hundredth card keeps the ninety-ninth.
    The number of statements does not grow with the number of residents.
    """
    holders = _load_holders(tx, community_id, resident_ids)
    renewed = [
        one
        for one in holders
        if (wish.replaces or one.card_number is None) and one.last_issue < LAST_ISSUE
    ]
    kept = [one for one in holders if one.card_number is not None and one not in renewed]
    _end_cards(tx, renewed, hand.now)
    _issue_next(tx, renewed, hand)
    if wish.strips:
        _record_new_strips(tx, kept, hand)
        _audit(tx, "strip_printed", [*kept, *renewed], hand)
    printed = [one.resident_id for one in (*kept, *renewed)]
    if printed:
        working = CARD.c.state == "active", among(CARD.c.resident_id, "ids")
        tx.run(update(CARD).where(*working).values(printed_at=hand.now), ids=printed)
    return len(printed)


def _load_holders(tx: Tx, community_id: int, resident_ids: Sequence[int]) -> list[_Holder]:
    """Locked in id order: two prints at once would end each other's strips, and both live."""
    # Not the stronger lock, for which a scan of these residents would wait.
    residents = tx.run(
        select(RESIDENT.c.id, RESIDENT.c.passbook_number)
        .where(
            among(RESIDENT.c.id, "ids"),
            RESIDENT.c.community_id == community_id,
            RESIDENT.c.state.in_(HOLDERS),
        )
        .order_by(RESIDENT.c.id)
        .with_for_update(key_share=True),
        ids=list(resident_ids),
    ).all()
    ids = [row.id for row in residents]
    working, issues = _load_working(tx, ids), _load_last_issues(tx, ids)
    return [
        _Holder(
            community_id,
            row.id,
            row.passbook_number,
            working.get(row.id),
            issues.get(row.id, FIRST_ISSUE - 1),
        )
        for row in residents
    ]


def _load_working(tx: Tx, resident_ids: Sequence[int]) -> dict[int, str]:
    """The number of the newest card that works, by resident."""
    rows = tx.run(
        select(CARD.c.resident_id, CARD.c.number)
        .where(among(CARD.c.resident_id, "ids"), CARD.c.state == "active")
        .order_by(CARD.c.id),
        ids=list(resident_ids),
    )
    return {row.resident_id: row.number for row in rows}


def _load_last_issues(tx: Tx, resident_ids: Sequence[int]) -> dict[int, int]:
    """Of their passbook numbers, not their own: a merged row's cards keep their numbers."""
    number = RESIDENT.c.passbook_number
    # As a range, which goes along the index of the numbers.
    of_passbook = CARD.c.number.between(number + f"{FIRST_ISSUE:02d}", number + str(LAST_ISSUE))
    rows = tx.run(
        select(RESIDENT.c.id, func.max(CARD.c.number).label("newest"))
        .join(CARD, of_passbook)
        .where(among(RESIDENT.c.id, "ids"))
        .group_by(RESIDENT.c.id),
        ids=list(resident_ids),
    )
    return {row.id: issue_of(row.newest) for row in rows}


def _end_cards(tx: Tx, holders: Sequence[_Holder], now: datetime) -> None:
    ended = [one.resident_id for one in holders if one.card_number is not None]
    if not ended:
        return
    working = CARD.c.state == "active", among(CARD.c.resident_id, "ids")
    tx.run(update(CARD).where(*working).values(state="replaced", ended_at=now), ids=ended)


def _issue_next(tx: Tx, holders: Sequence[_Holder], hand: Hand) -> None:
    if not holders:
        return
    _end_strips(tx, holders, hand.now)
    new = [
        NewCard(one.community_id, one.resident_id, one.passbook_number, one.last_issue + 1)
        for one in holders
    ]
    record_cards(tx, new, keys=hand.keys, by=hand.by, now=hand.now)
    _audit(tx, "card_replaced", [one for one in holders if one.card_number is not None], hand)
    _audit(tx, "card_issued", [one for one in holders if one.card_number is None], hand)


def _record_new_strips(tx: Tx, holders: Sequence[_Holder], hand: Hand) -> None:
    if not holders:
        return
    _end_strips(tx, holders, hand.now)
    last = _load_printings(tx, holders)
    rows = [_strip(one, last.get(one.resident_id, -1) + 1, hand) for one in holders]
    insert_rows(tx, ACTIVATION_CODE, rows)


def _load_printings(tx: Tx, holders: Sequence[_Holder]) -> dict[int, int]:
    rows = tx.run(
        select(ACTIVATION_CODE.c.resident_id, func.max(ACTIVATION_CODE.c.printing).label("last"))
        .where(
            among(ACTIVATION_CODE.c.resident_id, "ids"),
            ACTIVATION_CODE.c.purpose == Purpose.CARD_STRIP.value,
        )
        .group_by(ACTIVATION_CODE.c.resident_id),
        ids=[one.resident_id for one in holders],
    )
    return {row.resident_id: row.last for row in rows}


def _strip(holder: _Holder, printing: int, hand: Hand) -> Mapping[str, Any]:
    assert holder.card_number is not None
    key = hand.keys.activation_code
    code = strip_code(key, holder.card_number, printing)
    return {
        "community_id": holder.community_id,
        "resident_id": holder.resident_id,
        "purpose": Purpose.CARD_STRIP.value,
        "printing": printing,
        "code_hash": activation_code_hash(key, holder.resident_id, code),
        "tries": 0,
        "created_at": hand.now,
        "created_by_login_id": hand.by,
        "expires_at": expires_at(Purpose.CARD_STRIP, hand.now),
    }


def _end_strips(tx: Tx, holders: Sequence[_Holder], now: datetime) -> None:
    tx.run(
        update(ACTIVATION_CODE)
        .where(
            among(ACTIVATION_CODE.c.resident_id, "ids"),
            ACTIVATION_CODE.c.purpose == Purpose.CARD_STRIP.value,
            ACTIVATION_CODE.c.used_at.is_(None),
            ACTIVATION_CODE.c.expires_at > now,
        )
        .values(expires_at=now),
        ids=[one.resident_id for one in holders],
    )


def _audit(tx: Tx, action: str, holders: Sequence[_Holder], hand: Hand) -> None:
    facts: dict[int, Mapping[str, Any]] = {one.resident_id: {} for one in holders}
    if holders:
        community_id = holders[0].community_id
        record_audit_of_residents(tx, action, community_id, facts, login_id=hand.by, now=hand.now)
