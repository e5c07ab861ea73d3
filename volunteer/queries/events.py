"""An organizer's events: the list, today, and one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.events import EventPlan, LeaderPlan, Phase, phase_of
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Area,
    Attendance,
    Community,
    Event,
    EventLeader,
    Organisation,
    PointsRule,
    Resident,
    SeriesEvent,
)

PAGE_ROWS = 20
COMING_ROWS = 6
OVERDUE_DAYS = 31


class When(StrEnum):
    """Which events a list shows: those not over (soonest first), those over, every one."""

    COMING = "coming"
    PAST = "past"
    ALL = "all"


@dataclass(frozen=True)
class LeaderShown:
    resident_id: int
    ref: str
    name: str
    name_en: str | None
    at_work: bool


@dataclass(frozen=True)
class Counts:
    """People at an event: still there, done, and of all of them those at work."""

    present: int = 0
    complete: int = 0
    on_duty: int = 0

    @property
    def everybody(self) -> int:
        return self.present + self.complete


@dataclass(frozen=True)
class EventRow:
    """An event as lists show it. Times are UTC; ``zone`` names the community's."""

    event_id: int
    community_id: int
    zone: str
    activity_id: int
    name: str
    name_en: str | None
    place: str
    place_en: str | None
    starts_at: datetime
    ends_at: datetime
    local_date: date
    phase: Phase
    capacity: int | None
    counts: Counts = Counts()
    leaders: tuple[LeaderShown, ...] = ()


