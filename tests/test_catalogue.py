"""Both languages are complete, and a translation fills in exactly what its message gives it."""

import re

import pytest
from babel.messages.catalog import Catalog, Message

from tests import catalogue

PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|\{(\w*)\}")


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    return catalogue.load()


def test_every_message_has_chinese(chinese: Catalog) -> None:
    assert catalogue.missing(chinese, catalogue.extract()) == []


def test_a_missing_a_fuzzy_and_a_half_translated_message_are_each_found() -> None:
    template, chinese = Catalog(), Catalog(locale="zh_Hans_CN")
    for text in ("gone", "unsure", "done"):
        template.add(text, locations=[("page.html", 1)])
    template.add(("%(num)d point", "%(num)d points"), locations=[("page.html", 2)])
    chinese.add("unsure", "不确定", flags=["fuzzy"])
    chinese.add("done", "完成")
    chinese.add(("%(num)d point", "%(num)d points"), ("",))
    assert catalogue.missing(chinese, template) == [
        "page.html:1: 'gone'",
        "page.html:1: 'unsure'",
        "page.html:2: ('%(num)d point', '%(num)d points')",
    ]


def _placeholders(text: str) -> set[str]:
    return {name or brace for name, brace in PLACEHOLDER.findall(text)}


def _texts(message: Message) -> tuple[set[str], list[str]]:
    ids = message.id if isinstance(message.id, tuple | list) else [message.id]
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    return set().union(*(_placeholders(text) for text in ids)), list(strings)


def test_chinese_fills_in_what_the_message_gives(chinese: Catalog) -> None:
    for message in chinese:
        if message.id:
            wanted, strings = _texts(message)
            for text in strings:
                # Chinese may leave a number out of a plural, never invent a name.
                assert _placeholders(text) <= wanted, message.id
                if not message.pluralizable:
                    assert _placeholders(text) == wanted, message.id


def test_no_per_cent_sign_is_taken_for_a_placeholder(chinese: Catalog) -> None:
    """A template fills every message in, so a bare sign fails the page that shows it."""
    bare = re.compile(r"%(?!\(\w+\)[a-z]|%)")
    wrong = [
        text
        for message in chinese
        for text in _texts(message)[1]
        if bare.search(text.replace("%%", ""))
    ]
    assert wrong == []
