import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.building_names import (
    Place,
    building_key,
    buildings_by_key,
    find_place,
    plain_room,
    split_place,
)

KNOWN = buildings_by_key(
    [(1, "1栋"), (12, "12栋"), (12, "梅富村12号"), (7, "A座"), (8, "怡枫园3栋"), (20, "二十栋")]
)


@pytest.mark.parametrize(
    ("written", "building_id", "room"),
    [
        ("12栋", 12, None),
        ("十二栋", 12, None),
        ("１２ 栋", 12, None),
        ("12号楼", 12, None),
        ("12", 12, None),
        ("012栋", 12, None),
        ("梅富村12号", 12, None),
        ("梅富村十二号", 12, None),
        ("梅富村12号402", 12, "402"),
        ("12栋402室", 12, "402"),
        ("12-402", 12, "402"),
        ("12栋-4-02", 12, "4-02"),
        ("1栋102", 1, "102"),
        ("1栋0102", 1, "0102"),
        ("a座1201房", 7, "1201"),
        ("怡枫园三栋 501", 8, "501"),
        ("20栋", 20, None),
    ],
)
def test_a_building_as_people_write_it(written: str, building_id: int, room: str | None) -> None:
    assert find_place(written, KNOWN) == Place(building_id, room)


@pytest.mark.parametrize("written", ["112栋", "13栋", "3栋", "梅富村", "120", "12402", "1"[:0]])
def test_what_names_no_building_is_not_guessed(written: str) -> None:
    assert find_place(written, KNOWN) is None


def test_a_name_that_two_buildings_have_means_neither() -> None:
    assert buildings_by_key([(1, "3栋"), (2, "三号楼"), (3, "4栋")]) == {"4": 3}


def test_staff_say_which_of_two_by_an_alias() -> None:
    names = [(1, "3栋"), (2, "三号楼"), (1, "怡枫园3栋"), (2, "梅富村三号楼")]
    assert buildings_by_key(names, [(2, "3栋")])["3"] == 2
    assert buildings_by_key(names)["怡枫园3"] == 1


@pytest.mark.parametrize(
    ("written", "building", "room"),
    [
        ("幸福里9栋402", "幸福里9栋", "402"),
        ("幸福里九栋 402室", "幸福里九栋", "402"),
        ("幸福里9栋2单元402", "幸福里9栋", "2单元402"),
        ("莲花路8号12栋402", "莲花路8号12栋", "402"),
        ("梅富村12号3楼", "梅富村12号", "3楼"),
        ("幸福里9-402", "幸福里9", "402"),
        ("幸福里 402", "幸福里", "402"),
        ("幸福里", "幸福里", None),
        ("幸福里9栋", "幸福里9栋", None),
    ],
)
def test_building_and_room_are_told_apart(written: str, building: str, room: str | None) -> None:
    assert split_place(written) == (building, room)
    known = buildings_by_key([], [(5, building)])
    assert (find_place(written, known) or Place(0)).building_id == 5


def test_a_room_is_kept_without_its_word() -> None:
    assert [plain_room(one) for one in ("402室", "402房", " 402 ", "室", "")] == [
        "402", "402", "402", None, None,
    ]  # fmt: skip


@given(st.text(max_size=60))
def test_any_text_is_split(written: str) -> None:
    building, room = split_place(written)
    assert room != ""
    assert isinstance(building, str)


@given(st.integers(1, 199))
def test_chinese_numbers(number: int) -> None:
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    written = "一百" if hundreds else ""
    if tens:
        written += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        written += "零"
    written += digits[ones] if ones else ""
    assert building_key(f"{written}栋") == building_key(f"{number}栋")


@given(st.text(max_size=40))
def test_any_text_is_a_building_or_none(written: str) -> None:
    found = find_place(written, KNOWN)
    assert found is None or found.building_id in KNOWN.values()
