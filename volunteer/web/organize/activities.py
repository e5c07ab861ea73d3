"""Activities: the list, one with its rule's history, adding and editing with a live preview."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    RadioField,
    SelectField,
)
from wtforms.validators import InputRequired, NumberRange, Optional

from volunteer import clock
from volunteer.documents.activity_words import (
    ENDING_NOTES,
    ENDINGS,
    KINDS,
    MEASURE_NOTES,
    MEASURES,
    arithmetic_words,
    preview_words,
)
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.activities import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    MOST_CAP_POINTS,
    MOST_DEFAULT_MINUTES,
    MOST_FACTOR_PERCENT,
    MOST_POINTS,
    ActivityPlan,
    RuleNumbers,
    decide_rule,
    preview,
)
from volunteer.domain.first_day import PRESETS, Preset
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.queries.activities import (
    ActivityShown,
    read_activities,
    read_activity,
    read_host_choices,
    read_youth_group_choices,
)
from volunteer.queries.communities import read_zone
from volunteer.queries.events import EventFilter, When, read_events
from volunteer.queries.first_day import read_points_preset
from volunteer.services import activities as service
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.fields import choices_of, line, paragraph, whole_number

EXAMPLES = ((60, False), (120, False), (180, False), (180, True))
"""Minutes and whether as leader: what the preview shows beside what is tried."""


_POINTS = _l("A whole number from 0 to 10,000, please.")
_CAP = _l("A whole number from 1, or empty, please.")


class ActivityForm(FlaskForm):
    name = line(_l("Name of the activity"), LONGEST_TITLE, _l("Please enter a name."))
    name_en = line(_l("Name in English"), LONGEST_TITLE)
    description = paragraph(_l("What people do"), LONGEST_DESCRIPTION)
    organisation_id = SelectField(_l("Host organisation"), coerce=int, validators=[InputRequired()])
    youth_group_id = SelectField(_l("Hosting youth group"), coerce=int)
    kind = SelectField(_l("Kind"), choices=choices_of(KINDS.items()))
    measure = RadioField(_l("Counts as"), choices=choices_of(MEASURES.items()), default="service")
    takes_guests = BooleanField(_l("Takes guests from other communities"))
    ending = RadioField(
        _l("How it ends"), choices=choices_of(ENDINGS.items()), default="leader_ends"
    )
    default_minutes = whole_number(
        _l("Minutes that count when the end is forgotten"),
        0,
        MOST_DEFAULT_MINUTES,
        _l("A whole number from 0 to 1440, please."),
    )
    fixed_points = whole_number(_l("Points for being there"), 0, MOST_POINTS, _POINTS, 0)
    points_per_hour = whole_number(_l("Points an hour"), 0, MOST_POINTS, _POINTS, 10)
    leader_factor_percent = whole_number(
        _l("Leaders get"),
        100,
        MOST_FACTOR_PERCENT,
        _l("From 100 to 1,000 percent, please."),
        120,
    )
    cap_event_points = whole_number(_l("At most for one event"), 1, MOST_CAP_POINTS, _CAP)
    cap_day_points = whole_number(_l("At most in one day"), 1, MOST_CAP_POINTS, _CAP)
    try_hours = DecimalField(
        _l("Hours"),
        default=3,
        places=None,
        validators=[Optional(), NumberRange(0, 24, _l("From 0 to 24 hours, please."))],
        invalid_value_message=_l("From 0 to 24 hours, please."),
    )
    try_leader = BooleanField(_l("as leader"), default=True)
    seen = HiddenField()

    def numbers(self) -> RuleNumbers:
        return RuleNumbers(
            fixed_points=self.fixed_points.data or 0,
            points_per_hour=self.points_per_hour.data or 0,
            leader_factor_percent=self.leader_factor_percent.data or 100,
            cap_event_points=self.cap_event_points.data,
            cap_day_points=self.cap_day_points.data,
        )

    def plan(self) -> ActivityPlan:
        return ActivityPlan(
            organisation_id=self.organisation_id.data,
            name=self.name.data or "",
            kind=self.kind.data,
            name_en=self.name_en.data,
            description=self.description.data,
            youth_group_id=self.youth_group_id.data or None,
            measure=self.measure.data,
            ending=self.ending.data,
            default_minutes=self.default_minutes.data,
            takes_guests=self.takes_guests.data,
        )


@blueprint.get("/activities")
@needs(Permission.SEE_ACTIVITIES)
def activities() -> ResponseReturnValue:
    community = current_community()
    q, active = request.args.get("q", "").strip()[:80], request.args.get("state") != "off"
    rows = read_activities(scope(), community.community_id, clock.now(), q=q, active=active)
    return render_template(
        "organize/activities.html",
        community=community,
        rows=rows,
        q=q,
        active=active,
        zone=read_zone(scope(), community.community_id),
    )


@blueprint.get("/activities/<int:activity_id>")
@needs(Permission.SEE_ACTIVITIES)
def activity(activity_id: int) -> ResponseReturnValue:
    shown, now = _found(activity_id), clock.now()
    wanted = EventFilter(When.COMING, activity_id=activity_id)
    coming = read_events(scope(), shown.community_id, wanted, now)
    return render_template(
        "organize/activity.html",
        shown=shown,
        coming=coming,
        now=now,
        zone=read_zone(scope(), shown.community_id),
    )


@blueprint.route("/activities/add", methods=["GET", "POST"])
@needs(Permission.EDIT_ACTIVITIES)
def add_activity() -> ResponseReturnValue:
    community = current_community()
    form = ActivityForm(data=_usual_points(community.community_id))
    _offer_hosts(form, community.community_id)
    if not form.organisation_id.choices:
        return render_template("organize/no_hosts.html", community=community)
    if _wants_saving(form):
        try:
            activity_id = service.add_activity(
                community.community_id,
                form.plan(),
                form.numbers(),
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        except Refused as refused:
            _show_at_form(form, refused)
        else:
            flash(_("The activity is saved. Now plan its first event."), "accepted")
            return redirect(url_for("organize.activity", activity_id=activity_id))
    return _form_page(form, None)


@blueprint.route("/activities/<int:activity_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_ACTIVITIES)
def edit_activity(activity_id: int) -> ResponseReturnValue:
    shown = _found(activity_id)
    form = ActivityForm(data=vars(shown.plan) | vars(shown.rule) | {"seen": shown.plan.mark()})
    _offer_hosts(form, shown.community_id, shown.plan)
    if _wants_saving(form):
        try:
            version = service.edit_activity(
                activity_id,
                form.plan(),
                form.numbers(),
                seen=form.seen.data,
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        except Refused as refused:
            _show_at_form(form, refused)
        else:
            flash(_edited_words(version, shown.versions[0].version), "accepted")
            return redirect(url_for("organize.activity", activity_id=activity_id))
    return _form_page(form, shown)


@blueprint.post("/activities/<int:activity_id>/switch")
@needs(Permission.EDIT_ACTIVITIES)
def switch_activity(activity_id: int) -> ResponseReturnValue:
    on = request.form.get("on") == "1"
    service.switch_activity(activity_id, on=on, by=me().login_id, now=clock.now(), scope=scope())
    flash(
        _("The activity is back.")
        if on
        else _("The activity is deactivated. Events already planned stay."),
        "accepted",
    )
    return redirect(url_for("organize.activity", activity_id=activity_id))


@blueprint.get("/activities/rule-preview")
@needs(Permission.EDIT_ACTIVITIES)
def rule_preview() -> ResponseReturnValue:
    """The preview alone, for the numbers in the address: what the form shows while one types."""
    form = ActivityForm(request.args, meta={"csrf": False})
    return render_template("organize/rule_preview.html", preview=_preview(form))


def _usual_points(community_id: int) -> dict[str, Any]:
    """The numbers that the community begins with, when it chose some."""
    preset = read_points_preset(scope(), community_id)
    return vars(PRESETS[Preset(preset)]) if preset else {}


def _found(activity_id: int) -> ActivityShown:
    shown = read_activity(scope(), activity_id)
    if shown is None:
        raise refuse(Code.NOT_FOUND)
    return shown


def _offer_hosts(form: ActivityForm, community_id: int, plan: ActivityPlan | None = None) -> None:
    hosts = read_host_choices(
        scope(), community_id, organisation_id=plan.organisation_id if plan else None
    )
    groups = read_youth_group_choices(
        scope(), community_id, youth_group_id=plan.youth_group_id if plan else None
    )
    form.organisation_id.choices = choices_of(
        (one.id, pick(one.name, one.name_en)) for one in hosts
    )
    form.youth_group_id.choices = choices_of(
        [(0, _("None")), *((one.id, pick(one.name, one.name_en)) for one in groups)]
    )
    if form.youth_group_id.data is None:
        form.youth_group_id.data = 0


def _wants_saving(form: ActivityForm) -> bool:
    """The preview button sends the same form and saves nothing."""
    return "preview" not in request.form and bool(form.validate_on_submit())


def _show_at_form(form: ActivityForm, refused: Refused) -> None:
    words = str(words_for(refused.refusal))
    fields = {Code.NAME_MISSING: form.name, Code.ALREADY_EXISTS: form.name}
    field = fields.get(refused.refusal.code)
    if field is None:
        form.form_errors.append(words)
    else:
        field.errors = [*field.errors, words]


def _form_page(form: ActivityForm, shown: ActivityShown | None) -> ResponseReturnValue:
    page = render_template(
        "organize/activity_form.html",
        form=form,
        shown=shown,
        preview=_preview(form),
        measure_notes=MEASURE_NOTES,
        ending_notes=ENDING_NOTES,
    )
    return page, 422 if form.errors and "preview" not in request.form else 200


def _preview(form: ActivityForm) -> dict[str, Any] | None:
    """What the entered rule gives, in words; None while it cannot be worked out."""
    try:
        numbers = decide_rule(form.numbers())
    except Refused:
        return None
    measure = "participation" if form.measure.data == "participation" else "service"
    hours = form.try_hours.data
    # Not a number is no number to compare with either.
    if hours is None or not Decimal(hours).is_finite() or not 0 <= hours <= 24:
        hours = 3
    tried = preview(numbers, int(hours * 60), is_leader=bool(form.try_leader.data), measure=measure)
    examples = [
        preview(numbers, minutes, is_leader=is_leader, measure=measure)
        for minutes, is_leader in EXAMPLES
    ]
    return {
        "tried": preview_words(tried),
        "arithmetic": arithmetic_words(numbers, tried),
        "examples": [preview_words(one) for one in examples],
        "no_minutes": measure == "participation",
    }


def _edited_words(version: int, before: int) -> str:
    if version == before:
        return str(_("Saved."))
    return str(
        _(
            "Saved. Version %(version)d of the points rule holds for events that have not started.",
            version=version,
        )
    )
