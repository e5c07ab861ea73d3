"""What is printed on residents' cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from volunteer.domain.access import Scope
from volunteer.domain.activation import MOST_TRIES
from volunteer.store.database import db
from volunteer.store.models import (
    ActivationCode,
    Card,
    Community,
    Residence,
    Resident,
    TeamMember,
)

MOST_CARDS = 200
"""Cards in one sheet: more would make a browser wait."""


@dataclass(frozen=True)
class CardShown:
    """A resident's card in use. ``strip_expires_at`` is None when its strip code is used, run out
    or was never given: then the strip is printed without one."""

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


def read_cards(
    scope: Scope,
    now: datetime,
    *,
    refs: Sequence[str] = (),
    building_id: int | None = None,
    team_id: int | None = None,
) -> list[CardShown]:
    """The cards in use of the residents with these refs, of those who live in a building, or of
    a visiting team's people.

    At most ``MOST_CARDS``, by name. Residents without a card in use are left out.
    """
    unused_strip = and_(
        ActivationCode.community_id == Resident.community_id,
        ActivationCode.resident_id == Resident.id,
        ActivationCode.purpose == "card_strip",
        ActivationCode.used_at.is_(None),
        ActivationCode.tries < MOST_TRIES,
        ActivationCode.expires_at > now,
        ActivationCode.created_at >= Card.issued_at,
    )
    strip_expires_at = (
        select(ActivationCode.expires_at)
        .where(unused_strip)
        .order_by(ActivationCode.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
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
            strip_expires_at,
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
        .order_by(Resident.pinyin, Resident.id)
        .limit(MOST_CARDS)
    )
    if team_id is not None:
        statement = statement.join(
            TeamMember,
            and_(
                TeamMember.community_id == Resident.community_id,
                TeamMember.resident_id == Resident.id,
                TeamMember.ends_on.is_(None),
            ),
        ).where(TeamMember.team_id == team_id)
    elif building_id is not None:
        statement = statement.join(
            Residence,
            and_(
                Residence.community_id == Resident.community_id,
                Residence.resident_id == Resident.id,
                Residence.kind == "lives",
                Residence.ends_on.is_(None),
            ),
        ).where(Residence.building_id == building_id)
    else:
        statement = statement.where(Resident.ref.in_(refs))
    if scope.community_ids is not None:
        statement = statement.where(Resident.community_id.in_(scope.community_ids))
    return [CardShown(*tuple(row)) for row in db.session.execute(statement)]
