"""What is said aloud after a scan."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from volunteer.documents.spoken import chinese_number, spoken_words


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (10_000, "一万"),
        (10_010, "一万零一十"),
        (10_030, "一万零三十"),
        (110_000, "十一万"),
        (99_999_999, "九千九百九十九万九千九百九十九"),
    ],
)
def test_numbers_in_chinese(number: int, said: str) -> None:
    assert chinese_number(number) == said


@given(st.integers(0, 99_999_999))
def test_every_number_is_read_back(number: int) -> None:
    assert read_back(chinese_number(number)) == number


def read_back(said: str) -> int:
    """The number somebody hears."""
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")}
    units = {"十": 10, "百": 100, "千": 1000}
    total = section = 0
    digit = 0
    for sign in said:
        if sign in digits:
            digit = digits[sign]
        elif sign in units:
            section += (digit or 1) * units[sign]
            digit = 0
        else:
            total, section, digit = (section + digit) * 10_000, 0, 0
    return total + section + digit


@pytest.mark.parametrize(
    ("code", "facts", "chinese", "english"),
    [
        ("ok_in", {"points": 10}, "签到成功，加十分", "Check-in done, plus 10 points"),
        ("ok_out", {"points": 2}, "签退成功，加两分", "Check-out done, plus 2 points"),
        ("ok_in", {"points": 0}, "签到成功", "Checked in"),
        ("already_in", {}, "已签到", "Already checked in"),
        ("undone", {"points": -10}, "已撤销", "Undone"),
    ],
)
def test_both_languages(
    app: Flask, code: str, facts: dict[str, int], chinese: str, english: str
) -> None:
    with app.test_request_context():
        with force_locale("zh_Hans_CN"):
            assert spoken_words(code, facts) == chinese
        with force_locale("en"):
            assert spoken_words(code, facts) == english


def test_a_refusal_is_read_out_as_it_is_written(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert spoken_words("card_blank", {}).startswith("This is a blank card")
