"""Activation codes: the one-time codes that tie a phone to a passbook.

One stands on the strip that is torn off beside a card; printing new strips ends the old ones'
codes. Another is given by staff. A number alone never does: phone numbers are resold, passbook
numbers are read over shoulders. Nine digits, because they are typed by people who have no Latin
keyboard open.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from volunteer.domain.passbook_number import digits_typed
from volunteer.domain.refusals import Code, Refusal

CODE_DIGITS = 9
CODES_AVAILABLE = 10**CODE_DIGITS
MOST_TRIES = 5
STRIP_DAYS = 90
STAFF_HOURS = 24


class Purpose(StrEnum):
    CARD_STRIP = "card_strip"
    STAFF = "staff"


@dataclass(frozen=True)
class StoredCode:
    """A code as the table holds it."""

    id: int
    purpose: Purpose
    code_hash: bytes = field(repr=False)
    tries: int
    expires_at: datetime
    used_at: datetime | None


def strip_code(key: bytes, card_number: str, printing: int = 0) -> str:
    """The code on a card's strip; `key` is `Keys.activation_code`.

    Made from the card number and the strip's `printing`, so that it can be drawn minutes after it
    was recorded while the table holds a hash. The first, 0, is recorded with the card; each time
    strips are printed a new one ends the one before.
    """
    text = f"strip:{card_number}:{printing}" if printing else f"strip:{card_number}"
    bits = int.from_bytes(hmac.digest(key, text.encode(), "sha256"))
    return activation_code_from(bits)


def activation_code_from(random_number: int) -> str:
    """The nine digits that `random_number`, drawn from `CODES_AVAILABLE` or more, stands for."""
    return f"{random_number % CODES_AVAILABLE:0{CODE_DIGITS}d}"


def activation_code_hash(key: bytes, resident_id: int, code: str) -> bytes:
    """What the table holds. Keyed: nine digits are guessed from a plain hash in seconds."""
    return hmac.digest(key, f"hash:{resident_id}:{code}".encode(), "sha256")


def expires_at(purpose: Purpose, now: datetime) -> datetime:
    if purpose is Purpose.CARD_STRIP:
        return now + timedelta(days=STRIP_DAYS)
    return now + timedelta(hours=STAFF_HOURS)


def parse_activation_code(typed: str) -> str | None:
    """Nine digits, however they were grouped or whichever keyboard typed them."""
    digits = digits_typed(typed.strip()[:40])
    return digits if len(digits) == CODE_DIGITS and digits.isascii() and digits.isdigit() else None


def format_activation_code(code: str) -> str:
    """In groups of three, unlike a passbook number's four: 482 910 337."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def decide_activation(
    stored: Sequence[StoredCode], code_hash: bytes, now: datetime
) -> StoredCode | Refusal:
    """Which of a resident's codes was presented, if it may still be used.

    Refuses `activation_code_wrong`; and to who has the right digits, `activation_code_used_up`
    (used before, or typed wrong five times) or `activation_code_expired`.
    """
    matching = [one for one in stored if hmac.compare_digest(one.code_hash, code_hash)]
    if not matching:
        return Refusal(Code.ACTIVATION_CODE_WRONG)
    newest = max(matching, key=lambda one: one.expires_at)
    if newest.used_at is not None or newest.tries >= MOST_TRIES:
        return Refusal(Code.ACTIVATION_CODE_USED_UP)
    if newest.expires_at <= now:
        return Refusal(Code.ACTIVATION_CODE_EXPIRED)
    return newest
