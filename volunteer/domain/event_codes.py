"""What an event code is worth, by server time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.tokens import (
    EventCode,
    Keys,
    is_poster_code,
    rotating_code_shown_at,
    rotating_code_was_shown,
)


class HasCodes(Protocol):
    """An event, as far as its codes are concerned."""

    @property
    def code_epoch(self) -> int: ...
    @property
    def poster_on(self) -> bool: ...


def decide_event_code(
    presented: EventCode, event_id: int, event: HasCodes, keys: Keys, now: datetime
) -> str | Refusal:
    """The provenance of a check-in by this code: rotating_code or poster_code.

    Refuses ``code_unknown`` (another event's, or a poster since renewed), ``code_expired`` (it was
    on the screen, but not in this step or the one before), ``poster_off``.
    """
    code = presented.code
    if presented.is_poster:
        if not is_poster_code(keys.poster_code, event_id, event.code_epoch, code):
            return Refusal(Code.CODE_UNKNOWN)
        return "poster_code" if event.poster_on else Refusal(Code.POSTER_OFF)
    if rotating_code_shown_at(keys.rotating_code, event_id, code, now):
        return "rotating_code"
    shown = rotating_code_was_shown(keys.rotating_code, event_id, code, now)
    return Refusal(Code.CODE_EXPIRED if shown else Code.CODE_UNKNOWN)
