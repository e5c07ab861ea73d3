from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.refusals import Code
from volunteer.domain.residents_import import (
    Field,
    Reading,
    SheetPerson,
    guess_columns,
    guess_header,
    header_key,
    headings,
    read_person,
    without_identity_numbers,
)

TODAY = date(2026, 11, 20)
HEADER = ("序号", "姓名", "性别", "手机号码", "楼栋", "房号", "出生日期", "年龄", "备注")
READING = Reading(
    columns={
        0: Field.NAME, 1: Field.PHONE, 2: Field.BUILDING, 3: Field.ROOM, 4: Field.BIRTH_DATE,
        5: Field.AGE, 6: Field.VOLUNTEER_NUMBER, 7: Field.PASSBOOK_NUMBER,
    },
    buildings={"3": 3, "12": 12},
    today=TODAY,
)  # fmt: skip


def read(*cells: str, **more: object) -> SheetPerson:
    return read_person(cells, replace(READING, **more))  # type: ignore[arg-type]


def test_columns_are_guessed_by_their_words() -> None:
    assert guess_columns(HEADER) == {
        1: Field.NAME, 3: Field.PHONE, 4: Field.BUILDING, 5: Field.ROOM, 6: Field.BIRTH_DATE,
        7: Field.AGE,
    }  # fmt: skip
    assert guess_columns(["Name", "Phone", "Building", "Room", "English name", "义工号"]) == {
        0: Field.NAME, 1: Field.PHONE, 2: Field.BUILDING, 3: Field.ROOM, 4: Field.NAME_EN,
        5: Field.VOLUNTEER_NUMBER,
    }  # fmt: skip


def test_columns_about_somebody_else_and_identity_cards_are_not() -> None:
    assert guess_columns(["姓名", "监护人姓名", "监护人电话", "身份证号"]) == {0: Field.NAME}


def test_the_header_is_found_below_a_title_and_under_merged_headings() -> None:
    rows = [("梅富社区居民登记表",), ("填表人：林主任",), HEADER, ("1", "陈秀英", "女")]
    assert guess_header(rows) == 2
    merged = [("登记表",), ("姓名", "联系方式", "", "住址"), ("", "手机", "邮箱", "楼栋", "房号")]
    assert guess_header(merged) == 2
    assert headings(merged, 2)[0] == "姓名"
    assert guess_columns(headings(merged, 2))[0] is Field.NAME


def test_identity_card_numbers_never_get_in() -> None:
    rows = [
        ("姓名", "身份证号码", "备注"),
        ("陈秀英", "440304195603011234", "卡 44030419900101123X 已核"),
        ("李伟", "440304", ""),
    ]
    cleaned, said = without_identity_numbers(rows)
    assert cleaned == [("姓名", "身份证号码", "备注"), ("陈秀英", "", "卡  已核"), ("李伟", "", "")]
    assert said == ["身份证号码", "#3"]


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=20))
def test_any_rows_have_a_header_and_columns(rows: list[list[str]]) -> None:
    place = guess_header(rows)
    if rows:
        assert set(guess_columns(headings(rows, place))) <= set(range(20))
    cleaned, _ = without_identity_numbers(rows)
    assert [len(row) for row in cleaned] == [len(row) for row in rows]


def test_a_row_is_a_person() -> None:
    assert read("买买提·阿凡提", "138 0013 8000", "十二栋402", "", "1956年3月1日") == SheetPerson(
        name="买买提·阿凡提",
        phone="+8613800138000",
        written_place="十二栋402",
        building_id=12,
        room="402",
        birth_date=date(1956, 3, 1),
    )
    assert read("陈秀英", "", "", "12-402", "", "35岁").building_id == 12


@pytest.mark.parametrize(
    ("written", "birth_date"),
    [
        ("1956-03-01", date(1956, 3, 1)),
        ("1956/3/1", date(1956, 3, 1)),
        ("1956.3.1", date(1956, 3, 1)),
        ("19560301", date(1956, 3, 1)),
        ("20515", date(1956, 3, 1)),
    ],
)
def test_birth_dates(written: str, birth_date: date) -> None:
    assert read("陈秀英", "", "", "", written).birth_date == birth_date


