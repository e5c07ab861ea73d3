"""/admin/youth-groups: the groups, and who belongs to them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.organisations import read_organisations
from volunteer.queries.people import PeopleFilter, read_people
from volunteer.queries.youth_groups import (
    YouthGroupRow,
    read_members,
    read_youth_group,
    read_youth_groups,
)
from volunteer.services import youth_groups as service
from volunteer.services.youth_groups import YouthGroupDetails
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import day_field, picked, status_after
from volunteer.web.admin.people import find_key
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("youth_groups", __name__, url_prefix="/admin/youth-groups")


class GroupForm(FlaskForm):
    name = StringField(
        _l("Name of the group"), validators=[InputRequired(_l("Please enter a name."))]
    )
    name_en = StringField(_l("English name"))
    organisation = SelectField(_l("Looked after by"))


class MemberForm(FlaskForm):
    starts_on = day_field(_l("First day"))


class EndForm(FlaskForm):
    ends_on = day_field(_l("Last day"))


@blueprint.get("")
@needs(Permission.SEE_PEOPLE)
def youth_groups() -> ResponseReturnValue:
    community = current_community()
    q, inactive = request.args.get("q", "")[:80], request.args.get("show") == "all"
    rows = read_youth_groups(scope(), community.community_id, today=today(), q=q, inactive=inactive)
    return render_template(
        "admin/youth_groups.html",
        community=community,
        rows=rows,
        q=q,
        inactive=inactive,
        may_edit=may(Permission.EDIT_PLACES, community.community_id),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def add() -> ResponseReturnValue:
    community = current_community()
    form = GroupForm()
    form.organisation.choices = _organisations(community.community_id)
    status = status_after(
        form,
        lambda: service.add_youth_group(
            community.community_id,
            _details(form),
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("youth_groups.youth_groups"))
    return render_template("admin/youth_group_form.html", form=form, group=None), status


@blueprint.get("/<int:group_id>")
@needs(Permission.SEE_PEOPLE)
def youth_group(group_id: int) -> ResponseReturnValue:
    group = _find(group_id)
    former = request.args.get("show") == "all"
    return render_template(
        "admin/youth_group.html",
        group=group,
        members=read_members(scope(), group, today=today(), former=former),
        former=former,
        today=today(),
        words=words,
        may_edit=may(Permission.EDIT_PLACES, group.community_id),
        may_edit_people=may(Permission.EDIT_PEOPLE, group.community_id),
        may_print=may(Permission.REPLACE_CARD, group.community_id),
    )


@blueprint.route("/<int:group_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_PLACES)
def edit(group_id: int) -> ResponseReturnValue:
    group = _find(group_id)
    organisation = str(group.organisation_id) if group.organisation_id else ""
    form = GroupForm(name=group.name, name_en=group.name_en, organisation=organisation)
    form.organisation.choices = _organisations(group.community_id)
    status = status_after(
        form,
        lambda: service.edit_youth_group(
            group_id, _details(form), by=me().login_id, now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("youth_groups.youth_group", group_id=group_id))
    return render_template("admin/youth_group_form.html", form=form, group=group), status


@blueprint.post("/<int:group_id>/active")
@needs(Permission.EDIT_PLACES)
def set_active(group_id: int) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    service.set_youth_group_active(
        group_id, active, by=me().login_id, now=clock.now(), scope=scope()
    )
    flash(_("Back in use.") if active else _("No longer offered."), "accepted")
    return redirect(url_for("youth_groups.youth_group", group_id=group_id))


@blueprint.get("/<int:group_id>/members/new")
@needs(Permission.EDIT_PEOPLE)
def find_member(group_id: int) -> ResponseReturnValue:
    """Search for whoever joins; every hit has its button."""
    group = _find(group_id)
    search = parse_people_search(request.args.get("q", ""))
    found = None
    if search:
        wanted = PeopleFilter(search=search, state="active")
        found = read_people(scope(), group.community_id, wanted, 1, today=today())
    return render_template(
        "admin/member_find.html",
        group=group,
        q=search.text,
        slip=search.slip,
        found=found,
        words=words,
        today=today(),
    )


@blueprint.post("/<int:group_id>/members/<ref>")
@needs(Permission.EDIT_PEOPLE)
def add_member(group_id: int, ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    form = MemberForm()
    status = status_after(
        form,
        lambda: service.add_member(
            group_id,
            person.resident_id,
            form.starts_on.data,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("%(name)s belongs to the group now.", name=person.name), "accepted")
    else:
        flash(" ".join(str(one) for one in _all_errors(form)), "refused")
    return redirect(url_for("youth_groups.youth_group", group_id=group_id))


@blueprint.route("/<int:group_id>/members/<int:membership_id>/end", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def end_member(group_id: int, membership_id: int) -> ResponseReturnValue:
    group = _find(group_id)
    members = read_members(scope(), group, today=today(), former=True)
    member = next((one for one in members if one.membership_id == membership_id), None)
    if member is None:
        raise refuse(Code.NOT_FOUND)
    form = EndForm(ends_on=member.ends_on or today())
    status = status_after(
        form,
        lambda: service.end_membership(
            membership_id,
            form.ends_on.data,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("youth_groups.youth_group", group_id=group_id))
    return render_template("admin/member_end.html", form=form, group=group, member=member), status


def _details(form: GroupForm) -> YouthGroupDetails:
    return YouthGroupDetails(
        name=form.name.data or "",
        name_en=form.name_en.data or None,
        organisation_id=number_or_none(form.organisation.data),
    )


def _organisations(community_id: int) -> list[SelectChoice]:
    rows = read_organisations(scope(), community_id)
    return picked(((row.organisation_id, row.name, row.name_en) for row in rows), _("None"))


def _all_errors(form: FlaskForm) -> list[object]:
    return [*form.form_errors, *(words for field in form for words in field.errors)]


def _find(group_id: int) -> YouthGroupRow:
    group = read_youth_group(scope(), group_id, today=today())
    if group is None:
        raise refuse(Code.NOT_FOUND)
    return group
