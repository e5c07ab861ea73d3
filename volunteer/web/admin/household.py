"""/admin/people/<ref>/household: what somebody signed on paper, and taking them out again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.households import read_household_of
from volunteer.services import households as service
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.people import find_key
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("household", __name__, url_prefix="/admin/people/<ref>/household")


class PaperForm(FlaskForm):
    with_number = StringField(_l("Passbook number of a member"))
    name = StringField(_l("Name of a new household"))


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def on_paper(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    form = PaperForm()

    def save() -> None:
        new = service.OnPaper(person.resident_id, form.name.data or "", form.with_number.data or "")
        service.record_on_paper(new, by=me().login_id, now=clock.now(), scope=scope())

    status = status_after(form, save)
    if status is None:
        flash(_("Written down."), "accepted")
        return redirect(url_for("household.on_paper", ref=ref), 303)
    return render_template(
        "admin/household.html",
        form=form,
        person=person,
        household=read_household_of(scope(), person),
    ), status


@blueprint.post("/end")
@needs(Permission.EDIT_PEOPLE)
def end(ref: str) -> ResponseReturnValue:
    person = find_key(ref)
    household = read_household_of(scope(), person)
    member = next((one for one in household.members if one.ref == ref), None) if household else None
    if member is None:
        raise refuse(Code.NOT_FOUND)
    service.end_membership(member.member_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("Saved."), "accepted")
    return redirect(url_for("household.on_paper", ref=ref), 303)
