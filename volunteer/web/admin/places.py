"""/admin/places: areas of the community and the buildings in them."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Optional

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.places import (
    AreaRow,
    BuildingRow,
    read_area,
    read_area_choices,
    read_areas,
    read_building,
)
from volunteer.services import places as service
from volunteer.services.places import AreaDetails, BuildingDetails
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import choices_of, day_field, picked, status_after
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("places", __name__, url_prefix="/admin/places")

_BETWEEN_ALIASES = re.compile(r"[,，、;；\n]+")


class AreaForm(FlaskForm):
    name = StringField(
        _l("Name of the area"), validators=[InputRequired(_l("Please enter a name."))]
    )
    name_en = StringField(_l("English name"))
    kind = SelectField(_l("Kind"), choices=choices_of(words.AREA_KINDS))


class WholeNumberField(IntegerField):
    """WTForms' own words for a bad number are not in our catalogue."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please enter a whole number.")) from None


class BuildingForm(FlaskForm):
    name = StringField(
        _l("Name of the building"), validators=[InputRequired(_l("Please enter a name."))]
    )
    name_en = StringField(_l("English name"))
    area = SelectField(_l("Area"), validators=[InputRequired(_l("Please choose one."))])
    aliases = StringField(_l("Also written as"))
    grid = StringField(_l("Grid"))
    estimated_residents = WholeNumberField(_l("Estimated residents"), validators=[Optional()])
    estimated_on = day_field(_l("Estimated on"), needed=False)


@blueprint.get("")
@needs(Permission.SEE_PLACES)
def places() -> ResponseReturnValue:
    community = current_community()
    q, inactive = request.args.get("q", "")[:80], request.args.get("show") == "all"
    areas = read_areas(scope(), community.community_id, today=today(), q=q, inactive=inactive)
    return render_template(
        "admin/places.html",
        community=community,
        areas=areas,
        q=q,
        inactive=inactive,
        words=words,
        may_edit=may(Permission.EDIT_PLACES, community.community_id),
        may_print=may(Permission.REPLACE_CARD, community.community_id),
    )


@blueprint.route("/areas/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def add_area() -> ResponseReturnValue:
    community = current_community()
    form = AreaForm()
    status = status_after(
        form,
        lambda: service.add_area(
            community.community_id,
            _area(form),
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("places.places"))
    return render_template("admin/area.html", form=form, area=None), status


@blueprint.route("/areas/<int:area_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def edit_area(area_id: int) -> ResponseReturnValue:
    area = _find_area(area_id)
    form = AreaForm(name=area.name, name_en=area.name_en, kind=area.kind)
    status = status_after(
        form,
        lambda: service.edit_area(
            area_id, _area(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("places.places"))
    return render_template("admin/area.html", form=form, area=area), status


@blueprint.post("/areas/<int:area_id>/active")
@needs(Permission.EDIT_PLACES)
def set_area_active(area_id: int) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    service.set_area_active(area_id, active, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("Back in use.") if active else _("No longer offered."), "accepted")
    return redirect(url_for("places.places"))


@blueprint.route("/buildings/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def add_building() -> ResponseReturnValue:
    community = current_community()
    form = BuildingForm(area=request.args.get("area"))
    form.area.choices = picked(read_area_choices(scope(), community.community_id))
    status = status_after(
        form,
        lambda: service.add_building(
            _building(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("%(name)s is written down.", name=form.name.data), "accepted")
        if request.form.get("more"):
            return redirect(url_for("places.add_building", area=form.area.data))
        return redirect(url_for("places.places"))
    return render_template("admin/building.html", form=form, building=None), status


@blueprint.route("/buildings/<int:building_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def edit_building(building_id: int) -> ResponseReturnValue:
    building = _find_building(building_id)
    area = _find_area(building.area_id)
    form = BuildingForm(
        name=building.name,
        name_en=building.name_en,
        area=str(building.area_id),
        aliases="、".join(building.aliases),
        grid=building.grid,
        estimated_residents=building.estimated_residents,
        estimated_on=building.estimated_on,
    )
    form.area.choices = picked(
        read_area_choices(scope(), area.community_id, and_id=building.area_id)
    )
    status = status_after(
        form,
        lambda: service.edit_building(
            building_id, _building(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("places.places"))
    return render_template("admin/building.html", form=form, building=building), status


@blueprint.post("/buildings/<int:building_id>/active")
@needs(Permission.EDIT_PLACES)
def set_building_active(building_id: int) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    service.set_building_active(
        building_id, active, by=me().login_id, now=clock.now(), scope=scope()
    )
    flash(_("Back in use.") if active else _("No longer offered."), "accepted")
    return redirect(url_for("places.places"))


def _area(form: AreaForm) -> AreaDetails:
    return AreaDetails(form.kind.data, form.name.data or "", form.name_en.data or None)


def _building(form: BuildingForm) -> BuildingDetails:
    return BuildingDetails(
        area_id=number_or_none(form.area.data) or 0,
        name=form.name.data or "",
        name_en=form.name_en.data or None,
        aliases=tuple(_BETWEEN_ALIASES.split(form.aliases.data or "")),
        grid=form.grid.data or None,
        estimated_residents=form.estimated_residents.data,
        estimated_on=form.estimated_on.data,
    )


def _find_area(area_id: int) -> AreaRow:
    area = read_area(scope(), area_id)
    if area is None:
        raise refuse(Code.NOT_FOUND)
    return area


def _find_building(building_id: int) -> BuildingRow:
    building = read_building(scope(), building_id, today=today())
    if building is None:
        raise refuse(Code.NOT_FOUND)
    return building
