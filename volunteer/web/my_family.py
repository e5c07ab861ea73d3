"""/me/family: the people I act for, who acts for me, and asking to act for one more.

A card's code brings a request before the staff; the number with the strip's activation code, or
with the PIN of somebody I help, opens the passbook at once. A number alone does nothing.
"""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.consent_words import TEXTS
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.photo import decode_codes
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.access import Relation
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.tokens import CardCode, Foreign, Presented, parse_presented
from volunteer.queries.family import LinkSeen, read_links, read_own_requests
from volunteer.services import acts_for, family_requests
from volunteer.web.admin.forms import status_after
from volunteer.web.dates import local_day
from volunteer.web.gate import me, signed_in
from volunteer.web.protection import a_minute, limiter, person_or_address
from volunteer.web.recorder import own_host

blueprint = Blueprint("my_family", __name__, url_prefix="/me/family")

_RELATIONS = [
    SelectChoice(Relation.GUARDIAN.value, _l("A child's; I am the guardian")),
    SelectChoice(Relation.HELPER.value, _l("Somebody's whom I help")),
]


class AskForm(FlaskForm):
    name = StringField(
        _l("Name on the card"), validators=[InputRequired(_l("Please enter a name."))]
    )
    relation = RadioField(
        _l("Whose passbook is it?"), choices=_RELATIONS, default=Relation.GUARDIAN.value
    )
    agrees = BooleanField(_l("I have read this and agree"))


class HelpForm(FlaskForm):
    number = StringField(
        _l("Their phone number or passbook number"),
        validators=[InputRequired(_l("Please enter the number."))],
    )
    secret = PasswordField(
        _l("Their PIN"), validators=[InputRequired(_l("Please enter their PIN."))]
    )


@blueprint.get("")
@signed_in
def family() -> ResponseReturnValue:
    links = read_links(me(), local_day(clock.now()))
    mine = [one for one in links if one.is_mine and one.relation is not Relation.SELF]
    return render_template(
        "my_family/family.html",
        mine=[one for one in mine if one.holds],
        grown=[one for one in mine if not one.holds],
        others=[one for one in links if not one.is_mine and one.holds],
        own_id=own.resident_id if (own := me().own) else None,
        requests=read_own_requests(me()),
    )


@blueprint.get("/add")
@signed_in
def add() -> ResponseReturnValue:
    return _add_page()


@blueprint.post("/add")
@signed_in
@limiter.limit(a_minute(30, 300), key_func=person_or_address)
def add_post() -> ResponseReturnValue:
    """A photo of the card, or its address pasted: on to the form about this card."""
    text = request.form.get("code", "")
    try:
        upload = request.files.get("photo")
        codes = decode_codes(upload.read()) if upload else [text]
        card = _card_among([parse_presented(code, own_host()) for code in codes])
    except Refused as refused:
        return _add_page(refused.refusal, text[:80]), status_of(refused.refusal.code)
    return redirect(url_for("my_family.card", code=card.code), 303)


@blueprint.route("/card/<code>", methods=["GET", "POST"])
@signed_in
@limiter.limit(a_minute(20, 300), key_func=person_or_address, methods=["POST"])
def card(code: str) -> ResponseReturnValue:
    """The form about a card in hand. It says of the card no more than what stands on it."""
    shown = _card_among([parse_presented(f"/c/{code}")])
    form = AskForm()

    def save() -> None:
        asked = family_requests.Asked(
            shown, form.name.data or "", Relation(form.relation.data), bool(form.agrees.data)
        )
        family_requests.ask(
            asked, by=me().login_id, keys=current_app.extensions["keys"], now=clock.now()
        )

    status = status_after(form, save)
    if status is None:
        flash(_("Asked. The community staff look at it and confirm."), "accepted")
        return redirect(url_for("my_family.family"), 303)
    return render_template(
        "my_family/card.html",
        form=form,
        texts=TEXTS[Consent.GUARDIAN],
        version=TEXT_VERSIONS[Consent.GUARDIAN],
    ), status


@blueprint.route("/help", methods=["GET", "POST"])
@signed_in
@limiter.limit("20 per minute", methods=["POST"])
def help_somebody() -> ResponseReturnValue:
    """An elder tells their number and PIN: whoever they tell may help from now on."""
    form = HelpForm()
    status = status_after(
        form,
        lambda: acts_for.help_with_secret(
            form.number.data or "",
            form.secret.data or "",
            by=me().login_id,
            keys=current_app.extensions["keys"],
            now=clock.now(),
        ),
    )
    if status is None:
        flash(_("The passbook is added. They can end this at any time."), "accepted")
        return redirect(url_for("my_family.family"), 303)
    return render_template("my_family/help.html", form=form), status


@blueprint.post("/requests/<int:request_id>/withdraw")
@signed_in
def withdraw(request_id: int) -> ResponseReturnValue:
    family_requests.withdraw(request_id, by=me().login_id, now=clock.now())
    flash(_("Taken back."), "accepted")
    return redirect(url_for("my_family.family"), 303)


@blueprint.route("/links/<int:link_id>/end", methods=["GET", "POST"])
@signed_in
def end_link(link_id: int) -> ResponseReturnValue:
    link = _link(link_id)
    form = FlaskForm()
    status = status_after(
        form, lambda: acts_for.end_link_myself(link_id, principal=me(), now=clock.now())
    )
    if status is None:
        flash(_("Ended. The passbook is no longer open there."), "accepted")
        return redirect(url_for("my_family.family"), 303)
    return render_template("my_family/link_end.html", form=form, link=link), status


def _link(link_id: int) -> LinkSeen:
    """Raises Refused: ``not_found`` for a link that is not mine to end."""
    links = read_links(me(), local_day(clock.now()))
    found = next((one for one in links if one.link_id == link_id and one.may_end), None)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _card_among(found: list[Presented | None]) -> CardCode:
    """Raises Refused: ``code_malformed``. A number is no proof, so it is none of them."""
    for one in found:
        inside = one.inside if isinstance(one, Foreign) else one
        if isinstance(inside, CardCode):
            return inside
    raise refuse(Code.CODE_MALFORMED)


def _add_page(refusal: Refusal | None = None, text: str = "") -> str:
    return render_template(
        "my_family/add.html",
        refusal=words_for(refusal) if refusal else None,
        typed=text,
        own_host=own_host(),
    )
