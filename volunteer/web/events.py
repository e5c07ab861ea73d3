"""/events: what is on today and in the coming weeks, for residents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.domain.access import Scope
from volunteer.queries.events_public import EVENTS_A_PAGE, PublicEvent, read_checked_in, read_events
from volunteer.web import dates
from volunteer.web.gate import me, scope, signed_in
from volunteer.web.language import pick

WEEKS = 5
LIMITED_SOON = 5
"""From so few free places on, their number is told."""

blueprint = Blueprint("events", __name__)


@dataclass(frozen=True)
class EventShown:
    """An event in words. ``tag``: (kind, icon, words) of its state, None when there is no news."""

    name: str
    starts: str
    ends: str
    place: str
    host: str
    community: str
    description: str | None
    tag: tuple[str, str, str] | None
    note: str | None
    is_off: bool


@dataclass(frozen=True)
class Day:
    """The events of one local day; ``near`` is today, tomorrow, in 3 days, or nothing."""

    on: date
    near: str
    events: list[EventShown]


@blueprint.get("/events")
@signed_in
def events() -> ResponseReturnValue:
    now = clock.now()
    today = dates.local_day(now)
    found = read_events(scope(), today, today + timedelta(weeks=WEEKS))
    names = {event.community_id for event in found}
    return render_template(
        "events/events.html",
        days=by_day(found, here_of_mine(found), now),
        several=len(names) > 1,
        is_cut=len(found) == EVENTS_A_PAGE,
        weeks=WEEKS,
    )


def here_of_mine(found: Iterable[PublicEvent]) -> set[int]:
    """The events at which somebody I act for has checked in."""
    acts_for = me().acts_for
    homes = Scope(frozenset(one.community_id for one in acts_for))
    event_ids = [event.event_id for event in found]
    if not event_ids or not acts_for:
        return set()
    mine = read_checked_in(homes, event_ids, (one.resident_id for one in acts_for))
    return {event_id for event_id, _resident in mine}


def by_day(found: Iterable[PublicEvent], mine: set[int], now: datetime) -> list[Day]:
    return [
        Day(
            on=on,
            near=dates.relative_day(on, now=now),
            events=[show_event(event, now, is_mine=event.event_id in mine) for event in events],
        )
        for on, events in groupby(found, key=lambda event: event.local_date)
    ]


def show_event(event: PublicEvent, now: datetime, *, is_mine: bool = False) -> EventShown:
    return EventShown(
        name=pick(event.activity_name, event.activity_name_en),
        starts=dates.clock_time(event.starts_at, event.time_zone),
        ends=dates.end_time(event.starts_at, event.ends_at, event.time_zone),
        place=pick(event.place, event.place_en),
        host=pick(event.organisation_name, event.organisation_name_en),
        community=pick(event.community_name, event.community_name_en),
        description=event.description,
        tag=_tag(event, now, is_mine=is_mine),
        note=_note(event, now),
        is_off=event.state == "cancelled",
    )


def _tag(event: PublicEvent, now: datetime, *, is_mine: bool) -> tuple[str, str, str] | None:
    if event.state == "cancelled":
        return "refused", "cross", _("Cancelled")
    if is_mine:
        return "green", "check", _("You are checked in")
    if event.state == "ended" or now >= event.ends_at:
        return "", "clock", _("Over")
    if event.capacity is not None and event.taken >= event.capacity:
        return "amber", "people", _("Full")
    if now >= event.check_in_opens_at:
        return "green", "scan", _("Check-in open")
    return None


def _note(event: PublicEvent, now: datetime) -> str | None:
    if event.state == "cancelled":
        return event.cancelled_reason
    if event.state == "ended" or now >= event.ends_at or event.capacity is None:
        return None
    free = event.capacity - event.taken
    if free <= 0:
        return None
    if free <= LIMITED_SOON:
        return str(_("%(free)s places left", free=free))
    return str(_("%(capacity)s places", capacity=event.capacity))
