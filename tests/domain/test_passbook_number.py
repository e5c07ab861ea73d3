from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain import passbook_number as numbers

random_numbers = st.integers(min_value=0, max_value=2**64)
passbook_numbers = random_numbers.map(numbers.passbook_number_from)


@given(random_numbers)
def test_a_number_has_eight_digits_and_never_begins_with_zero(random_number):
    number = numbers.passbook_number_from(random_number)
    assert numbers.is_passbook_number(number)
    assert number[0] != "0"


def test_every_random_number_below_the_limit_has_its_own_passbook_number():
    sample = range(0, numbers.NUMBERS_AVAILABLE, 7919)
    assert len({numbers.passbook_number_from(number) for number in sample}) == len(sample)


@given(passbook_numbers, st.integers(0, 7), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_noticed(number, position, digit):
    changed = number[:position] + digit + number[position + 1 :]
    assert numbers.is_passbook_number(changed) == (changed == number)


@given(passbook_numbers, st.integers(0, 6))
def test_two_swapped_neighbours_are_noticed(number, position):
    left, right = number[position : position + 2]
    swapped = number[:position] + right + left + number[position + 2 :]
    assert numbers.is_passbook_number(swapped) == (swapped == number)


@given(passbook_numbers, st.integers(1, 99))
def test_a_card_number_holds_its_passbook_number_and_issue(number, issue):
    card = numbers.card_number(number, issue)
    assert numbers.is_card_number(card)
    assert numbers.passbook_number_of(card) == number
    assert numbers.issue_of(card) == issue


@given(passbook_numbers)
def test_there_is_no_card_zero(number):
    assert not numbers.is_card_number(number + "00")


@given(passbook_numbers)
def test_typed_numbers_are_read_with_full_width_digits_spaces_and_hyphens(number):
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in number)
    for typed in (
        number,
        numbers.format_number(number),
        f" {number[:4]}-{number[4:]} ",
        full_width,
        f"{full_width[:4]}\u3000{full_width[4:]}",
    ):
        assert numbers.parse_passbook_number(typed) == number
        assert numbers.parse_card_number(typed + " 01") == number + "01"


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text):
    for parsed in (numbers.parse_passbook_number(text), numbers.parse_card_number(text)):
        assert parsed is None or parsed.isascii()


def test_digits_of_other_scripts_are_not_digits():
    number = numbers.passbook_number_from(42)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in number)
    assert numbers.parse_passbook_number(arabic) is None
    assert not numbers.is_passbook_number(arabic)


def test_numbers_are_printed_in_groups_of_four():
    number = numbers.passbook_number_from(0)
    assert number == "10000000"[:7] + number[7]
    assert numbers.format_number(number) == f"1000 000{number[7]}"
    assert numbers.format_number(number + "01") == f"1000 000{number[7]} 01"
