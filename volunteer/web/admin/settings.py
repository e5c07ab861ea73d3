"""/admin/settings: what the community decides for itself."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, NumberRange

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.settings import read_settings
from volunteer.services.communities import MOST, CommunitySettings, change_settings
from volunteer.web.admin import may
from volunteer.web.admin.forms import choices_of, status_after
from volunteer.web.admin.places import WholeNumberField
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("settings", __name__, url_prefix="/admin/settings")

VOLUNTEER_WORDS = {"volunteer": "志愿者", "yigong": "义工"}


def _number(label: object, most: int) -> WholeNumberField:
    needed = InputRequired(_l("Please enter a whole number."))
    within = NumberRange(0, most, _l("From 0 to %(max)d, please."))
    return WholeNumberField(label, validators=[needed, within])


class SettingsForm(FlaskForm):
    telephone = StringField(_l("Telephone of the community"))
    name_en = StringField(_l("English name"))
    volunteer_word = RadioField(
        _l("What volunteers are called"), choices=choices_of(VOLUNTEER_WORDS)
    )
    check_in_opens_minutes = _number(
        _l("Check-in opens before the start"), MOST["check_in_opens_minutes"]
    )
    check_in_closes_minutes = _number(
        _l("Check-in closes after the end"), MOST["check_in_closes_minutes"]
    )
    auto_close_minutes = _number(
        _l("Forgotten events close after the end"), MOST["auto_close_minutes"]
    )
    late_scan_hours = _number(_l("Scans still count after an event"), MOST["late_scan_hours"])


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.EDIT_SETTINGS)
def settings() -> ResponseReturnValue:
    community_id = current_community().community_id
    shown = read_settings(scope(), community_id)
    if shown is None:
        raise refuse(Code.NOT_FOUND)
    form = SettingsForm(obj=shown)

    def save() -> None:
        change_settings(
            community_id,
            CommunitySettings(
                name_en=form.name_en.data,
                telephone=form.telephone.data,
                volunteer_word=form.volunteer_word.data,
                check_in_opens_minutes=form.check_in_opens_minutes.data,
                check_in_closes_minutes=form.check_in_closes_minutes.data,
                auto_close_minutes=form.auto_close_minutes.data,
                late_scan_hours=form.late_scan_hours.data,
            ),
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Saved."), "accepted")
        return redirect(url_for("settings.settings"))
    return render_template(
        "admin/settings.html",
        form=form,
        shown=shown,
        may_edit=may(Permission.EDIT_SETTINGS, community_id),
    ), status
