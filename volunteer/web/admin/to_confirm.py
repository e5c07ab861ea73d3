"""/admin/people/to-confirm: who came in without staff looking, confirmed singly or in bulk."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.messages import ngettext
from volunteer.documents.refusals import words_for, words_for_code
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.scans import Verdict
from volunteer.domain.walk_ins import LEFT_OVER_AFTER
from volunteer.queries.waiting_cards import WaitingCardShown, read_waiting_cards
from volunteer.queries.walk_ins import read_to_confirm
from volunteer.services import waiting_cards
from volunteer.services import walk_ins as service
from volunteer.web.admin.forms import status_after
from volunteer.web.asked import number_or_none
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("to_confirm", __name__, url_prefix="/admin/people/to-confirm")


@blueprint.get("")
@needs(Permission.EDIT_PEOPLE)
def waiting() -> ResponseReturnValue:
    community = current_community()
    only_old = request.args.get("show") == "left_over"
    found = read_to_confirm(scope(), community.community_id, clock.now(), only_left_over=only_old)
    return render_template(
        "admin/to_confirm.html",
        community=community,
        found=found,
        cards=read_waiting_cards(scope(), community.community_id),
        only_old=only_old,
        days=LEFT_OVER_AFTER.days,
    )


@blueprint.post("")
@needs(Permission.EDIT_PEOPLE)
def decide() -> ResponseReturnValue:
    """``one`` is the person of the button that was pressed; else everybody who is ticked.
    Rejecting annuls for ever, so it is asked once more, on a page with the names."""
    community = current_community()
    outcome = request.form.get("outcome", "confirmed")
    rejects = outcome == "rejected"
    ids = _ticked()
    back = redirect(url_for("to_confirm.waiting", show=_kept_show()), 303)
    if not ids:
        flash(_("Please tick at least one person."), "warning")
        return back
    if outcome == "ask":
        found = read_to_confirm(scope(), community.community_id, clock.now())
        named = [one for one in found.rows if one.resident_id in ids]
        return render_template("admin/to_confirm_reject.html", people=named)
    try:
        decided = (service.reject if rejects else service.confirm)(
            community.community_id, ids, by=me().login_id, now=clock.now(), scope=scope()
        )
    except Refused as refused:
        flash(words_for(refused.refusal), "refused")
        return back
    flash(_said(decided, rejects=rejects), "accepted")
    return back


class ChildForm(FlaskForm):
    name = StringField(
        _l("The child's name"), validators=[InputRequired(_l("Please enter a name."))]
    )
    guardian = StringField(
        _l("The guardian's name"), validators=[InputRequired(_l("Please enter a name."))]
    )
    agrees = BooleanField(
        _l("The guardian agrees"),
        validators=[InputRequired(_l("Without the guardian's consent nothing may be kept."))],
    )


@blueprint.route("/cards/<int:card_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def name_card(card_id: int) -> ResponseReturnValue:
    """A blank card waited for a guardian, who agrees now."""
    community = current_community()
    card = _find_card(card_id, community.community_id)
    form = ChildForm()
    verdicts: list[Verdict] = []
    status = status_after(form, lambda: verdicts.extend(_name_card(card_id, form)))
    if status is not None:
        return render_template("admin/waiting_card.html", form=form, card=card), status
    flash(_("The child has a passbook, and the card is theirs."), "accepted")
    for one in verdicts:
        if one.verdict == "refused":
            flash(words_for_code(one.code, one.facts), "warning")
    return redirect(url_for("to_confirm.waiting"), 303)


@blueprint.post("/cards/<int:card_id>/return")
@needs(Permission.EDIT_PEOPLE)
def return_card(card_id: int) -> ResponseReturnValue:
    by, now = me().login_id, clock.now()
    waiting_cards.return_waiting_card(card_id, by=by, now=now, scope=scope())
    flash(_("The card is blank again and can be given to somebody else."), "accepted")
    return redirect(url_for("to_confirm.waiting"), 303)


def _find_card(card_id: int, community_id: int) -> WaitingCardShown:
    cards = read_waiting_cards(scope(), community_id)
    found = next((one for one in cards if one.card_id == card_id), None)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _name_card(card_id: int, form: ChildForm) -> list[Verdict]:
    child = waiting_cards.AgreedChild(form.name.data or "", form.guardian.data or "")
    keys = current_app.extensions["keys"]
    return waiting_cards.name_waiting_card(
        card_id, child, keys=keys, by=me().login_id, now=clock.now(), scope=scope()
    )


def _ticked() -> list[int]:
    wanted = request.form.getlist("one") or request.form.getlist("who")
    return [number for text in wanted if (number := number_or_none(text)) is not None]


def _kept_show() -> str | None:
    return "left_over" if request.args.get("show") == "left_over" else None


def _said(decided: int, *, rejects: bool) -> str:
    if rejects:
        return ngettext(
            "%(num)d person is off the list; what they attended is annulled.",
            "%(num)d people are off the list; what they attended is annulled.",
            decided,
        )
    return ngettext(
        "%(num)d person confirmed. What they earned is in the passbook.",
        "%(num)d people confirmed. What they earned is in their passbooks.",
        decided,
    )
