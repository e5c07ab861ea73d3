"""What is planned of events: read to change it, written for one event or for a whole series.

One event and five hundred take the same statements: a change of a series is the change of an
event, made to several at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, select, update

from volunteer.domain.events import Attended, EventPlan, LeaderPlan
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit_of
from volunteer.store.bulk import among, insert_rows, update_rows
from volunteer.store.database import Tx
from volunteer.store.models import (
    Activity,
    Area,
    Attendance,
    Community,
    Event,
    EventLeader,
    PointsRule,
    Resident,
)
from volunteer.store.models.base import table_of

_event = table_of(Event)
_leader = table_of(EventLeader)
_attendance = table_of(Attendance)


@dataclass(frozen=True)
class Planned:
    """An event under its lock: what is planned, where it stands, and who has come."""

    event_id: int
    community_id: int
    state: str
    plan: EventPlan
    attended: Attended


@dataclass(frozen=True)
class Host:
    """What a new event takes from its activity: the newest version of its rule, and the zone."""

    community_id: int
    rule_id: int
    zone: ZoneInfo


def load_host(tx: Tx, activity_id: int) -> Host:
    """Refuses ``not_found`` for an activity that is not there or out of use."""
    # Not while its rule is changed: the event would keep the version before.
    activity = tx.get(Activity, activity_id, with_for_update={"read": True})
    if activity is None or activity.deactivated_at or not tx.scope.sees(activity.community_id):
        raise refuse(Code.NOT_FOUND)
    newest = select(PointsRule.id).where(PointsRule.activity_id == activity_id)
    rule_id = tx.execute(newest.order_by(PointsRule.version.desc()).limit(1)).scalar_one()
    return Host(activity.community_id, rule_id, load_zone(tx, activity.community_id))


def load_zone(tx: Tx, community_id: int) -> ZoneInfo:
    zone = select(Community.time_zone).where(Community.id == community_id)
    return ZoneInfo(tx.execute(zone).scalar_one())


def load_planned(tx: Tx, event_ids: Collection[int]) -> dict[int, Planned]:
    """The events of the scope by id, locked in the order of their ids against check-ins that take
    their last places meanwhile."""
    of_event = among(_event.c.id, "event_ids")
    locked = select(_event).where(of_event).order_by(_event.c.id).with_for_update()
    wanted = {"event_ids": sorted(event_ids)}
    rows = [row for row in tx.run(locked, **wanted) if tx.scope.sees(row.community_id)]
    leaders = _load_leaders(tx, event_ids)
    attended = _load_attended(tx, event_ids)
    return {
        row.id: Planned(
            row.id,
            row.community_id,
            row.state,
            EventPlan(
                place=row.place,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                leaders=tuple(leaders.get(row.id, ())),
                place_en=row.place_en,
                area_id=row.area_id,
                capacity=row.capacity,
            ),
            attended.get(row.id, Attended()),
        )
        for row in rows
    }


def _load_leaders(tx: Tx, event_ids: Collection[int]) -> dict[int, list[LeaderPlan]]:
    columns = (_leader.c.event_id, _leader.c.resident_id, _leader.c.at_work)
    found = select(*columns).where(among(_leader.c.event_id, "event_ids")).order_by(_leader.c.id)
    leaders: dict[int, list[LeaderPlan]] = {}
    for row in tx.run(found, event_ids=sorted(event_ids)):
        leaders.setdefault(row.event_id, []).append(LeaderPlan(row.resident_id, row.at_work))
    return leaders


def _load_attended(tx: Tx, event_ids: Collection[int]) -> dict[int, Attended]:
    columns = (_attendance.c.event_id, _attendance.c.resident_id, _attendance.c.state)
    found = select(*columns).where(
        among(_attendance.c.event_id, "event_ids"), _attendance.c.state != "undone"
    )
    states: dict[int, dict[int, str]] = {}
    for row in tx.run(found, event_ids=sorted(event_ids)):
        states.setdefault(row.event_id, {})[row.resident_id] = row.state
    return {
        event_id: Attended(
            frozenset(people),
            frozenset(one for one, state in people.items() if state == "complete"),
        )
        for event_id, people in states.items()
    }


def check_areas(tx: Tx, community_id: int, area_ids: Iterable[int | None]) -> None:
    """Areas are this community's and in use. Refuses ``not_found``."""
    wanted = {one for one in area_ids if one is not None}
    found = select(Area.id).where(
        Area.community_id == community_id, Area.id.in_(wanted), Area.deactivated_at.is_(None)
    )
    if wanted and set(tx.execute(found).scalars()) != wanted:
        raise refuse(Code.NOT_FOUND)


