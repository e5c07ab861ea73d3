"""The codes that people scan, and reading what was presented.

| Code | Characters | Made of |
|---|---|---|
| rotating code | 6 (30 bits) | HMAC-SHA256(key of the event, 30-second step) |
| poster code | 10 (49 bits) | HMAC-SHA256(poster key, event, epoch) |
| card code | 20 (100 bits) | HMAC-SHA256(card key, card number) |

No code is stored: each is made again from a key, and the card table holds only the SHA-256 of its
code. Codes use Crockford's base32 letters in capitals, which keep a QR code small and cannot be
misread; reading is strict, so a code has exactly one spelling.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Self

from volunteer.domain.passbook_number import (
    digits_typed,
    is_card_number,
    is_passbook_number,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
STEP_SECONDS = 30
SCREEN_MINUTES = 30
ROTATING_CHARACTERS = 6
POSTER_CHARACTERS = 10
CARD_CHARACTERS = 20
LONGEST_PRESENTED = 80
_REMEMBERED_STEPS = 240

_LETTERS = ALPHABET[10:]
_CODE = f"[{ALPHABET}]"
_EVENT_CODE = f"{_CODE}{{{ROTATING_CHARACTERS}}}|[{_LETTERS}]{_CODE}{{{POSTER_CHARACTERS - 1}}}"
_BARE_EVENT_CODE = re.compile(_EVENT_CODE)
_BARE_CARD_CODE = re.compile(f"{_CODE}{{{CARD_CHARACTERS}}}")
# A host may not hold "@": in https://ours@evil.example/ the host is evil.example.
_ADDRESS = re.compile(
    r"(?:(?:[Hh][Tt][Tt][Pp][Ss]?://)?(?P<host>[A-Za-z0-9.:\[\]-]+))?"
    rf"/(?:c/(?P<card>{_BARE_CARD_CODE.pattern})|q/(?P<event>[1-9][0-9]{{0,17}})/(?P<code>{_EVENT_CODE}))"
)
_TYPED_EVENT_CODE = re.compile(
    r"\s*(?:(?P<event>[1-9][0-9]{0,17})[\s/-]+)?(?P<code>[0-9A-Z]{6,10})\s*"
)
_LOOK_ALIKES = str.maketrans("OIL", "011")
_FULL_WIDTH = str.maketrans({chr(sign): chr(sign - 0xFEE0) for sign in range(0xFF01, 0xFF5F)})
_DEFAULT_PORT = re.compile(r":(?:80|443)\Z")


@dataclass(frozen=True)
class CardCode:
    """The long code in a card's QR picture."""

    code: str = field(repr=False)


@dataclass(frozen=True)
class CardNumber:
    """A ten-digit card number that was typed."""

    number: str


@dataclass(frozen=True)
class PassbookNumber:
    """An eight-digit passbook number that was typed."""

    number: str


@dataclass(frozen=True)
class EventCode:
    """An event's rotating or poster code; a bare code does not say which event."""

    code: str = field(repr=False)
    event_id: int | None = None

    @property
    def is_poster(self) -> bool:
        return len(self.code) == POSTER_CHARACTERS


@dataclass(frozen=True)
class Foreign:
    """An address at another host that is shaped like ours.

    `inside` lets a caller still know a card of ours that was printed before the address changed.
    Nothing ever opens the address.
    """

    host: str
    inside: CardCode | EventCode


Presented = CardCode | CardNumber | PassbookNumber | EventCode | Foreign


def derive_key(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869, one block)."""
    extracted = hmac.digest(b"love-passbook", secret, "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


@dataclass(frozen=True)
class Keys:
    """One key a purpose, so that no code of one kind can be replayed as another."""

    rotating_code: bytes = field(repr=False)
    poster_code: bytes = field(repr=False)
    card_code: bytes = field(repr=False)
    activation_code: bytes = field(repr=False)
    sign_in_throttle: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret: bytes) -> Self:
        return cls(
            rotating_code=derive_key(secret, "rotating code"),
            poster_code=derive_key(secret, "poster code"),
            card_code=derive_key(secret, "card code"),
            activation_code=derive_key(secret, "activation code"),
            sign_in_throttle=derive_key(secret, "sign-in throttle"),
        )


@dataclass(frozen=True)
class RotatingCode:
    """A code for the screen: shown from `starts_at` to `ends_at`, taken until `expires_at`."""

    code: str
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime


def step_at(when: datetime) -> int:
    """The number of the 30-second step that `when` lies in."""
    return int(when.timestamp()) // STEP_SECONDS


def step_starts_at(step: int) -> datetime:
    return datetime.fromtimestamp(step * STEP_SECONDS, UTC)


def rotating_code(key: bytes, event_id: int, when: datetime) -> RotatingCode:
    """The code an event's screen shows at `when`; `key` is `Keys.rotating_code`."""
    return _rotating(_event_key(key, event_id), step_at(when))


def rotating_window(
    key: bytes, event_id: int, now: datetime, minutes: int = SCREEN_MINUTES
) -> tuple[RotatingCode, ...]:
    """The codes of the next `minutes`, this step's first, for a screen that may lose its network.

    The screen gets codes, never the key: it can be photographed, copied or stolen.
    """
    event_key, first = _event_key(key, event_id), step_at(now)
    last = step_at(now + timedelta(minutes=minutes))
    return tuple(_rotating(event_key, step) for step in range(first, last + 1))


