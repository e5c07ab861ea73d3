"""Which lines may be taken back, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, Refusal

LONGEST_REASON = 120
REVERSIBLE = frozenset({"award", "adjustment", "opening_balance"})
"""Debts and their recovery follow the lines they belong to; a redemption is undone at the counter,
where the goods come back."""


@dataclass(frozen=True)
class ReversalFacts:
    """What is known of the transfer. ``is_own``: whoever reverses it is the resident of the
    passbook, or their guardian or ward."""

    code: str
    is_reversed: bool
    is_own: bool


def parse_reason(text: str) -> str | Refusal:
    """The reason as it will stand with the line for ever. Refuses ``reason_missing`` and
    ``text_too_long``."""
    reason = parse_line(text, LONGEST_REASON)
    if isinstance(reason, str) and not reason:
        return Refusal(Code.REASON_MISSING)
    return reason


def decide_reversal(facts: ReversalFacts) -> Refusal | None:
    """Why the transfer is not reversed, or None.

    Refuses ``reversal_of_reversal``, ``line_not_reversible``, ``already_reversed`` and
    ``own_record``.
    """
    if facts.code == "reversal":
        return Refusal(Code.REVERSAL_OF_REVERSAL)
    if facts.code not in REVERSIBLE:
        return Refusal(Code.LINE_NOT_REVERSIBLE)
    if facts.is_reversed:
        return Refusal(Code.ALREADY_REVERSED)
    return Refusal(Code.OWN_RECORD) if facts.is_own else None
