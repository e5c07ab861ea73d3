"""Figures of a paper book as people write them, and who may bring them forward."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.opening_balances import (
    MOST_HOURS,
    MOST_POINTS,
    OldFigures,
    Receiver,
    decide_approver,
    decide_receiver,
    parse_figures,
    parse_hours,
    parse_points,
)
from volunteer.domain.refusals import Code, Refusal

SOMEBODY = Receiver("active", is_guest=False, is_own=False, has_posted=False)


@pytest.mark.parametrize(
    ("written", "points"),
    [
        ("", 0),
        (" 0 ", 0),
        ("120", 120),
        ("1,200", 1200),
        ("１２００", 1200),
        ("1 200 分", 1200),
        ("350积分", 350),
        ("350.0", 350),
        ("100000", 100_000),
    ],
)
def test_points_as_they_are_written(written: str, points: int) -> None:
    assert parse_points(written) == points


@pytest.mark.parametrize(
    "written", ["-5", "12.5", "100001", "9" * 30, "1e3", "十二", "=1+1", "1.2.3", "NaN", "分"]
)
def test_points_that_are_none(written: str) -> None:
    refusal = parse_points(written)
    if written == "分":
        assert refusal == 0, "an empty cell with its unit"
    else:
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.OLD_POINTS_INVALID


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("", 0),
        ("12", 720),
        ("12.5", 750),
        ("0.1", 6),
        ("12.33", 740),
        ("12小时", 720),
        ("12小时30分", 750),
        ("12 小时 30", 750),
        ("１２．５小时", 750),
        ("90分钟", 90),
        ("12:30", 750),
        ("12：30", 750),
        ("1,250.5", 75_030),
        ("12h 30m", 750),
        ("20000", 1_200_000),
    ],
)
def test_hours_as_they_are_written(written: str, minutes: int) -> None:
    assert parse_hours(written) == minutes


@pytest.mark.parametrize("written", ["-1", "12:75", "20000.1", "9" * 30, "十二", "1e3", "约10"])
def test_hours_that_are_none(written: str) -> None:
    refusal = parse_hours(written)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.OLD_HOURS_INVALID


@given(st.text(max_size=30))
def test_whatever_is_written_is_bounded_or_refused(written: str) -> None:
    points, minutes = parse_points(written), parse_hours(written)
    assert isinstance(points, Refusal) or 0 <= points <= MOST_POINTS
    assert isinstance(minutes, Refusal) or 0 <= minutes <= MOST_HOURS * 60


def test_nothing_is_not_brought_forward_and_the_field_is_named() -> None:
    assert parse_figures("120", "12.5", " 红皮 存折 ") == OldFigures(120, 750, "红皮 存折")
    assert parse_figures("", "1", "") == OldFigures(0, 60, "")
    for answers, code, field in (
        (("0", "0.0", ""), Code.OLD_FIGURES_EMPTY, "points"),
        (("x", "1", ""), Code.OLD_POINTS_INVALID, "points"),
        (("1", "x", ""), Code.OLD_HOURS_INVALID, "hours"),
        (("1", "1", "长" * 81), Code.TEXT_TOO_LONG, "note"),
    ):
        refusal = parse_figures(*answers)
        assert isinstance(refusal, Refusal)
        assert (refusal.code, refusal.facts["field"]) == (code, field)


@pytest.mark.parametrize(
    ("receiver", "code"),
    [
        (SOMEBODY, None),
        (replace(SOMEBODY, state="moved_away"), None),
        (replace(SOMEBODY, state="provisional"), Code.CONFIRM_FIRST),
        (replace(SOMEBODY, state="merged"), Code.RESIDENT_INACTIVE),
        (replace(SOMEBODY, state="deceased"), Code.RESIDENT_INACTIVE),
        (replace(SOMEBODY, is_guest=True), Code.OLD_BOOK_OF_GUEST),
        (replace(SOMEBODY, is_own=True), Code.OWN_OLD_BOOK),
        (replace(SOMEBODY, has_posted=True), Code.BROUGHT_FORWARD_ALREADY),
    ],
)
def test_who_may_receive(receiver: Receiver, code: Code | None) -> None:
    refusal = decide_receiver(receiver)
    assert (refusal.code if refusal else None) == code


def test_the_second_person_is_another_person() -> None:
    assert decide_approver({1}, {2}, is_same=False) is None
    assert decide_approver(set(), set(), is_same=False) is None
    for refusal in (
        decide_approver(set(), set(), is_same=True),
        decide_approver({1, 3}, {3}, is_same=False),
    ):
        assert refusal is not None
        assert refusal.code is Code.SECOND_PERSON_NEEDED
