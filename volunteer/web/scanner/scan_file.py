"""Scans that a phone saved as a file, because its network or its sign-in did not come back.

The file is uploaded from anywhere and recorded as scans like all others, by whoever uploads it: ids
and bodies are the phone's own, so should the phone send them too, each gets its first answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.documents.refusals import status_of, words_for, words_for_code
from volunteer.domain.access import Permission
from volunteer.domain.attendance import SKEW_TO_LOOK_AT
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.domain.scans import LONGEST_BATCH, Scan, Verdict
from volunteer.domain.tokens import EventCode
from volunteer.web.api.rows import parse_row, parse_time
from volunteer.web.api.scans import person_sender, record_rows
from volunteer.web.gate import me, needs
from volunteer.web.recorder import own_host
from volunteer.web.scanner.place import blueprint, event_or_refuse

FORMAT = "love-passbook-scans"
VERSION = 1
MOST_ROWS = 2000
LARGEST_FILE = 1024 * 1024
_LONGEST_SKEW = timedelta(days=3650)


@dataclass(frozen=True)
class ScanFile:
    """``skew``: server time minus the phone's, as far as it is known."""

    rows: list[Any]
    skew: timedelta
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True)
class RowShown:
    verdict: str
    name: str
    words: str
    direction: str
    at: datetime | None


@blueprint.route("/scan/file", methods=["GET", "POST"])
@needs(Permission.RECORD_SCANS)
def scan_file(event_id: int) -> ResponseReturnValue:
    event, now = event_or_refuse(event_id), clock.now()
    page: dict[str, Any] = {"event": event}
    if request.method == "GET":
        return render_template("scanner/scan_file.html", **page)
    upload = request.files.get("file")
    try:
        read = read_scan_file(upload.read(LARGEST_FILE + 1) if upload else b"", now)
    except Refused as refused:
        page["refusal"] = words_for(refused.refusal)
        return render_template("scanner/scan_file.html", **page), status_of(refused.refusal.code)
    scans = [_scan(row, read.skew, now) for row in read.rows]
    shown = [_shown(scan, one) for scan, one in zip(scans, _record(scans, now), strict=True)]
    skew = round(abs(read.skew).total_seconds() / 60) if abs(read.skew) > SKEW_TO_LOOK_AT else 0
    page |= {"read": read, "rows": shown, "skew_minutes": skew}
    return render_template("scanner/scan_file.html", **page)


def read_scan_file(data: bytes, now: datetime) -> ScanFile:
    """Raises Refused: ``scan_file_unreadable``, ``scan_file_empty``, ``scan_file_too_large``."""
    if len(data) > LARGEST_FILE:
        raise refuse(Code.SCAN_FILE_TOO_LARGE, most=MOST_ROWS)
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise refuse(Code.SCAN_FILE_UNREADABLE) from None
    if not isinstance(body, dict) or (body.get("format"), body.get("version")) != (FORMAT, VERSION):
        raise refuse(Code.SCAN_FILE_UNREADABLE)
    saved_at, rows = parse_time(body.get("sent_at")), body.get("scans")
    if saved_at is None or not isinstance(rows, list):
        raise refuse(Code.SCAN_FILE_UNREADABLE)
    if not rows:
        raise refuse(Code.SCAN_FILE_EMPTY)
    if len(rows) > MOST_ROWS:
        raise refuse(Code.SCAN_FILE_TOO_LARGE, most=MOST_ROWS)
    skew = _skew(body.get("skew_ms"), saved_at, now)
    return ScanFile(rows, skew, saved_at, str(body.get("saved_by") or "")[:80])


def _skew(measured: object, saved_at: datetime, now: datetime) -> timedelta:
    """What the phone measured when it last had an answer; nothing where it never had one. A file
    cannot have been saved after now: a clock that says so is ahead by that much at least."""
    skew = timedelta()
    if isinstance(measured, int) and not isinstance(measured, bool):
        limit = int(_LONGEST_SKEW.total_seconds() * 1000)
        skew = timedelta(milliseconds=max(-limit, min(limit, measured)))
    return min(skew, now - saved_at)


def _scan(row: object, skew: timedelta, now: datetime) -> Scan | None:
    scan = parse_row(row, skew, own_host=own_host(), now=now)
    if scan is not None and isinstance(scan.presented, EventCode):
        # An event's code from somebody's file is nobody's card, and no check-in of who uploads it.
        return replace(scan, presented=None, provenance="card_scan")
    return scan


def _record(scans: list[Scan | None], now: datetime) -> list[Verdict]:
    sender = person_sender(me())
    verdicts: list[Verdict] = []
    for first in range(0, len(scans), LONGEST_BATCH):
        verdicts += record_rows(scans[first : first + LONGEST_BATCH], sender, now)
    return verdicts


def _shown(scan: Scan | None, verdict: Verdict) -> RowShown:
    directions = {"in": _("Check in"), "out": _("Check out"), "undo": _("Undo")}
    return RowShown(
        verdict=verdict.verdict,
        name=verdict.resident_name or "",
        words=words_for_code(verdict.code, verdict.facts),
        direction=directions[scan.direction] if scan else "",
        at=scan.corrected_at if scan else None,
    )
