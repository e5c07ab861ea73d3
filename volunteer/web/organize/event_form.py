"""Adding and editing an event: local times to UTC, leaders found by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, HiddenField, SelectField

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.events import (
    LONGEST_TITLE,
    MOST_PLACES,
    EventPlan,
    LeaderPlan,
    decide_window,
)
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.series import Reach, Target
from volunteer.queries.activities import ActivityShown, read_activity, read_activity_choices
from volunteer.queries.communities import read_zone
from volunteer.queries.event_series import SeriesShown, read_series_of
from volunteer.queries.events import EventInFull, read_event, read_last_event
from volunteer.queries.leaders import Candidate, read_candidates, read_chosen
from volunteer.queries.places import read_area_choices
from volunteer.services.event_changes import edit_events
from volunteer.services.events import add_event as record_event
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.events import found_event
from volunteer.web.organize.fields import choices_of, clock_time, day, line, whole_number
from volunteer.web.organize.reach import ReachForm, offer_reach

LEADER_FIELD = "leader-"
VOLUNTEER, AT_WORK = "volunteer", "at_work"
MOST_LEADERS = 20


class EventForm(ReachForm):
    day = day(_l("Day"))
    starts = clock_time(_l("Starts at"))
    ends = clock_time(_l("Ends at"))
    to_next_day = BooleanField(_l("Ends on the next day"))
    place = line(_l("Place"), LONGEST_TITLE, _l("Please say where people meet."))
    place_en = line(_l("Place in English"), LONGEST_TITLE)
    area_id = SelectField(_l("Area"), coerce=int)
    capacity = whole_number(
        _l("Number of places"), 1, MOST_PLACES, _l("A whole number from 1, or empty, please.")
    )
    seen = HiddenField()


@dataclass(frozen=True)
class LeaderLine:
    """A person in the form's list of leaders; ``role`` is '' for one who was only found."""

    person: Candidate
    role: str = ""


@blueprint.route("/activities/<int:activity_id>/events/add", methods=["GET", "POST"])
@needs(Permission.EDIT_EVENTS)
def add_event(activity_id: int) -> ResponseReturnValue:
    activity = read_activity(scope(), activity_id)
    if activity is None or activity.deactivated_at:
        raise refuse(Code.NOT_FOUND)
    zone = ZoneInfo(read_zone(scope(), activity.community_id))
    last = _to_copy(activity_id) or read_last_event(scope(), activity_id, clock.now())
    form = EventForm(data=_like_the_last(last, zone))
    _offer_areas(form, activity.community_id, last.area_id if last else None)
    leaders = _leaders(activity.community_id, last)
    if _wants_saving(form):
        now = clock.now()
        try:
            plan = _plan(form, zone, leaders)
            event_id = record_event(
                activity_id,
                plan,
                by=me().login_id,
                now=now,
                scope=scope(),
            )
        except Refused as refused:
            _show_at_form(form, refused)
        else:
            flash(_("The event is planned."), "accepted")
            if plan.ends_at <= now:
                flash(
                    _("It is over already: nobody can check in to it. Is the date right?"),
                    "warning",
                )
            return redirect(url_for("organize.event", event_id=event_id))
    return _form_page(form, activity, leaders, None)


@blueprint.get("/events/add")
@needs(Permission.EDIT_EVENTS)
def choose_activity() -> ResponseReturnValue:
    """An event is of an activity: which?"""
    community = current_community()
    choices = read_activity_choices(scope(), community.community_id)
    if len(choices) == 1:
        return redirect(url_for("organize.add_event", activity_id=choices[0].id))
    return render_template("organize/choose_activity.html", choices=choices)


