"""Who may be called at an event's roll call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.people_search import parse_people_search
from volunteer.queries.named import named_so
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Attendance,
    Event,
    EventLeader,
    Membership,
    Resident,
    TeamMember,
)

Statement = Select[*tuple[Any, ...]]

MOST_CANDIDATES = 60
RECENT_DAYS = 120


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be called. ``why``: recent, member, or found by the search."""

    resident_id: int
    name: str
    name_en: str | None
    passbook_number: str
    why: str


_CANDIDATE = (Resident.id, Resident.name, Resident.name_en, Resident.passbook_number)
_CALLABLE = Resident.state.in_(("provisional", "active"))


def read_candidates(event_id: int, scope: Scope) -> list[Candidate]:
    """The event's leaders and the hosting youth group, then who came to this activity lately,
    the most recent first."""
    event = db.session.execute(
        _scoped(
            select(Event.activity_id, Event.community_id, Event.local_date).where(
                Event.id == event_id
            ),
            scope,
        )
    ).first()
    if event is None:
        return []
    members = _candidates(_members(event_id, event), "member")
    recent = _candidates(_recent(event), "recent")
    known = {member.resident_id for member in members}
    return members + [one for one in recent if one.resident_id not in known]


def _members(event_id: int, event: Any) -> Statement:
    host = select(Activity.youth_group_id).where(Activity.id == event.activity_id)
    member = exists().where(
        Membership.resident_id == Resident.id,
        Membership.youth_group_id == host.scalar_subquery(),
        Membership.starts_on <= event.local_date,
        or_(Membership.ends_on.is_(None), Membership.ends_on >= event.local_date),
    )
    leads = exists().where(EventLeader.resident_id == Resident.id, EventLeader.event_id == event_id)
    return (
        select(*_CANDIDATE)
        .where(Resident.community_id == event.community_id, _CALLABLE, or_(member, leads))
        .order_by(Resident.pinyin, Resident.id)
        .limit(MOST_CANDIDATES)
    )


def _recent(event: Any) -> Statement:
    last = func.max(Attendance.local_date)
    return (
        select(*_CANDIDATE, last)
        .join(Attendance, Attendance.resident_id == Resident.id)
        .join(Event, Event.id == Attendance.event_id)
        .where(
            Resident.community_id == event.community_id,
            _CALLABLE,
            Event.community_id == event.community_id,
            Event.activity_id == event.activity_id,
            Event.local_date >= event.local_date - timedelta(days=RECENT_DAYS),
            Event.local_date <= event.local_date,
            Attendance.state != "undone",
            # A visiting team is called on its own page.
            ~exists().where(
                TeamMember.community_id == event.community_id,
                TeamMember.resident_id == Resident.id,
            ),
        )
        .group_by(*_CANDIDATE, Resident.pinyin)
        .order_by(last.desc(), Resident.pinyin, Resident.id)
        .limit(MOST_CANDIDATES)
    )


def find_candidates(words: str, event_id: int, scope: Scope) -> list[Candidate]:
    """Residents of the event's community by name, pinyin, initials, or the end of a passbook or
    card number."""
    statement = (
        _scoped(
            select(*_CANDIDATE)
            .join(Event, Event.community_id == Resident.community_id)
            .where(Event.id == event_id, _CALLABLE, named_so(parse_people_search(words))),
            scope,
        )
        .order_by(Resident.pinyin, Resident.id)
        .limit(MOST_CANDIDATES)
    )
    return _candidates(statement, "found")


def read_by_ids(resident_ids: list[int], event_id: int, scope: Scope) -> list[Candidate]:
    """These residents, if they are of the event's community: names ticked before a search."""
    statement = _scoped(
        select(*_CANDIDATE)
        .join(Event, Event.community_id == Resident.community_id)
        .where(Event.id == event_id, Resident.id.in_(resident_ids), _CALLABLE),
        scope,
    ).order_by(Resident.pinyin, Resident.id)
    return _candidates(statement, "ticked")


def _candidates(statement: Statement, why: str) -> list[Candidate]:
    rows: Iterable[Any] = db.session.execute(statement)
    return [Candidate(row[0], row[1], row[2], row[3], why) for row in rows]


def _scoped(statement: Statement, scope: Scope) -> Statement:
    if scope.community_ids is None:
        return statement
    return statement.where(Event.community_id.in_(scope.community_ids))
