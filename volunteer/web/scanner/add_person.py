"""The leader writes somebody down: a name alone, or a blank card with a name or without."""

from __future__ import annotations

from uuid import UUID, uuid4, uuid5

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.fields import SelectChoice

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.age import AgeBand
from volunteer.domain.refusals import Code, Refusal, refuse
from volunteer.domain.tokens import CardCode, CardNumber, Foreign, Presented, parse_presented
from volunteer.services.add_at_event import Newcomer, add_at_event
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
    is_another = BooleanField(_l("Somebody else of the same name"))
    card = HiddenField()
    form_id = HiddenField()


@blueprint.route("/add-person", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def add_person(event_id: int) -> ResponseReturnValue:
    event = event_or_refuse(event_id)
    form = AddPersonForm(card=request.args.get("card", "")[:200], form_id=uuid4().hex)
    known = Refusal(Code.NAME_KNOWN)
    status = status_after(form, lambda: _add(event_id, form))
    if status is None:
        result = uuid5(_form_id(form), "check in").hex
        return redirect(url_for("scanner.scanner", event_id=event_id, result=[result]), 303)
    page = render_template(
        "scanner/add_person.html",
        event=event,
        form=form,
        ask_another=words_for(known) in form.name.errors or form.is_another.data,
        child_words=words_for(Refusal(Code.CONSENT_MISSING)),
    )
    return page, status


def _add(event_id: int, form: AddPersonForm) -> None:
    newcomer = Newcomer(
        event_id,
        _form_id(form),
        form.name.data or "",
        form.age_band.data or "",
        _card(form.card.data or ""),
        is_another=bool(form.is_another.data),
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
