"""/admin/first-day: what there is to do before the first event. It ticks itself."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents import first_day_words as words
from volunteer.documents.activity_words import preview_words, rule_words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.activities import preview
from volunteer.domain.first_day import MINUTES, PRESETS, SKIPPABLE, Founded, Step, decide_steps
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.queries.first_day import FirstDay, read_first_day
from volunteer.queries.roles import read_approvers
from volunteer.services import first_day as service
from volunteer.web.admin import today
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("first_day", __name__, url_prefix="/admin/first-day")

WAYS: dict[Step, tuple[str, ...]] = {
    Step.PLACES: ("building_ranges.many",),
    Step.ORGANISATIONS: ("organisations.add",),
    Step.PEOPLE: ("imports.upload", "people.add"),
    Step.OPENING_BALANCES: ("opening_balances.waiting",),
    Step.CARDS: ("card_prints.cards", "people.residents"),
    Step.POINTS_RULE: ("first_day.points",),
    Step.STAFF: ("roles.add",),
    Step.FIRST_EVENT: ("organize.choose_activity",),
}
"""Where a step is done, the best place first."""
PLACES: dict[Step, str] = {
    Step.PLACES: "places.places",
    Step.ORGANISATIONS: "organisations.organisations",
    Step.PEOPLE: "people.residents",
    Step.STAFF: "roles.roles",
    Step.FIRST_EVENT: "organize.events",
}
"""Where a step that is done can be looked at; else where it is done."""
EXAMPLES = ((60, False), (120, False), (120, True))
"""Minutes and whether as leader: what the presets are compared by."""


@blueprint.get("")
@needs(Permission.EDIT_SETTINGS)
def checklist() -> ResponseReturnValue:
    community = current_community()
    found = _found(community.community_id)
    states = decide_steps(found.founded, found.skipped)
    return render_template(
        "admin/first_day.html",
        community=community,
        found=found,
        states=states,
        open_count=sum(state.is_open for state in states),
        minutes_left=sum(MINUTES[state.step] for state in states if state.is_open),
        minutes=MINUTES,
        skippable=SKIPPABLE,
        words=words,
        so_far=_so_far(found.founded),
        urls={state.step: _url(state.step, done=state.is_done) for state in states},
        approvers=read_approvers(scope(), community.community_id, today=today()),
    )


@blueprint.post("/steps")
@needs(Permission.EDIT_SETTINGS)
def mark() -> ResponseReturnValue:
    """``step`` is not for us, or with ``skipped`` 0 is after all."""
    step = request.form.get("step", "")
    skipped = request.form.get("skipped") == "1"
    service.set_step_skipped(
        current_community().community_id,
        step,
        skipped,
        by=me().login_id,
        now=clock.now(),
        scope=scope(),
    )
    return redirect(url_for("first_day.checklist", _anchor=f"step-{step}"), 303)


@blueprint.post("/end")
@needs(Permission.EDIT_SETTINGS)
def end() -> ResponseReturnValue:
    """Put the checklist away; ``ended`` 0 takes it out again."""
    ended = request.form.get("ended") != "0"
    service.end_first_day(
        current_community().community_id,
        ended=ended,
        by=me().login_id,
        now=clock.now(),
        scope=scope(),
    )
    if not ended:
        return redirect(url_for("first_day.checklist"), 303)
    flash(_("The checklist is put away. It can be taken out again under Settings."), "accepted")
    return redirect(url_for("organize.today"), 303)


@blueprint.get("/points")
@needs(Permission.EDIT_SETTINGS)
def points() -> ResponseReturnValue:
    community = current_community()
    return render_template(
        "admin/points_preset.html",
        community=community,
        chosen=_found(community.community_id).founded.preset,
        presets=[
            {
                "preset": preset,
                "label": words.PRESETS[preset],
                "note": words.PRESET_NOTES[preset],
                "rule": rule_words(numbers),
                "examples": [
                    preview_words(preview(numbers, minutes, is_leader=leads))
                    for minutes, leads in EXAMPLES
                ],
            }
            for preset, numbers in PRESETS.items()
        ],
    )


@blueprint.post("/points")
@needs(Permission.EDIT_SETTINGS)
def choose_points() -> ResponseReturnValue:
    preset = request.form.get("preset", "")
    try:
        service.choose_preset(
            current_community().community_id,
            preset,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        )
    except Refused as refused:
        if refused.refusal.code is not Code.CHOICE_MISSING:
            raise
        flash(words_for(refused.refusal), "refused")
        return redirect(url_for("first_day.points"), 303)
    said = _("New activities begin with: %(preset)s.", preset=words.PRESETS[preset])
    flash(said, "accepted")
    return redirect(url_for("first_day.checklist"), 303)


def _found(community_id: int) -> FirstDay:
    found = read_first_day(scope(), community_id, today())
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _url(step: Step, *, done: bool) -> str:
    ways = (PLACES[step],) if done and step in PLACES else WAYS[step]
    return next(url_for(way) for way in ways if way in current_app.view_functions)


def _so_far(founded: Founded) -> dict[Step, str]:
    """What is there of each step, in words; '' where there is nothing yet."""
    counted = {
        Step.PLACES: ngettext("%(num)d building", "%(num)d buildings", founded.buildings),
        Step.ORGANISATIONS: ngettext(
            "%(num)d organisation", "%(num)d organisations", founded.organisations
        ),
        Step.PEOPLE: ngettext("%(num)d resident", "%(num)d residents", founded.residents),
        Step.STAFF: ngettext("%(num)d person", "%(num)d people", founded.staff),
        Step.FIRST_EVENT: ngettext("%(num)d event", "%(num)d events", founded.events),
        Step.OPENING_BALANCES: _openings(founded),
        Step.POINTS_RULE: str(words.PRESETS[founded.preset])
        if founded.preset
        else ngettext("%(num)d activity", "%(num)d activities", founded.activities),
    }
    some = {
        Step.PLACES: founded.buildings,
        Step.ORGANISATIONS: founded.organisations,
        Step.PEOPLE: founded.residents,
        Step.STAFF: founded.staff,
        Step.FIRST_EVENT: founded.events,
        Step.OPENING_BALANCES: founded.openings_waiting or founded.openings_posted,
        Step.POINTS_RULE: founded.activities or founded.preset,
    }
    return {step: said for step, said in counted.items() if some[step]}


def _openings(founded: Founded) -> str:
    if founded.openings_waiting:
        return str(
            ngettext(
                "%(num)d waits for a second person",
                "%(num)d wait for a second person",
                founded.openings_waiting,
            )
        )
    posted = founded.openings_posted
    return str(ngettext("%(num)d brought forward", "%(num)d brought forward", posted))