@pytest.mark.parametrize(
    ("written", "band"),
    [
        ("35", "18_plus"), ("13岁", "under_14"), ("14", "14_17"), ("17 周岁", "14_17"),
        ("成人", "18_plus"), ("18岁以上", "18_plus"), ("14岁以下", "under_14"),
        ("14-17岁", "14_17"),
    ],
)  # fmt: skip
def test_ages(written: str, band: str) -> None:
    assert read("陈秀英", "", "", "", "", written).age_band == band


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        (("", "", "", "", "", "35"), Field.NAME, Code.NAME_MISSING),
        (("陈<b>", "", "", "", "", "35"), Field.NAME, Code.NAME_CHARACTERS),
        (("陈" * 51, "", "", "", "", "35"), Field.NAME, Code.NAME_TOO_LONG),
        (("陈秀英", "12345", "", "", "", "35"), Field.PHONE, Code.PHONE_INVALID),
        (("陈秀英", "", "", "", "2026-02-30"), Field.BIRTH_DATE, Code.DATE_INVALID),
        (("陈秀英", "", "", "", "2027-01-01"), Field.BIRTH_DATE, Code.BIRTH_DATE_IN_FUTURE),
        (("陈秀英",), Field.AGE, Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED),
        (
            ("陈秀英", "", "", "", "", "未成年"),
            Field.AGE,
            Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED,
        ),
        (
            ("陈秀英", "", "", "", "", "35", "", "12345678"),
            Field.PASSBOOK_NUMBER,
            Code.NUMBER_INVALID,
        ),
    ],
)
def test_what_is_wrong_with_a_row(cells: tuple[str, ...], field: Field, code: Code) -> None:
    problems = read(*cells).problems
    assert [(one.field, one.refusal.code) for one in problems] == [(field, code)]


def test_a_birth_date_among_the_ages_is_one() -> None:
    assert read("陈秀英", "", "", "", "", "1960-1-1").birth_date == date(1960, 1, 1)
    [problem] = read("陈秀英", "", "", "", "", "1960-13-1").problems
    assert (problem.field, problem.refusal.code) == (Field.BIRTH_DATE, Code.DATE_INVALID)


def test_an_old_passbook_is_read_beside_the_person() -> None:
    header = ["姓名", "年龄", "旧积分", "旧时长"]
    columns = guess_columns(header)
    assert list(columns.values()) == [Field.NAME, Field.AGE, Field.OLD_POINTS, Field.OLD_HOURS]
    person = read("陈秀英", "70", "1,200", "12:30", columns=columns)
    assert (person.old_points, person.old_minutes, person.problems) == (1200, 750, ())
    assert not read("陈秀英", "70", "", "0", columns=columns).has_old_book
    wrong = read("陈秀英", "70", "很多", "半天", columns=columns).problems
    assert [(one.field, one.refusal.code) for one in wrong] == [
        (Field.OLD_POINTS, Code.OLD_POINTS_INVALID),
        (Field.OLD_HOURS, Code.OLD_HOURS_INVALID),
    ]


def test_an_unknown_building_is_no_error() -> None:
    person = read("陈秀英", "", "幸福里9栋", "", "", "35")
    assert person.is_unplaced
    assert not person.problems
    chosen = read("陈秀英", "", "幸福里9栋", "402室", "", "35", buildings={"幸福里9": 3})
    assert (chosen.building_id, chosen.room, chosen.is_unplaced) == (3, "402", False)


def test_an_unknown_building_in_the_room_column_is_to_be_matched_too() -> None:
    person = read("陈秀英", "", "", "幸福里9栋402", "", "35")
    assert (person.written_place, person.is_unplaced) == ("幸福里9栋402", True)
    assert read("陈秀英", "", "", "402", "", "35").room == "402"


def test_an_age_that_was_chosen_for_all_is_not_what_the_row_says() -> None:
    assert read("陈秀英", "", "", "", "", "35").says_age
    assert not read("陈秀英", default_age_band="18_plus").says_age


def test_headings_are_remembered_however_they_are_spaced() -> None:
    assert header_key(["姓 名", "手机", ""]) == header_key(["姓名", " 手机"])
    assert header_key(["姓名", "手机"]) != header_key(["手机", "姓名"])


def test_rows_without_an_age_take_the_one_that_was_chosen() -> None:
    assert read("陈秀英", default_age_band="18_plus").age_band == "18_plus"
    assert read("陈秀英", "", "", "", "2020-01-01", default_age_band="18_plus").age_band is None
