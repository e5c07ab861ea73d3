"""Close what the leader forgot, at the activity's default, and mark it so; and whoever's in came
only after the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.event_end import decide_outs, default_end
from volunteer.domain.scans import JOB
from volunteer.domain.tokens import Keys
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_ends import (
    End,
    load_left_open,
    load_present,
    record_end,
    record_outs,
)
from volunteer.store.models import Activity, Community, Event

LONGEST_AUTO_CLOSE_MINUTES = 4320


def close_forgotten(*, now: datetime, scope: Scope, keys: Keys) -> int:
    """End every event that should have been ended by now, and check out whoever was scanned into
    an ended one since; gives how many events.

    One transaction an event, so no scan waits long and a stop in the middle loses nothing: what
    is not closed yet is closed on the next run. Raises an ExceptionGroup after all were tried: one
    that cannot be closed must not keep those behind it open, this time and every time.
    """
    due = transact(lambda tx: _load_due(tx, now), scope)
    errors = []
    for event in due:
        close = _close if event.state == "planned" else _close_late
        try:
            transact(lambda tx, event=event, close=close: close(tx, event, now, keys), scope)  # type: ignore[misc]
        except Exception as error:
            error.add_note(f"event {event.id}")
            errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {len(due)} events are not closed", errors)
    return len(due)


def _load_due(tx: Tx, now: datetime) -> list[Any]:
    rows = tx.execute(
        select(
            Event.id,
            Event.community_id,
            Event.starts_at,
            Event.ends_at,
            Event.ended_at,
            Event.ended_how,
            Event.state,
            Activity.default_minutes,
            Community.auto_close_minutes,
        )
        .join(Activity, Activity.id == Event.activity_id)
        .join(Community, Community.id == Event.community_id)
        .where(
            Event.state.in_(["planned", "ended"]),
            Event.ends_at <= now,
            # Bounded from below, so that the index on the start finds them among all events.
            Event.starts_at > now - timedelta(minutes=LONGEST_AUTO_CLOSE_MINUTES, days=31),
        )
        .order_by(Event.id)
    )
    due = [
        row
        for row in rows
        if row.ends_at + timedelta(minutes=row.auto_close_minutes) <= now
        and tx.scope.sees(row.community_id)
    ]
    left_open = load_left_open(tx, [row.id for row in due if row.state == "ended"])
    return [row for row in due if row.state == "planned" or row.id in left_open]


def _close_late(tx: Tx, event: Any, now: datetime, keys: Keys) -> None:
    """The leader's end holds for those whose in came after it, as far as it was planned."""
    end_at = default_end(event.starts_at, event.ends_at, event.default_minutes)
    if event.ended_how == "leader":
        end_at = min(event.ended_at, event.ends_at)
    left_open = load_left_open(tx, [event.id]).get(event.id, [])
    outs = decide_outs(left_open, end_at, {}, frozenset(), event.ends_at)
    record_outs(tx, End(event.id, event.community_id, end_at, "auto", outs), JOB, now, keys)


def _close(tx: Tx, event: Any, now: datetime, keys: Keys) -> None:
    end_at = default_end(event.starts_at, event.ends_at, event.default_minutes)
    present = load_present(tx, event.id, event.ends_at)
    outs = decide_outs(present, end_at, {}, frozenset(), event.ends_at)
    end = End(event.id, event.community_id, event.ends_at, "auto", outs)
    if record_end(tx, end, JOB, now, keys) is None:
        return  # another runner, or the leader just now
    record_audit(
        tx,
        now=now,
        action="event_auto_closed",
        subject_kind="event",
        subject_id=event.id,
        community_id=event.community_id,
        login_id=None,
        facts={"people": len(outs)},
    )
