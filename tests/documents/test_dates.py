"""Dates and lengths of time in both languages."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale

from volunteer.documents import dates

SHANGHAI = ZoneInfo("Asia/Shanghai")
STARTS = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_chinese(app: Flask) -> None:
    with force_locale("zh_Hans_CN"):
        assert dates.moment_words(STARTS, SHANGHAI) == "2026年11月23日 星期一 16:00"
        ends = STARTS + timedelta(hours=2)
        assert dates.span_words(STARTS, ends, SHANGHAI) == "2026年11月23日 星期一 16:00–18:00"
        assert dates.length_words(150) == "2 小时 30 分钟"
        assert dates.length_words(60) == "1 小时"
        assert dates.length_words(20) == "20 分钟"


def test_english(app: Flask) -> None:
    with force_locale("en"):
        assert dates.moment_words(STARTS, SHANGHAI) == "Mon 23 Nov 2026, 16:00"
        assert dates.length_words(180) == "3 hours"
        assert dates.moment_words(STARTS, SHANGHAI, "zh") == "2026年11月23日 星期一 16:00"


def test_a_span_over_midnight_names_both_days(app: Flask) -> None:
    with force_locale("en"):
        words = dates.span_words(STARTS, STARTS + timedelta(hours=9), SHANGHAI)
    assert words == "Mon 23 Nov 2026, 16:00 – Tue 24 Nov 2026, 01:00"


@pytest.mark.parametrize(
    ("away", "words"),
    [(0, "今天"), (1, "明天"), (-1, "昨天"), (3, "3 天后"), (-2, "2 天前"), (7, ""), (-7, "")],
)
def test_near_days_have_a_word(app: Flask, away: int, words: str) -> None:
    today = date(2026, 11, 23)
    with force_locale("zh_Hans_CN"):
        assert dates.near_words(today + timedelta(days=away), today) == words
