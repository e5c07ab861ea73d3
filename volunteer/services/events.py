"""An organizer's events: adding one, and the poster's switch."""

from __future__ import annotations

from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.events import (
    EventPlan,
    decide_event,
    still_planned,
)
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_plans import (
    check_areas,
    check_leaders,
    load_host,
    record_new_events,
    record_of_events,
)
from volunteer.store.models import Event


def add_event(activity_id: int, plan: EventPlan, *, by: int, now: datetime, scope: Scope) -> int:
    """A new event under the newest version of its activity's rule; gives its id.

    Refuses what ``decide_event`` refuses, and ``not_found`` for an activity, area or leader that
    is not there or no longer active.
    """
    plan = decide_event(plan)

    def work(tx: Tx) -> int:
        host = load_host(tx, activity_id)
        check_areas(tx, host.community_id, [plan.area_id])
        check_leaders(tx, host.community_id, (leader.resident_id for leader in plan.leaders))
        (event_id,) = record_new_events(tx, host, activity_id, [plan], by=by, now=now)
        starts_at = {event_id: plan.starts_at}
        record_of_events(tx, "event_added", host.community_id, starts_at, by=by, now=now)
        return event_id

    return transact(work, scope)


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
