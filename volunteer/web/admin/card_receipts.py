"""/admin/cards/receipts: the sheet that people sign for their cards, and ticking it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import ngettext
from volunteer.documents.receipt_sheet import ReceiptSheet, Signer, receipt_sheets_pdf
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.access import Permission
from volunteer.domain.age import AgeBand
from volunteer.domain.card_receipts import Receipt
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.refusals import Refusal, Refused
from volunteer.queries.card_people import CardFilter, CardPerson, read_card_people
from volunteer.queries.places import natural_order
from volunteer.queries.settings import read_settings
from volunteer.services import card_receipts as service
from volunteer.web.admin import may, today
from volunteer.web.admin.card_prints import asked_filter, filter_choices
from volunteer.web.admin.forms import kept_filters
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("card_receipts", __name__, url_prefix="/admin/cards/receipts")


@dataclass(frozen=True)
class Doors:
    """How many cards of one building, or of who has none, wait to be received."""

    area: str | None
    area_en: str | None
    building: str | None
    building_en: str | None
    building_id: int | None
    count: int


@blueprint.get("")
@needs(Permission.REPLACE_CARD)
def receipts() -> ResponseReturnValue:
    return _page()


@blueprint.post("")
@needs(Permission.EDIT_PEOPLE)
def tick() -> ResponseReturnValue:
    """``got``: refs of who signed. ``agrees-REF`` and ``guardian-REF`` stand beside each."""
    people = {one.ref: one for one in _waiting(asked_filter())}
    ticked = [_receipt(people[ref]) for ref in request.form.getlist("got") if ref in people]
    if not ticked:
        flash(_("Please tick at least one person."), "warning")
        return redirect(_here(), 303)
    try:
        count = service.record_receipts(
            current_community().community_id,
            ticked,
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        )
    except Refused as refused:
        return _page(refused.refusal), status_of(refused.refusal.code)
    said = ngettext("%(num)d receipt is written down.", "%(num)d receipts are written down.", count)
    flash(said, "accepted")
    return redirect(_here(), 303)


@blueprint.get("/sheet.pdf")
@needs(Permission.REPLACE_CARD)
def sheet() -> ResponseReturnValue:
    """The sheets to sign, a building to a sheet, for who has a card and has not signed yet."""
    community = current_community()
    people = _waiting(asked_filter())
    settings = read_settings(scope(), community.community_id)
    if settings is None or not people:
        flash(_("Nobody here has a card to sign for."), "warning")
        return redirect(_here())
    sheets = [
        ReceiptSheet(
            community=settings.name,
            place=" ".join(part for part in place if part),
            printed_on=today(),
            text_version=TEXT_VERSIONS[Consent.KEEP_RECORD],
            signers=tuple(_signer(one) for one in some),
            sample=settings.is_demo,
        )
        for place, some in _by_building(people)
    ]
    headers = {"Content-Disposition": 'inline; filename="card-receipts.pdf"'}
    return Response(receipt_sheets_pdf(sheets), mimetype="application/pdf", headers=headers)


def _page(refusal: Refusal | None = None) -> str:
    community = current_community()
    wanted = asked_filter()
    people = _waiting(wanted)
    return render_template(
        "admin/card_receipts.html",
        community=community,
        wanted=wanted,
        people=people if wanted.is_narrow else [],
        doors=[] if wanted.is_narrow else _doors(people),
        total=len(people),
        got=set(request.form.getlist("got")),
        all_ticked=request.args.get("all") == "1",
        refusal=words_for(refusal) if refusal else None,
        form=request.form,
        action=_here(),
        all_url=_here(all="1"),
        sheet_url=url_for("card_receipts.sheet", **_kept()),
        version=TEXT_VERSIONS[Consent.KEEP_RECORD],
        child=AgeBand.UNDER_14,
        may_tick=may(Permission.EDIT_PEOPLE, community.community_id),
        **filter_choices(community.community_id),
    )


def _waiting(wanted: CardFilter) -> list[CardPerson]:
    narrowed = replace(wanted, which="not_received")
    community = current_community()
    return read_card_people(scope(), community.community_id, narrowed, today=today())


def _receipt(person: CardPerson) -> Receipt:
    return Receipt(
        person.resident_id,
        agrees=request.form.get(f"agrees-{person.ref}") == "1",
        guardian=request.form.get(f"guardian-{person.ref}", ""),
    )


def _signer(person: CardPerson) -> Signer:
    return Signer(
        name=person.name,
        name_en=person.name_en or "",
        passbook_number=person.passbook_number,
        room=(person.place.room if person.place else None) or "",
        is_child=person.age_band is AgeBand.UNDER_14,
    )


def _by_building(people: list[CardPerson]) -> list[tuple[tuple[str, str], list[CardPerson]]]:
    """In the order given, which is along the doors."""
    found: dict[tuple[str, str], list[CardPerson]] = {}
    for one in people:
        place = one.place
        key = ((place.area or "") if place else "", (place.building or "") if place else "")
        found.setdefault(key, []).append(one)
    return list(found.items())


def _doors(people: Iterable[CardPerson]) -> list[Doors]:
    counted: dict[int | None, Doors] = {}
    for one in people:
        place = one.place
        before = counted.get(one.building_id)
        count = before.count + 1 if before else 1
        named = place is not None and one.building_id is not None
        counted[one.building_id] = Doors(
            place.area if place and named else None,
            place.area_en if place and named else None,
            place.building if place and named else None,
            place.building_en if place and named else None,
            one.building_id,
            count,
        )
    return sorted(
        counted.values(),
        key=lambda one: (one.building_id is None, natural_order(f"{one.area} {one.building}")),
    )


def _kept() -> dict[str, Any]:
    return {**kept_filters("building", "area", "group", "team", "nowhere")}


def _here(**more: Any) -> str:
    return url_for("card_receipts.receipts", **_kept(), **more)
