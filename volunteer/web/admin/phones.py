"""A phone number that was resold: its new owner stands here with it and cannot bind it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.services import logins
from volunteer.web.admin.forms import status_after
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("phones", __name__, url_prefix="/admin/phones")


class ReleaseForm(FlaskForm):
    phone = StringField(
        _l("Phone number"), validators=[InputRequired(_l("Please enter the phone number."))]
    )


@blueprint.route("/release", methods=["GET", "POST"])
@needs(Permission.RESET_PIN)
def release() -> ResponseReturnValue:
    """The whole number is typed, so nobody is found by trying tails."""
    form = ReleaseForm()
    status = status_after(
        form,
        lambda: logins.release_phone(
            form.phone.data or "", principal=me(), now=clock.now(), scope=scope()
        ),
    )
    if status is None:
        flash(
            _("The number is free. Who had it before signs in with the passbook number."),
            "accepted",
        )
        return redirect(url_for("phones.release"))
    return render_template("admin/phone_release.html", form=form), status
