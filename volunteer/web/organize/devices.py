"""Scanning devices: who may scan for what, adding one (its token is shown once), revoking."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.qr import qr_svg
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.devices import DAY_MINUTES, LONGEST_NAME, DevicePlan
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.activities import read_activity_choices
from volunteer.queries.communities import read_zone
from volunteer.queries.devices import read_devices
from volunteer.services import devices as service
from volunteer.web.addresses import public_url
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope
from volunteer.web.language import pick
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.fields import choices_of, clock_time, day, line

USUAL_DAYS = 90


class DeviceForm(FlaskForm):
    name = line(_l("Name of the device"), LONGEST_NAME, _l("Please enter a name."))
    which = RadioField(
        _l("Scans for"),
        choices=choices_of([("all", _l("All activities")), ("some", _l("Only these activities"))]),
        default="all",
    )
    activity_ids = SelectMultipleField(
        _l("Activities"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    daily_from = clock_time(_l("Scans from"), optional=True)
    daily_to = clock_time(_l("Scans until"), optional=True)
    expires_on = day(_l("Last day"))


@blueprint.get("/devices")
@needs(Permission.EDIT_DEVICES)
def devices() -> ResponseReturnValue:
    community = current_community()
    now = clock.now()
    return render_template(
        "organize/devices.html",
        community=community,
        rows=read_devices(scope(), community.community_id, now),
        zone=read_zone(scope(), community.community_id),
        # A device runs out at the midnight after its last day.
        one_second=timedelta(seconds=1),
    )


@blueprint.route("/devices/add", methods=["GET", "POST"])
@needs(Permission.EDIT_DEVICES)
def add_device() -> ResponseReturnValue:
    community_id = current_community().community_id
    zone = ZoneInfo(read_zone(scope(), community_id))
    now = clock.now()
    form = DeviceForm(data={"expires_on": (now + timedelta(days=USUAL_DAYS)).date()})
    form.activity_ids.choices = choices_of(
        (one.id, pick(one.name, one.name_en))
        for one in read_activity_choices(scope(), community_id)
    )
    if form.validate_on_submit() and _chose_some(form):
        try:
            _device_id, token = service.add_device(
                community_id, _plan(form, zone), by=me().login_id, now=now, scope=scope()
            )
        except Refused as refused:
            _show_at_form(form, refused)
        else:
            # Not a redirect: the token is in this answer and nowhere else.
            return render_template(
                "organize/device_added.html",
                name=form.name.data,
                token=token,
                code=Markup(qr_svg(token, str(_("The device's token")))),
                address=f"{public_url()}/api/v1/scans",
            )
    page = render_template("organize/device_form.html", form=form)
    return page, 422 if form.errors else 200


@blueprint.post("/devices/<int:device_id>/revoke")
@needs(Permission.EDIT_DEVICES)
def revoke_device(device_id: int) -> ResponseReturnValue:
    service.revoke_device(device_id, by=me().login_id, now=clock.now(), scope=scope())
    flash(_("The device is switched off; its next scan is refused."), "accepted")
    return redirect(url_for("organize.devices"))


def _chose_some(form: DeviceForm) -> bool:
    if form.which.data == "some" and not form.activity_ids.data:
        form.activity_ids.errors = [_("Please tick at least one.")]
        return False
    return True


def _plan(form: DeviceForm, zone: ZoneInfo) -> DevicePlan:
    """To the end of the last day; until midnight where no hour is given."""
    after = form.expires_on.data + timedelta(days=1)
    return DevicePlan(
        name=form.name.data or "",
        expires_at=datetime.combine(after, time(), zone),
        activity_ids=frozenset(form.activity_ids.data if form.which.data == "some" else ()),
        daily_from_minute=_minute(form.daily_from.data) or 0,
        daily_to_minute=_minute(form.daily_to.data) or DAY_MINUTES,
    )


def _minute(at: time | None) -> int | None:
    return at.hour * 60 + at.minute if at is not None else None


def _show_at_form(form: DeviceForm, refused: Refused) -> None:
    words = str(words_for(refused.refusal))
    fields = {
        Code.NAME_MISSING: form.name,
        Code.DATE_INVALID: form.expires_on,
        Code.ENDS_BEFORE_IT_STARTS: form.daily_to,
    }
    field = fields.get(refused.refusal.code)
    if field is None:
        form.form_errors.append(words)
    else:
        field.errors = [*field.errors, words]
