"""The contracts on imports (pyproject.toml): each breaks when a module does what it forbids."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BREAKS = {
    "one-way": [
        ("store/audit.py", "import volunteer.queries.verify"),
        ("domain/points.py", "import volunteer.store.audit"),
        ("services/cards.py", "import volunteer.documents.refusals"),
        ("queries/verify.py", "import volunteer.services.boards"),
        ("services/cards.py", "import volunteer.web.gate"),
        ("clock.py", "import volunteer.config"),
        ("strays.py", ""),
    ],
    "edges": [
        ("web/gate.py", "import volunteer.jobs.runner"),
        ("jobs/runner.py", "import volunteer.web.gate"),
    ],
    "cli-is-outermost": [
        ("web/gate.py", "import volunteer.cli"),
        ("cli/__init__.py", "import volunteer.web.gate"),
    ],
    "domain-is-pure": [
        ("domain/points.py", "import sqlalchemy"),
        ("domain/points.py", "from volunteer import clock"),
    ],
    "documents-without-sql": [
        ("documents/refusals.py", "import volunteer.store.audit"),
        ("documents/refusals.py", "from sqlalchemy import select"),
    ],
    "web-without-store": [
        ("web/gate.py", "from volunteer.store.audit import record_audit"),
        ("web/gate.py", "def view():\n    from sqlalchemy import select\n"),
    ],
    "a-service-never-calls-a-service": [
        ("services/cards.py", "from volunteer.services.boards import rebuild_boards"),
        ("services/cards.py", "from volunteer.services import boards"),
        ("services/cards.py", "def late():\n    import volunteer.services.boards as b\n"),
    ],
    "nor-by-way-of-its-room": [
        ("services/cards.py", "from volunteer import services"),
        ("services/cards.py", "import volunteer.services"),
    ],
    "no-cycles": [
        ("domain/refusals.py", "import volunteer.domain.event_end"),
        ("store/database.py", "import volunteer.store.audit"),
    ],
}
CASES = [(contract, *case) for contract, cases in BREAKS.items() for case in cases]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package by itself: what a test breaks, nobody else is importing."""
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copytree(
        ROOT / "volunteer",
        folder / "volunteer",
        ignore=lambda _, names: [name for name in names if "." in name and name[-3:] != ".py"],
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def broken(copy: Path, file: str, line: str) -> Iterator[Path]:
    path = copy / "volunteer" / file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    yield copy
    if before is None:
        path.unlink()
    else:
        path.write_text(before, encoding="utf-8")


def _checked(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [program, "--no-cache", "--contract", contract],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_contract_is_broken_here_once() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {one["id"] for one in settings["tool"]["importlinter"]["contracts"]}
    assert contracts == BREAKS.keys()


@pytest.mark.parametrize("contract", BREAKS)
def test_the_package_keeps_it(copy: Path, contract: str) -> None:
    result = _checked(copy, contract)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "file", "line"), CASES)
def test_it_breaks(broken: Path, contract: str, file: str, line: str) -> None:
    result = _checked(broken, contract)
    assert "1 broken" in result.stdout, f"{line!r} in {file}"
    assert result.returncode != 0
