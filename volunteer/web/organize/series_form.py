"""Planning events that recur: one form, with its dates worked out while one types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import words_for
from volunteer.documents.series_words import RHYTHMS, WEEKDAYS, festival_words
from volunteer.domain.access import Permission
from volunteer.domain.holidays import Holidays
from volunteer.domain.recurrence import Occurrence, Recurrence, Rhythm, kept_dates, occurrences
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.series import MOST_SITES, SeriesPlan
from volunteer.queries.activities import ActivityShown, read_activity
from volunteer.queries.communities import read_zone
from volunteer.queries.events import EventInFull, read_last_event
from volunteer.queries.holidays import read_holidays
from volunteer.queries.places import read_area_choices
from volunteer.services.event_series import add_series
from volunteer.web.asked import day_or_none
from volunteer.web.gate import me, needs, scope
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.fields import choices_of, clock_time, day
from volunteer.web.organize.series_sites import SiteShown, sites_of, wants_another_look

USUAL_WEEKS = 12


class CheckboxField(SelectMultipleField):
    """Several may be chosen, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SeriesForm(FlaskForm):
    rhythm = RadioField(_l("How often"), choices=choices_of(RHYTHMS.items()), default="weekly")
    weekdays = CheckboxField(
        _l("Days of the week"), choices=choices_of(enumerate(WEEKDAYS)), coerce=int
    )
    first_on = day(_l("First day"))
    last_on = day(_l("Last day"))
    starts = clock_time(_l("Starts at"))
    ends = clock_time(_l("Ends at"))
    to_next_day = BooleanField(_l("Ends on the next day"))
    skips_holidays = BooleanField(_l("Not on public holidays"), default=True)
    skips_workdays = BooleanField(_l("Not on weekend days that are worked"))


@dataclass(frozen=True)
class DatesShown:
    """The dates as they stand, or the words for why there are none yet."""

    dates: tuple[Occurrence, ...] = ()
    kept: int = 0
    events: int = 0
    unknown_years: tuple[int, ...] = ()
    trouble: str | None = None


