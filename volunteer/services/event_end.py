"""End an event and check everybody out: 「结束并全部签退」."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.event_end import check_end, decide_outs
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import Recorder, Verdict
from volunteer.domain.tokens import Keys
from volunteer.store.audit import record_audit
from volunteer.store.database import TryAgain, Tx, transact
from volunteer.store.event_ends import End, load_present, record_end
from volunteer.store.family import load_family
from volunteer.store.models import Activity, Community, Event


def end_event(  # noqa: PLR0913 - the facts of one deed, all named by the caller
    event_id: int,
    *,
    ended_at: datetime,
    left_at: Mapping[int, datetime],
    recorder: Recorder,
    now: datetime,
    scope: Scope,
    keys: Keys,
) -> list[Verdict]:
    """Check out everybody still there at ``ended_at``, early leavers at ``left_at``.

    Where the activity counts the planned length, ``ended_at`` is the planned end. May be done
    again to correct the time; a person's own check-out always comes first. Raises Refused:
    not_found, not_your_event, event_cancelled, event_not_started, end_in_future,
    end_before_start, event_too_long, late_scan.
    """

    def work(tx: Tx) -> list[Verdict]:
        event = _load_event(tx, event_id, recorder, now)
        planned = event.ending == "planned_length"
        if planned and now < event.ends_at:
            raise refuse(Code.EVENT_NOT_ENDED)
        end_at = event.ends_at if planned else ended_at
        check_end(end_at, event.starts_at, event.ends_at, now)
        present = load_present(tx, event_id, end_at)
        family = load_family(
            tx, event.community_id, recorder.login_id, recorder.own_resident_ids, now.date()
        )
        outs = decide_outs(present, end_at, left_at, family, event.ends_at)
        end = End(event_id, event.community_id, end_at, "leader", outs, event.ended_at)
        verdicts = record_end(tx, end, recorder, now, keys)
        if verdicts is None:
            raise TryAgain
        record_audit(
            tx,
            now=now,
            action="event_ended",
            subject_kind="event",
            subject_id=event_id,
            community_id=event.community_id,
            login_id=recorder.login_id,
            facts={"ended_at": end_at.isoformat(), "people": len(outs)},
        )
        return verdicts

    return transact(work, scope)


def _load_event(tx: Tx, event_id: int, recorder: Recorder, now: datetime) -> Any:
    event = tx.execute(
        select(
            Event.id,
            Event.community_id,
            Event.starts_at,
            Event.ends_at,
            Event.ended_at,
            Event.state,
            Activity.ending,
            Community.late_scan_hours,
        )
        .join(Community, Community.id == Event.community_id)
        .join(Activity, Activity.id == Event.activity_id)
        .where(Event.id == event_id)
    ).first()
    if event is None or not tx.scope.sees(event.community_id):
        raise refuse(Code.NOT_FOUND)
    runs = event.community_id in recorder.runs_community_ids
    if not runs and event_id not in recorder.runs_event_ids:
        raise refuse(Code.NOT_YOUR_EVENT)
    if event.state == "cancelled":
        raise refuse(Code.EVENT_CANCELLED)
    if now > event.ends_at + timedelta(hours=event.late_scan_hours):
        raise refuse(Code.LATE_SCAN, hours=event.late_scan_hours)
    return event
