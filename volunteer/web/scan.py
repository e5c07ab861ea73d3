"""/scan: how to scan, and scanning from the page itself: camera, photo, typed code."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.photo import decode_codes
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.event_codes import decide_event_code
from volunteer.domain.refusals import Code, Refusal, Refused, refuse
from volunteer.domain.tokens import EventCode, Presented, parse_presented, parse_typed_event_code
from volunteer.queries.event_shown import read_events_around
from volunteer.web.gate import anyone, principal
from volunteer.web.pending import read_pending
from volunteer.web.protection import a_minute, limiter, person_or_address
from volunteer.web.recorder import own_host

blueprint = Blueprint("scan", __name__)


@blueprint.get("/scan")
@anyone
def scan() -> ResponseReturnValue:
    return _page()


@blueprint.post("/scan/photo")
@anyone
@limiter.limit(a_minute(30, 300), key_func=person_or_address)
def photo() -> ResponseReturnValue:
    """A photo of the screen or the poster, for a browser without a camera."""
    try:
        upload = request.files.get("photo")
        codes = decode_codes(upload.read() if upload else b"")
        return _go_on([parse_presented(code, own_host()) for code in codes])
    except Refused as refused:
        return _page(refused.refusal), status_of(refused.refusal.code)


@blueprint.post("/scan/typed")
@anyone
@limiter.limit(a_minute(10, 300), key_func=person_or_address)
def typed() -> ResponseReturnValue:
    """The code under the picture, typed: with the event's number, or alone."""
    text = request.form.get("code", "")
    try:
        presented = parse_presented(text, own_host()) or parse_typed_event_code(text)
        return _go_on([presented])
    except Refused as refused:
        return _page(refused.refusal, text[:80]), status_of(refused.refusal.code)


def _go_on(found: list[Presented | None]) -> ResponseReturnValue:
    """To the page of the first event code among them; no other address is ever opened."""
    codes = [one for one in found if isinstance(one, EventCode)]
    if not codes:
        raise refuse(Code.CODE_MALFORMED)
    code = codes[0]
    event_id = code.event_id or _event_of(code)
    return redirect(url_for("check_in.scanned", event_id=event_id, code=code.code))


def _event_of(code: EventCode) -> int:
    """The event whose code this is, among those that are on now where this person belongs.

    Only for people who are signed in, and counted: six characters of one of many events are
    guessed sooner than those of a named one.
    """
    person = principal()
    if person is None:
        raise refuse(Code.CODE_UNKNOWN)
    now, keys = clock.now(), current_app.extensions["keys"]
    answers: list[Refusal] = []
    for event in read_events_around(now, person.scope):
        answer = decide_event_code(code, event.event_id, event, keys, now)
        if isinstance(answer, str):
            return event.event_id
        answers.append(answer)
    expired = any(answer.code is Code.CODE_EXPIRED for answer in answers)
    raise refuse(Code.CODE_EXPIRED if expired else Code.CODE_UNKNOWN)


def _page(refusal: Refusal | None = None, text: str = "") -> str:
    pending = read_pending()
    return render_template(
        "scan/scan.html",
        refusal=words_for(refusal) if refusal else None,
        typed=text,
        own_host=own_host(),
        pending=pending is not None and pending.is_open(clock.now()) and not pending.done,
    )
