"""Blank cards that wait for a guardian's consent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import Activity, Card, Event, WaitingCard


@dataclass(frozen=True)
class WaitedAt:
    """An event that a waiting card was at."""

    event_id: int
    activity: str
    activity_en: str | None
    seen_at: datetime


@dataclass(frozen=True)
class WaitingCardShown:
    """``events``: in the order of time; at least one."""

    card_id: int
    community_id: int
    number: str
    events: tuple[WaitedAt, ...]


def read_waiting_cards(scope: Scope, community_id: int) -> list[WaitingCardShown]:
    """The cards of a community that wait, the longest first."""
    if not scope.sees(community_id):
        return []
    statement = (
        select(
            WaitingCard.card_id,
            Card.number,
            WaitingCard.event_id,
            Activity.name,
            Activity.name_en,
            WaitingCard.seen_at,
        )
        .join(Card, Card.id == WaitingCard.card_id)
        .join(Event, Event.id == WaitingCard.event_id)
        .join(Activity, Activity.id == Event.activity_id)
        .where(WaitingCard.community_id == community_id, WaitingCard.outcome.is_(None))
        .order_by(WaitingCard.seen_at, WaitingCard.id)
    )
    events: dict[tuple[int, str], list[WaitedAt]] = defaultdict(list)
    rows: Iterable[Any] = db.session.execute(statement)
    for card_id, number, *at in rows:
        events[card_id, number].append(WaitedAt(*at))
    return [
        WaitingCardShown(card_id, community_id, number, tuple(found))
        for (card_id, number), found in events.items()
    ]


def read_cards_waiting_at(scope: Scope, event_id: int) -> list[str]:
    """The numbers of the cards that were at this event and wait."""
    statement = (
        select(Card.number)
        .join(WaitingCard, WaitingCard.card_id == Card.id)
        .where(WaitingCard.event_id == event_id, WaitingCard.outcome.is_(None))
        .order_by(WaitingCard.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(WaitingCard.community_id.in_(scope.community_ids))
    return list(db.session.execute(statement).scalars())
