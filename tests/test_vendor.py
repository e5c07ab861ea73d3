"""The vendored files are as static/vendor/README.md says, and pages name files that exist."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "static" / "vendor" / "README.md"
ROW = re.compile(
    r"^\| (?P<name>[^|]+) \| (?P<version>[^|]+) \| (?P<licence>[^|]+) \| (?P<source>[^|]+) "
    r"\| `(?P<file>[^`]+)` \| `(?P<sha256>[0-9a-f]{64})` \|$",
    re.MULTILINE,
)


def _rows() -> list[dict[str, str]]:
    return [match.groupdict() for match in ROW.finditer(README.read_text(encoding="utf-8"))]


def _vendored() -> set[str]:
    folders = (ROOT / "static" / "vendor", ROOT / "tests" / "vendor")
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if path != README}


def test_every_vendored_file_is_listed_with_its_hash() -> None:
    listed = {row["file"]: row["sha256"] for row in _rows()}
    actual = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in _vendored()}
    assert actual, "nothing is vendored: the folders have moved"
    assert listed == actual


def test_every_folder_carries_its_version_and_a_licence() -> None:
    for row in _rows():
        folder = ROOT / Path(*Path(row["file"]).parts[:3])
        assert folder.name.endswith(f"-{row['version']}"), row["file"]
        assert any(path.name.startswith("LICENSE") for path in folder.iterdir()), folder
        assert row["licence"].strip()
        assert row["source"].strip()


def test_pages_name_only_static_files_that_exist() -> None:
    wanted = re.compile(r"url_for\('static', filename='([^']+)'\)")
    named = {
        name
        for page in (ROOT / "templates").rglob("*.html")
        for name in wanted.findall(page.read_text(encoding="utf-8"))
    }
    assert "css/app.css" in named
    assert [name for name in sorted(named) if not (ROOT / "static" / name).is_file()] == []


def test_every_icon_a_page_asks_for_is_in_the_sprite() -> None:
    sprite = (ROOT / "static" / "img" / "icons.svg").read_text(encoding="utf-8")
    have = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    asked = {
        name
        for page in (ROOT / "templates").rglob("*.html")
        for name in re.findall(
            r"(?:\bicon\(|icon_name=|empty_state\()'([^']+)'", page.read_text(encoding="utf-8")
        )
    }
    assert "check" in asked
    assert asked - have == set()
