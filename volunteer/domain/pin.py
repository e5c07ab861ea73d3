"""What may be a PIN and what may be a password.

Sources: NIST SP 800-63B (at least 8 characters, at least 64 allowed, no rules about kinds of
characters, refuse common and personal ones, compare in one Unicode form). Ours is 10, because staff
sign in without a second factor so far. A six-digit PIN is for residents, who spend points in
person; the throttle makes up for its length.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from volunteer.domain.passbook_number import digits_typed
from volunteer.domain.refusals import Code, Refusal

PIN_DIGITS = 6
PASSWORD_SHORTEST = 10
PASSWORD_LONGEST = 128

# Keyboard walks and love numbers that Chinese PINs are most often made of.
_COMMON_PINS = frozenset(
    {
        "147258", "258369", "369258", "147369", "159357", "159753", "357159", "789456", "456789",
        "123654", "147852", "258456", "520131", "131420", "521314", "201314", "520530", "168888",
        "188888", "666888", "888666",
    }
)  # fmt: skip
# What is left of the most used ones when the digits and signs around it are taken away.
_COMMON_STEMS = frozenset(
    {
        "password", "passw0rd", "qwerty", "qwertyuiop", "asdfghjkl", "iloveyou", "woaini",
        "qaz2wsx3edc", "q2w3e4r5t", "administrator", "adminadmin", "admin", "welcome", "letmein",
    }
)  # fmt: skip
_DIGITS = "01234567890123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Personal:
    """What a person's acquaintances know: no PIN may be cut from it."""

    phone: str | None = field(default=None, repr=False)
    birth_dates: tuple[date, ...] = field(default=(), repr=False)
    passbook_numbers: tuple[str, ...] = field(default=(), repr=False)


def normal_secret(text: str) -> str:
    """A secret in the one form that is hashed: six digits stay digits in any keyboard's width."""
    digits = digits_typed(text)
    if len(digits) == PIN_DIGITS and digits.isascii() and digits.isdigit():
        return digits
    return unicodedata.normalize("NFKC", text)


def is_pin(secret: str) -> bool:
    """Whether a secret in its normal form is meant as a PIN: digits, and few of them."""
    return secret.isascii() and secret.isdigit() and len(secret) < PASSWORD_SHORTEST


def decide_secret(secret: str, personal: Personal, *, staff: bool) -> Refusal | None:
    """Whether `secret`, in its normal form, may be chosen; who holds a role needs a password."""
    if is_pin(secret) and not staff:
        return decide_pin(secret, personal)
    return decide_password(secret, personal)


def decide_pin(pin: str, personal: Personal) -> Refusal | None:
    """Whether `pin`, already in its normal form, may be somebody's PIN.

    Refuses `pin_format` (not six digits) and `pin_trivial` (repeated, counted, much used, or cut
    from the person's own phone, birth date or passbook number).
    """
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        return Refusal(Code.PIN_FORMAT, {"digits": PIN_DIGITS})
    if _is_plain_pattern(pin) or pin in _COMMON_PINS or _is_cut_from(pin, personal):
        return Refusal(Code.PIN_TRIVIAL)
    return None


def decide_password(password: str, personal: Personal) -> Refusal | None:
    """Whether `password`, already in its normal form, may be somebody's password.

    Refuses `password_short`, `password_long` and `password_common` (much used, one character again
    and again, counted, or little more than the person's own phone number).
    """
    if len(password) < PASSWORD_SHORTEST:
        return Refusal(Code.PASSWORD_SHORT, {"characters": PASSWORD_SHORTEST})
    if len(password) > PASSWORD_LONGEST:
        return Refusal(Code.PASSWORD_LONG, {"characters": PASSWORD_LONGEST})
    plain = password.casefold()
    own = [personal.phone or "", *personal.passbook_numbers]
    if (
        len(set(plain)) < 4
        or plain in _DIGITS + _LETTERS
        or plain.strip("0123456789!.@#_-") in _COMMON_STEMS
        or any(len(plain) - len(digits) < 4 and digits[-8:] in plain for digits in own if digits)
    ):
        return Refusal(Code.PASSWORD_COMMON)
    return None


def _is_plain_pattern(pin: str) -> bool:
    digits = [int(digit) for digit in pin]
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    pairs = pin[0::2] == pin[1::2]
    halves = pin[:3] in (pin[3:], pin[:2:-1])
    thirds = pin[:2] == pin[2:4] == pin[4:]
    return len(steps) == 1 or len(set(pin)) < 3 or pairs or halves or thirds


def _is_cut_from(pin: str, personal: Personal) -> bool:
    known = [personal.phone or "", *personal.passbook_numbers]
    for born in personal.birth_dates:
        known += [born.strftime(form) for form in ("%Y%m%d", "%m%d%y", "%d%m%y", "%d%m%Y", "%m%Y")]
    return any(pin in text or pin[::-1] in text for text in known)
