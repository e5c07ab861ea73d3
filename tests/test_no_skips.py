"""The plugin that makes a skip a failure under CI=true."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAMPLE = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="no browser here")
def test_is_marked():
    pass

def test_gives_up():
    pytest.skip("no server here")

@pytest.mark.xfail(reason="known")
def test_is_expected_to_fail():
    assert False
"""
SKIPPED_WHOLE = "import pytest\npytest.skip('no library here', allow_module_level=True)\n"


def _run(folder: Path, test: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(test)
    options = ["-q", "-p", "tests.no_skips", "-p", "no:cacheprovider", "-c", os.devnull]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(folder), str(folder)],
        cwd=ROOT,
        env={**os.environ, "CI": ci, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_ci_a_skip_is_a_skip(tmp_path: Path) -> None:
    result = _run(tmp_path, SAMPLE, ci="")
    assert "1 passed, 2 skipped, 1 xfailed" in result.stdout
    assert result.returncode == pytest.ExitCode.OK


def test_under_ci_a_skip_fails_and_names_its_reason(tmp_path: Path) -> None:
    result = _run(tmp_path, SAMPLE, ci="true")
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in result.stdout
    assert "no browser here" in result.stdout
    assert "no server here" in result.stdout
    assert result.returncode == pytest.ExitCode.TESTS_FAILED


def test_under_ci_a_file_that_skips_itself_fails_and_names_its_reason(tmp_path: Path) -> None:
    result = _run(tmp_path, SKIPPED_WHOLE, ci="true")
    assert "no library here" in result.stdout
    assert result.returncode != pytest.ExitCode.OK
