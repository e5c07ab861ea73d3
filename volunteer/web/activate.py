"""/activate: tie this phone to a passbook with the code from the strip, or one from the staff."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.access import Principal, Relation
from volunteer.domain.refusals import Code, Refusal, Refused
from volunteer.services import activation as service
from volunteer.web.browser import browser_words, remember_browser
from volunteer.web.gate import anyone, principal
from volunteer.web.local import local_path
from volunteer.web.preferences import keep_large_words
from volunteer.web.protection import limiter
from volunteer.web.shell import home_url
from volunteer.web.signed_in import open_session

blueprint = Blueprint("activate", __name__)

_RELATIONS = [
    SelectChoice(Relation.SELF.value, _l("Mine")),
    SelectChoice(Relation.GUARDIAN.value, _l("A child's; I am the guardian")),
    SelectChoice(Relation.HELPER.value, _l("Somebody's whom I help")),
]
# Where a refusal's words stand; the others stand above the form.
_FIELD_OF = {
    Code.NUMBER_INVALID: "number",
    Code.PHONE_INVALID: "phone",
    Code.PHONE_TAKEN: "phone",
    Code.NAME_MISSING: "name",
    Code.NAME_TOO_LONG: "name",
    Code.NAME_CHARACTERS: "name",
    Code.PIN_FORMAT: "secret",
    Code.PIN_TRIVIAL: "secret",
    Code.PASSWORD_SHORT: "secret",
    Code.PASSWORD_LONG: "secret",
    Code.PASSWORD_COMMON: "secret",
    Code.SECRETS_DIFFER: "again",
    Code.GUARDIAN_OF_ADULT: "relation",
    Code.OWN_LOGIN_TOO_YOUNG: "relation",
}


class AddForm(FlaskForm):
    """For who is signed in and adds one more passbook."""

    number = StringField(
        _l("Passbook number"), validators=[InputRequired(_l("Please enter the number."))]
    )
    code = StringField(
        _l("Activation code"), validators=[InputRequired(_l("Please enter the code."))]
    )
    relation = RadioField(
        _l("Whose passbook is it?"), choices=_RELATIONS, default=Relation.SELF.value
    )
    next = HiddenField()


class BindForm(AddForm):
    """For who has no login yet, or cannot get in any more."""

    name = StringField(_l("Your own name"))
    phone = StringField(_l("Your phone number"))
    secret = PasswordField(
        _l("Choose a PIN"), validators=[InputRequired(_l("Please choose a six-digit PIN."))]
    )
    again = PasswordField(_l("The PIN again"))


@blueprint.get("/activate")
@anyone
def activate() -> ResponseReturnValue:
    wanted = local_path(request.args.get("next")) or ""
    person = principal()
    if person is None:
        return _page(BindForm(next=wanted))
    return _page(AddForm(next=wanted, relation=_first_relation(person)))


@blueprint.post("/activate")
@anyone
@limiter.limit("20 per minute")
def activate_post() -> ResponseReturnValue:
    person = principal()
    form = AddForm() if person else BindForm()
    if not form.validate():
        return _page(form), 422
    try:
        if person:
            return _add(form, person)
        return _bind(form)
    except Refused as refused:
        _show(form, refused.refusal)
        return _page(form), status_of(refused.refusal.code)


def _add(form: AddForm, person: Principal) -> ResponseReturnValue:
    service.bind_signed_in(
        form.number.data or "",
        form.code.data or "",
        Relation(form.relation.data),
        by=person.login_id,
        keys=current_app.extensions["keys"],
        now=clock.now(),
    )
    flash(_("The passbook is added."), "accepted")
    return redirect(_onward(form, "/me"))


def _bind(form: BindForm) -> ResponseReturnValue:
    if form.secret.data != form.again.data:
        raise Refused(Refusal(Code.SECRETS_DIFFER))
    token = service.bind(
        service.Binding(
            number=form.number.data or "",
            code=form.code.data or "",
            relation=Relation(form.relation.data),
            secret=form.secret.data or "",
            phone=form.phone.data or "",
            name=form.name.data or "",
        ),
        browser_words(),
        keys=current_app.extensions["keys"],
        now=clock.now(),
    )
    person = open_session(token)
    keep_large_words(person)
    flash(_("Done. This phone now opens the passbook."), "accepted")
    response = current_app.make_response(redirect(_onward(form, home_url(person))))
    remember_browser(response, person.login_id)
    return response


def _onward(form: AddForm, otherwise: str) -> str:
    """Where it was wanted to go; a guardian is asked for the consent on the way home."""
    wanted = local_path(form.next.data)
    if form.relation.data == Relation.GUARDIAN.value and wanted != url_for("check_in.check_in"):
        return url_for("my_consents.consents")
    return wanted or otherwise


def _first_relation(person: Principal) -> str:
    return Relation.GUARDIAN.value if person.own else Relation.SELF.value


def _show(form: AddForm, refusal: Refusal) -> None:
    field = getattr(form, _FIELD_OF.get(refusal.code, ""), None)
    if field is None:
        form.form_errors.append(words_for(refusal))
    else:
        field.errors = [*field.errors, words_for(refusal)]


def _page(form: AddForm) -> str:
    return render_template("activate/activate.html", form=form)
