"""/admin/people/<ref>/homes: where a person lives, works or visits, with dates."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.people import Home
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.person import PersonKey, ResidenceShown, read_residences
from volunteer.services import residences as service
from volunteer.web.admin import today
from volunteer.web.admin.forms import PlaceField, choices_of, day_field, place_value, status_after
from volunteer.web.admin.people import find_key
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("homes", __name__, url_prefix="/admin/people/<ref>/homes")


class HomeForm(FlaskForm):
    kind = SelectField(_l("How they belong here"), choices=choices_of(words.RESIDENCE_KINDS))
    place = PlaceField(_l("Building"))
    room = StringField(_l("Room"))
    starts_on = day_field(_l("First day"))


class EndForm(FlaskForm):
    ends_on = day_field(_l("Last day"))


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def add(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    form = HomeForm(starts_on=today())
    form.place.offer(scope(), person.community_id)
    status = status_after(
        form,
        lambda: service.add_residence(
            person.resident_id, _home(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved. What was earned before stays with the building before."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/home_new.html", form=form, person=person), status


@blueprint.route("/<int:residence_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def correct(ref: str, residence_id: int) -> ResponseReturnValue:
    person = find_key(ref)
    home = _find(person, residence_id)
    form = HomeForm(
        kind=home.place.kind,
        place=place_value(home.area_id, home.building_id),
        room=home.place.room,
        starts_on=home.starts_on,
    )
    form.place.offer(scope(), person.community_id, and_building=home.building_id)
    status = status_after(
        form,
        lambda: service.correct_residence(
            residence_id, _home(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/home_edit.html", form=form, person=person, home=home), status


@blueprint.route("/<int:residence_id>/end", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def end(ref: str, residence_id: int) -> ResponseReturnValue:
    person = find_key(ref)
    home = _find(person, residence_id)
    form = EndForm(ends_on=home.ends_on or today())
    status = status_after(
        form,
        lambda: service.end_residence(
            residence_id, form.ends_on.data, by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("people.resident", ref=ref))
    return render_template("admin/home_end.html", form=form, person=person, home=home), status


def _find(person: PersonKey, residence_id: int) -> ResidenceShown:
    homes = read_residences(scope(), person)
    home = next((one for one in homes if one.residence_id == residence_id), None)
    if home is None:
        raise refuse(Code.NOT_FOUND)
    return home


def _home(form: HomeForm) -> Home:
    area_id, building_id = form.place.place
    return Home(
        starts_on=form.starts_on.data,
        kind=form.kind.data or "lives",
        area_id=area_id,
        building_id=building_id,
        room=form.room.data or None,
    )
