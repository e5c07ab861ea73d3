"""What a scanner without network may know: whose card that probably is, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.names import mask_name
from volunteer.store.database import db
from volunteer.store.models import Attendance, Card, Resident, SignUp

MOST_CARDS = 3000
RECENT_DAYS = 120
_HASH_BYTES = 8
"""Enough to tell three thousand cards apart, and useless as a card."""


def read_card_roster(
    event_id: int, community_id: int, now: datetime, scope: Scope
) -> Mapping[str, str]:
    """Initial by the beginning of the hash of a card's code, 16 hexadecimal digits: of who signed
    up and of who came to anything lately. Never by a number: those are guessed in seconds."""
    came = exists().where(
        Attendance.community_id == Resident.community_id,
        Attendance.resident_id == Resident.id,
        Attendance.checked_in_at > now - timedelta(days=RECENT_DAYS),
    )
    signed_up = exists().where(
        SignUp.community_id == Resident.community_id,
        SignUp.resident_id == Resident.id,
        SignUp.event_id == event_id,
        SignUp.state.in_(("place", "waiting")),
    )
    statement = (
        select(Card.code_hash, Resident.name)
        .join(
            Resident,
            (Resident.id == Card.resident_id) & (Resident.community_id == Card.community_id),
        )
        .where(
            Card.community_id == community_id,
            Card.state == "active",
            Resident.state == "active",
            or_(came, signed_up),
        )
        .order_by(Card.id.desc())
        .limit(MOST_CARDS)
    )
    if scope.community_ids is not None:
        statement = statement.where(Card.community_id.in_(scope.community_ids))
    found = db.session.execute(statement)
    return {code_hash[:_HASH_BYTES].hex(): mask_name(name) for code_hash, name in found}
