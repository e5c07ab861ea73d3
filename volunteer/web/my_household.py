"""/me/household: the household I agreed to, questions to me and my children, asking others in."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import ActsFor
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.queries.households import read_own_households
from volunteer.services import households as service
from volunteer.web.dates import local_day
from volunteer.web.gate import me, signed_in
from volunteer.web.protection import a_minute, limiter, person_or_address

blueprint = Blueprint("my_household", __name__, url_prefix="/me/household")


class FoundForm(FlaskForm):
    name = StringField(_l("What the household is called"))


class InviteForm(FlaskForm):
    number = StringField(_l("Passbook number or card number"))


@blueprint.get("")
@signed_in
def household() -> ResponseReturnValue:
    person = me()
    found = read_own_households(person, local_day(clock.now()))
    own = person.own
    spoken = {one.ref for one in found.speaks_for}
    return render_template(
        "me/household.html",
        found=found,
        own=own if own and own.ref in spoken else None,
        own_household=next(
            (
                one
                for one in found.households
                if own and any(member.ref == own.ref for member in one.members)
            ),
            None,
        ),
        found_form=FoundForm(name=_("The %(name)s family", name=own.name[:1]) if own else ""),
        invite_form=InviteForm(),
    )


@blueprint.post("/found")
@signed_in
def found() -> ResponseReturnValue:
    name = request.form.get("name", "")
    return _done(
        lambda: service.found(_own().resident_id, name, principal=me(), now=clock.now()),
        _("The household is founded. Ask the others in."),
    )


@blueprint.post("/ask")
@signed_in
@limiter.limit(a_minute(10, 300), key_func=person_or_address)
def ask() -> ResponseReturnValue:
    typed = request.form.get("number", "")
    return _done(
        lambda: service.ask(_own().resident_id, typed, principal=me(), now=clock.now()),
        _("If the number is right, they find the question on their page."),
    )


@blueprint.post("/bring")
@signed_in
def bring() -> ResponseReturnValue:
    ward = _mine(request.form.get("person", ""))
    return _done(
        lambda: service.bring(
            _own().resident_id, ward.resident_id, principal=me(), now=clock.now()
        ),
        _("Added to the household."),
    )


@blueprint.post("/<int:member_id>/answer")
@signed_in
def answer(member_id: int) -> ResponseReturnValue:
    agrees = request.form.get("agrees") == "yes"
    return _done(
        lambda: service.answer(member_id, agrees, principal=me(), now=clock.now()),
        _("Agreed.") if agrees else _("Declined. Nobody is asked again."),
    )


@blueprint.post("/<int:member_id>/leave")
@signed_in
def leave(member_id: int) -> ResponseReturnValue:
    return _done(
        lambda: service.leave(member_id, principal=me(), now=clock.now()),
        _("Left. Who stays keeps the household."),
    )


def _own() -> ActsFor:
    own = me().own
    if own is None:
        raise refuse(Code.NOT_FOUND)
    return own


def _mine(ref: str) -> ActsFor:
    resident = me().resident_by_ref(ref)
    if resident is None:
        raise refuse(Code.NOT_FOUND)
    return resident


def _done(deed: Callable[[], object], words: str) -> ResponseReturnValue:
    """Do it and say so on the household's page, or say why not."""
    try:
        deed()
    except Refused as refused:
        if refused.refusal.code is Code.NOT_FOUND:
            raise
        flash(words_for(refused.refusal), "refused")
    else:
        flash(words, "accepted")
    return redirect(url_for("my_household.household"), 303)
