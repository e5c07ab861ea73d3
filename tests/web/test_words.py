"""The words on screen: the glossary's, plain, and written as the language is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import catalogue
from tests.plain_words import HAN, faults_of

ROOT = Path(__file__).resolve().parents[2]

AVOIDED_ENGLISH = re.compile(
    r"\b(invalid|frozen|freez\w+|prizes?|trinity|fingerprint|users?|failed|oops|sorry)\b", re.I
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("请重新扫码，或出示存折卡。", False),
        ("第 %(no)s 笔（共 %(all)s 笔）", False),
        ("16:00–18:00 · 梅富社区", False),
        ("扫描 https://love.example.cn/q/1, 3.5 MB", False),
        ("请重新扫码,或出示存折卡。", True),
        ("编号: %(id)s", True),
        ("%(name)s(我)", True),
        ("请点“签到”。", True),
        ("签到成功！", True),
        ("账户已冻结。", True),
    ],
)
def test_a_wrong_text_is_told_from_a_right_one(text: str, wrong: bool) -> None:
    assert bool(faults_of(text)) == wrong


def _translations() -> Iterator[tuple[str, str]]:
    for message in catalogue.load():
        if message.id:
            ids = message.id if isinstance(message.id, tuple | list) else [message.id]
            texts = message.string if isinstance(message.string, tuple | list) else [message.string]
            for text in texts:
                yield ids[-1], text


def test_the_catalogue_speaks_plainly() -> None:
    wrong = [f"{text}: {fault}" for _, text in _translations() for fault in faults_of(text)]
    assert wrong == []


def test_english_speaks_plainly() -> None:
    messages = {message for message, _ in _translations()}
    wrong = [text for text in messages if "!" in text or AVOIDED_ENGLISH.search(text)]
    assert wrong == []


def _literals(path: Path) -> Iterator[str]:
    """The string constants of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node.value


def test_chinese_that_stands_in_the_code_follows_the_same_rules() -> None:
    """Posters, cards, what the command line prints: both languages at once, so no catalogue."""
    wrong = []
    for folder in ("documents", "web", "jobs", "cli", "services", "queries"):
        for path in sorted((ROOT / "volunteer" / folder).rglob("*.py")):
            if path.name == "fonts.py":  # sets of characters, not texts
                continue
            for text in _literals(path):
                if re.search(HAN, text):
                    wrong += [f"{path.name}: {text}: {fault}" for fault in faults_of(text)]
    assert wrong == []


# Both languages at once: somebody who cannot read the one still has to know what to do.
BOTH_LANGUAGES = {"errors/error.html", "organize/screen.html"}


def test_templates_hold_no_chinese_of_their_own() -> None:
    aside = re.compile(r"\{#.*?#\}|_\('(?:[^'\\]|\\.)*'|演示 SAMPLE|>中文<", re.S)
    wrong = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        name = str(path.relative_to(ROOT / "templates"))
        text = aside.sub("", path.read_text(encoding="utf-8"))
        if name not in BOTH_LANGUAGES:
            wrong += [f"{name}: {found}" for found in re.findall(rf"{HAN}+", text)]
        else:
            chinese = re.findall(rf"{HAN}[^'<>]*", text)
            wrong += [f"{name}: {words}" for words in chinese if faults_of(words)]
    for path in sorted((ROOT / "static/js").rglob("*.js")):
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.S)
        wrong += [f"{path.name}: {found}" for found in re.findall(rf"{HAN}+", code)]
    assert wrong == []
