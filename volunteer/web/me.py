"""/me: my card, the people I act for, how I sign in and where."""

from __future__ import annotations

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.qr import qr_svg
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.access import Relation
from volunteer.domain.passbook_number import format_number
from volunteer.domain.phone import mask_phone
from volunteer.domain.refusals import Code, Refusal, Refused
from volunteer.queries.me import read_card, read_own_login, read_own_sessions
from volunteer.services import logins as service
from volunteer.services.change_phone import NewPhone, change_phone
from volunteer.web.addresses import card_address
from volunteer.web.admin.forms import status_after
from volunteer.web.asked import number_or_none
from volunteer.web.gate import me as person
from volunteer.web.gate import signed_in
from volunteer.web.language import pick
from volunteer.web.protection import limiter
from volunteer.web.shell import staff_url

blueprint = Blueprint("me", __name__)


class SecretForm(FlaskForm):
    old = PasswordField(
        _l("Present PIN or password"),
        validators=[InputRequired(_l("Please enter your PIN or password."))],
    )
    new = PasswordField(
        _l("New PIN or password"), validators=[InputRequired(_l("Please choose a new one."))]
    )
    again = PasswordField(_l("The new one again"))


class PhoneForm(FlaskForm):
    phone = StringField(
        _l("New phone number"), validators=[InputRequired(_l("Please enter the phone number."))]
    )
    secret = PasswordField(
        _l("Present PIN or password"),
        validators=[InputRequired(_l("Please enter your PIN or password."))],
    )
    code = StringField(
        _l("One-time code"), validators=[InputRequired(_l("Please enter the code."))]
    )


@blueprint.get("/me")
@signed_in
def me() -> ResponseReturnValue:
    who = person()
    login = read_own_login(who)
    return render_template(
        "me/me.html",
        who=who,
        login=login,
        phone=mask_phone(login.phone) if login.phone else None,
        number=format_number(login.passbook_number) if login.passbook_number else None,
        work_url=staff_url(who),
    )


@blueprint.get("/me/card/<ref>")
@signed_in
def card(ref: str) -> ResponseReturnValue:
    """The card of a resident I act for, to hold up at an event."""
    resident = person().resident_by_ref(ref)
    found = read_card(resident) if resident else None
    if resident is None or found is None:
        abort(404)
    address = card_address(found.card_number) if found.card_number else None
    return render_template(
        "me/card.html",
        ref=ref,
        people=person().acts_for,
        may_save=resident.relation is not Relation.HELPER,
        name=pick(found.name, found.name_en),
        number=format_number(found.card_number or found.passbook_number),
        picture=qr_svg(address) if address else None,
    )


@blueprint.get("/me/card/<ref>/picture")
@signed_in
def card_picture(ref: str) -> ResponseReturnValue:
    """Both sides as pictures in a page: WeChat offers to save what a finger rests on."""
    resident = person().resident_by_ref(ref)
    found = read_card(resident) if resident else None
    if resident is None or found is None or found.card_number is None:
        abort(404)
    if resident.relation is Relation.HELPER:
        abort(404)
    return render_template("me/card_picture.html", ref=ref, name=pick(found.name, found.name_en))


@blueprint.get("/me/sessions")
@signed_in
def sessions() -> ResponseReturnValue:
    return render_template("me/sessions.html", sessions=read_own_sessions(person(), clock.now()))


@blueprint.post("/me/sessions/revoke")
@signed_in
def revoke() -> ResponseReturnValue:
    """Sign one browser out, or every other one."""
    session_id = number_or_none(request.form.get("session_id"))
    if session_id is None:
        service.revoke_other_sessions(principal=person(), now=clock.now())
        flash(_("Every other device is signed out."), "accepted")
    else:
        service.revoke_session(session_id, principal=person(), now=clock.now())
        flash(_("That device is signed out."), "accepted")
    return redirect(url_for("me.sessions"))


@blueprint.route("/me/secret", methods=["GET", "POST"])
@signed_in
def secret() -> ResponseReturnValue:
    form = SecretForm()
    if request.method == "GET":
        return _secret_page(form)
    if not form.validate():
        return _secret_page(form), 422
    try:
        if form.new.data != form.again.data:
            raise Refused(Refusal(Code.SECRETS_DIFFER))
        service.change_secret(
            form.old.data or "",
            form.new.data or "",
            principal=person(),
            keys=current_app.extensions["keys"],
            now=clock.now(),
        )
    except Refused as refused:
        at_old = refused.refusal.code in (Code.SECRET_WRONG, Code.THROTTLED)
        field = form.old if at_old else form.new
        field.errors = [*field.errors, words_for(refused.refusal)]
        return _secret_page(form), status_of(refused.refusal.code)
    flash(_("Changed. Every other device is signed out."), "accepted")
    return redirect(url_for("me.me"))


@blueprint.route("/me/phone", methods=["GET", "POST"])
@signed_in
@limiter.limit("20 per minute", methods=["POST"])
def phone() -> ResponseReturnValue:
    form = PhoneForm()
    status = status_after(form, lambda: _change_phone(form))
    if status is None:
        flash(_("Changed. From now on you sign in with the new number."), "accepted")
        return redirect(url_for("me.me"), 303)
    return render_template("me/phone.html", form=form, has_own=person().own is not None), status


def _change_phone(form: PhoneForm) -> None:
    change_phone(
        NewPhone(form.phone.data or "", form.secret.data or "", form.code.data or ""),
        principal=person(),
        keys=current_app.extensions["keys"],
        now=clock.now(),
    )


def _secret_page(form: SecretForm) -> str:
    return render_template(
        "me/secret.html", form=form, staff=person().is_staff, must=person().needs_password
    )
