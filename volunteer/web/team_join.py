"""/t/<ref>: somebody of a visiting team scans the team's code and writes their name down."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.event_shown import EventShown, read_event_shown
from volunteer.queries.visiting_teams import TeamCode, read_team_code
from volunteer.services.team_people import Joiner, join_team
from volunteer.web.admin.forms import status_after
from volunteer.web.gate import anyone
from volunteer.web.protection import a_minute, limiter, person_or_address
from volunteer.web.walk_in import browser_nonce

blueprint = Blueprint("team_join", __name__)

WRITTEN_DOWN = "team_written_down"
"""Where the session keeps the name that was just written down, for the page that says so."""


class JoinForm(FlaskForm):
    name = StringField(_l("Your name"), validators=[InputRequired(_l("Please enter a name."))])
    age_band = RadioField(
        _l("How old are you?"),
        choices=[SelectChoice(band.value, words.BANDS[band]) for band in reversed(AgeBand)],
    )
    form_id = HiddenField()


@blueprint.route("/t/<ref>", methods=["GET", "POST"])
@anyone
@limiter.limit(a_minute(20, 300), key_func=person_or_address, methods=["POST"])
def join(ref: str) -> ResponseReturnValue:
    team, event = _find(ref)
    band = AgeBand.UNDER_14 if team.has_minors else AgeBand.ADULT
    form = JoinForm(age_band=band.value, form_id=uuid4().hex)
    written: list[str] = []
    status = status_after(form, lambda: written.append(_join(ref, form)))
    if status is not None:
        page = render_template("team_join/join.html", form=form, team=team, event=event)
        return page, status
    session[WRITTEN_DOWN] = written[0]
    return redirect(url_for("team_join.done", ref=ref), 303)


@blueprint.get("/t/<ref>/done")
@anyone
def done(ref: str) -> ResponseReturnValue:
    """What was just written down; without that, back to the form."""
    name = session.get(WRITTEN_DOWN)
    if not name:
        return redirect(url_for("team_join.join", ref=ref))
    team, event = _find(ref)
    return render_template("team_join/done.html", name=name, team=team, event=event, ref=ref)


def _join(ref: str, form: JoinForm) -> str:
    try:
        form_id = UUID(form.form_id.data or "")
    except ValueError:
        raise refuse(Code.SCAN_ID_INVALID) from None
    joiner = Joiner(
        form.name.data or "",
        form.age_band.data or "",
        form_id,
        address=request.remote_addr,
        browser_nonce=browser_nonce(),
    )
    return join_team(ref, joiner, keys=current_app.extensions["keys"], now=clock.now())


def _find(ref: str) -> tuple[TeamCode, EventShown]:
    """Raises Refused: ``not_found``."""
    team = read_team_code(ref)
    event = read_event_shown(team.event_id, Scope.of(team.community_id)) if team else None
    if team is None or event is None:
        raise refuse(Code.NOT_FOUND)
    return team, event
