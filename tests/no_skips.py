"""A pytest plugin: under ``CI=true`` a skipped test is a failed one.

A skip tells a developer what their machine lacks. On the machine that decides whether a change
is good, it would be a test that silently stopped running.
"""

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

FORBIDDEN = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _fail_instead(report: Report) -> Report:
    # An expected failure also reports as skipped; it did run.
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped under CI=true: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _fail_instead(report) if FORBIDDEN else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _fail_instead(report) if FORBIDDEN else report
