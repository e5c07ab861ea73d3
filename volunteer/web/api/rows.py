"""Reading what a scanner sends: by hand, because this is the path that every scan takes.

The schemas in ``schemas`` describe the same for the API document; a test holds the two together.
An envelope that cannot be read is refused as a whole; a row that cannot be read is answered in
its place, and kept where its id is good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from volunteer.domain.passbook_number import CARD_DIGITS, PASSBOOK_DIGITS, digits_typed
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import LONGEST_BATCH, Direction, Scan, body_hash_of
from volunteer.domain.tokens import (
    LONGEST_PRESENTED,
    EventCode,
    Foreign,
    Presented,
    parse_presented,
)

LARGEST_ID = 2**63 - 1
LONGEST_DEVICE = 120
_LONGEST_TIME = 40
_DIRECTIONS = frozenset({"in", "out", "undo"})
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Envelope:
    """``skew`` is what the sender's clock lacks: server time minus ``sent_at``."""

    rows: list[Any]
    skew: timedelta


def parse_envelope(body: object, now: datetime) -> Envelope:
    """Raises Refused: ``envelope_invalid`` with the field that cannot be read,
    ``too_many_rows``."""
    if not isinstance(body, dict):
        raise refuse(Code.ENVELOPE_INVALID, field="body")
    device = body.get("device")
    if device is not None and not (isinstance(device, str) and len(device) <= LONGEST_DEVICE):
        raise refuse(Code.ENVELOPE_INVALID, field="device")
    sent_at = parse_time(body.get("sent_at"))
    if sent_at is None:
        raise refuse(Code.ENVELOPE_INVALID, field="sent_at")
    rows = body.get("scans")
    if not isinstance(rows, list):
        raise refuse(Code.ENVELOPE_INVALID, field="scans")
    if len(rows) > LONGEST_BATCH:
        raise refuse(Code.TOO_MANY_ROWS, most=LONGEST_BATCH)
    return Envelope(rows, now - sent_at)


def parse_row(row: object, skew: timedelta, *, own_host: str, now: datetime) -> Scan | None:
    """The row as a scan, or None where its id is none: it can be neither kept nor sent again.

    A field that cannot be read becomes the scan's ``fault``: the row is kept and refused with it.
    """
    if not isinstance(row, dict):
        return None
    client_id = parse_id(row.get("id"))
    if client_id is None:
        return None
    fault: Code | None = None
    direction = row.get("direction", "in")
    if not isinstance(direction, str) or direction not in _DIRECTIONS:
        direction, fault = "in", Code.DIRECTION_INVALID
    scanned_at = _scanned_at(row.get("scanned_at"))
    corrected_at = _corrected(scanned_at, skew) if scanned_at is not None else None
    if scanned_at is None or corrected_at is None:
        scanned_at, corrected_at, fault = now, now, fault or Code.TIME_INVALID
    presented = _presented(row.get("code"), own_host)
    fault = fault or number_fault(row.get("code"), presented)
    return Scan(
        client_id=client_id,
        direction=cast(Direction, direction),
        provenance=_provenance(presented),
        scanned_at=scanned_at,
        corrected_at=corrected_at,
        body_hash=body_hash_of(row),
        event_id=parse_event_id(row, presented),
        presented=presented,
        undoes=parse_id(row.get("undoes")) if direction == "undo" else None,
        fault=fault,
    )


def parse_id(value: object) -> UUID | None:
    """A UUID in its one usual spelling, 36 characters, in either case."""
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        found = UUID(value)
    except ValueError:
        return None
    return found if str(found) == value.lower() else None


def parse_time(value: object) -> datetime | None:
    """An ISO 8601 time that names its offset, of any year."""
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _scanned_at(value: object) -> datetime | None:
    """A scanner's own time in UTC, of the years 2000 to 2099."""
    found = parse_time(value)
    if found is None or not _EARLIEST <= found < _LATEST:
        return None
    return found.astimezone(UTC)


def _corrected(scanned_at: datetime, skew: timedelta) -> datetime | None:
    try:
        corrected_at = scanned_at + skew
    except OverflowError:
        return None
    return corrected_at if _EARLIEST <= corrected_at < _LATEST else None


def parse_event_id(row: Mapping[str, Any], presented: Presented | None) -> int | None:
    """The event a row names, else the one in the event code it presents."""
    event = row.get("event")
    if event is None and isinstance(presented, EventCode):
        event = presented.event_id
    if isinstance(event, bool) or not isinstance(event, int) or not 0 < event <= LARGEST_ID:
        return None
    return event


def number_fault(code: object, presented: Presented | None) -> Code | None:
    """Eight or ten digits whose check digit does not fit were mistyped; that is worth saying."""
    if presented is not None or not isinstance(code, str) or len(code) > LONGEST_PRESENTED:
        return None
    digits = digits_typed(code.strip())
    mistyped = len(digits) in (PASSBOOK_DIGITS, CARD_DIGITS) and digits.isdecimal()
    return Code.NUMBER_INVALID if mistyped else None


def _presented(code: object, own_host: str) -> Presented | None:
    return parse_presented(code, own_host) if isinstance(code, str) else None


def _provenance(presented: Presented | None) -> str:
    inside = presented.inside if isinstance(presented, Foreign) else presented
    if isinstance(inside, EventCode):
        return "poster_code" if inside.is_poster else "rotating_code"
    return "card_scan"
