"""What people agree to, and in which words.

A consent row names the version of the text it was given for; a new wording gets a new version here
and asks again. Rows only grow: taking a consent back is a new row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Consent(StrEnum):
    GUARDIAN = "guardian_consent"
    KEEP_RECORD = "keep_record"
    NAMED_BOARD = "named_board"


TEXT_VERSIONS: Mapping[Consent, str] = {
    Consent.GUARDIAN: "2026-11",
    Consent.KEEP_RECORD: "2026-11",
    Consent.NAMED_BOARD: "2026-11",
}


CLASS_TEXT_VERSION = "2026-11-class"
"""What the adult who accompanies a class agrees to: that each child's guardian has said yes."""


@dataclass(frozen=True)
class ConsentGiven:
    """One row: what was agreed to or taken back. `id` orders rows of the same moment."""

    id: int
    what: Consent
    given: bool
    given_at: datetime


def standing_consents(rows: Sequence[ConsentGiven]) -> frozenset[Consent]:
    """What is agreed to now: of each kind the newest row counts."""
    newest = {row.what: row.given for row in sorted(rows, key=lambda row: row.id)}
    return frozenset(what for what, given in newest.items() if given)
