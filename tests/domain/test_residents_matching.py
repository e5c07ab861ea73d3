from dataclasses import replace
from datetime import date

import pytest

from volunteer.domain.duplicates import Reason
from volunteer.domain.residents_import import Problem, SheetPerson
from volunteer.domain.residents_matching import (
    Fate,
    Known,
    Register,
    decide_changes,
    known_from_row,
)

TODAY = date(2026, 11, 20)
CHEN = Known(
    1, "陈秀英", "10000017", frozenset({"+8613800138000"}), 3, "402", "SZ1", age_band="18_plus"
)
WANG = Known(4, "王芳", "40000041", building_id=None, room="幸福里9栋 402", age_band="18_plus")
LI = Known(2, "李伟", "20000025", building_id=3, room="101", age_band="18_plus")


@pytest.mark.parametrize(
    ("person", "fate", "candidates"),
    [
        (SheetPerson("陈秀英", phone="+8613800138000"), Fate.UPDATE, (1,)),
        (SheetPerson("陈秀英", volunteer_number="SZ1"), Fate.UPDATE, (1,)),
        (SheetPerson("陈秀英", passbook_number="10000017"), Fate.UPDATE, (1,)),
        (SheetPerson("李伟", building_id=3, room="101"), Fate.UPDATE, (2,)),
        (SheetPerson("李伟", phone="+861", building_id=3, room="101"), Fate.UPDATE, (2,)),
        (SheetPerson("李伟", building_id=3, room="909"), Fate.ASK, (2,)),
        (SheetPerson("陈小明", phone="+8613800138000"), Fate.ASK, (1,)),
        (SheetPerson("陈小明", volunteer_number="SZ1"), Fate.ASK, (1,)),
        (SheetPerson("陈小明", passbook_number="10000017"), Fate.ASK, (1,)),
        (SheetPerson("陈秀英", phone="+8613900139000", building_id=3), Fate.ASK, (1,)),
        (SheetPerson("陈秀英", building_id=12, room="402"), Fate.NEW, ()),
        (SheetPerson("李伟"), Fate.ASK, (2,)),
        (SheetPerson("王芳", written_place="幸福里9栋", room="402"), Fate.UPDATE, (4,)),
        (
            SheetPerson("王芳", written_place="幸福里9栋", building_id=3, room="402"),
            Fate.UPDATE,
            (4,),
        ),
        (SheetPerson("王芳", written_place="别处"), Fate.ASK, (4,)),
        (SheetPerson("王芳"), Fate.ASK, (4,)),
        (SheetPerson("李伟", problems=(Problem("name", None),)), Fate.ERROR, ()),  # type: ignore[arg-type]
    ],
)
def test_whom_a_row_means(person: SheetPerson, fate: Fate, candidates: tuple[int, ...]) -> None:
    match = Register([CHEN, LI, WANG], TODAY).match(person)
    assert (match.fate, match.candidates) == (fate, candidates)
    assert len(match.reasons) == (len(candidates) if fate is Fate.ASK else 0)


def test_a_question_says_why_it_is_asked() -> None:
    register = Register([CHEN], TODAY)
    child = SheetPerson("陈小明", phone="+8613800138000", volunteer_number="SZ1")
    assert register.match(child).reasons == ((Reason.NUMBER, Reason.PHONE),)


def test_a_child_with_its_mothers_phone_is_no_question() -> None:
    child = SheetPerson("陈小明", phone="+8613800138000", building_id=3, room="402")
    register = Register([CHEN], TODAY)
    assert register.match(child).fate is Fate.NEW
    assert register.match(replace(child, room="9", age_band="under_14")).fate is Fate.NEW
    slip = replace(child, name="陈秀瑛")
    assert register.match(slip).fate is Fate.ASK


def test_two_rows_of_one_sheet() -> None:
    first = SheetPerson("王芳", phone="+8613900139000", building_id=3, room="1")
    register = Register([known_from_row(17, first)], TODAY)
    again = register.match(first)
    assert (again.fate, again.candidates) == (Fate.SKIP, (-17,))
    assert register.match(replace(first, name="李小明", room="2")).fate is Fate.NEW
    assert register.match(replace(first, phone=None, room="2")).fate is Fate.ASK


def test_who_left_and_stands_in_the_sheet_again_is_asked_about() -> None:
    for state in ("moved_away", "deceased"):
        register = Register([replace(CHEN, state=state)], TODAY)
        match = register.match(SheetPerson("陈秀英", phone="+8613800138000"))
        assert (match.fate, match.candidates) == (Fate.ASK, (1,))


def test_a_walk_in_of_the_same_name_is_asked_about() -> None:
    walked_in = Known(9, "周丽", "90000091", age_band="18_plus", state="provisional")
    match = Register([walked_in], TODAY).match(SheetPerson("周丽", building_id=3, room="5"))
    assert (match.fate, match.reasons) == (Fate.ASK, ((Reason.NAME,),))


def test_a_mere_name_is_the_one_of_whom_no_more_is_known() -> None:
    bare = Known(5, "赵敏", "50000051", age_band="18_plus")
    assert Register([bare], TODAY).match(SheetPerson("赵敏")).fate is Fate.UPDATE
    two = Register([bare, replace(bare, resident_id=6)], TODAY).match(SheetPerson("赵敏"))
    assert (two.fate, two.candidates) == (Fate.ASK, (5, 6))


def test_two_who_may_be_meant_are_both_offered() -> None:
    namesake = replace(CHEN, resident_id=8, phones=frozenset(), room="7", volunteer_number=None)
    row = SheetPerson("陈秀英", phone="+8613800138000", building_id=3, room="7")
    match = Register([CHEN, namesake], TODAY).match(row)
    assert (match.fate, match.candidates) == (Fate.ASK, (1, 8))


def test_what_a_row_does_not_say_stays() -> None:
    assert decide_changes(SheetPerson("陈秀英", says_age=False), CHEN) == {}
    unplaced = SheetPerson("陈秀英", written_place="别处", room="1", says_age=False)
    assert decide_changes(unplaced, CHEN) == {}


def test_what_a_row_changes() -> None:
    row = SheetPerson(
        "陈秀英",
        name_en="Chen Xiuying",
        phone="+8613900139000",
        building_id=12,
        room="7",
        birth_date=date(1956, 3, 1),
        volunteer_number="SZ2",
    )
    assert decide_changes(row, CHEN) == {
        "name_en": [None, "Chen Xiuying"],
        "birth_date": [None, "1956-03-01"],
        "phone": [None, "+8613900139000"],
        "volunteer_number": ["SZ1", "SZ2"],
        "home": [[3, "402"], [12, "7"]],
    }
    assert decide_changes(replace(row, building_id=3, room=None), CHEN).get("home") is None
    assert decide_changes(replace(row, building_id=3, room="9"), CHEN)["home"][1] == [3, "9"]


def test_an_age_band_never_replaces_a_birth_date() -> None:
    born = replace(CHEN, birth_date=date(1956, 3, 1), age_band=None)
    row = SheetPerson("陈秀英", age_band="14_17")
    assert decide_changes(row, born) == {}
    assert decide_changes(row, CHEN) == {"age_band": ["18_plus", "14_17"]}
    assert decide_changes(replace(row, says_age=False), CHEN) == {}


def test_who_moved_away_is_here_again_and_the_dead_stay_as_they_are() -> None:
    row = SheetPerson("陈秀英", phone="+8613900139000")
    assert decide_changes(row, replace(CHEN, state="moved_away"))["state"] == [
        "moved_away", "active",
    ]  # fmt: skip
    assert decide_changes(row, replace(CHEN, state="deceased")) == {}