def rotating_code_shown_at(key: bytes, event_id: int, code: str, now: datetime) -> datetime | None:
    """When the code was on the screen, if it is this step's or the one before; else None.

    The step before is taken because a phone needs time to focus, and a screen's clock drifts.
    """
    event_key, current = _event_key(key, event_id), step_at(now)
    return _shown_at(event_key, code, (current, current - 1))


def rotating_code_was_shown(key: bytes, event_id: int, code: str, now: datetime) -> bool:
    """Whether a code that is no longer taken was on the screen in the last two hours.

    It tells “this code has run out, scan the screen again” from “this code is unknown”.
    """
    event_key, current = _event_key(key, event_id), step_at(now)
    steps = range(current - 2, current - _REMEMBERED_STEPS, -1)
    return _shown_at(event_key, code, steps) is not None


def poster_code(key: bytes, event_id: int, epoch: int) -> str:
    """The code on an event's paper poster; `key` is `Keys.poster_code`.

    A poster is renewed by counting up `epoch`: the old paper's code is then unknown. The code
    begins with a letter, so that it is never mistaken for a ten-digit card number.
    """
    bits = int.from_bytes(hmac.digest(key, b"%d:%d" % (event_id, epoch), "sha256"))
    first, rest = divmod(bits, 32 ** (POSTER_CHARACTERS - 1))
    return _LETTERS[first % len(_LETTERS)] + _base32(rest, POSTER_CHARACTERS - 1)


def is_poster_code(key: bytes, event_id: int, epoch: int, code: str) -> bool:
    return hmac.compare_digest(
        poster_code(key, event_id, epoch).encode(), code.encode(errors="replace")
    )


def card_code(key: bytes, card_number: str) -> str:
    """The code in a card's QR picture; `key` is `Keys.card_code`.

    It is made from the card number alone, so a card can be shown again and reprinted.
    """
    bits = int.from_bytes(hmac.digest(key, card_number.encode(), "sha256"))
    return _base32(bits, CARD_CHARACTERS)


def card_code_hash(code: str) -> bytes:
    """SHA-256 of a card code, 32 bytes: what the card table holds and is searched by."""
    return sha256(code.encode()).digest()


def session_token_hash(token: str) -> bytes:
    """SHA-256 of a browser's session token: all that is kept of it."""
    return sha256(token.encode(errors="replace")).digest()


def parse_presented(text: str, own_host: str | None = None) -> Presented | None:
    """What a camera, a keyboard or a USB scanner presented; None when it is none of ours.

    Takes a code, an address that ends in /c/<card code> or /q/<event>/<code> with or without a
    host, or a typed card or passbook number. `own_host` is host[:port]; an address at another host
    is `Foreign`; without `own_host` every host is. At most 80 characters, ASCII but for full-width
    digits and spaces in a typed number. Never raises and never follows an address.
    """
    if len(text) > LONGEST_PRESENTED:
        return None
    text = text.strip(" \t\r\n")
    digits = digits_typed(text)
    if is_card_number(digits):
        return CardNumber(digits)
    if is_passbook_number(digits):
        return PassbookNumber(digits)
    if _BARE_CARD_CODE.fullmatch(text):
        return CardCode(text)
    if _BARE_EVENT_CODE.fullmatch(text):
        return EventCode(text)
    return _parse_address(text, own_host)


def parse_typed_event_code(text: str) -> EventCode | None:
    """An event's code as a person types it: in either case, with O for 0 and I or L for 1, alone or
    after the event's number (128 K7Q2M9, 128-K7Q2M9, 128/K7Q2M9)."""
    if len(text) > LONGEST_PRESENTED:
        return None
    found = _TYPED_EVENT_CODE.fullmatch(text.translate(_FULL_WIDTH).upper())
    if not found:
        return None
    code = found["code"].translate(_LOOK_ALIKES)
    if not _BARE_EVENT_CODE.fullmatch(code):
        return None
    return EventCode(code, int(found["event"]) if found["event"] else None)


def _parse_address(text: str, own_host: str | None) -> CardCode | EventCode | Foreign | None:
    found = _ADDRESS.fullmatch(text)
    if not found:
        return None
    inside: CardCode | EventCode
    if found["card"]:
        inside = CardCode(found["card"])
    else:
        inside = EventCode(found["code"], int(found["event"]))
    host = found["host"]
    if host is None or (own_host is not None and _same_host(host, own_host)):
        return inside
    return Foreign(host.lower(), inside)


def _same_host(one: str, other: str) -> bool:
    return _DEFAULT_PORT.sub("", one.lower()) == _DEFAULT_PORT.sub("", other.lower())


def _event_key(key: bytes, event_id: int) -> bytes:
    return hmac.digest(key, b"event:%d" % event_id, "sha256")


def _rotating(event_key: bytes, step: int) -> RotatingCode:
    return RotatingCode(
        code=_code_of_step(event_key, step),
        starts_at=step_starts_at(step),
        ends_at=step_starts_at(step + 1),
        expires_at=step_starts_at(step + 2),
    )


def _shown_at(event_key: bytes, code: str, steps: range | tuple[int, ...]) -> datetime | None:
    presented, shown_at = code.encode(errors="replace"), None
    for step in steps:
        # Every step is compared, so that the time taken does not tell which one came close.
        if hmac.compare_digest(_code_of_step(event_key, step).encode(), presented):
            shown_at = step_starts_at(step)
    return shown_at


def _code_of_step(event_key: bytes, step: int) -> str:
    bits = int.from_bytes(hmac.digest(event_key, step.to_bytes(8), "sha256"))
    return _base32(bits, ROTATING_CHARACTERS)


def _base32(bits: int, characters: int) -> str:
    """The lowest 5 × `characters` bits."""
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(characters)))
