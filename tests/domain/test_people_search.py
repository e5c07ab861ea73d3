"""One search box: what the few characters in it may mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.passbook_number import card_number, passbook_number_from
from volunteer.domain.people_search import parse_people_search
from volunteer.domain.refusals import Code
from volunteer.domain.tokens import card_code

NUMBER = passbook_number_from(4711)


def test_an_empty_box_means_everybody() -> None:
    assert not parse_people_search("  \u200b ")


def test_a_whole_number_is_taken_however_it_is_grouped() -> None:
    assert parse_people_search(f"{NUMBER[:4]} {NUMBER[4:]}").passbook_number == NUMBER
    card = card_number(NUMBER, 3)
    assert parse_people_search(f"{card[:4]}-{card[4:8]}-{card[8:]}").card_number == card
    full_width = NUMBER.translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    assert parse_people_search(full_width).passbook_number == NUMBER


def test_a_slip_in_a_number_is_said() -> None:
    wrong = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    found = parse_people_search(wrong)
    assert found.slip
    assert found.slip.code is Code.NUMBER_INVALID
    assert not found.passbook_number


def test_a_scanned_card_is_known_by_its_code_and_by_its_address() -> None:
    code = card_code(b"k" * 32, card_number(NUMBER, 1))
    assert parse_people_search(code).card_code == code
    assert parse_people_search(f"https://love.example.cn/c/{code}").card_code == code


def test_a_phone_is_whole_or_its_tail() -> None:
    assert parse_people_search("138 0013 8000").phone == "+8613800138000"
    tail = parse_people_search("8000")
    assert tail.is_phone_tail
    assert tail.digits == "8000"
    assert not tail.phone


@pytest.mark.parametrize(
    ("typed", "building", "room"),
    [
        ("3-402", "3栋", "402"),
        ("3栋402", "3栋", "402"),
        ("3栋-402室", "3栋", "402"),
        ("3号楼 402", "3号楼", "402"),
        ("A座12-3", "A座", "12-3"),
        ("怡枫园3栋402", "怡枫园3栋", "402"),
        ("梅富村12号—301", "梅富村12号", "301"),
        ("12栋", "12栋", ""),
        ("十二栋", "十二栋", ""),
    ],
)
def test_building_and_room(typed: str, building: str, room: str) -> None:
    found = parse_people_search(typed)
    assert building in found.buildings
    assert found.room == room


def test_a_bare_number_may_be_a_building_or_a_room() -> None:
    found = parse_people_search("12")
    assert "12栋" in found.buildings
    assert found.digits == "12"


def test_letters_lose_spaces_and_case() -> None:
    assert parse_people_search("Chen XY").letters == "chenxy"
    assert parse_people_search("陈xy").letters == ""


@given(st.text(max_size=200))
def test_nothing_typed_ever_fails(typed: str) -> None:
    found = parse_people_search(typed)
    assert len(found.text) <= 80
