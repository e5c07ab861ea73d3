"""Walk-ins as rows: how many came already, and one more."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from volunteer.domain.walk_ins import BROWSER_WINDOW, How, WalkInCounts
from volunteer.store.bulk import insert_rows
from volunteer.store.database import TryAgain, Tx
from volunteer.store.models import Event, TeamMember, WalkIn
from volunteer.store.models.base import table_of

_event = table_of(Event)
_member = table_of(TeamMember)
_walk_in = table_of(WalkIn)


@dataclass(frozen=True)
class CameFrom:
    """Where a walk-in's request came from, as keyed hashes that tell nothing by themselves."""

    address_hash: bytes | None = None
    browser_hash: bytes | None = None


def came_from(key: bytes, address: str | None, browser: str | None) -> CameFrom:
    """``key`` is ``Keys.sign_in_throttle``; addresses are few enough to be guessed without it."""

    def hashed(kind: str, value: str | None) -> bytes | None:
        return hmac.digest(key, f"walk-in {kind}:{value}".encode(), "sha256") if value else None

    return CameFrom(hashed("address", address), hashed("browser", browser))


def load_counts(tx: Tx, event_id: int, source: CameFrom, now: datetime) -> WalkInCounts:
    """How many walked in already. The event is locked, so that a crowd is counted one by one."""
    tx.run(select(_event.c.id).where(_event.c.id == event_id).with_for_update())
    themselves = _walk_in.c.how == How.SELF.value
    at_event = (_walk_in.c.event_id == event_id) & themselves
    from_there = func.count().filter(_walk_in.c.address_hash == source.address_hash)
    here = tx.run(
        select(func.count().label("all"), from_there.label("by_address")).where(at_event)
    ).one()
    by_browser = tx.run(
        select(func.count()).where(
            _walk_in.c.browser_hash == source.browser_hash,
            _walk_in.c.created_at > now - BROWSER_WINDOW,
        )
    ).scalar_one()
    return WalkInCounts(here.all, here.by_address, by_browser)


def load_added_by(tx: Tx, event_id: int, recorder: str) -> int:
    """How many people this leader or device (``login:ID``, ``device:ID``) added to the event; the
    people of a visiting team have a limit of their own."""
    tx.run(select(_event.c.id).where(_event.c.id == event_id).with_for_update())
    of_team = select(_member.c.id).where(
        _member.c.community_id == _walk_in.c.community_id,
        _member.c.resident_id == _walk_in.c.resident_id,
    )
    added = select(func.count()).where(
        _walk_in.c.event_id == event_id, _walk_in.c.recorded_by == recorder, ~of_team.exists()
    )
    return int(tx.run(added).scalar_one())


def load_visit(tx: Tx, community_id: int, visit_id: UUID) -> int | None:
    """The resident that this visit's form has made already."""
    made = select(_walk_in.c.resident_id).where(
        _walk_in.c.community_id == community_id, _walk_in.c.visit_id == visit_id
    )
    return tx.run(made).scalar_one_or_none()


@dataclass(frozen=True)
class NewWalkIn:
    """One person who came in; ``recorded_by`` is None for who wrote themself down."""

    community_id: int
    resident_id: int
    event_id: int
    how: How
    visit_id: UUID
    source: CameFrom = CameFrom()
    recorded_by: str | None = None
    unnamed: bool = False


def record_walk_in(tx: Tx, new: NewWalkIn, now: datetime) -> None:
    """Raises TryAgain when the same visit was recorded meanwhile: the next look finds it."""
    record_walk_ins(tx, [new], now)


def record_walk_ins(tx: Tx, people: Sequence[NewWalkIn], now: datetime) -> None:
    """As ``record_walk_in``, for several people who came in together."""
    written = insert_rows(
        tx,
        _walk_in,
        [
            {
                "community_id": new.community_id,
                "resident_id": new.resident_id,
                "event_id": new.event_id,
                "how": new.how.value,
                "visit_id": new.visit_id,
                "unnamed": new.unnamed,
                "address_hash": new.source.address_hash,
                "browser_hash": new.source.browser_hash,
                "recorded_by": new.recorded_by,
                "created_at": now,
            }
            for new in people
        ],
        "ON CONFLICT DO NOTHING RETURNING id",
    )
    if len(written.all()) != len(people):
        raise TryAgain
