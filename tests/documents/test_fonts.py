import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.documents.fonts import MISSING, Frame, Weight, fit, load, measure, printable

NAMES = st.text(st.sampled_from("陈喆堃䶮买提·阿凡 ,（）“”，。-AZbzé'"), min_size=1, max_size=80)


@pytest.mark.parametrize("weight", list(Weight))
def test_the_font_has_what_names_and_pages_need(weight: Weight) -> None:
    glyphs = load(weight).face.charToGlyph
    needed = "喆堃䶮燚犇赟龘〇·（）「」《》，。、；：？！…—–“”‘’✓×→" + string.printable.strip()
    assert [c for c in needed if ord(c) not in glyphs] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("陈喆堃䶮", "陈喆堃䶮"),
        ("买买提·阿凡提", "买买提·阿凡提"),
        ("José Ñuñez", "José Ñuñez"),
        ("Łukasz Ŵren Đorđe", "Lukasz Wren Đorđe"),
        ("Nguyễn Thị", "Nguyễn Thị"),
        ("e\u0301", "é"),
        ("event’s “day”", 'event\'s "day"'),
        ("“签到”", "“签到”"),
        ("甲\u202e乙\u200b丙\x07丁", "甲乙丙丁"),
        ("吉\ufe0f", "吉"),
        ("𠮷野家", f"{MISSING}野家"),
    ],
)
def test_printable_never_leaves_an_empty_box(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(max_size=60))
def test_whatever_is_printed_is_in_the_font(text: str) -> None:
    glyphs = load(Weight.REGULAR).face.charToGlyph
    assert all(ord(c) in glyphs for c in printable(text))


@given(NAMES, st.floats(20, 200), st.integers(1, 4))
def test_what_is_set_fits_its_frame(text: str, width: float, lines: int) -> None:
    frame = Frame(width, largest=10, smallest=3, lines=lines)
    setting = fit(text, frame)
    assert 3 <= setting.size <= 10
    assert 1 <= len(setting.lines) <= lines
    assert all(measure(line, setting.size) <= width * 1.001 for line in setting.lines)


@given(NAMES)
def test_nothing_is_lost_or_moved_where_there_is_room(text: str) -> None:
    setting = fit(text, Frame(width=150, largest=10, smallest=3, lines=8))
    assert "".join(setting.lines).replace(" ", "") == printable(text).replace(" ", "")


@given(NAMES)
def test_no_line_begins_with_closing_punctuation(text: str) -> None:
    first_allowed = text.lstrip()[:1]
    for line in fit(text, Frame(width=60, largest=10, smallest=5, lines=9)).lines:
        assert line[:1] not in set("，。）”·,") or line[:1] == first_allowed


def test_what_has_no_room_ends_in_an_ellipsis() -> None:
    setting = fit("长" * 100, Frame(width=30, largest=10, smallest=3, lines=2))
    assert len(setting.lines) == 2
    assert setting.lines[-1].endswith("…")


def test_lines_end_after_phrases_and_are_of_about_one_length() -> None:
    frame = Frame(width=182, largest=15, smallest=6, lines=2)
    assert fit("环境品质提升日·梅富村口清洁行动", frame).lines == (
        "环境品质提升日·",
        "梅富村口清洁行动",
    )
    assert fit("2026年11月27日 星期五 16:00–18:00", Frame(81, 6.4, 4, lines=2)).lines == (
        "2026年11月27日",
        "星期五 16:00–18:00",
    )


def test_a_word_wider_than_its_line_is_broken() -> None:
    setting = fit("Featherstonehaughlukasiewicz", Frame(width=20, largest=4, smallest=3, lines=4))
    assert "".join(setting.lines) == "Featherstonehaughlukasiewicz"
    assert len(setting.lines) > 1


def test_empty_text_sets_one_empty_line() -> None:
    assert fit("", Frame(width=20, largest=4, smallest=3)).lines == ("",)