def check_leaders(tx: Tx, community_id: int, resident_ids: Iterable[int]) -> None:
    """Leaders are residents of this community whose passbook is in use."""
    wanted = set(resident_ids)
    found = select(Resident.id).where(
        Resident.community_id == community_id,
        Resident.id.in_(wanted),
        Resident.state.in_(("active", "provisional")),
    )
    if set(tx.execute(found).scalars()) != wanted:
        raise refuse(Code.NOT_FOUND)


def record_new_events(
    tx: Tx, host: Host, activity_id: int, plans: Sequence[EventPlan], *, by: int, now: datetime
) -> list[int]:
    """New events under the newest version of their activity's rule; ids in the order of the
    plans."""
    rows = [
        _columns(plan, host.zone)
        | {
            "community_id": host.community_id,
            "activity_id": activity_id,
            "points_rule_id": host.rule_id,
            "state": "planned",
            "poster_on": True,
            "code_epoch": 0,
            "created_at": now,
            "created_by_login_id": by,
        }
        for plan in plans
    ]
    # Both databases number the rows as they come; in which order they are returned is not said.
    ids = sorted(insert_rows(tx, _event, rows, "RETURNING id").scalars())
    _record_leaders(tx, host.community_id, dict(zip(ids, plans, strict=True)))
    return ids


def record_plans(
    tx: Tx, community_id: int, changes: Mapping[int, tuple[EventPlan, EventPlan]]
) -> None:
    """Write the second plan over the first, by event. The events are locked and may be changed."""
    zone = load_zone(tx, community_id)
    rows = [{"id": one} | _columns(after, zone) for one, (_, after) in sorted(changes.items())]
    names = ", ".join(f"{name} = r.{name}" for name in rows[0] if name != "id")
    update_rows(tx, _event, rows, names, "event.id = r.id")
    led = {
        event_id: after
        for event_id, (before, after) in sorted(changes.items())
        if set(before.leaders) != set(after.leaders)
    }
    if led:
        tx.run(delete(_leader).where(among(_leader.c.event_id, "event_ids")), event_ids=list(led))
        _record_leaders(tx, community_id, led)
    _follow_plans(tx, sorted(changes))


def record_cancelled(tx: Tx, event_ids: Collection[int], reason: str) -> None:
    """The events are locked and may be cancelled."""
    statement = (
        update(_event)
        .where(among(_event.c.id, "event_ids"))
        .values(state="cancelled", cancelled_reason=reason)
    )
    tx.run(statement, event_ids=sorted(event_ids))


def record_of_events(
    tx: Tx,
    action: str,
    community_id: int,
    starts_at: Mapping[int, datetime],
    *,
    by: int,
    now: datetime,
) -> None:
    """A line of the audit trail for each of the events; ``starts_at`` by event."""
    facts = {one: {"starts_at": at.isoformat()} for one, at in starts_at.items()}
    record_audit_of(tx, ("event", action), community_id, facts, login_id=by, now=now)


def _columns(plan: EventPlan, zone: ZoneInfo) -> dict[str, object]:
    return {
        "area_id": plan.area_id,
        "place": plan.place,
        "place_en": plan.place_en,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "local_date": plan.starts_at.astimezone(zone).date(),
        "capacity": plan.capacity,
    }


def _record_leaders(tx: Tx, community_id: int, plans: Mapping[int, EventPlan]) -> None:
    rows = [
        {
            "community_id": community_id,
            "event_id": event_id,
            "resident_id": leader.resident_id,
            "at_work": leader.at_work,
        }
        for event_id, plan in plans.items()
        for leader in plan.leaders
    ]
    insert_rows(tx, _leader, rows)


def _follow_plans(tx: Tx, event_ids: list[int]) -> None:
    """Whose check-in was undone is not there and hinders no change, but left an attendance that
    copied the day and the role. It follows the plan: a check-in looks for it by the event's day."""
    of_event = _event.c.id == _attendance.c.event_id
    leads = (
        _leader.c.event_id == _attendance.c.event_id,
        _leader.c.resident_id == _attendance.c.resident_id,
    )
    statement = (
        update(_attendance)
        .where(among(_attendance.c.event_id, "event_ids"), _attendance.c.state == "undone")
        .values(
            local_date=select(_event.c.local_date).where(of_event).scalar_subquery(),
            is_leader=exists().where(*leads),
            on_duty=exists().where(*leads, _leader.c.at_work),
            # Whoever is just checking in by the plan before tries again.
            revision=_attendance.c.revision + 1,
        )
    )
    tx.run(statement, event_ids=event_ids)
