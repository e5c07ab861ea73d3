"""/admin/roles: who may do what in the community."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.register_words import ROLES
from volunteer.domain.access import Permission, Role
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.roles import GrantRow, read_grant, read_grants
from volunteer.services import logins
from volunteer.services import roles as service
from volunteer.services.roles import COMMUNITY_ROLES, Granted, NewGrant
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import choices_of, day_field, status_after
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("roles", __name__, url_prefix="/admin/roles")

ROLE_NOTES = {
    Role.ORGANIZER: _l(
        "Makes activities and events, scans cards, looks after residents and their cards."
    ),
    Role.COUNTER_STAFF: _l("Hands over at the counter, replaces cards, gives one-time codes."),
    Role.COMMUNITY_ADMIN: _l("Everything in this community, roles and settings included."),
    Role.AUDITOR: _l("Sees everything, changes nothing."),
}


class GrantForm(FlaskForm):
    phone = StringField(
        _l("Phone they sign in with"),
        validators=[InputRequired(_l("Please enter the phone number."))],
    )
    name = StringField(_l("Name, for somebody who has not signed in before"))
    role = RadioField(
        _l("Role"),
        choices=choices_of({role.value: ROLES[role] for role in COMMUNITY_ROLES}),
        validators=[InputRequired(_l("Please choose one."))],
    )
    starts_on = day_field(_l("First day"))
    ends_on = day_field(_l("Last day"), needed=False)


@blueprint.get("")
@needs(Permission.SEE_ROLES)
def roles() -> ResponseReturnValue:
    community = current_community()
    role, ended = request.args.get("role", ""), request.args.get("show") == "all"
    rows = read_grants(scope(), community.community_id, today=today(), role=role, ended=ended)
    return render_template(
        "admin/roles.html",
        community=community,
        rows=rows,
        role=role,
        ended=ended,
        today=today(),
        role_words=ROLES,
        may_edit=may(Permission.EDIT_ROLES, community.community_id),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_ROLES)
def add() -> ResponseReturnValue:
    community = current_community()
    form = GrantForm(starts_on=today())
    granted: list[Granted] = []

    def save() -> None:
        new = NewGrant(
            role=Role(form.role.data),
            phone=form.phone.data or "",
            name=form.name.data or "",
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
        )
        granted.append(
            service.grant_role(
                community.community_id,
                new,
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Saved. The role works from their next page on."), "accepted")
        if granted[0].is_new_login:
            grant_id = granted[0].grant_id
            return redirect(url_for("roles.password", grant_id=grant_id))
        return redirect(url_for("roles.roles"))
    notes = {role.value: words for role, words in ROLE_NOTES.items()}
    return render_template("admin/role_new.html", form=form, notes=notes), status


@blueprint.route("/<int:grant_id>/end", methods=["GET", "POST"])
@needs(Permission.EDIT_ROLES)
def end(grant_id: int) -> ResponseReturnValue:
    grant = _find(grant_id)
    form = FlaskForm()
    status = status_after(
        form,
        lambda: service.end_grant(grant_id, by=me().login_id, now=clock.now(), scope=scope()),
    )
    if status is None:
        flash(_("Saved. The role is gone from their next page on."), "accepted")
        return redirect(url_for("roles.roles"))
    return render_template("admin/role_end.html", form=form, grant=grant, role_words=ROLES), status


@blueprint.route("/<int:grant_id>/password", methods=["GET", "POST"])
@needs(Permission.EDIT_ROLES)
def password(grant_id: int) -> ResponseReturnValue:
    """A first password for a colleague, shown in the answer to the POST and nowhere else."""
    grant = _find(grant_id)
    form = FlaskForm()
    made: list[str] = []
    status = status_after(
        form,
        lambda: made.append(
            logins.set_temporary_password(
                grant.login_id, principal=me(), now=clock.now(), scope=scope()
            )
        ),
    )
    page = "admin/password_shown.html" if status is None else "admin/password_new.html"
    return render_template(
        page, form=form, grant=grant, password=made[0] if made else None
    ), status or 200


def _find(grant_id: int) -> GrantRow:
    grant = read_grant(scope(), current_community().community_id, grant_id)
    if grant is None:
        raise refuse(Code.NOT_FOUND)
    return grant
