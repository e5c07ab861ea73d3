"""Cards and the activation codes on their strips: the rows that issuing and replacing write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from volunteer.domain.activation import (
    Purpose,
    activation_code_hash,
    expires_at,
    strip_code,
)
from volunteer.domain.passbook_number import FIRST_ISSUE, card_number
from volunteer.domain.tokens import Keys, card_code, card_code_hash
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import ActivationCode, Card
from volunteer.store.models.base import table_of

CARD = table_of(Card)
ACTIVATION_CODE = table_of(ActivationCode)


@dataclass(frozen=True)
class NewCard:
    """The ``issue``-th card of a passbook."""

    community_id: int
    resident_id: int
    passbook_number: str
    issue: int = 1

    @property
    def number(self) -> str:
        return card_number(self.passbook_number, self.issue)


def record_cards(
    tx: Tx, cards: Sequence[NewCard], *, keys: Keys, by: int | None, now: datetime
) -> dict[int, int]:
    """Cards and the codes on their strips, in two statements; gives the card ids by resident.

    Codes are made from the numbers and not kept: the rows hold hashes.
    """
    issued = insert_rows(
        tx,
        CARD,
        [
            {
                "community_id": card.community_id,
                "resident_id": card.resident_id,
                "number": card.number,
                "code_hash": card_code_hash(card_code(keys.card_code, card.number)),
                "state": "active",
                "issued_at": now,
            }
            for card in cards
        ],
        "RETURNING resident_id, id",
    )
    ids: dict[int, int] = {row.resident_id: row.id for row in issued}
    insert_rows(tx, ACTIVATION_CODE, [_strip(card, keys, by, now) for card in cards])
    return ids


def record_blank_cards(
    tx: Tx, community_id: int, numbers: Sequence[str], *, keys: Keys, now: datetime
) -> None:
    """First cards of passbooks that nobody has yet; without a strip, for there is nobody to bind a
    phone to."""
    insert_rows(
        tx,
        CARD,
        [
            {
                "community_id": community_id,
                "resident_id": None,
                "number": card_number(number, FIRST_ISSUE),
                "code_hash": card_code_hash(
                    card_code(keys.card_code, card_number(number, FIRST_ISSUE))
                ),
                "state": "active",
                "issued_at": now,
            }
            for number in numbers
        ],
    )


def _strip(card: NewCard, keys: Keys, by: int | None, now: datetime) -> dict[str, Any]:
    code = strip_code(keys.activation_code, card.number)
    return {
        "community_id": card.community_id,
        "resident_id": card.resident_id,
        "purpose": Purpose.CARD_STRIP.value,
        "code_hash": activation_code_hash(keys.activation_code, card.resident_id, code),
        "tries": 0,
        "created_at": now,
        "created_by_login_id": by,
        "expires_at": expires_at(Purpose.CARD_STRIP, now),
    }


def record_card_ended(tx: Tx, card_id: int, state: str, now: datetime) -> bool:
    """End an active card; False when somebody else ended it first."""
    ending = update(CARD).where(CARD.c.id == card_id, CARD.c.state == "active")
    return bool(tx.run(ending.values(state=state, ended_at=now)).rowcount)


def record_strips_expired(tx: Tx, resident_id: int, now: datetime) -> None:
    """A card that is lost may be lost with its strip: no earlier strip binds a phone any more."""
    tx.run(
        update(ACTIVATION_CODE)
        .where(
            ACTIVATION_CODE.c.resident_id == resident_id,
            ACTIVATION_CODE.c.purpose == Purpose.CARD_STRIP.value,
            ACTIVATION_CODE.c.used_at.is_(None),
            ACTIVATION_CODE.c.expires_at > now,
        )
        .values(expires_at=now)
    )
