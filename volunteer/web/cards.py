"""Residents' cards as pictures and as a sheet to print."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.card import Card, Side, card_of, card_png, card_svg
from volunteer.documents.card_pages import cards_pdf
from volunteer.domain.access import Permission, Scope
from volunteer.domain.card_prints import Hand, Layout
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.cards import CardShown, read_card
from volunteer.services.card_prints import print_at_once
from volunteer.web.addresses import public_url
from volunteer.web.gate import me, needs, scope, signed_in

blueprint = Blueprint("cards", __name__)


@blueprint.get("/cards/<ref>/<any(front, back):side>.<any(png, svg):kind>")
@signed_in
def picture(ref: str, side: str, kind: str) -> ResponseReturnValue:
    """One side of a resident's card: PNG for a long press in WeChat, SVG for a screen.

    For who acts for the resident, as on /me/card, and for staff who may replace the card: its code
    checks the person in, so it is shown to nobody else.
    """
    card = _card(_only(ref, _may_see(ref)))
    if kind == "svg":
        return Response(card_svg(card, Side(side)), mimetype="image/svg+xml")
    return Response(card_png(card, Side(side)), mimetype="image/png")


@blueprint.get("/cards/<ref>/card.pdf")
@signed_in
def card(ref: str) -> ResponseReturnValue:
    """One card to print at home, without the activation code."""
    return pdf_of([_card(_only(ref, _may_see(ref)))], f"card-{ref}")


@blueprint.post("/cards/<ref>/print")
@needs(Permission.REPLACE_CARD)
def printed(ref: str) -> ResponseReturnValue:
    """One card for the counter's printer, with ``strips`` or without. Whoever holds a strip can tie
    a phone to the passbook, so who printed it is written down, and no link prints it."""
    shown = _only(ref, scope())
    strips = request.form.get("strips") == "1"
    hand = Hand(current_app.extensions["keys"], me().login_id, clock.now())
    print_at_once(shown.community_id, shown.resident_id, strips=strips, hand=hand, scope=scope())
    # Read again: it is the new strip that is drawn.
    return pdf_of([_card(_only(ref, scope()), with_strip=strips)], f"card-{ref}")


def _may_see(ref: str) -> Scope:
    """Where this person may see the card of ``ref``: of those one acts for, wherever it is."""
    own = me().resident_by_ref(ref)
    if own is not None:
        return Scope.of(own.community_id)
    return Scope(me().communities_with(Permission.REPLACE_CARD))


def _only(ref: str, where: Scope) -> CardShown:
    found = read_card(where, ref, clock.now())
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def _card(shown: CardShown, *, with_strip: bool = False) -> Card:
    keys = current_app.extensions["keys"]
    return card_of(shown, public_url=public_url(), keys=keys, with_strip=with_strip)


def pdf_of(cards: list[Card], name: str, layout: Layout = Layout.FOLDED) -> ResponseReturnValue:
    return Response(
        cards_pdf(cards, layout),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )
