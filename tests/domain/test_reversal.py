"""Which lines may be taken back, and by whom."""

from __future__ import annotations

import pytest

from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.reversal import ReversalFacts, decide_reversal, parse_reason


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (ReversalFacts("award", is_reversed=False, is_own=False), None),
        (ReversalFacts("adjustment", is_reversed=False, is_own=False), None),
        (ReversalFacts("opening_balance", is_reversed=False, is_own=False), None),
        (ReversalFacts("award", is_reversed=True, is_own=False), Code.ALREADY_REVERSED),
        (ReversalFacts("award", is_reversed=False, is_own=True), Code.OWN_RECORD),
        (ReversalFacts("award", is_reversed=True, is_own=True), Code.ALREADY_REVERSED),
        (ReversalFacts("reversal", is_reversed=False, is_own=False), Code.REVERSAL_OF_REVERSAL),
        (ReversalFacts("debt", is_reversed=False, is_own=False), Code.LINE_NOT_REVERSIBLE),
        (ReversalFacts("debt_recovery", is_reversed=False, is_own=False), Code.LINE_NOT_REVERSIBLE),
        (ReversalFacts("redemption", is_reversed=False, is_own=False), Code.LINE_NOT_REVERSIBLE),
    ],
)
def test_what_is_reversed(facts: ReversalFacts, code: Code | None) -> None:
    refusal = decide_reversal(facts)
    assert (refusal.code if refusal else None) is code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("登记错人", "登记错人"),
        ("  两个\n空行 ", "两个 空行"),
        ("\u202e倒写", "倒写"),
        ("", Refusal(Code.REASON_MISSING)),
        ("\u200b\u3000", Refusal(Code.REASON_MISSING)),
        ("长" * 120, "长" * 120),
        ("长" * 121, Refusal(Code.TEXT_TOO_LONG, {"longest": 120})),
    ],
)
def test_a_reason_is_one_clean_line(text: str, reason: str | Refusal) -> None:
    assert parse_reason(text) == reason
