"""/admin/blank-cards: cards that belong to nobody yet, made and printed to be handed out."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, NumberRange

from volunteer import clock
from volunteer.documents.card import Card
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.messages import ngettext
from volunteer.domain.access import Permission
from volunteer.domain.card_prints import Layout
from volunteer.domain.passbook_number import passbook_number_of
from volunteer.queries.cards import read_blank_batches, read_blank_cards
from volunteer.queries.settings import SettingsShown, read_settings
from volunteer.services import cards as service
from volunteer.web.addresses import card_address
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.places import WholeNumberField
from volunteer.web.asked import is_a_usual_day
from volunteer.web.cards import pdf_of
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

blueprint = Blueprint("blank_cards", __name__, url_prefix="/admin/blank-cards")


class BlankCardsForm(FlaskForm):
    count = WholeNumberField(
        _l("How many"),
        validators=[
            InputRequired(_l("Please enter a number.")),
            NumberRange(1, service.MOST_BLANK, _l("From 1 to 100, please.")),
        ],
    )


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.REPLACE_CARD)
def blank_cards() -> ResponseReturnValue:
    community = current_community()
    form = BlankCardsForm(count=10)
    status = status_after(
        form,
        lambda: service.issue_blank_cards(
            community.community_id,
            form.count.data or 0,
            keys=current_app.extensions["keys"],
            by=me().login_id,
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        made = form.count.data or 0
        words = ngettext(
            "%(num)d blank card is ready to print.", "%(num)d blank cards are ready to print.", made
        )
        flash(words, "accepted")
        return redirect(url_for("blank_cards.blank_cards"), 303)
    batches = read_blank_batches(scope(), community.community_id)
    page = render_template(
        "admin/blank_cards.html", community=community, form=form, batches=batches
    )
    return page, status


@blueprint.get("/cards.pdf")
@needs(Permission.REPLACE_CARD)
def sheet() -> ResponseReturnValue:
    """The blank cards that were made at ``?made=``, those nobody has yet."""
    community = current_community()
    settings = read_settings(scope(), community.community_id)
    made = _made()
    numbers = read_blank_cards(scope(), community.community_id, made) if made else []
    if settings is None or not numbers:  # all of them have found somebody meanwhile
        flash(_("No blank cards are waiting to be handed out."), "warning")
        return redirect(url_for("blank_cards.blank_cards"))
    cards = [_card(number, settings) for number in numbers]
    return pdf_of(cards, "blank-cards", Layout.BOTH_SIDES)


def _made() -> datetime | None:
    try:
        made = datetime.fromisoformat(request.args.get("made", ""))
    except ValueError:
        return None
    usual = made.tzinfo is not None and is_a_usual_day(made.date())
    return made if usual else None


def _card(number: str, settings: SettingsShown) -> Card:
    return Card(
        passbook_number=passbook_number_of(number),
        card_number=number,
        address=card_address(number),
        community=settings.name,
        name="",
        name_en="",
        telephone=settings.telephone or "",
        activation_code="",
        activation_code_valid_until=None,
        sample=settings.is_demo,
    )
