"""Ranges of buildings as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.building_names import building_key
from volunteer.domain.building_ranges import (
    MOST_BUILDINGS,
    NamedBuilding,
    other_writing,
    parse_buildings,
)
from volunteer.domain.refusals import Code, Refusal


def names(text: str) -> list[str]:
    found = parse_buildings(text)
    assert not isinstance(found, Refusal), found
    return [one.name for one in found]


@pytest.mark.parametrize("dash", ["-", "–", "—", "——", "~", "～", "至", "到", " - ", "－", "‑"])
@pytest.mark.parametrize("suffix", ["栋", "号楼"])
def test_every_dash_and_suffix(dash: str, suffix: str) -> None:
    found = names(f"1{dash}60{suffix}")
    assert len(found) == 60
    assert (found[0], found[59]) == (f"1{suffix}", f"60{suffix}")


@pytest.mark.parametrize(
    ("written", "first", "last", "count"),
    [
        ("1-60", "1栋", "60栋", 60),
        ("A1~A12栋", "A1栋", "A12栋", 12),
        ("A1-12栋", "A1栋", "A12栋", 12),
        ("A-F座", "A座", "F座", 6),
        ("A座-F座", "A座", "F座", 6),
        ("1栋-60栋", "1栋", "60栋", 60),
        ("第1-60栋", "1栋", "60栋", 60),
        ("１－６０栋", "1栋", "60栋", 60),
        ("01-12栋", "01栋", "12栋", 12),
        ("梅富村1-60号", "梅富村1号", "梅富村60号", 60),
        ("一至六十栋", "1栋", "60栋", 60),
        ("单号1-59栋", "1栋", "59栋", 30),
        ("2-60栋(双号)", "2栋", "60栋", 30),
        ("1-12,15,18-20栋", "1栋", "20栋", 16),
        ("1-12，15、18-20栋", "1栋", "20栋", 16),
        ("1-3栋,A座,幼儿园", "1栋", "幼儿园", 5),
        ("市政大院\n怡枫园", "市政大院", "怡枫园", 2),
        ("1-3栋,2-5栋,三栋", "1栋", "5栋", 5),
        ("7-7栋", "7栋", "7栋", 1),
    ],
)
def test_what_people_write(written: str, first: str, last: str, count: int) -> None:
    found = names(written)
    assert (found[0], found[-1], len(found)) == (first, last, count)


def test_the_word_at_the_end_holds_for_those_before_it() -> None:
    assert names("1-2,4,6-7号楼,9栋,A座") == [
        "1号楼", "2号楼", "4号楼", "6号楼", "7号楼", "9栋", "A座",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", Code.BUILDINGS_MISSING),
        (" ,，、 ", Code.BUILDINGS_MISSING),
        ("60-1栋", Code.BUILDINGS_REVERSED),
        ("F-A座", Code.BUILDINGS_REVERSED),
        ("1-501栋", Code.TOO_MANY_BUILDINGS),
        ("1-9999栋", Code.TOO_MANY_BUILDINGS),
        ("1-300栋,A1-A300栋", Code.TOO_MANY_BUILDINGS),
        ("A1-B12栋", Code.BUILDINGS_UNREADABLE),
        ("长" * 41, Code.BUILDINGS_UNREADABLE),
    ],
)
def test_what_cannot_be_meant(written: str, code: Code) -> None:
    refusal = parse_buildings(written)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code


def test_another_way_of_writing_carries_the_number() -> None:
    assert other_writing("梅富村#号", NamedBuilding("12栋", "12")) == "梅富村12号"
    assert other_writing("#号楼", NamedBuilding("A3栋", "A3")) == "A3号楼"
    assert other_writing("梅富村号", NamedBuilding("12栋", "12")) == ""
    assert other_writing("#号楼", NamedBuilding("幼儿园", "")) == ""


@given(st.text(alphabet="0123456789-–~至,，、AaB栋号楼座梅双单 \n", max_size=40))
def test_whatever_is_typed_gives_different_short_names_or_a_refusal(written: str) -> None:
    found = parse_buildings(written)
    if isinstance(found, Refusal):
        return
    assert 1 <= len(found) <= MOST_BUILDINGS
    assert all(0 < len(one.name) <= 60 for one in found)
    assert len({building_key(one.name) for one in found}) == len(found)
