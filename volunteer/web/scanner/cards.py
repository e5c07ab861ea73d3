"""The leader's scanner: cards by camera, photo, typed number or USB scanner; undo.

Everything here also works as a plain form, without script and on plain http; with script the page
sends to /api/v1/scans and stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID, uuid4, uuid5

from flask import current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.photo import decode_codes
from volunteer.documents.refusals import status_of, words_for, words_for_code
from volunteer.documents.spoken import thanks_words
from volunteer.domain.access import Permission
from volunteer.domain.attendance import UNDO_MINUTES
from volunteer.domain.refusals import Code, Outcome, Refusal, Refused
from volunteer.domain.scans import Direction, Scan, Verdict, body_hash_of
from volunteer.domain.tokens import EventCode, parse_presented
from volunteer.queries.event_shown import EventShown
from volunteer.queries.round_times import read_round_times
from volunteer.queries.scanning import (
    Result,
    read_here_count,
    read_last_results,
    read_results,
    read_waiting_outs,
)
from volunteer.queries.waiting_cards import read_cards_waiting_at
from volunteer.web.api.rows import number_fault
from volunteer.web.api.scans import read_thanks, said
from volunteer.web.failures import request_id
from volunteer.web.gate import me, needs, scope
from volunteer.web.recorder import own_host
from volunteer.web.scanner.place import blueprint, event_or_refuse, form_id, record_here

MOST_RESULTS_SHOWN = 10
LAST_RESULTS = 5


@dataclass(frozen=True)
class Shown:
    """A result in words."""

    result: Result
    words: str
    points: int
    undo_seconds: int
    """How long it can still be undone; 0: no longer, or never."""

    @property
    def can_undo(self) -> bool:
        return self.undo_seconds > 0


@blueprint.get("/scan")
@needs(Permission.RECORD_SCANS)
def scanner(event_id: int) -> str:
    return _page(event_id)


@blueprint.post("/scan")
@needs(Permission.RECORD_SCANS)
def submit(event_id: int) -> ResponseReturnValue:
    """A typed number, a USB scanner's line or a card's code, as a form."""
    event = event_or_refuse(event_id)
    scan_id = form_id("scan_id")
    code = request.form.get("code", "")
    [verdict] = _record(event, {scan_id: code})
    if verdict.code == Code.CARD_BLANK:
        return redirect(url_for("scanner.add_person", event_id=event_id, card=code[:200]), 303)
    return _back(event_id, [scan_id])


@blueprint.post("/scan/photo")
@needs(Permission.RECORD_SCANS)
def photo(event_id: int) -> ResponseReturnValue:
    """A photo with one card, or several. The page's script asks for JSON, a form for a page."""
    event = event_or_refuse(event_id)
    as_json = request.accept_mimetypes.best == "application/json"
    try:
        upload = request.files.get("photo")
        codes = decode_codes(upload.read() if upload else b"")
    except Refused as refused:
        if not as_json:
            return _page(event_id, refused.refusal), status_of(refused.refusal.code)
        raise_as = refused.refusal
        return jsonify(code=raise_as.code, words=words_for(raise_as)), status_of(raise_as.code)
    first = form_id("scan_id")
    rows = {uuid5(first, code): code for code in codes[:MOST_RESULTS_SHOWN]}
    verdicts = _record(event, rows)
    if as_json:
        thanks = read_thanks(verdicts, scope())
        return jsonify(verdicts=[said(verdict, thanks) for verdict in verdicts])
    return _back(event_id, list(rows))


