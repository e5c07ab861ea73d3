"""/admin/organisations: who hosts activities, and the kinds of organisation there are."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.organisations import (
    KindRow,
    OrganisationRow,
    read_kind,
    read_kinds,
    read_organisation,
    read_organisations,
)
from volunteer.services import organisations as service
from volunteer.services.organisations import OrganisationDetails
from volunteer.web.admin import may
from volunteer.web.admin.forms import picked, status_after
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("organisations", __name__, url_prefix="/admin/organisations")


class KindForm(FlaskForm):
    name = StringField(
        _l("Name of the kind"), validators=[InputRequired(_l("Please enter a name."))]
    )
    name_en = StringField(_l("English name"))


class OrganisationForm(KindForm):
    name = StringField(
        _l("Name of the organisation"), validators=[InputRequired(_l("Please enter a name."))]
    )
    kind = SelectField(_l("Kind"), validators=[InputRequired(_l("Please choose one."))])


@blueprint.get("")
@needs(Permission.SEE_PLACES)
def organisations() -> ResponseReturnValue:
    community = current_community()
    q, inactive = request.args.get("q", "")[:80], request.args.get("show") == "all"
    kind_id = number_or_none(request.args.get("kind"))
    rows = read_organisations(
        scope(), community.community_id, q=q, kind_id=kind_id, inactive=inactive
    )
    return render_template(
        "admin/organisations.html",
        community=community,
        rows=rows,
        kinds=read_kinds(scope(), community.community_id),
        q=q,
        kind_id=kind_id,
        inactive=inactive,
        may_edit=may(Permission.EDIT_PLACES, community.community_id),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def add() -> ResponseReturnValue:
    community = current_community()
    form = OrganisationForm()
    form.kind.choices = _kind_choices(community.community_id)
    status = status_after(
        form,
        lambda: service.add_organisation(
            community.community_id,
            _details(form),
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("organisations.organisations"))
    return render_template("admin/organisation.html", form=form, row=None), status


@blueprint.route("/<int:organisation_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def edit(organisation_id: int) -> ResponseReturnValue:
    row = _find(organisation_id)
    form = OrganisationForm(name=row.name, name_en=row.name_en, kind=str(row.kind_id))
    form.kind.choices = _kind_choices(row.community_id)
    status = status_after(
        form,
        lambda: service.edit_organisation(
            organisation_id, _details(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("organisations.organisations"))
    return render_template("admin/organisation.html", form=form, row=row), status


@blueprint.post("/<int:organisation_id>/active")
@needs(Permission.EDIT_PLACES)
def set_active(organisation_id: int) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    service.set_organisation_active(
        organisation_id, active, by=me().login_id, now=clock.now(), scope=scope()
    )
    flash(_("Back in use.") if active else _("No longer offered."), "accepted")
    return redirect(url_for("organisations.organisations"))


@blueprint.get("/kinds")
@needs(Permission.SEE_PLACES)
def kinds() -> ResponseReturnValue:
    community = current_community()
    return render_template(
        "admin/kinds.html",
        community=community,
        rows=read_kinds(scope(), community.community_id),
        may_edit=may(Permission.EDIT_PLACES, community.community_id),
    )


@blueprint.route("/kinds/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def add_kind() -> ResponseReturnValue:
    community = current_community()
    form = KindForm()
    status = status_after(
        form,
        lambda: service.add_organisation_kind(
            community.community_id,
            form.name.data or "",
            form.name_en.data,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("organisations.kinds"))
    return render_template("admin/kind.html", form=form, row=None), status


@blueprint.route("/kinds/<int:kind_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def edit_kind(kind_id: int) -> ResponseReturnValue:
    row = _find_kind(kind_id)
    form = KindForm(name=row.name, name_en=row.name_en)
    status = status_after(
        form,
        lambda: service.edit_organisation_kind(
            kind_id,
            form.name.data or "",
            form.name_en.data,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("organisations.kinds"))
    return render_template("admin/kind.html", form=form, row=row), status


@blueprint.post("/kinds/<int:kind_id>/remove")
@needs(Permission.EDIT_PLACES)
def remove_kind(kind_id: int) -> ResponseReturnValue:
    service.remove_organisation_kind(kind_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("Removed."), "accepted")
    return redirect(url_for("organisations.kinds"))


def _details(form: OrganisationForm) -> OrganisationDetails:
    kind_id = number_or_none(form.kind.data) or 0
    return OrganisationDetails(kind_id, form.name.data or "", form.name_en.data or None)


def _kind_choices(community_id: int) -> list[SelectChoice]:
    rows = read_kinds(scope(), community_id)
    return picked((row.kind_id, row.name, row.name_en) for row in rows)


def _find(organisation_id: int) -> OrganisationRow:
    row = read_organisation(scope(), organisation_id)
    if row is None:
        raise refuse(Code.NOT_FOUND)
    return row


def _find_kind(kind_id: int) -> KindRow:
    row = read_kind(scope(), kind_id)
    if row is None:
        raise refuse(Code.NOT_FOUND)
    return row
