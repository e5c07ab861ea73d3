"""Cards: the first one, a new one for one that is lost, and taking one out of use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from volunteer.domain.access import Scope
from volunteer.domain.passbook_number import FIRST_ISSUE, LAST_ISSUE, issue_of
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.tokens import Keys
from volunteer.store.audit import record_audit
from volunteer.store.cards import (
    NewCard,
    record_blank_cards,
    record_card_ended,
    record_cards,
    record_strips_expired,
)
from volunteer.store.database import Tx, transact
from volunteer.store.models import Card, Resident
from volunteer.store.people import load_free_numbers
from volunteer.store.rows import load_row, require_seen

MOST_BLANK = 100


@dataclass(frozen=True)
class IssuedCard:
    card_id: int
    number: str


def issue_card(
    resident_id: int, *, keys: Keys, by: int | None, now: datetime, scope: Scope
) -> IssuedCard:
    """A card for somebody who has none that works.

    Raises Refused: ``not_found``, ``resident_inactive``, ``already_exists`` (there is a working
    card: replace it instead), ``number_taken`` (99 cards were issued to this passbook).
    """

    def work(tx: Tx) -> IssuedCard:
        resident = load_row(tx, Resident, resident_id)
        working = select(Card.id).where(Card.resident_id == resident_id, Card.state == "active")
        if tx.run(working).first():
            raise refuse(Code.ALREADY_EXISTS)
        issued = _issue(tx, resident, keys, by, now)
        _audit(tx, "card_issued", issued.card_id, resident, by, now)
        return issued

    return transact(work, scope)


def replace_card(card_id: int, *, keys: Keys, by: int, now: datetime, scope: Scope) -> IssuedCard:
    """End a card and issue the next of the same passbook, with a new strip.

    The strip of the old card no longer binds a phone: who found the card may have found it too.
    Raises Refused: ``not_found``, ``card_blank``, ``resident_inactive``, ``changed_meanwhile``
    (already replaced or revoked, so a double tap makes one new card), ``number_taken``.
    """

    def work(tx: Tx) -> IssuedCard:
        card = load_row(tx, Card, card_id)
        if card.resident_id is None:
            raise refuse(Code.CARD_BLANK)
        resident = load_row(tx, Resident, card.resident_id)
        if not record_card_ended(tx, card_id, "replaced", now):
            raise refuse(Code.CHANGED_MEANWHILE)
        record_strips_expired(tx, resident.id, now)
        issued = _issue(tx, resident, keys, by, now)
        _audit(tx, "card_replaced", card_id, resident, by, now)
        return issued

    return transact(work, scope)


def revoke_card(card_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Take a card out of use without a new one; a blank one too.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (already replaced or revoked).
    """

    def work(tx: Tx) -> None:
        card = load_row(tx, Card, card_id)
        if not record_card_ended(tx, card_id, "revoked", now):
            raise refuse(Code.CHANGED_MEANWHILE)
        if card.resident_id is not None:
            record_strips_expired(tx, card.resident_id, now)
        record_audit(
            tx,
            now=now,
            action="card_revoked",
            subject_kind="card" if card.resident_id is None else "resident",
            subject_id=card.resident_id or card_id,
            community_id=card.community_id,
            login_id=by,
            facts={"issue": issue_of(card.number)},
        )

    transact(work, scope)


def issue_blank_cards(
    community_id: int, count: int, *, keys: Keys, by: int, now: datetime, scope: Scope
) -> None:
    """Cards that belong to nobody yet, to hand out at an event; each keeps its passbook number for
    whoever gets it.

    Raises Refused: ``not_found`` (community), ``amount_invalid`` (not 1 to ``MOST_BLANK``).
    """
    if not 1 <= count <= MOST_BLANK:
        raise refuse(Code.AMOUNT_INVALID, field="count")

    def work(tx: Tx) -> None:
        require_seen(tx, community_id)
        numbers = load_free_numbers(tx, count)[:count]
        record_blank_cards(tx, community_id, numbers, keys=keys, now=now)
        record_audit(
            tx,
            now=now,
            action="blank_cards_issued",
            subject_kind="community",
            subject_id=community_id,
            community_id=community_id,
            login_id=by,
            facts={"count": count},
        )

    transact(work, scope)


def _issue(tx: Tx, resident: Row[Any], keys: Keys, by: int | None, now: datetime) -> IssuedCard:
    if resident.state not in ("active", "provisional", "moved_away"):
        raise refuse(Code.RESIDENT_INACTIVE)
    # Of this passbook number, not of this resident: a merged row's cards keep their numbers.
    newest = tx.run(
        select(func.max(Card.number)).where(Card.number.like(f"{resident.passbook_number}__"))
    ).scalar()
    issue = issue_of(newest) + 1 if newest else FIRST_ISSUE
    if issue > LAST_ISSUE:
        raise refuse(Code.NUMBER_TAKEN)
    new = NewCard(resident.community_id, resident.id, resident.passbook_number, issue)
    card_ids = record_cards(tx, [new], keys=keys, by=by, now=now)
    return IssuedCard(card_ids[resident.id], new.number)


def _audit(
    tx: Tx, action: str, card_id: int, resident: Row[Any], by: int | None, now: datetime
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="resident",
        subject_id=resident.id,
        community_id=resident.community_id,
        login_id=by,
        facts={"card_id": card_id},
    )
