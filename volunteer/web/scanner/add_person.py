"""The leader writes somebody down: a name alone, or a blank card with a name or without. A card
without a name gets one later, and a child's waits for the guardian."""

from __future__ import annotations

from uuid import UUID, uuid4, uuid5

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.age import AgeBand
from volunteer.domain.refusals import Code, Refusal, refuse
from volunteer.domain.tokens import CardCode, CardNumber, Foreign, Presented, parse_presented
from volunteer.queries.rosters import read_unnamed
from volunteer.services.add_at_event import Newcomer, add_at_event, name_newcomer
from volunteer.services.waiting_cards import let_card_wait
from volunteer.web.admin.forms import status_after
from volunteer.web.gate import me, needs, scope
from volunteer.web.recorder import own_host, staff_recorder
from volunteer.web.scanner.place import blueprint, event_or_refuse


class AddPersonForm(FlaskForm):
    name = StringField(_l("Name"))
    age_band = RadioField(
        _l("How old?"),
        choices=[SelectChoice(band.value, words.BANDS[band]) for band in reversed(AgeBand)],
        default=AgeBand.ADULT.value,
    )
    guardian = StringField(_l("The guardian's name"))
    agrees = BooleanField(_l("The guardian stands here and agrees that the record is kept"))
    is_guest = BooleanField(_l("Does not live here, comes on a visit"))
    is_another = BooleanField(_l("Somebody else of the same name"))
    card = HiddenField()
    form_id = HiddenField()


class NameForm(FlaskForm):
    name = StringField(_l("Name"), validators=[InputRequired(_l("Please enter a name."))])
    is_another = BooleanField(_l("Somebody else of the same name"))


@blueprint.route("/add-person", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def add_person(event_id: int) -> ResponseReturnValue:
    event = event_or_refuse(event_id)
    form = AddPersonForm(card=request.args.get("card", "")[:200], form_id=uuid4().hex)
    if request.args.get("age_band") == AgeBand.UNDER_14 and request.method == "GET":
        form.age_band.data = AgeBand.UNDER_14.value
    known = Refusal(Code.NAME_KNOWN)
    waits: list[str] = []
    status = status_after(form, lambda: _add_or_wait(event_id, form, waits))
    if status is None and waits:
        flash(
            _("The card waits for the guardian. When they have agreed, this event counts."), "info"
        )
        return redirect(url_for("scanner.scanner", event_id=event_id), 303)
    if status is None:
        result = uuid5(_form_id(form), "check in").hex
        return redirect(url_for("scanner.scanner", event_id=event_id, result=[result]), 303)
    page = render_template(
        "scanner/add_person.html",
        event=event,
        form=form,
        ask_another=words_for(known) in form.name.errors or form.is_another.data,
    )
    return page, status


@blueprint.route("/name/<ref>", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def name_person(event_id: int, ref: str) -> ResponseReturnValue:
    """Who was checked in with a blank card and no name gets one."""
    event = event_or_refuse(event_id)
    number = read_unnamed(scope(), event_id, ref)
    if number is None:
        raise refuse(Code.NOT_FOUND)
    form = NameForm()
    status = status_after(
        form,
        lambda: name_newcomer(
            event_id,
            ref,
            form.name.data or "",
            is_another=bool(form.is_another.data),
            recorder=staff_recorder(me()),
            now=clock.now(),
            scope=scope(),
        ),
    )
    if status is None:
        words = _("The card has its name. Points follow when the staff have confirmed it.")
        flash(words, "accepted")
        return redirect(url_for("organize.event", event_id=event_id), 303)
    known = words_for(Refusal(Code.NAME_KNOWN))
    page = render_template(
        "scanner/name_person.html",
        event=event,
        form=form,
        number=number,
        ask_another=known in form.name.errors or form.is_another.data,
    )
    return page, status


def _add_or_wait(event_id: int, form: AddPersonForm, waits: list[str]) -> None:
    """A child with a blank card whose guardian is not here leaves only the card behind; its number
    goes into ``waits``."""
    card = _card(form.card.data or "")
    is_child = form.age_band.data == AgeBand.UNDER_14
    if is_child and card is not None and not form.agrees.data:
        number = let_card_wait(
            event_id,
            card,
            _form_id(form),
            staff_recorder(me()),
            now=clock.now(),
            scope=scope(),
        )
        waits.append(number)
        return
    _add(event_id, form)


def _add(event_id: int, form: AddPersonForm) -> None:
    if form.agrees.data and not (form.guardian.data or "").strip():
        raise refuse(Code.NAME_MISSING, field="guardian")
    newcomer = Newcomer(
        event_id,
        _form_id(form),
        form.name.data or "",
        form.age_band.data or "",
        _card(form.card.data or ""),
        is_another=bool(form.is_another.data),
        guardian=(form.guardian.data or "") if form.agrees.data else "",
        is_guest=bool(form.is_guest.data),
    )
    add_at_event(
        newcomer,
        staff_recorder(me()),
        keys=current_app.extensions["keys"],
        now=clock.now(),
        scope=scope(),
    )


def _form_id(form: AddPersonForm) -> UUID:
    try:
        return UUID(form.form_id.data or "")
    except ValueError:
        raise refuse(Code.SCAN_ID_INVALID) from None


def _card(text: str) -> Presented | None:
    """The blank card that was scanned. Raises Refused: ``card_unknown``."""
    if not text:
        return None
    found = parse_presented(text, own_host())
    presented = found.inside if isinstance(found, Foreign) else found
    if not isinstance(presented, CardCode | CardNumber):
        raise refuse(Code.CARD_UNKNOWN)
    return presented
