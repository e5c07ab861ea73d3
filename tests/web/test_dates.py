"""Dates and durations as people here write them, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import force_locale

from volunteer.web import dates

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@pytest.fixture(params=["zh_Hans_CN", "en"])
def words(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    with app.test_request_context(), force_locale(request.param):
        yield request.param


@pytest.mark.parametrize(
    ("shown", "chinese", "english"),
    [
        (lambda: dates.moment(MONDAY), "2026年11月23日 星期一 16:00", "Mon 23 Nov 2026, 16:00"),
        (lambda: dates.day(MONDAY), "2026年11月23日 星期一", "Mon 23 Nov 2026"),
        (lambda: dates.day(date(2026, 3, 1)), "2026年3月1日 星期日", "Sun 1 Mar 2026"),
        (lambda: dates.short_moment(MONDAY), "11月23日 16:00", "23 Nov, 16:00"),
        (lambda: dates.month(MONDAY), "2026年11月", "November 2026"),
        (
            lambda: dates.span(MONDAY, MONDAY.replace(hour=10)),
            "16:00–18:00",
            "16:00–18:00",
        ),
        (
            lambda: dates.span(MONDAY, MONDAY.replace(hour=17)),
            "16:00 – 11月24日 01:00",
            "16:00 – 24 Nov, 01:00",
        ),
        (lambda: dates.span(MONDAY, MONDAY.replace(hour=16)), "16:00–24:00", "16:00–24:00"),
        (lambda: dates.time_near(MONDAY, MONDAY.replace(hour=10)), "16:00", "16:00"),
        (lambda: dates.time_near(MONDAY.replace(hour=16), MONDAY), "24:00", "24:00"),
        # The all-day event of Tuesday opens on Monday.
        (
            lambda: dates.time_near(MONDAY.replace(hour=15), MONDAY.replace(hour=16)),
            "11月23日 23:00",
            "23 Nov, 23:00",
        ),
        (lambda: dates.minutes_words(150), "2 小时 30 分钟", "2 hours 30 minutes"),
        (lambda: dates.minutes_words(61), "1 小时 1 分钟", "1 hour 1 minute"),
        (lambda: dates.minutes_words(120), "2 小时", "2 hours"),
        (lambda: dates.minutes_words(0), "0 分钟", "0 minutes"),
        (lambda: dates.minutes_words(-45), "−45 分钟", "−45 minutes"),
    ],
)
def test_words_of_both_languages(words, shown, chinese: str, english: str) -> None:
    assert shown() == (english if words == "en" else chinese)


@pytest.mark.parametrize(
    ("on", "chinese", "english"),
    [
        (date(2026, 11, 23), "今天", "today"),
        (date(2026, 11, 24), "明天", "tomorrow"),
        (date(2026, 11, 22), "昨天", "yesterday"),
        (date(2026, 11, 26), "3 天后", "in 3 days"),
        (date(2026, 11, 13), "10 天前", "10 days ago"),
        (date(2026, 12, 31), "", ""),
        (date(2025, 11, 23), "", ""),
    ],
)
def test_days_near_today(words, on: date, chinese: str, english: str) -> None:
    assert dates.relative_day(on, now=TODAY) == (english if words == "en" else chinese)


def test_a_day_begins_at_the_community_s_midnight(words) -> None:
    late = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    assert dates.local_day(late) == TODAY
    assert dates.local_day(late, "UTC") == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [(0, "0"), (5, "0"), (6, "0.1"), (59, "0.9"), (60, "1"), (1590, "26.5"), (72_240, "1,204")],
)
def test_hours_are_cut_and_never_rounded_up(minutes: int, hours: str) -> None:
    assert dates.hours_number(minutes) == hours
