"""/check-in/new: somebody without a passbook stands before an event's code and checks in."""

from __future__ import annotations

import secrets

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from volunteer import clock
from volunteer.documents import register_words as words
from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand
from volunteer.domain.refusals import Code, Refusal, refuse
from volunteer.queries.event_shown import EventShown, read_event_shown
from volunteer.services import walk_ins as service
from volunteer.web.admin.forms import PlaceField, status_after
from volunteer.web.browser import browser_words, read_browser, remember_browser
from volunteer.web.gate import anyone, principal
from volunteer.web.pending import Pending, mark_done, read_pending
from volunteer.web.preferences import keep_large_words
from volunteer.web.protection import a_minute, limiter, person_or_address
from volunteer.web.signed_in import open_session

blueprint = Blueprint("walk_in", __name__)

GUEST = "guest"
"""What the picker of places says for somebody from outside."""
NONCE = "walk_in_browser"
"""Where the session keeps what tells this browser from the others at the event."""


class WalkInForm(FlaskForm):
    name = StringField(_l("Your name"), validators=[InputRequired(_l("Please enter a name."))])
    age_band = RadioField(
        _l("How old are you?"),
        choices=[SelectChoice(band.value, words.BANDS[band]) for band in reversed(AgeBand)],
        default=AgeBand.ADULT.value,
    )
    place = PlaceField(_l("Where you live"))
    phone = StringField(_l("Phone number"))
    pin = PasswordField(
        _l("Choose a PIN"), validators=[InputRequired(_l("Please choose a six-digit PIN."))]
    )


@blueprint.route("/check-in/new", methods=["GET", "POST"])
@anyone
@limiter.limit(a_minute(20, 300), key_func=person_or_address, methods=["POST"])
def new() -> ResponseReturnValue:
    now, pending = clock.now(), read_pending()
    if pending is None:
        return redirect(url_for("scan.scan"))
    if not pending.is_open(now):
        raise refuse(Code.PENDING_EXPIRED)
    if principal() is not None:  # signed in meanwhile, perhaps by the first of two taps
        return redirect(url_for("check_in.check_in"))
    where = Scope.of(pending.community_id)
    event = read_event_shown(pending.event_id, where)
    if event is None:
        raise refuse(Code.EVENT_UNKNOWN)
    form = WalkInForm()
    form.place.offer(where, pending.community_id)
    form.place.choices.insert(1, SelectChoice(GUEST, _("I live elsewhere, I am visiting")))
    done: list[service.WalkedIn] = []
    status = status_after(form, lambda: done.append(_walk_in(form, pending)))
    if status is not None:
        return _page(form, event), status
    person = open_session(done[0].token)
    keep_large_words(person)
    mark_done(pending, [done[0].resident_id])
    response = current_app.make_response(redirect(url_for("check_in.receipt"), 303))
    remember_browser(response, person.login_id)
    return response


def _walk_in(form: WalkInForm, pending: Pending) -> service.WalkedIn:
    area_id, building_id = form.place.place
    stranger = service.Stranger(
        name=form.name.data or "",
        age_band=form.age_band.data or "",
        pin=form.pin.data or "",
        phone=form.phone.data or "",
        area_id=area_id,
        building_id=building_id,
        is_guest=form.place.data == GUEST,
    )
    source = service.Source(request.remote_addr, browser_nonce(), browser_words())
    keys = current_app.extensions["keys"]
    return service.walk_in(stranger, pending, source, keys=keys, now=clock.now())


def browser_nonce() -> str:
    """The long-lived mark of a browser that has signed in before, else one kept in the session."""
    known = read_browser().nonce
    if known:
        return known
    return str(session.setdefault(NONCE, secrets.token_urlsafe(16)))


def _page(form: WalkInForm, event: EventShown) -> str:
    child = words_for(Refusal(Code.CONSENT_MISSING))
    return render_template("check_in/new.html", form=form, event=event, child_words=child)
