"""POST /api/v1/scans: a batch of scans in, one verdict a row out.

This is the path that every card takes, so it does no more than it must: one read for the device,
one call of ``record_scans``; no session and no CSRF work for a request with a bearer token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Response, current_app, request
from flask_smorest import Blueprint
from flask_wtf.csrf import ValidationError, validate_csrf
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from volunteer import clock
from volunteer.documents.refusals import words_for_code
from volunteer.documents.spoken import spoken_words, thanks_words
from volunteer.domain.access import Principal, Scope
from volunteer.domain.refusals import Code, Outcome, refuse
from volunteer.domain.scans import Recorder, Scan, Verdict
from volunteer.domain.tokens import EventCode, session_token_hash
from volunteer.queries.device_tokens import DeviceFound, read_device
from volunteer.queries.round_times import read_round_times
from volunteer.services.scans import record_scans
from volunteer.web.api import schemas
from volunteer.web.api.rows import parse_envelope, parse_row
from volunteer.web.gate import by_device, principal
from volunteer.web.recorder import own_host, self_recorder, staff_recorder, staff_scope

LARGEST_BODY = 256 * 1024

blueprint = Blueprint(
    "scans",
    __name__,
    url_prefix="/api/v1",
    description="Checking people in and out by their codes",
)


@dataclass(frozen=True)
class Sender:
    """Who sends the rows. A signed-in person is two: a leader who scans cards, and a resident who
    presents an event's code for themself; each row goes by its own."""

    scope: Scope
    recorder: Recorder
    community_id: int | None = None
    """Whose books keep rows that name no event."""
    person: Principal | None = None

    def is_for_self(self, scan: Scan) -> bool:
        if self.person is None:
            return False
        return self.scope == Scope.nothing() or isinstance(scan.presented, EventCode)

    def as_resident(self) -> Sender:
        """What a resident may do is bound by whom they act for and by the event's code: the event
        may be another community's, where they are a guest."""
        assert self.person is not None
        return Sender(Scope.everything(), self_recorder(self.person))


@blueprint.post("/scans")
@by_device
@blueprint.doc(**schemas.SCANS_DOC)
def scans() -> Response:
    """Record scans."""
    now = clock.now()
    sender = _sender(now)
    envelope = parse_envelope(_read_body(), now)
    host = own_host()
    parsed = [parse_row(row, envelope.skew, own_host=host, now=now) for row in envelope.rows]
    verdicts = record_rows(parsed, sender, now)
    if sender.person is None:
        # A device stands where everybody reads its screen.
        verdicts = [replace(one, resident_name=one.public_name) for one in verdicts]
    # A device shows nobody's thanks, and its way is the one that is measured.
    return _answer(verdicts, read_thanks(verdicts, sender.scope) if sender.person else {}, now)


def _sender(now: datetime) -> Sender:
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        device = _device(authorization, now)
        community_id = device.community_id
        return Sender(Scope.of(community_id), Recorder(device_id=device.device_id), community_id)
    person = principal()
    if person is None:
        raise refuse(Code.SIGN_IN_NEEDED)
    try:
        validate_csrf(request.headers.get("X-CSRFToken"))
    except ValidationError:
        raise refuse(Code.PAGE_EXPIRED) from None
    return person_sender(person)


def person_sender(person: Principal) -> Sender:
    """Whoever is signed in, as a sender of rows; where they may record is in the value."""
    scope = staff_scope(person)
    communities = sorted(scope.community_ids or ())
    only = communities[0] if len(communities) == 1 else None
    return Sender(scope, staff_recorder(person), only, person)