@dataclass(frozen=True)
class EventPage:
    rows: tuple[EventRow, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(-(-self.total // PAGE_ROWS), 1)


@dataclass(frozen=True)
class EventFilter:
    """What the list's address asks for. Dates are the community's; None is open."""

    when: When = When.COMING
    activity_id: int | None = None
    phase: Phase | None = None
    first_on: date | None = None
    last_on: date | None = None
    series_id: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Today:
    """What an organizer or leader is asked today. ``overdue`` is over and nobody has ended it."""

    today: tuple[EventRow, ...]
    overdue: tuple[EventRow, ...]
    coming: tuple[EventRow, ...]


@dataclass(frozen=True)
class EventInFull:
    """One event with all that its page says."""

    row: EventRow
    community: str
    community_en: str | None
    telephone: str | None
    is_demo: bool
    organisation: str
    organisation_en: str | None
    kind: str
    measure: str
    ending: str
    takes_guests: bool
    activity_active: bool
    area_id: int | None
    area: str | None
    area_en: str | None
    rule_version: int
    fixed_points: int
    points_per_hour: int
    opens_at: datetime
    closes_at: datetime
    ended_at: datetime | None
    ended_how: str | None
    cancelled_reason: str | None
    poster_on: bool
    code_epoch: int

    @property
    def plan(self) -> EventPlan:
        """What the edit form starts from."""
        row = self.row
        return EventPlan(
            place=row.place,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            leaders=tuple(LeaderPlan(one.resident_id, one.at_work) for one in row.leaders),
            place_en=row.place_en,
            area_id=self.area_id,
            capacity=row.capacity,
        )


def read_events(scope: Scope, community_id: int, wanted: EventFilter, now: datetime) -> EventPage:
    """A page of a community's events; those that are over come newest first."""
    if not scope.sees(community_id):
        return EventPage((), 0, 1)
    matching = _rows().where(Event.community_id == community_id, *_conditions(wanted, now))
    total = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page = min(max(wanted.page, 1), max(-(-total // PAGE_ROWS), 1))
    order = Event.starts_at.asc() if wanted.when is When.COMING else Event.starts_at.desc()
    matching = matching.order_by(order, Event.id).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    return EventPage(tuple(_read_rows(matching, now)), total, page)


def read_today(
    scope: Scope, community_id: int, today: date, now: datetime, event_ids: frozenset[int] | None
) -> Today:
    """Today's events, those nobody has ended, and the next ones. ``event_ids`` narrows to these:
    a leader sees the events they lead."""
    if not scope.sees(community_id):
        return Today((), (), ())
    mine = _rows().where(Event.community_id == community_id)
    if event_ids is not None:
        mine = mine.where(Event.id.in_(event_ids))
    overdue = mine.where(
        Event.state == "planned",
        Event.ends_at <= now,
        Event.ends_at > now - timedelta(days=OVERDUE_DAYS),
    )
    coming = mine.where(Event.state == "planned", Event.local_date > today, Event.starts_at > now)
    # One statement for the three lists: a union would lose their orders, so each keeps its limit.
    ids = or_(
        Event.id.in_(mine.with_only_columns(Event.id).where(Event.local_date == today)),
        Event.id.in_(overdue.with_only_columns(Event.id)),
        Event.id.in_(
            coming.with_only_columns(Event.id)
            .order_by(Event.starts_at, Event.id)
            .limit(COMING_ROWS)
        ),
    )
    rows = _read_rows(_rows().where(ids).order_by(Event.starts_at, Event.id), now)
    is_overdue = [row for row in rows if row.phase is Phase.OVERDUE]
    return Today(
        today=tuple(
            row for row in rows if row.local_date == today and row.phase is not Phase.OVERDUE
        ),
        overdue=tuple(is_overdue),
        coming=tuple(row for row in rows if row.local_date > today and row not in is_overdue),
    )


def read_event(scope: Scope, event_id: int, now: datetime) -> EventInFull | None:
    statement = (
        select(Event, Activity, Community, Organisation, Area, PointsRule)
        .join(Activity, Activity.id == Event.activity_id)
        .join(Community, Community.id == Event.community_id)
        .join(Organisation, Organisation.id == Activity.organisation_id)
        .join(PointsRule, PointsRule.id == Event.points_rule_id)
        .outerjoin(Area, Area.id == Event.area_id)
        .where(Event.id == event_id)
    )
    found = db.session.execute(statement).first()
    if found is None or not scope.sees(found.Event.community_id):
        return None
    event, activity, community = found.Event, found.Activity, found.Community
    closes_at = event.ends_at if event.ended_at is None else min(event.ended_at, event.ends_at)
    return EventInFull(
        row=next(iter(_read_rows(_rows().where(Event.id == event_id), now))),
        community=community.name,
        community_en=community.name_en,
        telephone=community.telephone,
        is_demo=community.is_demo,
        organisation=found.Organisation.name,
        organisation_en=found.Organisation.name_en,
        kind=activity.kind,
        measure=activity.measure,
        ending=activity.ending,
        takes_guests=activity.takes_guests,
        activity_active=activity.deactivated_at is None,
        area_id=event.area_id,
        area=found.Area.name if found.Area else None,
        area_en=found.Area.name_en if found.Area else None,
        rule_version=found.PointsRule.version,
        fixed_points=found.PointsRule.fixed_points,
        points_per_hour=found.PointsRule.points_per_hour,
        opens_at=event.starts_at - timedelta(minutes=community.check_in_opens_minutes),
        closes_at=closes_at + timedelta(minutes=community.check_in_closes_minutes),
        ended_at=event.ended_at,
        ended_how=event.ended_how,
        cancelled_reason=event.cancelled_reason,
        poster_on=event.poster_on,
        code_epoch=event.code_epoch,
    )


def read_last_event(scope: Scope, activity_id: int, now: datetime) -> EventInFull | None:
    """The activity's event that a new one is most likely like: the last that was not cancelled."""
    newest = (
        select(Event.id)
        .where(Event.activity_id == activity_id, Event.state != "cancelled")
        .order_by(Event.starts_at.desc(), Event.id.desc())
        .limit(1)
    )
    event_id = db.session.scalar(newest)
    return read_event(scope, event_id, now) if event_id is not None else None


def _rows() -> Select[Any]:
    return (
        select(Event, Activity.name, Activity.name_en, Community.time_zone)
        .add_columns(Community.check_in_opens_minutes)
        .join(Activity, Activity.id == Event.activity_id)
        .join(Community, Community.id == Event.community_id)
    )


def _read_rows(statement: Select[Any], now: datetime) -> list[EventRow]:
    """The events of ``statement`` with who is there and who leads: three statements in all."""
    found = db.session.execute(statement).all()
    ids = [row.Event.id for row in found]
    counts, leaders = _read_counts(ids), _read_leaders(ids)
    return [
        EventRow(
            event_id=row.Event.id,
            community_id=row.Event.community_id,
            zone=row.time_zone,
            activity_id=row.Event.activity_id,
            name=row.name,
            name_en=row.name_en,
            place=row.Event.place,
            place_en=row.Event.place_en,
            starts_at=row.Event.starts_at,
            ends_at=row.Event.ends_at,
            local_date=row.Event.local_date,
            phase=phase_of(
                row.Event.state,
                row.Event.starts_at,
                row.Event.ends_at,
                row.check_in_opens_minutes,
                now,
            ),
            capacity=row.Event.capacity,
            counts=counts.get(row.Event.id, Counts()),
            leaders=leaders.get(row.Event.id, ()),
        )
        for row in found
    ]


def _read_counts(event_ids: Iterable[int]) -> dict[int, Counts]:
    rows = db.session.execute(
        select(
            Attendance.event_id,
            func.count().filter(Attendance.state == "present"),
            func.count().filter(Attendance.state == "complete"),
            func.count().filter(Attendance.on_duty),
        )
        .where(
            Attendance.event_id.in_(event_ids),
            Attendance.state != "undone",
            Attendance.annulled_at.is_(None),
        )
        .group_by(Attendance.event_id)
    )
    return {event_id: Counts(*counts) for event_id, *counts in rows}


def _read_leaders(event_ids: Iterable[int]) -> dict[int, tuple[LeaderShown, ...]]:
    rows = db.session.execute(
        select(
            EventLeader.event_id,
            Resident.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            EventLeader.at_work,
        )
        .join(Resident, Resident.id == EventLeader.resident_id)
        .where(EventLeader.event_id.in_(event_ids))
        .order_by(EventLeader.id)
    )
    found: dict[int, tuple[LeaderShown, ...]] = {}
    for event_id, resident_id, ref, name, name_en, at_work in rows:
        leader = LeaderShown(resident_id, ref, name, name_en, at_work)
        found[event_id] = (*found.get(event_id, ()), leader)
    return found


def _conditions(wanted: EventFilter, now: datetime) -> list[Any]:
    over = or_(Event.state != "planned", Event.ends_at <= now)
    conditions: list[Any] = []
    if wanted.phase is None and wanted.when is not When.ALL:
        conditions.append(~over if wanted.when is When.COMING else over)
    if wanted.phase is not None:
        conditions.append(_in_phase(wanted.phase, now))
    if wanted.activity_id is not None:
        conditions.append(Event.activity_id == wanted.activity_id)
    if wanted.series_id is not None:
        of_series = select(SeriesEvent.event_id).where(SeriesEvent.series_id == wanted.series_id)
        conditions.append(Event.id.in_(of_series))
    if wanted.first_on is not None:
        conditions.append(Event.local_date >= wanted.first_on)
    if wanted.last_on is not None:
        conditions.append(Event.local_date <= wanted.last_on)
    return conditions


def _in_phase(phase: Phase, now: datetime) -> Any:
    """``open`` is part of ``coming`` here: the list need not know when check-in opens."""
    planned = Event.state == "planned"
    match phase:
        case Phase.COMING | Phase.OPEN:
            return and_(planned, Event.starts_at > now)
        case Phase.RUNNING:
            return and_(planned, Event.starts_at <= now, Event.ends_at > now)
        case Phase.OVERDUE:
            return and_(planned, Event.ends_at <= now)
        case _:
            return Event.state == phase.value
