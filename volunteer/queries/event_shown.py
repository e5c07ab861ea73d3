"""An event as those who scan at it see it. Organizers read it in full: ``queries.events``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import Activity, Community, Event, PointsRule

MOST_AROUND = 100


@dataclass(frozen=True)
class EventShown:
    """Times are aware; ``zone`` is the community's. ``window_ends_at`` is where time stops
    counting: the planned end, or the end that the leader gave if that was later."""

    event_id: int
    community_id: int
    community_name: str
    community_name_en: str | None
    telephone: str | None
    zone: str
    activity_id: int
    name: str
    name_en: str | None
    ending: str
    measure: str
    default_minutes: int | None
    youth_group_id: int | None
    place: str
    place_en: str | None
    starts_at: datetime
    ends_at: datetime
    state: str
    ended_at: datetime | None
    ended_how: str | None
    capacity: int | None
    poster_on: bool
    code_epoch: int
    fixed_points: int
    points_per_hour: int
    opens_minutes: int
    closes_minutes: int

    @property
    def opens_at(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.opens_minutes)

    @property
    def closes_at(self) -> datetime:
        end = self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)
        return end + timedelta(minutes=self.closes_minutes)

    @property
    def planned_out_at(self) -> datetime:
        """When somebody who stayed for the planned length has done their part."""
        if self.default_minutes is None:
            return self.ends_at
        return self.starts_at + timedelta(minutes=self.default_minutes)


_SHOWN = (
    select(
        Event.id,
        Event.community_id,
        Community.name,
        Community.name_en,
        Community.telephone,
        Community.time_zone,
        Activity.id,
        Activity.name,
        Activity.name_en,
        Activity.ending,
        Activity.measure,
        Activity.default_minutes,
        Activity.youth_group_id,
        Event.place,
        Event.place_en,
        Event.starts_at,
        Event.ends_at,
        Event.state,
        Event.ended_at,
        Event.ended_how,
        Event.capacity,
        Event.poster_on,
        Event.code_epoch,
        PointsRule.fixed_points,
        PointsRule.points_per_hour,
        Community.check_in_opens_minutes,
        Community.check_in_closes_minutes,
    )
    .join(Activity, Activity.id == Event.activity_id)
    .join(Community, Community.id == Event.community_id)
    .join(PointsRule, PointsRule.id == Event.points_rule_id)
)


def read_event_shown(event_id: int, scope: Scope) -> EventShown | None:
    statement = _SHOWN.where(Event.id == event_id)
    if scope.community_ids is not None:
        statement = statement.where(Event.community_id.in_(scope.community_ids))
    row: Any = db.session.execute(statement).first()
    return EventShown(*row) if row else None


def read_events_around(now: datetime, scope: Scope) -> list[EventShown]:
    """Events that are on, or begin or ended within twelve hours, soonest first."""
    statement = (
        _SHOWN.where(
            Event.state != "cancelled",
            Event.starts_at <= now + timedelta(hours=12),
            Event.ends_at >= now - timedelta(hours=12),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_AROUND)
    )
    if scope.community_ids is not None:
        statement = statement.where(Event.community_id.in_(scope.community_ids))
    rows: Iterable[Any] = db.session.execute(statement)
    return [EventShown(*row) for row in rows]