@blueprint.post("/scan/undo")
@needs(Permission.RECORD_SCANS)
def undo(event_id: int) -> ResponseReturnValue:
    """Take a scan back within ten minutes; itself a scan."""
    now, event = clock.now(), event_or_refuse(event_id)
    undoes = form_id("undoes")
    # One undo of a scan, however often the button is pressed.
    scan_id = uuid5(undoes, "undo")
    row = {"event": event_id, "direction": "undo", "undoes": str(undoes)}
    scan = Scan(
        client_id=scan_id,
        direction="undo",
        provenance="card_scan",
        scanned_at=now,
        corrected_at=now,
        body_hash=body_hash_of(row),
        event_id=event_id,
        undoes=undoes,
    )
    record_here(event, [scan], now)
    return _back(event_id, [scan_id])


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The form was not read, so its page cannot be drawn again: words alone."""
    refusal = Refusal(Code.PHOTO_TOO_LARGE)
    page = render_template(
        "errors/error.html",
        status=status_of(refusal.code),
        words=words_for(refusal),
        request_id=request_id(),
    )
    return page, status_of(refusal.code)


def _record(event: EventShown, codes: dict[UUID, str]) -> list[Verdict]:
    now = clock.now()
    direction = _direction()
    scans = []
    for scan_id, code in codes.items():
        presented = parse_presented(code, own_host())
        row = {"event": event.event_id, "code": code[:200], "direction": direction}
        scans.append(
            Scan(
                client_id=scan_id,
                direction=direction,
                provenance="card_scan",
                scanned_at=now,
                corrected_at=now,
                body_hash=body_hash_of(row),
                event_id=event.event_id,
                # The screen's own code in the picture is nobody's card.
                presented=None if isinstance(presented, EventCode) else presented,
                fault=number_fault(code, presented),
            )
        )
    return record_here(event, scans, now)


def _direction() -> Direction:
    wanted = request.values.get("direction")
    return "out" if wanted == "out" else "in"


def _back(event_id: int, scan_ids: list[UUID]) -> ResponseReturnValue:
    """To the page that shows these results: loading it again records nothing again."""
    shown = [scan_id.hex for scan_id in scan_ids]
    values: dict[str, Any] = {"result": shown}
    if _direction() == "out":
        values["direction"] = "out"
    return redirect(url_for("scanner.scanner", event_id=event_id, **values), 303)


def _page(event_id: int, refusal: Refusal | None = None) -> str:
    now, person = clock.now(), me()
    event = event_or_refuse(event_id)
    wanted = _wanted_results()
    answers = read_results(wanted, person.login_id, scope()) if wanted else []
    results = [_shown(one, now) for one in read_last_results(event_id, person.login_id, scope())]
    return render_template(
        "scanner/scanner.html",
        event=event,
        direction=_direction(),
        answers=[_shown(one, now) for one in answers],
        thanks=_thanks(answers),
        refusal=words_for(refusal) if refusal else None,
        last=results[:LAST_RESULTS],
        earlier=[shown for shown in results[LAST_RESULTS:] if shown.can_undo],
        here=read_here_count(event_id, scope()),
        waiting=read_waiting_outs(event_id, scope()),
        cards_waiting=read_cards_waiting_at(scope(), event_id),
        scan_id=uuid4(),
        back_url=url_for("organize.event", event_id=event_id),
        settings=scanner_settings(event),
    )


def _wanted_results() -> list[UUID]:
    found = []
    for text in request.args.getlist("result")[:MOST_RESULTS_SHOWN]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _shown(result: Result, now: datetime) -> Shown:
    until = result.undoable_until
    seconds = max(0, ceil((until - now).total_seconds())) if until else 0
    points = result.facts.get("points", 0) if result.verdict == "accepted" else 0
    return Shown(result, words_for_code(result.code, result.facts), points, seconds)


def _thanks(answers: list[Result]) -> list[str]:
    came = {one.resident_id: one.name for one in answers if one.code == Outcome.OK_IN}
    round_times = read_round_times([one for one in came if one is not None], scope())
    return [thanks_words(came[one] or "", times) for one, times in round_times.items()]


def scanner_settings(event: EventShown) -> dict[str, Any]:
    """What the page's script needs: addresses, and the few words it says itself."""
    return {
        "event": event.event_id,
        "eventName": event.name,
        # A queue on the phone is one person's: another who signs in there sends none of it.
        "owner": {"key": me().login_id, "name": me().display_name},
        "signIn": url_for(
            "sign_in.sign_in", next=url_for("scanner.scanner", event_id=event.event_id)
        ),
        "worker": url_for("scanner.worker", event_id=event.event_id),
        "roster": url_for("scanner.roster", event_id=event.event_id),
        "scope": url_for("scanner.scanner", event_id=event.event_id),
        "zone": event.zone,
        "scans": url_for("scans.scans"),
        "addPerson": url_for("scanner.add_person", event_id=event.event_id),
        "photo": url_for("scanner.photo", event_id=event.event_id),
        # The rest of the form is a few hundred bytes.
        "photoBytes": current_app.config["MAX_CONTENT_LENGTH"] - 4096,
        "icons": url_for("static", filename="img/icons.svg"),
        "undoMinutes": UNDO_MINUTES,
        "words": {
            "giveCard": _("Give this card to somebody"),
            "undo": _("Undo"),
            "undone": _("Undone"),
            "points": _("%(points)s points"),
            "balance": _("Balance %(points)s points"),
            "sending": _("Sending. It is kept until the network is back."),
            "signIn": _("You were signed out. What is waiting stays on this phone."),
            "signInAgain": _("Sign in again, and it goes by itself."),
            "somebodyElse": _(
                "%(name)s is signed in now. What is waiting was queued by somebody else, stays on"
                " this phone and is not sent under another name.",
                name="%(name)s",
            ),
            "notKept": _(
                "This browser keeps nothing: what has not been sent is lost when the page is"
                " closed. Leave the private window, or stay here until everything is sent."
            ),
            "ready": _("Opens without network too. It can be put on the home screen."),
            "insecure": _(
                "This address is not encrypted (no https): without network the page cannot be"
                " opened again. What was scanned is kept all the same."
            ),
            "queued": _("Kept, waiting to be sent"),
            "keptTwice": _("Kept already, waiting to be sent"),
            "sent": _("Sent, waiting for the answer"),
            "in": _("Check in"),
            "out": _("Check out"),
            "photoTooLarge": words_for(Refusal(Code.PHOTO_TOO_LARGE)),
            "photoFailed": _("The photo could not be sent. Please take it once more."),
            "notACard": _("This is the event's own code. Please scan a person's card."),
            "noCamera": _(
                "The camera could not be opened. Please allow it, or use a photo or the number."
            ),
            "noReader": _(
                "What reads the codes has not arrived yet; it is fetched again. Use a photo or the"
                " number meanwhile."
            ),
            "leaving": _("Some scans have not been sent yet."),
            "toConfirm": _("To confirm"),
            "onDuty": _("On duty"),
            "overCapacity": _("The event is full; noted."),
        },
    }
