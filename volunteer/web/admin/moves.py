"""Moving to another community: asked on the person's page, taken on the other side's list."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.moves import (
    Arrival,
    read_arrival,
    read_arrivals,
    read_communities_to,
    read_departure,
)
from volunteer.services import moves as service
from volunteer.services.moves import NewHome
from volunteer.web.admin.forms import PlaceField, picked, status_after
from volunteer.web.admin.people import find_key
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick

blueprint = Blueprint("moves", __name__, url_prefix="/admin/people")


class MoveForm(FlaskForm):
    community = SelectField(
        _l("Which community?"), validators=[InputRequired(_l("Please choose a community."))]
    )


class ArrivalForm(FlaskForm):
    place = PlaceField(_l("Building"))
    room = StringField(_l("Room"))


@blueprint.route("/<ref>/move", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def move(ref: str) -> ResponseReturnValue:
    """Ask another community to take somebody in; what became of that is shown here as well."""
    person = find_key(ref)
    form = MoveForm()
    choices = read_communities_to(scope(), person.community_id)
    form.community.choices = picked(choices, _("Please choose"))

    def save() -> None:
        to_id, by, now = number_or_none(form.community.data) or 0, me().login_id, clock.now()
        key = service.ask_to_move(person.resident_id, to_id, by=by, now=now, scope=scope())
        _carry_on(key)

    status = status_after(form, save)
    if status is None:
        flash(_("Asked. The staff there see it in their list of arrivals."), "accepted")
        return redirect(url_for("moves.move", ref=ref))
    page = render_template(
        "admin/move.html",
        form=form,
        person=person,
        departure=read_departure(scope(), person),
        alone=not choices,
    )
    return page, status


@blueprint.post("/<ref>/move/withdraw")
@needs(Permission.EDIT_PEOPLE)
def withdraw(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    departure = read_departure(scope(), person)
    if departure is None:
        raise refuse(Code.NOT_FOUND)
    by, now = me().login_id, clock.now()
    service.withdraw_move(departure.move_key, by=by, now=now, scope=scope())
    _carry_on(departure.move_key)
    flash(_("Withdrawn. They stay here, with everything."), "accepted")
    return redirect(url_for("people.resident", ref=ref))


@blueprint.get("/arrivals")
@needs(Permission.EDIT_PEOPLE)
def arrivals() -> ResponseReturnValue:
    community = current_community()
    found = read_arrivals(scope(), community.community_id)
    return render_template("admin/arrivals.html", community=community, arrivals=found, words=words)


@blueprint.route("/arrivals/<uuid:move_key>", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def arrival(move_key: UUID) -> ResponseReturnValue:
    """Somebody wants to arrive: take them in, with a home."""
    found = _find(move_key)
    form = ArrivalForm()
    form.place.offer(scope(), found.community_id)

    def save() -> None:
        area_id, building_id = form.place.place
        home = NewHome(area_id, building_id, (form.room.data or "").strip()[:40] or None)
        by, now = me().login_id, clock.now()
        service.accept_move(move_key, home, by=by, now=now, scope=scope())
        _carry_on(move_key)

    status = status_after(form, save)
    if status is None:
        name = pick(found.name, found.name_en)
        done = _find(move_key).state == "done"
        said = (
            _("%(name)s is on the books here now, with a new passbook and card.", name=name)
            if done
            else _("Taken in. The passbook follows as soon as the other community can close it.")
        )
        flash(said, "accepted")
        return redirect(url_for("moves.arrivals"))
    return render_template("admin/arrival.html", form=form, arrival=found, words=words), status


@blueprint.post("/arrivals/<uuid:move_key>/decline")
@needs(Permission.EDIT_PEOPLE)
def decline(move_key: UUID) -> ResponseReturnValue:
    _find(move_key)
    service.decline_move(move_key, by=me().login_id, now=clock.now(), scope=scope())
    _carry_on(move_key)
    flash(_("Not taken in. They stay where they are, with everything."), "accepted")
    return redirect(url_for("moves.arrivals"))


def _carry_on(move_key: UUID) -> None:
    """What follows at once; were it cut off here, the job goes on with it."""
    service.carry_on(move_key, keys=current_app.extensions["keys"], now=clock.now())


def _find(move_key: UUID) -> Arrival:
    found = read_arrival(scope(), move_key)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found
