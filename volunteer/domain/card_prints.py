"""Printing many cards: what staff may ask for, and how long the pages are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.tokens import Keys

MOST_CARDS = 2_000
"""In one print: half a minute's work and two hundred sheets."""
KEPT_FOR = timedelta(hours=24)
"""The pages hold codes that check people in and bind phones: they are deleted after a day."""


class Layout(StrEnum):
    BOTH_SIDES = "both_sides"
    """Ten fronts, then their ten backs, mirrored: for a printer that turns the sheet."""
    ONE_SIDE = "one_side"
    """Ten fronts to a page and no backs."""
    FOLDED = "folded"
    """Five to a page, each with its back to fold behind it: any printer, scissors and glue."""


@dataclass(frozen=True)
class PrintWish:
    """`strips`: with activation codes, which end those printed before. `replaces`: everybody gets
    the next card, and the one they have stops. Who has no card gets one in any case."""

    layout: Layout
    strips: bool
    replaces: bool = False


@dataclass(frozen=True)
class Hand:
    """Who prints (a login, or None for nobody in particular), when, and with which keys."""

    keys: Keys
    by: int | None
    now: datetime


def decide_print(count: int) -> Refusal | None:
    """Refuses `nobody_ticked` and `too_many_cards`."""
    if count == 0:
        return Refusal(Code.NOBODY_TICKED)
    if count > MOST_CARDS:
        return Refusal(Code.TOO_MANY_CARDS, {"count": count, "most": MOST_CARDS})
    return None


def is_kept(asked_at: datetime, now: datetime) -> bool:
    return now < asked_at + KEPT_FOR
