"""Events: the list with its filters in the address, one event with its roster, cancelling."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import status_of, words_for
from volunteer.documents.series_words import repeat_words
from volunteer.domain.access import Permission
from volunteer.domain.events import LONGEST_TITLE, Phase
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.series import Reach, Target
from volunteer.queries.activities import read_activity_choices
from volunteer.queries.clock_skew import read_clock_skew
from volunteer.queries.event_series import read_series_of
from volunteer.queries.events import EventFilter, EventInFull, When, read_event, read_events
from volunteer.queries.rosters import read_roster
from volunteer.queries.waiting_cards import read_cards_waiting_at
from volunteer.services.event_changes import cancel_events
from volunteer.web.addresses import is_reachable
from volunteer.web.asked import day_or_none, number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.fields import line
from volunteer.web.organize.reach import ReachForm, offer_reach


class CancelForm(ReachForm):
    everywhere = BooleanField(_l("At the other places of the series as well"))
    reason = line(
        _l("Reason for cancelling"),
        LONGEST_TITLE,
        _l("Please write why: people who had planned to come will read it."),
    )


@blueprint.get("/events")
@needs(Permission.SEE_ACTIVITIES)
def events() -> ResponseReturnValue:
    community = current_community()
    wanted = _filter()
    found = read_events(scope(), community.community_id, wanted, clock.now())
    activities = read_activity_choices(scope(), community.community_id, with_inactive=True)
    return render_template(
        "organize/events.html",
        community=community,
        found=found,
        wanted=wanted,
        activities=activities,
        filtered=bool(
            wanted.activity_id
            or wanted.phase
            or wanted.first_on
            or wanted.last_on
            or wanted.series_id
        ),
        tabs=[_tab(When.COMING), _tab(When.PAST), _tab(When.ALL)],
        url_of=_url_of_page,
    )


@blueprint.get("/events/<int:event_id>")
@needs(Permission.SEE_ROSTER)
def event(event_id: int) -> ResponseReturnValue:
    shown = found_event(event_id)
    return render_template(
        "organize/event.html",
        shown=shown,
        roster=read_roster(scope(), event_id),
        cards_waiting=read_cards_waiting_at(scope(), event_id),
        skew=read_clock_skew(event_id, scope()),
        series=read_series_of(scope(), event_id, clock.now()),
        repeat_words=repeat_words,
        reachable=is_reachable(),
        now=clock.now(),
    )


@blueprint.route("/events/<int:event_id>/cancel", methods=["GET", "POST"])
@needs(Permission.EDIT_EVENTS)
def cancel_event(event_id: int) -> ResponseReturnValue:
    shown = found_event(event_id)
    form = CancelForm()
    series = read_series_of(scope(), event_id, clock.now())
    offer_reach(form, series)
    status = 200
    if form.validate_on_submit():
        try:
            count = cancel_events(
                Target(event_id, Reach(form.reach.data), form.everywhere.data),
                form.reason.data or "",
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        except Refused as refused:
            status = status_of(refused.refusal.code)
            form.form_errors.append(str(words_for(refused.refusal)))
        else:
            one = _("The event is cancelled.")
            words = _("%(n)d events are cancelled.", n=count) if count > 1 else one
            flash(words, "accepted")
            return redirect(url_for("organize.event", event_id=event_id))
    elif form.errors:
        status = 422
    page = render_template("organize/cancel.html", shown=shown, form=form, series=series)
    return page, status


def found_event(event_id: int) -> EventInFull:
    """The event of the address. Refuses ``not_found``."""
    shown = read_event(scope(), event_id, clock.now())
    if shown is None:
        raise refuse(Code.NOT_FOUND)
    return shown


def _filter() -> EventFilter:
    """What the address asks for; what cannot be read counts as not asked."""
    asked = request.args
    when, phase = asked.get("when", ""), asked.get("state", "")
    return EventFilter(
        when=When(when) if when in tuple(When) else When.COMING,
        activity_id=number_or_none(asked.get("activity")),
        phase=Phase(phase) if phase in tuple(Phase) else None,
        first_on=day_or_none(asked.get("from")),
        last_on=day_or_none(asked.get("to")),
        series_id=number_or_none(asked.get("series")),
        page=number_or_none(asked.get("page")) or 1,
    )


def _tab(when: When) -> dict[str, Any]:
    words = {When.COMING: _("Coming"), When.PAST: _("Past"), When.ALL: _("All")}
    active = request.args.get("when", When.COMING) == when and not request.args.get("state")
    kept: dict[str, Any] = {
        name: request.args[name]
        for name in ("activity", "from", "to", "series")
        if name in request.args
    }
    return {
        "label": words[when],
        "url": url_for("organize.events", when=when.value, **kept),
        "active": active,
    }


def _url_of_page(page: int) -> str:
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name != "page" and value
    }
    return url_for("organize.events", **kept, page=page)
