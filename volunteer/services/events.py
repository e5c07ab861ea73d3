"""An organizer's events: adding, editing, cancelling, and the poster's switch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from volunteer.domain.access import Scope
from volunteer.domain.events import (
    Attended,
    EventPlan,
    LeaderPlan,
    decide_cancel,
    decide_change,
    decide_event,
    decide_reason,
    still_planned,
)
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
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


def add_event(activity_id: int, plan: EventPlan, *, by: int, now: datetime, scope: Scope) -> int:
    """A new event under the newest version of its activity's rule; gives its id.

    Refuses what ``decide_event`` refuses, and ``not_found`` for an activity, area or leader that
    is not there or no longer active.
    """
    plan = decide_event(plan)

    def work(tx: Tx) -> int:
        # Not while its rule is changed: the event would keep the version before.
        activity = tx.get(Activity, activity_id, with_for_update={"read": True})
        if activity is None or activity.deactivated_at or not scope.sees(activity.community_id):
            raise refuse(Code.NOT_FOUND)
        community_id = activity.community_id
        _check_area(tx, community_id, plan.area_id)
        _check_leaders(tx, community_id, (leader.resident_id for leader in plan.leaders))
        newest = select(PointsRule.id).where(PointsRule.activity_id == activity_id)
        rule_id = tx.execute(newest.order_by(PointsRule.version.desc()).limit(1)).scalar_one()
        row = Event(
            community_id=community_id,
            activity_id=activity_id,
            points_rule_id=rule_id,
            created_at=now,
            created_by_login_id=by,
        )
        _write_plan(tx, row, plan)
        tx.add(row)
        tx.flush()
        _write_leaders(tx, row, plan.leaders)
        _record(tx, row, "event_added", by=by, now=now)
        return row.id

    return transact(work, scope)


def edit_event(
    event_id: int,
    plan: EventPlan,
    *,
    seen: str | None = None,
    by: int,
    now: datetime,
    scope: Scope,
) -> None:
    """Change an event as far as ``decide_change`` allows. ``seen``: ``mark()`` of the plan that
    the editor was shown; refuses ``changed_meanwhile`` when it is another by now."""
    plan = decide_event(plan)

    def work(tx: Tx) -> None:
        row = _load(tx, event_id, scope)
        before = _plan_of(tx, row)
        if seen is not None and seen != before.mark():
            raise refuse(Code.CHANGED_MEANWHILE)
        decide_change(before, plan, row.state, _attended(tx, row))
        if plan.area_id != before.area_id:
            _check_area(tx, row.community_id, plan.area_id)
        led = {leader.resident_id for leader in before.leaders}
        _check_leaders(
            tx,
            row.community_id,
            (one.resident_id for one in plan.leaders if one.resident_id not in led),
        )
        _write_plan(tx, row, plan)
        if set(plan.leaders) != set(before.leaders):
            tx.execute(delete(EventLeader).where(EventLeader.event_id == event_id))
            _write_leaders(tx, row, plan.leaders)
        _follow_plan(tx, row, plan.leaders)
        _record(tx, row, "event_edited", by=by, now=now)

    transact(work, scope)


def cancel_event(event_id: int, reason: str, *, by: int, now: datetime, scope: Scope) -> None:
    """Cancel an event that nobody has come to; the reason is shown to everyone.

    Refuses ``reason_missing``, ``text_too_long`` and what ``decide_cancel`` refuses.
    """
    words = decide_reason(reason)

    def work(tx: Tx) -> None:
        row = _load(tx, event_id, scope)
        decide_cancel(row.state, _attended(tx, row))
        row.state = "cancelled"
        row.cancelled_reason = words
        _record(tx, row, "event_cancelled", by=by, now=now)

    transact(work, scope)


def switch_poster(event_id: int, *, on: bool, by: int, now: datetime, scope: Scope) -> None:
    """Let the code on the paper poster be used, or not."""

    def work(tx: Tx) -> None:
        row = _load(tx, event_id, scope)
        still_planned(row.state)
        row.poster_on = on
        _record(tx, row, "poster_on" if on else "poster_off", by=by, now=now)

    transact(work, scope)


def renew_codes(event_id: int, *, by: int, now: datetime, scope: Scope) -> int:
    """Make every code printed so far void and switch the poster on; gives the new epoch."""

    def work(tx: Tx) -> int:
        row = _load(tx, event_id, scope)
        still_planned(row.state)
        row.code_epoch += 1
        row.poster_on = True
        _record(tx, row, "codes_renewed", by=by, now=now)
        return row.code_epoch

    return transact(work, scope)


def _load(tx: Tx, event_id: int, scope: Scope) -> Event:
    """The event, locked against a check-in that takes its last place meanwhile."""
    row = tx.get(Event, event_id, with_for_update=True)
    if row is None or not scope.sees(row.community_id):
        raise refuse(Code.NOT_FOUND)
    return row


def _plan_of(tx: Tx, row: Event) -> EventPlan:
    leaders = tx.execute(
        select(EventLeader.resident_id, EventLeader.at_work).where(EventLeader.event_id == row.id)
    )
    return EventPlan(
        place=row.place,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        leaders=tuple(LeaderPlan(resident_id, at_work) for resident_id, at_work in leaders),
        place_en=row.place_en,
        area_id=row.area_id,
        capacity=row.capacity,
    )


def _attended(tx: Tx, row: Event) -> Attended:
    rows = tx.execute(
        select(Attendance.resident_id, Attendance.state).where(
            Attendance.community_id == row.community_id,
            Attendance.event_id == row.id,
            Attendance.state != "undone",
        )
    )
    states = {resident_id: state for resident_id, state in rows}  # noqa: C416 - rows, not pairs
    complete = frozenset(one for one, state in states.items() if state == "complete")
    return Attended(frozenset(states), complete)


def _write_plan(tx: Tx, row: Event, plan: EventPlan) -> None:
    community = tx.get(Community, row.community_id)
    assert community is not None
    row.area_id = plan.area_id
    row.place = plan.place
    row.place_en = plan.place_en
    row.starts_at = plan.starts_at
    row.ends_at = plan.ends_at
    row.local_date = plan.starts_at.astimezone(ZoneInfo(community.time_zone)).date()
    row.capacity = plan.capacity


def _write_leaders(tx: Tx, row: Event, leaders: Iterable[LeaderPlan]) -> None:
    tx.add_all(
        EventLeader(
            community_id=row.community_id,
            event_id=row.id,
            resident_id=leader.resident_id,
            at_work=leader.at_work,
        )
        for leader in leaders
    )


def _follow_plan(tx: Tx, row: Event, leaders: Iterable[LeaderPlan]) -> None:
    """Whose check-in was undone is not there and hinders no change, but left an attendance that
    copied the day and the role. It follows the plan: a check-in looks for it by the event's day."""
    at_work = {leader.resident_id: leader.at_work for leader in leaders}
    tx.execute(
        update(Attendance)
        .where(
            Attendance.community_id == row.community_id,
            Attendance.event_id == row.id,
            Attendance.state == "undone",
        )
        .values(
            local_date=row.local_date,
            is_leader=Attendance.resident_id.in_(at_work),
            on_duty=Attendance.resident_id.in_([one for one, works in at_work.items() if works]),
            # Whoever is just checking in by the plan before tries again.
            revision=Attendance.revision + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _check_area(tx: Tx, community_id: int, area_id: int | None) -> None:
    if area_id is None:
        return
    area = tx.get(Area, area_id)
    if area is None or area.community_id != community_id or area.deactivated_at:
        raise refuse(Code.NOT_FOUND)


def _check_leaders(tx: Tx, community_id: int, resident_ids: Iterable[int]) -> None:
    """Leaders are residents of this community whose passbook is in use."""
    wanted = set(resident_ids)
    found = select(Resident.id).where(
        Resident.community_id == community_id,
        Resident.id.in_(wanted),
        Resident.state.in_(("active", "provisional")),
    )
    if set(tx.execute(found).scalars()) != wanted:
        raise refuse(Code.NOT_FOUND)


def _record(tx: Tx, row: Event, action: str, *, by: int, now: datetime) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="event",
        subject_id=row.id,
        community_id=row.community_id,
        login_id=by,
        facts={"starts_at": row.starts_at.isoformat()},
    )