def _device(authorization: str, now: datetime) -> DeviceFound:
    """Raises Refused: ``device_unknown``, ``device_revoked``, ``device_expired``."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise refuse(Code.DEVICE_UNKNOWN)
    device = read_device(session_token_hash(token.strip()))
    if device is None:
        raise refuse(Code.DEVICE_UNKNOWN)
    if device.revoked_at is not None and device.revoked_at <= now:
        raise refuse(Code.DEVICE_REVOKED)
    if not device.starts_at <= now < device.expires_at:
        raise refuse(Code.DEVICE_EXPIRED)
    return device


def _read_body() -> object:
    """Raises Refused: ``too_many_rows`` for a body over the limit, ``envelope_invalid`` for one
    that is no JSON."""
    request.max_content_length = LARGEST_BODY
    try:
        return request.get_json(force=True, cache=False)
    except RequestEntityTooLarge:
        raise refuse(Code.TOO_MANY_ROWS) from None
    except (BadRequest, RecursionError):
        raise refuse(Code.ENVELOPE_INVALID, field="body") from None


def record_rows(parsed: list[Scan | None], sender: Sender, now: datetime) -> list[Verdict]:
    """One verdict a row, in the order sent; rows without an id are answered and not kept."""
    verdicts = [Verdict(None, "refused", Code.SCAN_ID_INVALID)] * len(parsed)
    for for_self, rows in _batches(parsed, sender, now):
        by = sender.as_resident() if for_self else sender
        found = record_scans(
            [scan for _, scan in rows],
            by.recorder,
            now=now,
            scope=by.scope,
            keys=current_app.extensions["keys"],
            community_id=by.community_id,
        )
        for (place, _), verdict in zip(rows, found, strict=True):
            verdicts[place] = verdict
    return verdicts


def _batches(
    parsed: list[Scan | None], sender: Sender, now: datetime
) -> list[tuple[bool, list[tuple[int, Scan]]]]:
    """Rows with their places, those of one community and one recorder together: a device's are
    one batch, those of a person in several communities one for each event."""
    batches: dict[tuple[bool, int | None], list[tuple[int, Scan]]] = {}
    for place, scan in enumerate(parsed):
        if scan is None:
            continue
        for_self = sender.is_for_self(scan)
        together = sender.community_id is not None and not for_self
        batch = batches.setdefault((for_self, None if together else scan.event_id), [])
        batch.append((place, at_server_time(scan, now) if for_self else scan))
    return [(for_self, rows) for (for_self, _), rows in batches.items()]


def at_server_time(scan: Scan, now: datetime) -> Scan:
    """A resident's own phone is not asked for the time."""
    fault = None if scan.fault is Code.TIME_INVALID else scan.fault
    return replace(scan, scanned_at=now, corrected_at=now, fault=fault)


def read_thanks(verdicts: Iterable[Verdict], scope: Scope) -> dict[int, int]:
    """Of those just checked in, who is here for a round number of times, by resident."""
    came = {one.resident_id for one in verdicts if one.code == Outcome.OK_IN and one.resident_id}
    return read_round_times(came, scope)


def said(verdict: Verdict, thanks: Mapping[int, int]) -> dict[str, Any]:
    """A verdict as the API answers it. What thanks are due for is counted now: it is no part of
    the verdict that is kept."""
    # In one order: PostgreSQL gives stored facts back in its own, and a retry gets the same bytes.
    facts = dict(sorted(verdict.facts.items()))
    words = words_for_code(verdict.code, facts)
    return {
        "id": str(verdict.client_id) if verdict.client_id else None,
        "verdict": verdict.verdict,
        "code": verdict.code,
        "words": words,
        "spoken": spoken_words(verdict.code, facts, words),
        "name": verdict.resident_name,
        "facts": facts,
        "thanks": _thanks(verdict, thanks),
    }


def _thanks(verdict: Verdict, thanks: Mapping[int, int]) -> str | None:
    times = thanks.get(verdict.resident_id or 0) if verdict.code == Outcome.OK_IN else None
    return thanks_words(verdict.resident_name or "", times) if times else None


def _answer(verdicts: list[Verdict], thanks: Mapping[int, int], now: datetime) -> Response:
    body = {
        "received_at": now.isoformat(),
        "verdicts": [said(verdict, thanks) for verdict in verdicts],
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, mimetype="application/json")
