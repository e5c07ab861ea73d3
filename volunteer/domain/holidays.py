"""Public holidays and the weekend days that are worked instead, year by year.

Nobody can compute them: the State Council announces each year's in the autumn before. A year is
therefore text in the words of that announcement, which an admin pastes as it was published:

    春节：2月15日至23日放假。2月14日、28日上班。
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from volunteer.domain.refusals import Code, refuse

FIRST_YEAR, LAST_YEAR = 2000, 2199
LONGEST_NOTICE = 4000
LONGEST_NAME = 30

# Announced on 4 November 2025.
NOTICES = {
    2026: """\
元旦：1月1日至3日放假。1月4日上班。
春节：2月15日至23日放假。2月14日、28日上班。
清明节：4月4日至6日放假。
劳动节：5月1日至5日放假。5月9日上班。
端午节：6月19日至21日放假。
中秋节：9月25日至27日放假。
国庆节：10月1日至7日放假。9月20日、10月10日上班。
"""
}

_ASIDE = re.compile(r"[(（][^)）]*[)）]")
_NUMBERED = re.compile(r"^[一二三四五六七八九十]+、")
_DATED = re.compile(r"\d+\s*月\s*\d+\s*日")
_OF_THE_NOTICE = re.compile(r"^\d{4}年")
_SPAN = re.compile(r"(?:(\d+)月)?(\d+)日(?:至(?:(\d+)月)?(\d+)日)?")


class DayKind(StrEnum):
    HOLIDAY = "holiday"
    WORKDAY = "workday"
    """A day of the weekend that is worked, to make up for a holiday."""


@dataclass(frozen=True)
class SpecialDay:
    kind: DayKind
    name: str
    """Of the festival, in Chinese: 春节."""


Days = Mapping[date, SpecialDay]


@dataclass(frozen=True)
class Holidays:
    """What a community knows: the special days of ``years``, and nothing of any other year."""

    days: Days
    years: frozenset[int]

    def unknown_years(self, first_on: date, last_on: date) -> list[int]:
        """Years from one day to the other whose holidays nobody has written down yet."""
        return [year for year in range(first_on.year, last_on.year + 1) if year not in self.years]


def holidays_of(own: Mapping[int, Days]) -> Holidays:
    """The years that are published here, each replaced by what the community has of it."""
    years = {year: parse_notice(year, text) for year, text in NOTICES.items()} | dict(own)
    days = {day: special for one in years.values() for day, special in one.items()}
    return Holidays(days, frozenset(years))


def parse_notice(year: int, text: str) -> dict[date, SpecialDay]:
    """The special days of a notice. Lines without a date (its beginning, its end) say nothing.

    Refuses ``holidays_unreadable`` with the line it cannot read, and ``text_too_long``.
    """
    if len(text) > LONGEST_NOTICE:
        raise refuse(Code.TEXT_TOO_LONG, longest=LONGEST_NOTICE)
    found: dict[date, SpecialDay] = {}
    for line in text.splitlines():
        plain = _ASIDE.sub("", line).strip()
        if not _DATED.search(plain) or _OF_THE_NOTICE.match(plain):
            continue
        name, _colon, rest = _NUMBERED.sub("", plain).replace(":", "：", 1).partition("：")
        days = _days_of_line(year, name.strip(), re.sub(r"\s", "", rest))
        if not days:
            raise refuse(Code.HOLIDAYS_UNREADABLE, line=line.strip()[:60])
        found |= days
    return dict(sorted(found.items()))


def _days_of_line(year: int, name: str, rest: str) -> dict[date, SpecialDay]:
    """Empty when any part of it cannot be read."""
    if not 1 <= len(name) <= LONGEST_NAME:
        return {}
    found: dict[date, SpecialDay] = {}
    for sentence in filter(None, re.split(r"[。；;]", rest)):
        kind = _kind_of(sentence)
        days = list(_days_of_sentence(year, sentence))
        if kind is None or not days or None in days:
            return {}
        found |= {day: SpecialDay(kind, name) for day in days if day is not None}
    return found


def _kind_of(sentence: str) -> DayKind | None:
    if "上班" in sentence:
        return DayKind.WORKDAY
    return DayKind.HOLIDAY if "放假" in sentence else None


def _days_of_sentence(year: int, sentence: str) -> Iterable[date | None]:
    """None for what is no day. A day without a month is in the month named before it."""
    month = 0
    for first_month, first, last_month, last in _SPAN.findall(sentence):
        month = int(first_month or month)
        day = _day(year, month, int(first))
        month = int(last_month or month)
        end = _day(year, month, int(last)) if last else day
        if day is None or end is None or end < day:
            yield None
            return
        while day <= end:
            yield day
            day += timedelta(days=1)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def write_notice(days: Days) -> str:
    """The notice that ``parse_notice`` reads as these days: one line a festival."""
    first = {special.name: day for day, special in sorted(days.items(), reverse=True)}
    return "".join(_line(name, days) for name in sorted(first, key=lambda name: first[name]))


def _line(name: str, days: Days) -> str:
    off = [day for day, one in days.items() if one == SpecialDay(DayKind.HOLIDAY, name)]
    worked = [day for day, one in days.items() if one == SpecialDay(DayKind.WORKDAY, name)]
    sentences = [
        "、".join(_span(run) for run in _runs(these)) + verb
        for these, verb in ((off, "放假。"), (worked, "上班。"))
        if these
    ]
    return f"{name}：{''.join(sentences)}\n"


def _runs(days: Iterable[date]) -> list[list[date]]:
    """Days in order, those that follow each other together."""
    numbered = enumerate(sorted(days))
    grouped = groupby(numbered, key=lambda pair: pair[1].toordinal() - pair[0])
    return [[day for _place, day in run] for _key, run in grouped]


def _span(run: list[date]) -> str:
    first, last = run[0], run[-1]
    month = "" if last.month == first.month else f"{last.month}月"
    to_last = f"至{month}{last.day}日" if last > first else ""
    return f"{first.month}月{first.day}日{to_last}"
