"""A scan's verdict as it is said aloud, in the manner of a shop's payment box."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask_babel import get_locale

from volunteer.documents.messages import gettext
from volunteer.documents.refusals import words_for_code
from volunteer.domain.refusals import Outcome

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")


def spoken_words(code: str, facts: Mapping[str, Any], words: str | None = None) -> str:
    """签到成功，加十分 · Check-in done, plus 10 points; else the verdict's ``words``, which a
    caller that has them may pass."""
    points = facts.get("points")
    if code not in (Outcome.OK_IN, Outcome.OK_OUT) or not isinstance(points, int) or points <= 0:
        return words_for_code(code, facts) if words is None else words
    return _earned(code, points, str(get_locale()))


def thanks_words(name: str, times: int) -> str:
    """What the leader reads and hears when somebody comes for the 50th time."""
    return gettext("%(name)s, %(times)s times with today. Say thank you.", name=name, times=times)


@lru_cache(maxsize=1024)
def _earned(code: str, points: int, _locale: str) -> str:
    """Hundreds of people at one event hear the same words; looking them up each time cost a
    twentieth of the scan."""
    what = gettext("Check-in done") if code == Outcome.OK_IN else gettext("Check-out done")
    return str(gettext("%(what)s, plus %(points)s points", what=what, points=spoken_number(points)))


def spoken_number(number: int) -> str:
    """A count as Chinese says it, 两 before a measure word; digits in English."""
    if str(get_locale()) == "en" or not 0 <= number < 100_000_000:
        return str(number)
    return "两" if number == 2 else chinese_number(number)


def chinese_number(number: int) -> str:
    """一百零五, 十二, 一万零三十: whole numbers from 0 to 99,999,999."""
    assert 0 <= number < 100_000_000
    high, low = divmod(number, 10_000)
    if not high:
        return _section(low) or _DIGITS[0]
    gap = _DIGITS[0] if 0 < low < 1000 else ""
    return f"{_section(high)}万{gap}{_section(low, leads=False)}"


def _section(number: int, *, leads: bool = True) -> str:
    """Up to four digits; a ten that leads is 十, not 一十."""
    said, gap = "", False
    for place in reversed(range(4)):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(said)
            continue
        said += (_DIGITS[0] if gap else "") + _DIGITS[digit] + _UNITS[place]
        gap = False
    return said.removeprefix("一") if leads and said.startswith("一十") else said
