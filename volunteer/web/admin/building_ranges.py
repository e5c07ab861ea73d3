"""/admin/places/many: all the buildings of an area from one line, after a look at what they are."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Optional

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.messages import ngettext
from volunteer.domain.access import Permission
from volunteer.domain.building_names import building_key
from volunteer.domain.building_ranges import (
    LONGEST_NAME,
    other_writing,
    parse_buildings,
)
from volunteer.domain.refusals import Refusal
from volunteer.queries.places import read_area_choices, read_building_names
from volunteer.services.building_ranges import AddedBuildings, NewBuildings, add_buildings
from volunteer.web.admin import today
from volunteer.web.admin.forms import choices_of, day_field, picked, show_refusal, status_after
from volunteer.web.admin.places import WholeNumberField
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("building_ranges", __name__, url_prefix="/admin/places/many")

SHOWN_EACH_END = 12
"""Of a long list the preview shows both ends: what is in between follows from them."""


class ManyForm(FlaskForm):
    written = StringField(
        _l("Which buildings"), validators=[InputRequired(_l("Please say which buildings."))]
    )
    area = SelectField(_l("Area"))
    area_name = StringField(_l("Name of the new area"))
    area_kind = SelectField(_l("Kind"), choices=choices_of(words.AREA_KINDS))
    pattern = StringField(_l("Also written as"))
    grid = StringField(_l("Grid"))
    estimated_residents = WholeNumberField(
        _l("Estimated residents of each building"), validators=[Optional()]
    )
    estimated_on = day_field(_l("Estimated on"), needed=False)

    def wish(self) -> NewBuildings:
        estimated = self.estimated_residents.data
        return NewBuildings(
            written=self.written.data or "",
            area_id=number_or_none(self.area.data),
            area_name=self.area_name.data or "",
            area_kind=self.area_kind.data or "",
            pattern=self.pattern.data or "",
            grid=self.grid.data or "",
            estimated_residents=estimated,
            estimated_on=self.estimated_on.data if estimated is not None else None,
        )


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def many() -> ResponseReturnValue:
    """Shows what a line names; ``create`` among the answers adds it."""
    community = current_community()
    areas = read_area_choices(scope(), community.community_id)
    form = ManyForm(area=_first_area(areas), area_kind="estate", estimated_on=today())
    form.area.choices = picked(areas, _("A new area"))
    if request.method == "POST" and "create" not in request.form:
        form.validate()
        return _page(form, 200, _preview(form, community.community_id))
    added: list[AddedBuildings] = []
    status = status_after(
        form,
        lambda: added.append(
            add_buildings(
                community.community_id,
                form.wish(),
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        ),
    )
    if status is None:
        flash(_said(added[0]), "accepted")
        return redirect(url_for("places.places"))
    return _page(form, status, None)


def _first_area(areas: list[tuple[int, str, str | None]]) -> str:
    asked = number_or_none(request.args.get("area"))
    return str(asked or (areas[0][0] if areas else ""))


def _preview(form: ManyForm, community_id: int) -> dict[str, object] | None:
    """What the line names: both ends of it, what is there already, the other writing."""
    named = parse_buildings(form.written.data or "")
    if isinstance(named, Refusal):
        if not form.written.errors:
            show_refusal(form, Refusal(named.code, {**named.facts, "field": "written"}))
        return None
    there = _there(form, community_id)
    new = [one for one in named if building_key(one.name) not in there]
    aliases = [other_writing(form.pattern.data or "", one) for one in new]
    return {
        "total": len(named),
        "new": len(new),
        "there": [one.name for one in named if one not in new],
        "first": new[:SHOWN_EACH_END],
        "last": new[SHOWN_EACH_END:][-SHOWN_EACH_END:],
        "more": max(len(new) - 2 * SHOWN_EACH_END, 0),
        "alias": next((alias for alias in aliases if alias), ""),
    }


def _there(form: ManyForm, community_id: int) -> set[str]:
    area_id = number_or_none(form.area.data)
    if area_id is None:
        return set()
    return {building_key(name) for name in read_building_names(scope(), community_id, area_id)}


def _page(form: ManyForm, status: int, preview: dict[str, object] | None) -> ResponseReturnValue:
    if form.errors and status == 200:
        status = 422
    page = render_template(
        "admin/building_ranges.html", form=form, preview=preview, longest=LONGEST_NAME * 10
    )
    return page, status


def _said(added: AddedBuildings) -> str:
    said = ngettext("%(num)d building added.", "%(num)d buildings added.", added.added)
    if added.there:
        said += " " + ngettext(
            "%(num)d was there already.", "%(num)d were there already.", added.there
        )
    return str(said)
