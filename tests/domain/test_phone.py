import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from volunteer.domain.phone import mask_phone, national_digits, parse_phone, phone_tail
from volunteer.domain.refusals import Code, Refusal


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800000001", "+8613800000001"),
        ("138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("＋８６13800138000", "+8613800138000"),
        ("+852 6123 4567", "+85261234567"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("010-62345678", "+861062345678"),
    ],
)
def test_a_phone_is_kept_in_one_form(typed, kept):
    assert parse_phone(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "1380013800", "138001380000", "12800138000", "abc", "+", "++8613800138000", "1e10",
     "13800138000;ext=5", "tel:+8613800138000", "٠١٣٨٠٠١٣٨٠٠٠", "1" * 5000, "+999 12345678"],
)  # fmt: skip
def test_what_is_no_phone_is_refused(typed):
    assert parse_phone(typed) == Refusal(Code.PHONE_INVALID)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
@example("17900001000")  # begins like a carrier's dialling prefix
def test_every_home_mobile_is_taken_and_masked(digits):
    e164 = parse_phone(digits)
    assert e164 == f"+86{digits}"
    assert national_digits(e164) == digits
    assert mask_phone(e164) == f"{digits[:3]}****{digits[-4:]}"
    assert phone_tail(e164) == digits[-4:]


@given(st.text(max_size=40))
def test_any_text_is_a_phone_or_refused(text):
    parsed = parse_phone(text)
    assert isinstance(parsed, Refusal) or parsed.startswith("+")


def test_a_phone_abroad_is_masked_but_for_country_and_tail():
    assert mask_phone("+85261234567") == "+852 ****4567"
