"""README against the code: a setting, a command or a login that is missing fails the build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from volunteer.cli.demo.logins import LOGINS, PASSWORD
from volunteer.config import SETTINGS

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")
LINK = re.compile(r"\]\(([^)#]+)\)")


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> str:
    return (ROOT / str(request.param)).read_text(encoding="utf-8")


def rows(readme: str) -> set[str]:
    """The first cell of every table row, without its marks."""
    return {
        line.split("|")[1].strip().strip("`")
        for line in readme.splitlines()
        if line.startswith("|") and not line.startswith("|--")
    }


def test_every_setting_has_a_row(readme: str) -> None:
    assert set(SETTINGS) <= rows(readme)


def test_no_row_names_a_setting_that_is_gone(readme: str) -> None:
    named = {row for row in rows(readme) if re.fullmatch(r"[A-Z]+(_[A-Z]+)*", row)}
    assert named <= set(SETTINGS)


def test_every_demo_login_has_a_row(readme: str) -> None:
    assert {login.phone for login in LOGINS} <= rows(readme)
    assert f"`{PASSWORD}`" in readme


def test_what_it_tells_to_type_exists(readme: str, app: Flask) -> None:
    for command in ("create-admin", "set-password", "ledger", "boards", "jobs", "db"):
        assert f"`{command}" in readme
        assert app.cli.get_command(None, command) is not None  # type: ignore[arg-type]
    targets = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^(?:\S+=\S+ )?make (\w+)", readme, re.MULTILINE):
        assert f"\n{target}:" in targets


def test_every_link_leads_somewhere(readme: str) -> None:
    for target in LINK.findall(readme):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_both_languages_say_the_same() -> None:
    one, other = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    for part in (r"^#+ ", r"^\|", r"^```", r"^- "):
        counts = [len(re.findall(part, text, re.MULTILINE)) for text in (one, other)]
        assert counts[0] == counts[1], f"{part}: {counts}"


def test_every_decision_has_a_number_of_its_own() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert [path.name[:4] for path in decisions] == [f"{n:04}" for n in range(len(decisions))]
    for path in decisions[1:]:
        assert path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]} · "), path.name
