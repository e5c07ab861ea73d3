import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.names import (
    clean_line,
    initials_of,
    mask_name,
    parse_line,
    parse_name,
    pinyin_of,
)
from volunteer.domain.refusals import Code, Refusal


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("陈秀英", "陈秀英"),
        ("  陈 秀英 ", "陈 秀英"),
        ("买买提•阿凡提", "买买提·阿凡提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("Anne-Marie O'Neil", "Anne-Marie O'Neil"),
        ("Ａｎｎ　Ｌｅｅ", "Ann Lee"),
        ("李\U00020bb7喆堃", "李\U00020bb7喆堃"),
        ("张伟（小）", "张伟（小）"),
        ("王二2", "王二2"),
        ("张\u202e伟\u200b\ufeff", "张伟"),
        ("张\x00伟\n", "张伟"),
        ("Ångström", "Ångström"),
        ("〇", "〇"),
        ("字" * 50, "字" * 50),
    ],
)
def test_a_name_is_kept_as_people_write_it(typed, kept):
    assert parse_name(typed) == unicodedata.normalize("NFC", kept)


@pytest.mark.parametrize("typed", ["", "   ", "\u200b", "···", "12", "-"])
def test_a_name_has_a_letter(typed):
    assert parse_name(typed) == Refusal(Code.NAME_MISSING)


def test_a_name_has_at_most_fifty_characters():
    assert parse_name("字" * 51) == Refusal(Code.NAME_TOO_LONG, {"longest": 50})
    assert parse_name("字" * 100_000) == Refusal(Code.NAME_TOO_LONG, {"longest": 50})


@pytest.mark.parametrize(
    ("typed", "characters"),
    [
        ("<b>张</b>", "<>/"),
        ("=1+1张", "=+"),
        ("张@伟", "@"),
        ("张\ue000", "\ue000"),
        ("张😀", "😀"),
    ],
)
def test_signs_that_no_name_has_are_named(typed, characters):
    assert parse_name(typed) == Refusal(Code.NAME_CHARACTERS, {"characters": characters})


@given(st.text(max_size=120))
def test_a_kept_name_is_clean_and_stays_as_it_is(text):
    name = parse_name(text)
    if isinstance(name, Refusal):
        return
    assert 0 < len(name) <= 50
    assert parse_name(name) == name
    assert not any(unicodedata.category(character)[0] == "C" for character in name)
    assert len(pinyin_of(name)) <= 300
    assert len(initials_of(name)) <= 50


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("单月红", "shanyuehong", "syh"),
        ("曾志伟", "zengzhiwei", "zzw"),
        ("解晓东", "xiexiaodong", "xxd"),
        ("区桂芳", "ouguifang", "ogf"),
        ("翟天临", "zhaitianlin", "ztl"),
        ("仇英", "qiuying", "qy"),
        ("吕秀莲", "lvxiulian", "lxl"),
        ("单于雪", "chanyuxue", "cyx"),
        ("欧阳娜娜", "ouyangnana", "oynn"),
        ("王单", "wangdan", "wd"),
        ("买买提·阿凡提", "maimaitiafanti", "mmtaft"),
        ("Anne-Marie O'Neil", "annemarieoneil", "amon"),
        ("Ångström", "angstrom", "a"),
        ("", "", ""),
    ],
)
def test_a_name_is_found_by_pinyin_and_initials(name, pinyin, initials):
    assert pinyin_of(name) == pinyin
    assert initials_of(name) == initials


@pytest.mark.parametrize(
    ("name", "masked"), [("张伟", "张*"), ("张大伟", "张*"), ("Ann Lee", "A*"), ("", "*")]
)
def test_a_masked_name_tells_nothing_of_its_length(name, masked):
    assert mask_name(name) == masked


def test_a_line_is_one_line():
    assert clean_line(" 周五 \t 清洁\r\n日\u202e ") == "周五 清洁 日"
    assert parse_line("x" * 121, 120) == Refusal(Code.TEXT_TOO_LONG, {"longest": 120})
    assert parse_line("", 120) == ""
