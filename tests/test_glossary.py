"""The glossary against the catalogue, the templates and the code."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalogue import load

ROOT = Path(__file__).parent.parent
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")


def table(heading: str) -> list[list[str]]:
    """The rows under a heading, cell by cell."""
    part = GLOSSARY.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def words(cell: str) -> list[str]:
    return [word.strip() for word in cell.split(",")]


def messages() -> Iterator[tuple[list[str], list[str]]]:
    """English forms and Chinese forms of every message, without what is filled in."""
    for message in load():
        if message.id:
            pair = [
                [PLACEHOLDER.sub("", text) for text in ([one] if isinstance(one, str) else one)]
                for one in (message.id, message.string)
            ]
            yield pair[0], pair[1]


def says(english: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(english)}\b", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("row", table("Held by the catalogue"), ids=lambda row: row[0])
def test_one_word_has_one_chinese(row: list[str]) -> None:
    english, chinese = words(row[0]), row[1]
    said = [
        (forms[0], translated)
        for forms, translated in messages()
        if any(says(word, form) for word in english for form in forms)
    ]
    assert said, "a word of the glossary that no message says"
    assert [one for one in said if not any(chinese in form for form in one[1])] == []


@pytest.mark.parametrize("row", table("Never on screen"), ids=lambda row: row[0])
def test_words_that_are_never_said(row: list[str]) -> None:
    for word in words(row[0]):
        chinese = not word.isascii()
        hits = [
            form
            for english, translated in messages()
            for form in (translated if chinese else english)
            if (word in form if chinese else says(word, form))
        ]
        hits += [
            str(path.relative_to(ROOT))
            for path in (ROOT / "templates").rglob("*.html")
            if chinese and word in _shown(path)
        ]
        assert hits == [], f"{word}: say {row[1]}"


def _shown(path: Path) -> str:
    """A template without its comments."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def names_in(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {token.string for token in tokenize.tokenize(file.readline) if token.type == 1}


@pytest.fixture(scope="module")
def names() -> dict[str, set[str]]:
    """Every name in the package, with the files that use it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "volunteer").rglob("*.py"):
        for name in names_in(path):
            found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("row", table("Never in code"), ids=lambda row: row[0])
def test_names_that_are_never_used(row: list[str], names: dict[str, set[str]]) -> None:
    parts = re.compile(rf"(^|_){row[0]}s?(_|$)|{row[0].title()}")
    used = {name: files for name, files in names.items() if parts.search(name)}
    assert used == {}, f"write {row[1]}"


def test_the_words_of_the_tables_are_the_glossarys() -> None:
    """Table and column names that have a row: spelled as it has them."""
    from volunteer.store.models import Base

    listed = {name for row in table("Words") for name in words(row[0])}
    tables = {table.name for table in Base.metadata.sorted_tables}
    for name in ("activity", "event", "shift", "scan", "attendance", "card", "reward", "seal"):
        assert name in tables
        assert name in listed
