"""Visiting teams as rows: their people, and the events they are at."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import Attendance, Resident, TeamEvent, TeamMember, WalkIn
from volunteer.store.models.base import table_of
from volunteer.store.walk_ins import CameFrom

_attendance = table_of(Attendance)
_member = table_of(TeamMember)
_resident = table_of(Resident)
_team_event = table_of(TeamEvent)
_walk_in = table_of(WalkIn)


@dataclass(frozen=True)
class Member:
    """Somebody of a team, today."""

    resident_id: int
    name: str
    state: str


def load_members(tx: Tx, community_id: int, team_id: int, today: date) -> list[Member]:
    """Who belongs to a team today and still has a passbook of their own."""
    found = tx.run(
        select(_resident.c.id, _resident.c.name, _resident.c.state)
        .join(_member, _member.c.resident_id == _resident.c.id)
        .where(
            _member.c.community_id == community_id,
            _member.c.team_id == team_id,
            or_(_member.c.ends_on.is_(None), _member.c.ends_on >= today),
            _resident.c.state.in_(("active", "provisional")),
        )
        .order_by(_resident.c.id)
    )
    return [Member(row.id, row.name, row.state) for row in found]


def load_expected(
    tx: Tx, community_id: int, event_id: int, resident_ids: Sequence[int], source: CameFrom
) -> int | None:
    """Of these people of one name: who wrote themselves down with this very browser, else somebody
    who is not at the event yet. None when all of them came by other phones: two of a class may
    have one name."""
    if not resident_ids:
        return None
    here = (
        select(_attendance.c.id)
        .where(
            _attendance.c.community_id == community_id,
            _attendance.c.event_id == event_id,
            _attendance.c.resident_id == _resident.c.id,
            _attendance.c.state != "undone",
        )
        .exists()
    )
    found = tx.run(
        select(_resident.c.id, _walk_in.c.browser_hash, here.label("here"))
        .outerjoin(_walk_in, _walk_in.c.resident_id == _resident.c.id)
        .where(_resident.c.community_id == community_id, _resident.c.id.in_(resident_ids))
        .order_by(_resident.c.id)
    ).all()
    own = [row.id for row in found if row.browser_hash and row.browser_hash == source.browser_hash]
    absent = [row.id for row in found if not row.here]
    return next(iter(own + absent), None)


def record_members(
    tx: Tx, community_id: int, team_id: int, resident_ids: Sequence[int], since: date
) -> None:
    insert_rows(
        tx,
        _member,
        [
            {
                "community_id": community_id,
                "team_id": team_id,
                "resident_id": one,
                "starts_on": since,
            }
            for one in resident_ids
        ],
        "ON CONFLICT DO NOTHING",
    )


def record_team_at(
    tx: Tx, community_id: int, team_id: int, event_id: int, by: int | None, now: datetime
) -> bool:
    """The team is at this event; False when it was before."""
    row = {
        "community_id": community_id,
        "team_id": team_id,
        "event_id": event_id,
        "ref": secrets.token_hex(8),
        "created_at": now,
        "created_by_login_id": by,
    }
    written = insert_rows(tx, _team_event, [row], "ON CONFLICT DO NOTHING RETURNING id")
    return written.scalar_one_or_none() is not None
