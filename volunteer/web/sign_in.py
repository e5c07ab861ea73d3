"""/sign-in and /sign-out."""

from __future__ import annotations

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.refusals import Refused
from volunteer.services import sign_in as service
from volunteer.web.browser import read_browser, remember_browser, session_token
from volunteer.web.gate import anyone, principal
from volunteer.web.local import local_path
from volunteer.web.preferences import keep_large_words
from volunteer.web.protection import limiter
from volunteer.web.shell import landing_url
from volunteer.web.signed_in import PENDING_CHECK_IN, close_session, open_session

blueprint = Blueprint("sign_in", __name__)


class SignInForm(FlaskForm):
    identity = StringField(
        _l("Phone number or passbook number"),
        validators=[InputRequired(_l("Please enter your phone number or passbook number."))],
    )
    secret = PasswordField(
        _l("PIN or password"), validators=[InputRequired(_l("Please enter your PIN or password."))]
    )
    next = HiddenField()


@blueprint.get("/sign-in")
@anyone
def sign_in() -> ResponseReturnValue:
    wanted = local_path(request.args.get("next"))
    person = principal()
    if person is not None:
        return redirect(wanted or landing_url(person))
    return _page(SignInForm(next=wanted or ""))


@blueprint.post("/sign-in")
@anyone
@limiter.limit("20 per minute")
def sign_in_post() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _page(form), 422
    try:
        signed_in = service.sign_in(
            form.identity.data or "",
            form.secret.data or "",
            read_browser(session_token()),
            keys=current_app.extensions["keys"],
            now=clock.now(),
        )
    except Refused as refused:
        form.form_errors.append(words_for(refused.refusal))
        return _page(form), status_of(refused.refusal.code)
    person = open_session(signed_in.token)
    keep_large_words(person)
    wanted = local_path(form.next.data) or landing_url(person)
    response = current_app.make_response(redirect(wanted))
    remember_browser(response, person.login_id)
    return response


@blueprint.post("/sign-out")
@anyone
def sign_out() -> ResponseReturnValue:
    token = session_token()
    if token:
        service.sign_out(token, now=clock.now())
    close_session()
    flash(_("You are signed out on this device."), "accepted")
    return redirect(url_for("sign_in.sign_in"))


def _page(form: SignInForm) -> str:
    return render_template("sign_in/sign_in.html", form=form, pending=PENDING_CHECK_IN in session)
