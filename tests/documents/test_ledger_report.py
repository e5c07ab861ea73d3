"""The report of the ledger's proof: every fault has words, long lists are cut."""

from __future__ import annotations

import pytest

from volunteer.documents.ledger_report import (
    FAULTS,
    SHOWN_OF_A_KIND,
    counted_line,
    finding_lines,
    result_line,
    where_words,
)
from volunteer.domain.findings import Fault, Finding


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_words_in_both_languages(fault: Fault) -> None:
    chinese, english = FAULTS[fault]
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert english.isascii()


def test_a_finding_says_where_and_both_figures() -> None:
    facts = {"passbook": "12345678", "entry_no": 5, "written": 30, "expected": 20}
    assert where_words(Finding(Fault.AFTER_DIFFERS, facts)) == (
        "存折/passbook 12345678 · 第几笔/line 5 · 现为/is 30 · 应为/should be 20"
    )


def test_findings_are_grouped_and_a_long_list_is_cut() -> None:
    findings = [Finding(Fault.NUMBERING, {"entry_no": number}) for number in range(50)]
    findings.append(Finding(Fault.BOARD_DIFFERS, {"board": "building"}))
    lines = list(finding_lines(findings))
    assert lines[0].startswith("✕ L2")
    assert lines[0].endswith(": 50")
    assert lines[SHOWN_OF_A_KIND + 1].endswith("… 30")
    assert lines[SHOWN_OF_A_KIND + 2].startswith("✕ B1")


def test_the_result_is_plain() -> None:
    assert "✓" in result_line(0)
    assert "3" in result_line(3)
    assert counted_line({"lines": 10_000}) == "明细 lines 10,000"