@blueprint.route("/events/<int:event_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_EVENTS)
def edit_event(event_id: int) -> ResponseReturnValue:
    shown = found_event(event_id)
    activity = read_activity(scope(), shown.row.activity_id)
    assert activity is not None
    zone = ZoneInfo(shown.row.zone)
    form = EventForm(data=_form_data(shown, zone) | {"seen": shown.plan.mark()})
    _offer_areas(form, shown.row.community_id, shown.area_id)
    leaders = _leaders(shown.row.community_id, shown)
    series = read_series_of(scope(), event_id, clock.now())
    offer_reach(form, series)
    if _wants_saving(form):
        try:
            count = edit_events(
                Target(event_id, Reach(form.reach.data)),
                _plan(form, zone, leaders),
                seen=form.seen.data or "",
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        except Refused as refused:
            _show_at_form(form, refused)
        else:
            words = _("%(n)d events are changed.", n=count) if count > 1 else _("Saved.")
            flash(words, "accepted")
            return redirect(url_for("organize.event", event_id=event_id))
    return _form_page(form, activity, leaders, shown, series)


def _form_data(shown: EventInFull, zone: ZoneInfo) -> dict[str, object]:
    starts, ends = shown.row.starts_at.astimezone(zone), shown.row.ends_at.astimezone(zone)
    return {
        "day": starts.date(),
        "starts": starts.time(),
        "ends": ends.time(),
        "to_next_day": ends.date() > starts.date(),
        "place": shown.row.place,
        "place_en": shown.row.place_en,
        "area_id": shown.area_id or 0,
        "capacity": shown.row.capacity,
    }


def _to_copy(activity_id: int) -> EventInFull | None:
    """The event that the address names, when it is one of this activity."""
    event_id = number_or_none(request.args.get("copy"))
    shown = read_event(scope(), event_id, clock.now()) if event_id is not None else None
    return shown if shown and shown.row.activity_id == activity_id else None


def _like_the_last(last: EventInFull | None, zone: ZoneInfo) -> dict[str, object]:
    """A new event is most often the last one again, a week on: only the day needs a look."""
    today = clock.now().astimezone(zone).date()
    if last is None:
        return {"day": today}
    data = _form_data(last, zone)
    day = last.row.starts_at.astimezone(zone).date() + timedelta(days=7)
    while day < today:
        day += timedelta(days=7)
    return data | {"day": day}


def _offer_areas(form: EventForm, community_id: int, area_id: int | None) -> None:
    areas = read_area_choices(scope(), community_id, and_id=area_id)
    form.area_id.choices = choices_of(
        [(0, _("None")), *((one_id, pick(name, name_en)) for one_id, name, name_en in areas)]
    )
    if form.area_id.data is None:
        form.area_id.data = 0


def _leaders(community_id: int, from_event: EventInFull | None) -> list[LeaderLine]:
    """The chosen people, then those that a search has found; the last event's before any POST."""
    if request.method == "GET":
        led = from_event.row.leaders if from_event else ()
        roles = {one.ref: AT_WORK if one.at_work else VOLUNTEER for one in led}
    else:
        roles = {
            name.removeprefix(LEADER_FIELD): value
            for name, value in request.form.items()
            if name.startswith(LEADER_FIELD) and value in (VOLUNTEER, AT_WORK)
        }
    kept = [] if from_event is None else _already_leading(from_event, roles)
    kept_refs = {line.person.ref for line in kept}
    refs = [ref for ref in list(roles)[:MOST_LEADERS] if ref not in kept_refs]
    chosen = [
        LeaderLine(person, roles[person.ref]) for person in read_chosen(scope(), community_id, refs)
    ]
    found = read_candidates(scope(), community_id, request.form.get("find", "")[:80])
    named = {line.person.ref for line in chain(kept, chosen)}
    return [*kept, *chosen, *(LeaderLine(one) for one in found if one.ref not in named)]


def _already_leading(shown: EventInFull, roles: dict[str, str]) -> list[LeaderLine]:
    """Leaders the event has stay choosable although they may have moved away since."""
    return [
        LeaderLine(
            Candidate(one.resident_id, one.ref, one.name, one.name_en, None, None), roles[one.ref]
        )
        for one in shown.row.leaders
        if one.ref in roles
    ]


def _wants_saving(form: EventForm) -> bool:
    """Looking for leaders sends the same form and saves nothing."""
    return not _looks_for_leaders() and bool(form.validate_on_submit())


def _looks_for_leaders() -> bool:
    """By its button; or a name stands there that was not looked for yet: Enter, or a phone's "Go",
    in that field presses the form's first button, which saves."""
    wanted = request.form.get("find", "").strip()
    return "search" in request.form or wanted != request.form.get("found", wanted).strip()


def _plan(form: EventForm, zone: ZoneInfo, leaders: Iterable[LeaderLine]) -> EventPlan:
    starts_at, ends_at = decide_window(
        form.day.data,
        form.starts.data,
        form.ends.data,
        zone,
        to_next_day=form.to_next_day.data,
    )
    return EventPlan(
        place=form.place.data or "",
        starts_at=starts_at,
        ends_at=ends_at,
        leaders=tuple(
            LeaderPlan(line.person.resident_id, line.role == AT_WORK)
            for line in leaders
            if line.role
        ),
        place_en=form.place_en.data,
        area_id=form.area_id.data or None,
        capacity=form.capacity.data,
    )


def _show_at_form(form: EventForm, refused: Refused) -> None:
    words = str(words_for(refused.refusal))
    fields = {
        Code.ENDS_BEFORE_IT_STARTS: form.ends,
        Code.EVENT_TOO_LONG: form.ends,
        Code.TIME_SKIPPED: form.starts,
        Code.PLACE_MISSING: form.place,
        Code.CAPACITY_INVALID: form.capacity,
    }
    field = fields.get(refused.refusal.code)
    if field is None:
        form.form_errors.append(words)
    else:
        field.errors = [*field.errors, words]


def _form_page(
    form: EventForm,
    activity: ActivityShown,
    leaders: list[LeaderLine],
    shown: EventInFull | None,
    series: SeriesShown | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "organize/event_form.html",
        form=form,
        activity=activity,
        leaders=leaders,
        shown=shown,
        series=series,
        find=request.form.get("find", ""),
        searched=_looks_for_leaders(),
        by_button="search" in request.form,
    )
    return page, 422 if form.errors and not _looks_for_leaders() else 200
