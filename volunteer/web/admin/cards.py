"""A person's cards, and the one-time code for who cannot get in: two taps from a search."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.domain.access import Permission
from volunteer.domain.activation import STAFF_HOURS, format_activation_code
from volunteer.domain.passbook_number import format_number
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.people import read_consent_missing
from volunteer.queries.person import CardShown, PersonKey, read_card_key, read_working_card
from volunteer.services import cards as service
from volunteer.services import logins
from volunteer.services.cards import IssuedCard
from volunteer.web.admin import may, today
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.people import find_key
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("resident_cards", __name__, url_prefix="/admin")


@blueprint.route("/people/<ref>/card", methods=["GET", "POST"])
@needs(Permission.REPLACE_CARD)
def renew(ref: str) -> ResponseReturnValue:
    """A new card: instead of the one that works, or the first for who has none."""
    person = find_key(ref)
    card = read_working_card(scope(), person)
    form = FlaskForm()
    made: list[IssuedCard] = []
    status = status_after(form, lambda: made.append(_make_card(person, card)))
    if status is None:
        flash(_("The new card is ready to print."), "accepted")
        return redirect(url_for("resident_cards.ready", card_id=made[0].card_id))
    return render_template("admin/card_new.html", form=form, person=person, card=card), status


@blueprint.get("/cards/<int:card_id>")
@needs(Permission.SEE_PEOPLE)
def ready(card_id: int) -> ResponseReturnValue:
    """A card that was just made: print it, with its strip."""
    card, person = _find_card(card_id)
    if person is None:
        raise refuse(Code.NOT_FOUND)
    return render_template(
        "admin/card_ready.html",
        card=card,
        person=person,
        consent_missing=read_consent_missing(scope(), person.resident_id, today=today()),
        may_edit=may(Permission.EDIT_PEOPLE, person.community_id),
    )


@blueprint.route("/cards/<int:card_id>/revoke", methods=["GET", "POST"])
@needs(Permission.REPLACE_CARD)
def revoke(card_id: int) -> ResponseReturnValue:
    card, person = _find_card(card_id)
    if person is None:
        raise refuse(Code.NOT_FOUND)
    form = FlaskForm()
    status = status_after(
        form,
        lambda: service.revoke_card(card_id, by=me().login_id, now=clock.now(), scope=scope()),
    )
    if status is None:
        number = format_number(card.number)
        flash(_("Card %(number)s no longer works.", number=number), "accepted")
        return redirect(url_for("people.resident", ref=person.ref))
    return render_template("admin/card_revoke.html", form=form, person=person, card=card), status


@blueprint.route("/people/<ref>/code", methods=["GET", "POST"])
@needs(Permission.RESET_PIN)
def code(ref: str) -> ResponseReturnValue:
    """A one-time code for who forgot the PIN or has a new phone. It is shown in the answer to the
    POST and nowhere else."""
    person = find_key(ref)
    form = FlaskForm()
    issued: list[str] = []
    status = status_after(
        form,
        lambda: issued.append(
            logins.issue_staff_code(
                person.resident_id,
                principal=me(),
                keys=current_app.extensions["keys"],
                now=clock.now(),
                scope=scope(),
            )
        ),
    )
    if status is None:
        return render_template(
            "admin/code_shown.html",
            person=person,
            code=format_activation_code(issued[0]),
            hours=STAFF_HOURS,
            address=f"{current_app.extensions['config'].public_url}{url_for('activate.activate')}",
        )
    return render_template("admin/code_new.html", form=form, person=person), status


def _make_card(person: PersonKey, card: CardShown | None) -> IssuedCard:
    by, now, keys = me().login_id, clock.now(), current_app.extensions["keys"]
    if card is None:
        return service.issue_card(person.resident_id, keys=keys, by=by, now=now, scope=scope())
    return service.replace_card(card.card_id, keys=keys, by=by, now=now, scope=scope())


def _find_card(card_id: int) -> tuple[CardShown, PersonKey | None]:
    found = read_card_key(scope(), card_id)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found
