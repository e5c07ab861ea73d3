"""/admin/family-requests: who asks to act for somebody, confirmed with one tap or sent back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.queries.family import read_request, read_requests
from volunteer.services import family_requests as service
from volunteer.web.admin import today
from volunteer.web.admin.forms import status_after
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("family_requests", __name__, url_prefix="/admin/family-requests")


class ReturnForm(FlaskForm):
    reason = StringField(_l("Reason"))


@blueprint.get("")
@needs(Permission.EDIT_PEOPLE)
def waiting() -> ResponseReturnValue:
    community = current_community()
    return render_template(
        "admin/family_requests.html",
        community=community,
        requests=read_requests(scope(), community.community_id, today()),
        words=words,
    )


@blueprint.post("/<int:request_id>/confirm")
@needs(Permission.EDIT_PEOPLE)
def confirm(request_id: int) -> ResponseReturnValue:
    try:
        service.confirm(request_id, by=me().login_id, now=clock.now(), scope=scope())
    except Refused as refused:
        if refused.refusal.code is Code.NOT_FOUND:
            raise
        flash(words_for(refused.refusal), "refused")
    else:
        flash(_("Confirmed. They see this passbook from now on."), "accepted")
    return redirect(url_for("family_requests.waiting"), 303)


@blueprint.route("/<int:request_id>/return", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def send_back(request_id: int) -> ResponseReturnValue:
    asked = read_request(scope(), request_id, today())
    if asked is None:
        raise refuse(Code.NOT_FOUND)
    form = ReturnForm()

    def save() -> None:
        service.send_back(
            request_id, form.reason.data or "", by=me().login_id, now=clock.now(), scope=scope()
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Sent back. They read the reason on their page."), "accepted")
        return redirect(url_for("family_requests.waiting"), 303)
    return render_template(
        "admin/family_request_return.html", form=form, asked=asked, words=words
    ), status
