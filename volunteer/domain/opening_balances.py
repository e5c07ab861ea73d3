"""What stood in the paper passbook before: points and time brought forward, once a person.

Somebody types the figures in or imports them, somebody else approves, and only then are they
posted. They are on no board and on no certificate: nobody can say any more which activity a number
in the old book was for.

A passbook that has lines already still takes them, under its next number: the first Friday does not
wait for the second person, and a book that had to be empty would be closed to everybody who came.
The pages say so before it is approved.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, Refusal

MOST_POINTS = 100_000
MOST_HOURS = 20_000
"""Far above any paper book, and low enough that a slipped comma is noticed."""
LONGEST_NOTE = 80

_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,4})?")
_HOURS = re.compile(
    r"(?:(?P<hours>\d{1,9}(?:\.\d{1,4})?)(?:小时|个小时|时|h|hours?))?"
    r"(?:(?P<minutes>\d{1,9})(?:分钟|分|m|min|minutes?)?)?"
)
_CLOCK = re.compile(r"(\d{1,9}):(\d{2})")


class State(StrEnum):
    """Where a proposal stands. Only proposed and posted ones keep others out."""

    PROPOSED = "proposed"
    POSTED = "posted"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"
    """Taken back by staff, or replaced by other figures for the same person."""
    REVERSED = "reversed"
    """Posted and taken back; the right figures can be proposed again."""


LIVE = (State.PROPOSED, State.POSTED)


@dataclass(frozen=True)
class OldFigures:
    """What the paper book says. ``note``: which book, which page; may be empty."""

    points: int
    minutes: int
    note: str = ""


@dataclass(frozen=True)
class Receiver:
    """What is known of the resident. ``is_own``: of whoever proposes, or approves: themself, their
    ward or their guardian. ``is_guest``: at home in another community. ``has_posted``: an old
    passbook was brought forward into this one, or into one that was merged into it."""

    state: str
    is_guest: bool
    is_own: bool
    has_posted: bool


def parse_points(text: str) -> int | Refusal:
    """Whole points as people write them: 1,200, １２００, 1200分; empty is 0.

    Refuses ``old_points_invalid``.
    """
    written = _plain(text).removesuffix("积分").removesuffix("分").removesuffix("points")
    if not written:
        return 0
    whole, _, rest = written.partition(".")
    if not _NUMBER.fullmatch(written) or rest.strip("0") or int(whole) > MOST_POINTS:
        return Refusal(Code.OLD_POINTS_INVALID, {"most": MOST_POINTS})
    return int(whole)


def parse_hours(text: str) -> int | Refusal:
    """Time in minutes, from hours as people write them: 12.5, 12小时30分, 12:30, 90分钟; empty is
    0. A part of a minute is rounded to the nearer one.

    Refuses ``old_hours_invalid``.
    """
    written = _plain(text)
    if not written:
        return 0
    clock, parts = _CLOCK.fullmatch(written), _HOURS.fullmatch(written)
    minutes: int | None = None
    if _NUMBER.fullmatch(written):
        minutes = _minutes(written)
    elif clock and int(clock[2]) < 60:
        minutes = int(clock[1]) * 60 + int(clock[2])
    elif parts:
        minutes = _minutes(parts["hours"] or "0") + int(parts["minutes"] or 0)
    if minutes is None or minutes > MOST_HOURS * 60:
        return Refusal(Code.OLD_HOURS_INVALID, {"most": MOST_HOURS})
    return minutes


def _plain(text: str) -> str:
    """Half-width, lower case, without spaces and separators of thousands."""
    half = unicodedata.normalize("NFKC", text[:100]).casefold()
    return re.sub(r"[\s,']", "", half)


def _minutes(hours: str) -> int:
    whole, _, part = hours.partition(".")
    # In whole numbers: 0.1 hours are six minutes, and a float would make it 6.000000000000001.
    scale: int = 10 ** len(part)
    return (int(whole + part) * 60 * 2 + scale) // (2 * scale)


def parse_figures(points: str, hours: str, note: str = "") -> OldFigures | Refusal:
    """The figures of one paper book. Refuses what ``parse_points`` and ``parse_hours`` refuse,
    ``old_figures_empty`` and ``text_too_long``; the fact ``field`` says which answer is meant."""
    parsed: dict[str, int | str] = {}
    for name, value in (
        ("points", parse_points(points)),
        ("hours", parse_hours(hours)),
        ("note", parse_line(note, LONGEST_NOTE)),
    ):
        if isinstance(value, Refusal):
            return Refusal(value.code, {**value.facts, "field": name})
        parsed[name] = value
    figures = OldFigures(int(parsed["points"]), int(parsed["hours"]), str(parsed["note"]))
    if not figures.points and not figures.minutes:
        return Refusal(Code.OLD_FIGURES_EMPTY, {"field": "points"})
    return figures


def decide_receiver(receiver: Receiver) -> Refusal | None:
    """Why nothing is brought forward into this passbook by this person, or None.

    Refuses ``old_book_of_guest``, ``confirm_first``, ``resident_inactive``, ``own_old_book`` and
    ``brought_forward_already``.
    """
    if receiver.is_guest:
        return Refusal(Code.OLD_BOOK_OF_GUEST)
    if receiver.state == "provisional":
        return Refusal(Code.CONFIRM_FIRST)
    if receiver.state not in ("active", "moved_away"):
        return Refusal(Code.RESIDENT_INACTIVE)
    if receiver.is_own:
        return Refusal(Code.OWN_OLD_BOOK)
    return Refusal(Code.BROUGHT_FORWARD_ALREADY) if receiver.has_posted else None


def decide_approver(approver: Set[int], proposer: Set[int], *, is_same: bool) -> Refusal | None:
    """Whether the approver is a second person: another login (``is_same``), and not the same
    resident under another one. Refuses ``second_person_needed``."""
    if is_same or not approver.isdisjoint(proposer):
        return Refusal(Code.SECOND_PERSON_NEEDED)
    return None
