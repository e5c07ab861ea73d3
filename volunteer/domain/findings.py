"""What proving the books may find: one fault, the rule it breaks, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LIMIT = 1_000_000_000_000
"""Bound of every ledger integer, as the tables' CHECKs have it."""


class Fault(StrEnum):
    """What is wrong. Words in both languages: `documents/ledger_report.py`."""

    TRANSFER_SHAPE = "transfer_shape"
    LINE_MISSING = "line_missing"
    LINE_UNFOUNDED = "line_unfounded"
    LINE_DIFFERS = "line_differs"
    LINE_FOREIGN = "line_foreign"
    NUMBERING = "numbering"
    CHAIN_BROKEN = "chain_broken"
    HASH_DIFFERS = "hash_differs"
    AFTER_DIFFERS = "after_differs"
    FIGURES_DIFFER = "figures_differ"
    PASSBOOK_MISSING = "passbook_missing"
    OUT_OF_RANGE = "out_of_range"
    SUM_NOT_ZERO = "sum_not_zero"
    REVERSAL_DIFFERS = "reversal_differs"
    REVERSED_TWICE = "reversed_twice"
    ATTENDANCE_TWICE = "attendance_twice"
    AWARD_DIFFERS = "award_differs"
    AWARD_FOREIGN = "award_foreign"
    AWARD_UNFOUNDED = "award_unfounded"
    OPENING_UNAPPROVED = "opening_unapproved"
    OPENING_DIFFERS = "opening_differs"
    OPENING_TWICE = "opening_twice"
    OPENING_UNPOSTED = "opening_unposted"
    CLEARING_DIFFERS = "clearing_differs"
    MOVE_DIFFERS = "move_differs"
    BOARD_DIFFERS = "board_differs"
    UNREADABLE = "unreadable"


RULES: Mapping[Fault, str] = {
    Fault.TRANSFER_SHAPE: "L1",
    Fault.LINE_MISSING: "L1",
    Fault.LINE_UNFOUNDED: "L1",
    Fault.LINE_DIFFERS: "L1",
    Fault.LINE_FOREIGN: "L1",
    Fault.SUM_NOT_ZERO: "L1",
    Fault.NUMBERING: "L2",
    Fault.CHAIN_BROKEN: "L2",
    Fault.HASH_DIFFERS: "L2",
    Fault.AFTER_DIFFERS: "L2",
    Fault.FIGURES_DIFFER: "L2",
    Fault.PASSBOOK_MISSING: "L2",
    Fault.OUT_OF_RANGE: "L4",
    Fault.REVERSAL_DIFFERS: "L7",
    Fault.REVERSED_TWICE: "L7",
    Fault.CLEARING_DIFFERS: "L8",
    Fault.MOVE_DIFFERS: "L8",
    Fault.ATTENDANCE_TWICE: "A1",
    Fault.AWARD_DIFFERS: "A2",
    Fault.AWARD_FOREIGN: "A2",
    Fault.AWARD_UNFOUNDED: "A2",
    Fault.OPENING_UNAPPROVED: "A6",
    Fault.OPENING_DIFFERS: "A6",
    Fault.OPENING_TWICE: "A7",
    Fault.OPENING_UNPOSTED: "A7",
    Fault.BOARD_DIFFERS: "B1",
    Fault.UNREADABLE: "L4",
}


@dataclass(frozen=True)
class Finding:
    """One broken rule. ``facts``: where (passbook, line, transfer …) and both figures; no names."""

    fault: Fault
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        return RULES[self.fault]


def is_bounded(value: object, low: int = 0) -> bool:
    """Whether it is a whole number within the bounds; SQLite would keep fractions and text."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= LIMIT
