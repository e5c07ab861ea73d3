"""What is printed on residents' cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from volunteer.domain.access import Scope
from volunteer.domain.activation import MOST_TRIES, Purpose
from volunteer.domain.tokens import card_code_hash
from volunteer.store.database import db
from volunteer.store.models import ActivationCode, Card, Community, Resident


@dataclass(frozen=True)
class CardShown:
    """A resident's card in use. ``strip_expires_at`` is None when its strip's code is used, run out
    or was never given; ``strip_printing`` says which of the card's strips it stands on."""

    resident_id: int
    ref: str
    community_id: int
    name: str
    name_en: str | None
    passbook_number: str
    card_number: str
    community: str
    telephone: str | None
    zone: str
    is_demo: bool
    strip_expires_at: datetime | None
    strip_printing: int | None


@dataclass(frozen=True)
class CardEnd:
    """Whether a card works: ``state`` active, replaced or revoked; ``ended_at`` with its zone."""

    state: str
    ended_at: datetime | None
    zone: str


@dataclass(frozen=True)
class BlankBatch:
    """Blank cards that were made together and belong to nobody yet."""

    issued_at: datetime
    count: int


def read_blank_batches(scope: Scope, community_id: int) -> list[BlankBatch]:
    """Blank cards still to be handed out, by when they were made, the newest first."""
    if not scope.sees(community_id):
        return []
    blank = and_(Card.resident_id.is_(None), Card.state == "active")
    statement = (
        select(Card.issued_at, func.count())
        .where(Card.community_id == community_id, blank)
        .group_by(Card.issued_at)
        .order_by(Card.issued_at.desc())
        .limit(50)
    )
    return [BlankBatch(issued_at, count) for issued_at, count in db.session.execute(statement)]


def read_blank_cards(scope: Scope, community_id: int, issued_at: datetime) -> list[str]:
    """The numbers of the blank cards that were made at this moment."""
    if not scope.sees(community_id):
        return []
    statement = (
        select(Card.number)
        .where(
            Card.community_id == community_id,
            Card.resident_id.is_(None),
            Card.state == "active",
            Card.issued_at == issued_at,
        )
        .order_by(Card.number)
    )
    return list(db.session.execute(statement).scalars())


def read_card(scope: Scope, ref: str, now: datetime) -> CardShown | None:
    """The card in use of the resident with this ref; None when there is none, or not in scope."""
    found = _read(_cards(now).where(Resident.ref == ref), scope)
    return found[-1] if found else None


def read_cards_of(
    scope: Scope, community_id: int, resident_ids: Sequence[int], now: datetime
) -> list[CardShown]:
    """The cards in use of these residents, in the order given; who has none is left out."""
    wanted = Resident.community_id == community_id, Resident.id.in_(resident_ids)
    found = {one.resident_id: one for one in _read(_cards(now).where(*wanted), scope)}
    return [found[one] for one in resident_ids if one in found]


def read_card_end(code: str) -> CardEnd | None:
    """How the card with this code stands, whosever it is; None when it is no card of ours.

    Without a scope: whoever holds a card up is told whether it works, and nothing else of it.
    """
    row = db.session.execute(
        select(Card.state, Card.ended_at, Community.time_zone)
        .join(Community, Community.id == Card.community_id)
        .where(Card.code_hash == card_code_hash(code))
    ).first()
    return CardEnd(*row) if row else None


def _read(statement: Any, scope: Scope) -> list[CardShown]:
    if scope.community_ids is not None:
        statement = statement.where(Resident.community_id.in_(scope.community_ids))
    return [CardShown(*tuple(row)) for row in db.session.execute(statement)]


def _cards(now: datetime) -> Any:
    """Of several cards in use the newest comes last."""
    strip = _unused_strip(now)
    return (
        select(
            Resident.id,
            Resident.ref,
            Resident.community_id,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Card.number,
            Community.name,
            Community.telephone,
            Community.time_zone,
            Community.is_demo,
            ActivationCode.expires_at,
            ActivationCode.printing,
        )
        .join(
            Card,
            and_(
                Card.community_id == Resident.community_id,
                Card.resident_id == Resident.id,
                Card.state == "active",
            ),
        )
        .join(Community, Community.id == Resident.community_id)
        .outerjoin(ActivationCode, ActivationCode.id == strip)
        .order_by(Card.id)
    )


def _unused_strip(now: datetime) -> Any:
    return (
        select(func.max(ActivationCode.id))
        .where(
            ActivationCode.community_id == Resident.community_id,
            ActivationCode.resident_id == Resident.id,
            ActivationCode.purpose == Purpose.CARD_STRIP.value,
            ActivationCode.used_at.is_(None),
            ActivationCode.tries < MOST_TRIES,
            ActivationCode.expires_at > now,
            ActivationCode.created_at >= Card.issued_at,
        )
        .correlate(Resident, Card)
        .scalar_subquery()
    )
