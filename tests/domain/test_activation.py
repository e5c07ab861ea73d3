from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.activation import (
    Purpose,
    StoredCode,
    activation_code_from,
    activation_code_hash,
    decide_activation,
    expires_at,
    format_activation_code,
    parse_activation_code,
    strip_code,
)
from volunteer.domain.refusals import Code, Refusal

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
KEY = b"k" * 32
HASH = activation_code_hash(KEY, 7, "482910337")


def stored(**more):
    return StoredCode(
        **{
            "id": 1,
            "purpose": Purpose.STAFF,
            "code_hash": HASH,
            "tries": 0,
            "expires_at": NOW + timedelta(hours=1),
            "used_at": None,
        }
        | more
    )


@given(st.integers(0, 2**256))
def test_a_code_has_nine_digits_and_is_read_back_as_printed(random_number):
    code = activation_code_from(random_number)
    assert len(code) == 9
    assert parse_activation_code(format_activation_code(code)) == code
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in code)
    assert parse_activation_code(f" {full_width[:3]}-{full_width[3:]} ") == code


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "12345678a", "١٢٣٤٥٦٧٨٩"])
def test_anything_else_is_no_code(typed):
    assert parse_activation_code(typed) is None


def test_a_strip_is_printed_again_from_the_card_number():
    assert strip_code(KEY, "1234567801") == strip_code(KEY, "1234567801")
    assert strip_code(KEY, "1234567801") != strip_code(KEY, "1234567802")


def test_a_hash_belongs_to_one_resident():
    assert activation_code_hash(KEY, 7, "482910337") != activation_code_hash(KEY, 8, "482910337")


def test_a_strip_is_good_for_ninety_days_and_a_staff_code_for_one():
    assert expires_at(Purpose.CARD_STRIP, NOW) == NOW + timedelta(days=90)
    assert expires_at(Purpose.STAFF, NOW) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (stored(), None),
        (stored(tries=4), None),
        (stored(tries=5), Code.ACTIVATION_CODE_USED_UP),
        (stored(used_at=NOW), Code.ACTIVATION_CODE_USED_UP),
        (stored(expires_at=NOW), Code.ACTIVATION_CODE_EXPIRED),
        (stored(code_hash=b"other"), Code.ACTIVATION_CODE_WRONG),
    ],
)
def test_a_code_is_used_once_in_time_and_after_few_slips(code, answer):
    expected = Refusal(answer) if answer else code
    assert decide_activation([stored(code_hash=b"older"), code], HASH, NOW) == expected


def test_nobodys_code_is_wrong():
    assert decide_activation([], HASH, NOW) == Refusal(Code.ACTIVATION_CODE_WRONG)
