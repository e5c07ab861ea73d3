"""Changing or cancelling an event; of a series also those that follow, or all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.events import (
    EventPlan,
    decide_cancel,
    decide_change,
    decide_event,
    decide_reason,
    new_leaders,
)
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.series import Target, change_alike
from volunteer.store.database import Tx, transact
from volunteer.store.event_plans import (
    Planned,
    check_areas,
    check_leaders,
    load_planned,
    load_zone,
    record_cancelled,
    record_of_events,
    record_plans,
)
from volunteer.store.series import load_reached


@dataclass(frozen=True)
class _Found:
    """The event that was chosen, and the others that a change of it reaches."""

    chosen: Planned
    others: tuple[Planned, ...]


def edit_events(
    target: Target,
    plan: EventPlan,
    *,
    seen: str | None = None,
    by: int,
    now: datetime,
    scope: Scope,
) -> int:
    """Make ``plan`` of the event as far as ``decide_change`` allows, and change the others alike:
    what differs from the plan before, and nothing else. Gives how many events were changed.

    Of the others those are left alone that have begun, are over or cancelled, or that somebody has
    checked in to. ``seen``: ``mark()`` of the plan that the editor was shown; refuses
    ``changed_meanwhile`` when it is another by now, ``not_found`` for an area or a new leader that
    is not there, and of any other event what ``change_alike`` refuses.
    """
    plan = decide_event(plan)

    def work(tx: Tx) -> int:
        found = _load(tx, target, now)
        chosen = found.chosen
        if seen is not None and seen != chosen.plan.mark():
            raise refuse(Code.CHANGED_MEANWHILE)
        decide_change(chosen.plan, plan, chosen.state, chosen.attended)
        zone = load_zone(tx, chosen.community_id)
        changes = {chosen.event_id: (chosen.plan, plan)} | {
            other.event_id: (other.plan, change_alike(chosen.plan, plan, other.plan, zone))
            for other in found.others
        }
        if plan.area_id != chosen.plan.area_id:
            check_areas(tx, chosen.community_id, [plan.area_id])
        pairs = changes.values()
        people = {one for before, after in pairs for one in new_leaders(before, after)}
        check_leaders(tx, chosen.community_id, people)
        record_plans(tx, chosen.community_id, changes)
        starts_at = {one: after.starts_at for one, (_before, after) in changes.items()}
        record_of_events(tx, "event_edited", chosen.community_id, starts_at, by=by, now=now)
        return len(changes)

    return transact(work, scope)


def cancel_events(target: Target, reason: str, *, by: int, now: datetime, scope: Scope) -> int:
    """Cancel the event, and the others as far as nobody has come to them and they have not begun;
    the reason is shown to everyone. Gives how many were cancelled.

    Refuses ``reason_missing``, ``text_too_long``, and what ``decide_cancel`` refuses of the event.
    """
    words = decide_reason(reason)

    def work(tx: Tx) -> int:
        found = _load(tx, target, now)
        decide_cancel(found.chosen.state, found.chosen.attended)
        starts_at = {one.event_id: one.plan.starts_at for one in (found.chosen, *found.others)}
        record_cancelled(tx, list(starts_at), words)
        community_id = found.chosen.community_id
        record_of_events(tx, "event_cancelled", community_id, starts_at, by=by, now=now)
        return len(starts_at)

    return transact(work, scope)


def _load(tx: Tx, target: Target, now: datetime) -> _Found:
    """Locked. Of the others only those that are still to come."""
    found = load_planned(tx, load_reached(tx, target))
    chosen = found.pop(target.event_id, None)
    if chosen is None:
        raise refuse(Code.NOT_FOUND)
    others = (one for one in found.values() if _is_to_come(one, now))
    return _Found(chosen, tuple(others))


def _is_to_come(event: Planned, now: datetime) -> bool:
    return (
        event.state == "planned" and event.plan.starts_at > now and not event.attended.resident_ids
    )
