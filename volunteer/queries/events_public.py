"""Today's and coming events, as residents and passers-by see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import Activity, Attendance, Community, Event, Organisation

EVENTS_A_PAGE = 40


@dataclass(frozen=True)
class PublicEvent:
    """An event, called off or not. ``opens_minutes``: how long before the start check-in opens;
    ``taken`` counts people who are or were there."""

    event_id: int
    community_id: int
    community_name: str
    community_name_en: str | None
    time_zone: str
    opens_minutes: int
    activity_name: str
    activity_name_en: str | None
    description: str | None
    measure: str
    organisation_name: str
    organisation_name_en: str | None
    place: str
    place_en: str | None
    starts_at: datetime
    ends_at: datetime
    local_date: date
    state: str
    cancelled_reason: str | None
    capacity: int | None
    taken: int

    @property
    def check_in_opens_at(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.opens_minutes)


def read_events(
    scope: Scope, from_on: date, to_on: date, limit: int = EVENTS_A_PAGE
) -> list[PublicEvent]:
    """Events on the local days ``from_on`` to ``to_on``, in the order they start."""
    taken = (
        select(func.count())
        .select_from(Attendance)
        .where(
            Attendance.event_id == Event.id,
            Attendance.state != "undone",
            Attendance.annulled_at.is_(None),
        )
        .correlate(Event)
        .scalar_subquery()
    )
    statement = (
        select(
            Event.id.label("event_id"),
            Event.community_id,
            Community.name.label("community_name"),
            Community.name_en.label("community_name_en"),
            Community.time_zone,
            Community.check_in_opens_minutes.label("opens_minutes"),
            Activity.name.label("activity_name"),
            Activity.name_en.label("activity_name_en"),
            Activity.description,
            Activity.measure,
            Organisation.name.label("organisation_name"),
            Organisation.name_en.label("organisation_name_en"),
            Event.place,
            Event.place_en,
            Event.starts_at,
            Event.ends_at,
            Event.local_date,
            Event.state,
            Event.cancelled_reason,
            Event.capacity,
            taken.label("taken"),
        )
        .join(Community, Community.id == Event.community_id)
        .join(Activity, Activity.id == Event.activity_id)
        .join(Organisation, Organisation.id == Activity.organisation_id)
        .where(
            Event.local_date.between(from_on, to_on),
            # Wide enough for any zone: the index is on the start, not on the local day.
            Event.starts_at.between(_midnight(from_on, -1), _midnight(to_on, 2)),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(limit)
    )
    if scope.community_ids is not None:
        statement = statement.where(Event.community_id.in_(scope.community_ids))
    return [PublicEvent(**row._mapping) for row in db.session.execute(statement)]


def read_checked_in(
    scope: Scope, event_ids: Iterable[int], resident_ids: Iterable[int]
) -> dict[tuple[int, int], str]:
    """The state of these residents' attendances, by (event, resident): present or complete."""
    statement: Any = select(Attendance.event_id, Attendance.resident_id, Attendance.state).where(
        Attendance.event_id.in_(set(event_ids)),
        Attendance.resident_id.in_(set(resident_ids)),
        Attendance.state != "undone",
        Attendance.annulled_at.is_(None),
    )
    if scope.community_ids is not None:
        statement = statement.where(Attendance.community_id.in_(scope.community_ids))
    rows = db.session.execute(statement)
    return {(row.event_id, row.resident_id): row.state for row in rows}


def _midnight(on: date, days: int) -> datetime:
    return datetime.combine(on, time(), UTC) + timedelta(days=days)
