"""Moves between communities as the staff of either side see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.moves import next_step
from volunteer.queries.person import PersonKey
from volunteer.store.database import db
from volunteer.store.models import Community, CommunityMove, Resident

MOST_SHOWN = 100


@dataclass(frozen=True)
class Arrival:
    """Somebody who wants to arrive, as their old community describes them."""

    move_key: UUID
    community_id: int
    state: str
    name: str
    name_en: str | None
    birth_date: date | None
    age_band: str | None
    came_from: str
    came_from_en: str | None
    asked_at: datetime


@dataclass(frozen=True)
class Departure:
    """Where somebody wants to go or went. ``taken``: the other community has said yes. ``number``:
    of the passbook that goes on there."""

    move_key: UUID
    state: str
    community: str
    community_en: str | None
    asked_at: datetime
    decided_at: datetime | None
    moved_points: int
    taken: bool
    number: str | None

    @property
    def is_running(self) -> bool:
        return self.state in ("waiting", "left")


def read_communities_to(scope: Scope, community_id: int) -> list[tuple[int, str, str | None]]:
    """Where somebody of this community can move: names are no secret, so every other one."""
    if not scope.sees(community_id):
        return []
    rows = db.session.execute(
        select(Community.id, Community.name, Community.name_en)
        .where(Community.id != community_id)
        .order_by(Community.name, Community.id)
    )
    return [(row.id, row.name, row.name_en) for row in rows]


def read_arrivals(scope: Scope, community_id: int) -> tuple[Arrival, ...]:
    """Who waits to be taken in here, the longest wait first; with those whose passbook is still on
    its way."""
    if not scope.sees(community_id):
        return ()
    wanted = _arrivals().where(
        CommunityMove.community_id == community_id,
        CommunityMove.state.in_(("waiting", "accepted")),
        CommunityMove.follows_key.is_(None),
    )
    rows = db.session.execute(wanted.order_by(CommunityMove.id).limit(MOST_SHOWN))
    return tuple(_arrival(row) for row in rows)


def read_arrival(scope: Scope, move_key: UUID) -> Arrival | None:
    """One of them, whatever became of it; None when not in scope."""
    row = db.session.execute(_arrivals().where(CommunityMove.move_key == move_key)).first()
    return _arrival(row) if row and scope.sees(row.community_id) else None


def read_departure(scope: Scope, person: PersonKey) -> Departure | None:
    """Somebody's newest move away from here, or None when there never was one."""
    if not scope.sees(person.community_id):
        return None
    there, who = aliased(CommunityMove), aliased(Resident)
    row = db.session.execute(
        select(
            CommunityMove.move_key,
            CommunityMove.state,
            CommunityMove.asked_at,
            CommunityMove.decided_at,
            CommunityMove.moved_points,
            Community.name,
            Community.name_en,
            there.state.label("other_state"),
            who.passbook_number,
        )
        .join(Community, Community.id == CommunityMove.other_community_id)
        .outerjoin(there, (there.move_key == CommunityMove.move_key) & (there.side == "in"))
        .outerjoin(who, who.id == there.resident_id)
        .where(
            CommunityMove.community_id == person.community_id,
            CommunityMove.resident_id == person.resident_id,
            CommunityMove.side == "out",
            CommunityMove.follows_key.is_(None),
        )
        .order_by(CommunityMove.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return Departure(
        move_key=row.move_key,
        state=row.state,
        community=row.name,
        community_en=row.name_en,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        moved_points=row.moved_points,
        taken=next_step(row.state, row.other_state) is not None and row.other_state == "accepted",
        number=row.passbook_number,
    )


def _arrivals() -> Select[Any]:
    return (
        select(
            CommunityMove.move_key,
            CommunityMove.community_id,
            CommunityMove.state,
            CommunityMove.facts,
            CommunityMove.asked_at,
            Community.name,
            Community.name_en,
        )
        .join(Community, Community.id == CommunityMove.other_community_id)
        .where(CommunityMove.side == "in")
    )


def _arrival(row: Any) -> Arrival:
    born = row.facts.get("birth_date")
    return Arrival(
        move_key=row.move_key,
        community_id=row.community_id,
        state=row.state,
        name=row.facts["name"],
        name_en=row.facts["name_en"],
        birth_date=date.fromisoformat(born) if born else None,
        age_band=row.facts["age_band"],
        came_from=row.name,
        came_from_en=row.name_en,
        asked_at=row.asked_at,
    )
