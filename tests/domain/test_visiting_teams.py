"""Lists of names as people paste them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.refusals import Code, Refused
from volunteer.domain.visiting_teams import MOST_IN_TEAM, new_names, parse_list


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("张三\n李四\r\n\n王五", ["张三", "李四", "王五"]),
        ("张三、李四，王五; 赵六,钱七；孙八", ["张三", "李四", "王五", "赵六", "钱七", "孙八"]),
        ("1. 张三\n2、李四\n（3）王五\n4号 赵六\n５．钱", ["张三", "李四", "王五", "赵六", "钱"]),
        ("张三 李四", ["张三", "李四"]),
        ("王 伟\n欧阳　娜", ["王伟", "欧阳娜"]),
        ("Anna Smith, Bob", ["Anna Smith", "Bob"]),
        ("买买提•阿凡提", ["买买提·阿凡提"]),
        ("\t喆堃\t䶮", ["喆堃", "䶮"]),
    ],
)
def test_names_are_found_however_they_are_separated(text: str, names: list[str]) -> None:
    assert [one.name for one in parse_list(text)] == names


def test_what_is_known_or_stands_twice_is_marked() -> None:
    listed = parse_list("王伟、李娜、王伟、x!", known=["王伟", "张三"])
    assert [(one.name, one.known, one.repeats) for one in listed[:3]] == [
        ("王伟", True, False),
        ("李娜", False, False),
        ("王伟", False, True),
    ]
    assert listed[3].refusal is not None
    assert listed[3].text == "x!"


def test_an_empty_list_and_a_crowd_are_refused() -> None:
    for text, code in (
        (" \n、 ", Code.NAME_MISSING),
        ("张三\n" * (MOST_IN_TEAM + 1), Code.TEAM_TOO_LARGE),
    ):
        with pytest.raises(Refused) as raised:
            parse_list(text)
        assert raised.value.refusal.code is code


NAMES = st.lists(st.sampled_from(["王伟", "李娜", "张三"]), max_size=12)


@given(NAMES, NAMES)
def test_new_names_make_the_team_what_the_list_says(names: list[str], known: list[str]) -> None:
    team = known + new_names(names, known)
    for name in set(names):
        assert team.count(name) == max(names.count(name), known.count(name))
    assert new_names(names, team) == []


@given(st.text(max_size=300))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    with suppress(Refused):
        assert all(bool(one.name) != bool(one.refusal) for one in parse_list(text))