@blueprint.route("/activities/<int:activity_id>/series/add", methods=["GET", "POST"])
@needs(Permission.EDIT_EVENTS)
def add_recurring(activity_id: int) -> ResponseReturnValue:
    activity = _found(activity_id)
    last = None if request.method == "POST" else read_last_event(scope(), activity_id, clock.now())
    zone = last.row.zone if last else read_zone(scope(), activity.community_id)
    form = SeriesForm(data=_usual(last, ZoneInfo(zone)))
    areas = read_area_choices(scope(), activity.community_id)
    sites = sites_of(activity.community_id, areas, last)
    holidays = read_holidays(scope(), activity.community_id)
    looks = request.method == "POST" and wants_another_look(sites)
    # Both, so that what is wrong with the places is shown at once with the rest.
    if form.is_submitted() and not looks and form.validate() & _validate(sites):
        try:
            _series_id, count = add_series(
                activity_id,
                SeriesPlan(
                    _recurrence(form),
                    form.starts.data,
                    form.ends.data,
                    tuple(site.plan for site in sites),
                    to_next_day=form.to_next_day.data,
                    left_out=_left_out(request.form),
                ),
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        except Refused as refused:
            _show_at_form(form, sites, refused.refusal)
        else:
            words = ngettext("%(num)d event is planned.", "%(num)d events are planned.", count)
            flash(words, "accepted")
            return redirect(url_for("organize.events", series=_series_id))
    page = render_template(
        "organize/series_form.html",
        form=form,
        activity=activity,
        sites=sites,
        most_sites=MOST_SITES,
        preview=_dates(form, holidays, len(sites)),
        festival_words=festival_words,
        rhythm_notes={
            "monthly": _(
                "In the same week as the first date, for instance the second Friday of each month."
            )
        },
    )
    wrong = not looks and (form.errors or any(site.form.errors for site in sites))
    return page, 422 if wrong else 200


@blueprint.get("/activities/<int:activity_id>/series/dates")
@needs(Permission.EDIT_EVENTS)
def series_dates(activity_id: int) -> ResponseReturnValue:
    """The dates alone, for what is in the address: what the form shows while one types."""
    activity = _found(activity_id)
    form = SeriesForm(request.args, meta={"csrf": False})
    holidays = read_holidays(scope(), activity.community_id)
    sites = len(request.args.getlist("site")[:MOST_SITES])
    return render_template(
        "organize/series_dates.html",
        preview=_dates(form, holidays, max(sites, 1)),
        festival_words=festival_words,
    )


def _found(activity_id: int) -> ActivityShown:
    activity = read_activity(scope(), activity_id)
    if activity is None or activity.deactivated_at:
        raise refuse(Code.NOT_FOUND)
    return activity


def _usual(last: EventInFull | None, zone: ZoneInfo) -> dict[str, Any]:
    """What recurs is most often the last event, from the same day of next week on."""
    today = clock.now().astimezone(zone).date()
    if last is None:
        data: dict[str, Any] = {"first_on": today, "weekdays": [today.weekday()]}
    else:
        starts, ends = last.row.starts_at.astimezone(zone), last.row.ends_at.astimezone(zone)
        ahead = (starts.weekday() - today.weekday()) % 7
        data = {
            "first_on": today + timedelta(days=ahead),
            "weekdays": [starts.weekday()],
            "starts": starts.time(),
            "ends": ends.time(),
            "to_next_day": ends.date() > starts.date(),
        }
    return data | {"last_on": data["first_on"] + timedelta(weeks=USUAL_WEEKS)}


def _validate(sites: list[SiteShown]) -> bool:
    return all([site.form.validate() for site in sites])  # noqa: C419 - every one says its own


def _recurrence(form: SeriesForm) -> Recurrence:
    return Recurrence(
        first_on=form.first_on.data,
        last_on=form.last_on.data,
        weekdays=frozenset(form.weekdays.data or ()),
        rhythm=Rhythm(form.rhythm.data),
        skips_holidays=form.skips_holidays.data,
        skips_workdays=form.skips_workdays.data,
    )


def _left_out(entered: Any) -> frozenset[date]:
    """Dates that were offered with a box and are not ticked any more, or that the address names."""
    offered, ticked, named = (
        {day_or_none(text) for text in entered.getlist(name)}
        for name in ("offered", "takes", "left_out")
    )
    return frozenset(one for one in (offered - ticked) | named if one is not None)


def _dates(form: SeriesForm, holidays: Holidays, sites: int) -> DatesShown:
    """For the form as it stands, valid or not: a field that cannot be read gives no dates yet."""
    known = form.first_on.data and form.last_on.data and form.rhythm.data in tuple(Rhythm)
    if not known:
        return DatesShown(trouble=_("Choose the first and the last day to see the dates."))
    wanted = _recurrence(form)
    try:
        found = occurrences(wanted, holidays, _left_out(request.values))
    except Refused as refused:
        return DatesShown(trouble=str(words_for(refused.refusal)))
    unknown = tuple(holidays.unknown_years(wanted.first_on, wanted.last_on))
    try:
        kept = kept_dates(found, sites)
    except Refused as refused:
        trouble = str(words_for(refused.refusal))
        shown = () if refused.refusal.code is Code.SERIES_TOO_LONG else tuple(found)
        return DatesShown(shown, unknown_years=unknown, trouble=trouble)
    return DatesShown(tuple(found), len(kept), len(kept) * sites, unknown)


_FIELDS: Mapping[Code, str] = {
    Code.ENDS_BEFORE_IT_STARTS: "ends",
    Code.EVENT_TOO_LONG: "ends",
    Code.TIME_SKIPPED: "starts",
    Code.DATES_REVERSED: "last_on",
    Code.SERIES_TOO_LONG: "last_on",
    Code.SERIES_EMPTY: "last_on",
    Code.SERIES_IN_PAST: "first_on",
    Code.WEEKDAY_MISSING: "weekdays",
}


def _show_at_form(form: SeriesForm, sites: list[SiteShown], refusal: Refusal) -> None:
    words = str(words_for(refusal))
    name, number = _FIELDS.get(refusal.code), refusal.facts.get("site")
    if name:
        form[name].errors = [*form[name].errors, words]
    elif number:
        form.form_errors.append(_("Place %(n)d: %(words)s", n=int(number), words=words))
        sites[int(number) - 1].form.form_errors.append(words)
    else:
        form.form_errors.append(words)
