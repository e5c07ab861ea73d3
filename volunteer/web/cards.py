"""Residents' cards as pictures and as a sheet to print."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.card import Card, Side, card_png, card_svg, cards_pdf
from volunteer.domain.access import Permission, Scope
from volunteer.domain.activation import strip_code
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.cards import CardShown, read_cards
from volunteer.services.cards import record_strips_printed
from volunteer.web.addresses import card_address
from volunteer.web.asked import number_or_none
from volunteer.web.dates import local_day
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


@blueprint.get("/cards/sheet.pdf")
@needs(Permission.REPLACE_CARD)
def sheet() -> ResponseReturnValue:
    """Cards to print, cut and fold, without activation codes: ``?ref=…&ref=…`` for these
    residents, ``?building=ID`` for everybody who lives there, ``?team=ID`` for a visiting team."""
    return pdf_of([_card(one) for one in _wanted()], "cards")


@blueprint.post("/cards/sheet.pdf")
@needs(Permission.REPLACE_CARD)
def sheet_with_strips() -> ResponseReturnValue:
    """The same with the strips to hand out. Whoever holds a strip can tie a phone to the passbook,
    so who printed it is written down, and no link prints it."""
    found = _wanted()
    record_strips_printed(
        [(one.community_id, one.resident_id) for one in found],
        by=me().login_id,
        now=clock.now(),
        scope=scope(),
    )
    return pdf_of([_card(one, with_strip=True) for one in found], "cards")


def _wanted() -> list[CardShown]:
    """Raises Refused: ``not_found`` when nobody of these has a card that works."""
    found = read_cards(
        scope(),
        clock.now(),
        refs=request.values.getlist("ref"),
        building_id=number_or_none(request.values.get("building")),
        team_id=number_or_none(request.values.get("team")),
    )
    if not found:
        raise refuse(Code.NOT_FOUND)
    return found


def _may_see(ref: str) -> Scope:
    """Where this person may see the card of ``ref``: of those one acts for, wherever it is."""
    own = me().resident_by_ref(ref)
    if own is not None:
        return Scope.of(own.community_id)
    return Scope(me().communities_with(Permission.REPLACE_CARD))


def _only(ref: str, where: Scope) -> CardShown:
    found = read_cards(where, clock.now(), refs=[ref])
    if not found:
        raise refuse(Code.NOT_FOUND)
    return found[0]


def _card(shown: CardShown, *, with_strip: bool = False) -> Card:
    valid_until = shown.strip_expires_at if with_strip else None
    key = current_app.extensions["keys"].activation_code
    return Card(
        passbook_number=shown.passbook_number,
        card_number=shown.card_number,
        address=card_address(shown.card_number),
        community=shown.community,
        name=shown.name,
        name_en=shown.name_en or "",
        telephone=shown.telephone or "",
        activation_code=strip_code(key, shown.card_number) if valid_until else "",
        activation_code_valid_until=local_day(valid_until, shown.zone) if valid_until else None,
        sample=shown.is_demo,
    )


def pdf_of(cards: list[Card], name: str) -> ResponseReturnValue:
    return Response(
        cards_pdf(cards),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )
