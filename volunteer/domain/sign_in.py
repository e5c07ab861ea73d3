"""Who is meant by what was typed, and how long a guesser waits.

Five tries are free: people forget. Then each costs longer, up to four hours, so a six-digit PIN
stands about ten guesses a day. What is counted is the typed number as seen from one kind of
browser: those the owner has used before are counted apart from strangers'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from volunteer.domain.passbook_number import (
    PASSBOOK_DIGITS,
    digits_typed,
    is_card_number,
    is_passbook_number,
    passbook_number_of,
)
from volunteer.domain.phone import parse_phone
from volunteer.domain.refusals import Code, Refusal

SESSION_DAYS = 400
"""The longest a browser keeps a cookie; whoever uses it is asked again sooner only if revoked."""

FREE_TRIES = 5
FORGET_AFTER_DAYS = 7
_WAIT_MINUTES = (5, 15, 60, 240)


class IdentityKind(StrEnum):
    PHONE = "phone"
    PASSBOOK_NUMBER = "passbook_number"


@dataclass(frozen=True)
class Identity:
    """A phone in E.164, or eight digits."""

    kind: IdentityKind
    value: str


def parse_identity(typed: str) -> Identity | Refusal:
    """The phone, or the passbook number (a card's number will do), that was typed.

    Refuses `number_invalid` (eight or ten digits whose check digit does not fit) and
    `phone_invalid`.
    """
    digits = digits_typed(typed.strip()[:40])
    if is_passbook_number(digits):
        return Identity(IdentityKind.PASSBOOK_NUMBER, digits)
    if is_card_number(digits):
        return Identity(IdentityKind.PASSBOOK_NUMBER, passbook_number_of(digits))
    phone = parse_phone(typed)
    if isinstance(phone, Refusal):
        looks_like_a_number = len(digits) == PASSBOOK_DIGITS and digits.isdigit()
        return Refusal(Code.NUMBER_INVALID) if looks_like_a_number else phone
    return Identity(IdentityKind.PHONE, phone)


@dataclass(frozen=True)
class Tries:
    """Tries that failed so far, the newest at `tried_at`."""

    failures: int
    tried_at: datetime
    blocked_until: datetime | None = None


def decide_try(before: Tries | None, now: datetime) -> Tries | Refusal:
    """What is written down before a secret is compared: one more failure, taken back on success.

    It is counted first, so that fifty guesses sent at once are fifty, not one. Refuses `throttled`
    with the minutes left, without counting: a wait does not grow by knocking.
    """
    if before and before.blocked_until and before.blocked_until > now:
        seconds = (before.blocked_until - now).total_seconds()
        return Refusal(Code.THROTTLED, {"minutes": ceil(seconds / 60)})
    forgotten = before is None or now - before.tried_at > timedelta(days=FORGET_AFTER_DAYS)
    failures = 1 if before is None or forgotten else before.failures + 1
    return Tries(failures, now, _blocked_until(failures, now))


def _blocked_until(failures: int, now: datetime) -> datetime | None:
    if failures < FREE_TRIES:
        return None
    step = min(failures - FREE_TRIES, len(_WAIT_MINUTES) - 1)
    return now + timedelta(minutes=_WAIT_MINUTES[step])
