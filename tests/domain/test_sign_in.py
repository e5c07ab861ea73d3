from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.passbook_number import passbook_number_from
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.sign_in import Identity, IdentityKind, Tries, decide_try, parse_identity

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
NUMBER = passbook_number_from(4_321_098)


def fail(times, before=None, now=NOW):
    for _ in range(times):
        before = decide_try(before, now)
        assert isinstance(before, Tries)
    return before


@pytest.mark.parametrize("typed", [NUMBER, f"{NUMBER[:4]} {NUMBER[4:]}", NUMBER + "01"])
def test_a_passbook_number_may_be_typed_as_on_the_card(typed):
    assert parse_identity(typed) == Identity(IdentityKind.PASSBOOK_NUMBER, NUMBER)


def test_anything_else_is_read_as_a_phone():
    assert parse_identity("138 0000 0001") == Identity(IdentityKind.PHONE, "+8613800000001")
    assert parse_identity("nobody") == Refusal(Code.PHONE_INVALID)


def test_a_slip_in_a_passbook_number_is_told_from_a_wrong_phone():
    slipped = NUMBER[:7] + str((int(NUMBER[7]) + 1) % 10)
    assert parse_identity(slipped) == Refusal(Code.NUMBER_INVALID)


@given(st.text(max_size=60))
def test_any_text_is_somebody_or_refused(text):
    assert isinstance(parse_identity(text), Identity | Refusal)


def test_five_tries_are_free_and_then_each_costs_longer():
    tries, now, waits = None, NOW, []
    for _ in range(9):
        tries = decide_try(tries, now)
        waits.append((tries.blocked_until - now).total_seconds() / 60 if tries.blocked_until else 0)
        now = tries.blocked_until or now
    assert waits == [0, 0, 0, 0, 5, 15, 60, 240, 240]


def test_knocking_while_waiting_is_refused_and_does_not_lengthen_the_wait():
    blocked = fail(5)
    for minutes, left in ((0, 5), (1, 4), (4, 1)):
        refusal = decide_try(blocked, NOW + timedelta(minutes=minutes))
        assert refusal == Refusal(Code.THROTTLED, {"minutes": left})
    assert decide_try(blocked, NOW + timedelta(minutes=5)).failures == 6


def test_slips_of_last_week_are_forgotten():
    assert decide_try(fail(4), NOW + timedelta(days=7)).failures == 5
    assert decide_try(fail(4), NOW + timedelta(days=7, seconds=1)).failures == 1


def test_a_guesser_has_about_ten_tries_on_the_first_day_and_six_on_each_after():
    tries, now, allowed = None, NOW, []
    for day in (1, 2, 3):
        count = 0
        while now < NOW + timedelta(days=day):
            decided = decide_try(tries, now)
            if isinstance(decided, Tries):
                tries, count = decided, count + 1
            now += timedelta(minutes=1)
        allowed.append(count)
    assert allowed[0] <= 14
    assert allowed[1] <= 6
    assert allowed[2] <= 6
