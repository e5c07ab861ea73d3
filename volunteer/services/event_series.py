"""Planning events that recur: every date at every site, in one transaction."""

from __future__ import annotations

from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.series import SeriesPlan, decide_series
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.event_plans import (
    Host,
    check_areas,
    check_leaders,
    load_host,
    record_new_events,
    record_of_events,
)
from volunteer.store.holidays import load_holidays
from volunteer.store.models import EventSeries, SeriesEvent
from volunteer.store.models.base import table_of
from volunteer.store.rows import record_row
from volunteer.store.series import load_same_series


def add_series(
    activity_id: int, plan: SeriesPlan, *, by: int, now: datetime, scope: Scope
) -> tuple[int, int]:
    """New events at every date of the plan; gives the series' id and how many events it has. The
    same form again gives the series that is there.

    Refuses what ``decide_series`` refuses, and ``not_found`` for an activity, area or leader that
    is not there or no longer active.
    """

    def work(tx: Tx) -> tuple[int, int]:
        host = load_host(tx, activity_id)
        holidays = load_holidays(tx, host.community_id)
        planned = decide_series(plan, holidays, host.zone, now.astimezone(host.zone).date())
        events = [event for _site, event in planned]
        before = load_same_series(tx, activity_id, events, by)
        if before is not None:
            return before, len(events)
        check_areas(tx, host.community_id, (site.area_id for site in plan.sites))
        check_leaders(
            tx,
            host.community_id,
            (leader.resident_id for site in plan.sites for leader in site.leaders),
        )
        series_id = _record_series(tx, host, activity_id, plan, by=by, now=now)
        ids = record_new_events(tx, host, activity_id, events, by=by, now=now)
        belonging = [
            {
                "community_id": host.community_id,
                "series_id": series_id,
                "event_id": event_id,
                "site": site,
            }
            for event_id, (site, _event) in zip(ids, planned, strict=True)
        ]
        insert_rows(tx, table_of(SeriesEvent), belonging)
        starts_at = {one: event.starts_at for one, event in zip(ids, events, strict=True)}
        record_of_events(tx, "event_added", host.community_id, starts_at, by=by, now=now)
        record_audit(
            tx,
            now=now,
            action="series_added",
            subject_kind="event_series",
            subject_id=series_id,
            community_id=host.community_id,
            login_id=by,
            facts={
                "starts_on": plan.recurrence.first_on.isoformat(),
                "ends_on": plan.recurrence.last_on.isoformat(),
                "count": len(ids),
            },
        )
        return series_id, len(ids)

    return transact(work, scope)


def _record_series(
    tx: Tx, host: Host, activity_id: int, plan: SeriesPlan, *, by: int, now: datetime
) -> int:
    rule = plan.recurrence
    return record_row(
        tx,
        EventSeries,
        {
            "community_id": host.community_id,
            "activity_id": activity_id,
            "rhythm": rule.rhythm,
            "weekdays": ",".join(str(one) for one in sorted(rule.weekdays)),
            "first_on": rule.first_on,
            "last_on": rule.last_on,
            "skips_holidays": rule.skips_holidays,
            "skips_workdays": rule.skips_workdays,
            "created_at": now,
            "created_by_login_id": by,
        },
    )
