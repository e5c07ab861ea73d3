from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.pin import Personal, decide_password, decide_pin, normal_secret
from volunteer.domain.refusals import Code, Refusal

NOBODY = Personal()
SOMEBODY = Personal(
    phone="+8613860274915", birth_dates=(date(1957, 9, 30),), passbook_numbers=("40728351",)
)
pins = st.from_regex(r"[0-9]{6}", fullmatch=True)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "１２３４５６", "12 345"])
def test_a_pin_is_six_plain_digits(pin):
    assert decide_pin(pin, NOBODY) == Refusal(Code.PIN_FORMAT, {"digits": 6})


@pytest.mark.parametrize(
    "pin",
    ["000000", "888888", "123456", "654321", "890123", "135791", "121212", "123123", "112233",
     "123321", "100001", "111112", "147258", "520131", "168888"],
)  # fmt: skip
def test_a_pin_that_everybody_tries_is_refused(pin):
    assert decide_pin(pin, NOBODY) == Refusal(Code.PIN_TRIVIAL)


@pytest.mark.parametrize(
    ("pin", "cut_from"),
    [
        ("274915", "the end of the phone"),
        ("138602", "the start of the phone"),
        ("519472", "the phone backwards"),
        ("570930", "the birth date"),
        ("195709", "year and month"),
        ("093057", "month, day, year"),
        ("300957", "day, month, year"),
        ("407283", "the passbook number"),
        ("728351", "the end of the passbook number"),
    ],
)
def test_a_pin_cut_from_what_acquaintances_know_is_refused(pin, cut_from):
    assert decide_pin(pin, SOMEBODY) == Refusal(Code.PIN_TRIVIAL), cut_from
    assert decide_pin(pin, NOBODY) is None


@given(pins)
def test_who_knows_less_of_a_person_refuses_less(pin):
    if decide_pin(pin, NOBODY) is not None:
        assert decide_pin(pin, SOMEBODY) is not None


def test_most_pins_may_be_chosen():
    allowed = sum(decide_pin(f"{pin:06d}", SOMEBODY) is None for pin in range(0, 1_000_000, 37))
    assert allowed / len(range(0, 1_000_000, 37)) > 0.95


@pytest.mark.parametrize("typed", ["482 917", "482-917", "４８２９１７"])
def test_a_pin_is_the_same_in_any_keyboards_width(typed):
    assert normal_secret(typed) == "482917"


def test_a_password_has_one_unicode_form():
    assert normal_secret("cafe\u0301 au lait") == normal_secret("caf\u00e9 au lait")
    assert normal_secret("with a space") == "with a space"


@pytest.mark.parametrize("password", ["love-passbook", "梅富村的老榕树下有口井", "Tr0ub4dor&3x"])
def test_a_long_password_of_any_letters_may_be_chosen(password):
    assert decide_password(password, SOMEBODY) is None


def test_a_short_or_endless_password_is_refused():
    assert decide_password("nine char", NOBODY) == Refusal(Code.PASSWORD_SHORT, {"characters": 10})
    assert decide_password("x1y2" * 33, NOBODY) == Refusal(Code.PASSWORD_LONG, {"characters": 128})
    assert decide_password("aGood1" * 21, NOBODY) is None


@pytest.mark.parametrize(
    "password",
    ["aaaaaaaaaaaa", "1234567890", "abcdefghijkl", "password123!", "Password2026", "woaini1314520",
     "13860274915", "a13860274915", "+8613860274915"],
)  # fmt: skip
def test_a_password_that_others_try_first_is_refused(password):
    assert decide_password(password, SOMEBODY) == Refusal(Code.PASSWORD_COMMON)


def test_personal_facts_are_kept_out_of_logs():
    assert "40728351" not in repr(SOMEBODY)
