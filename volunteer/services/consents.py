"""Writing down what somebody agreed to, or takes back. Every answer is a new row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.consents import Consent
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.consents import Given, record_answer
from volunteer.store.database import Tx, transact
from volunteer.store.models import Resident
from volunteer.store.rows import load_row

LONGEST_NAME = 120


@dataclass(frozen=True)
class Answer:
    """``given_by``: who signed the paper, as written there: themself, or the guardian. Not
    ``given`` is a consent taken back."""

    what: Consent
    given: bool
    given_by: str


def record_consent(
    resident_id: int, answer: Answer, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused: ``not_found``, ``name_missing``, ``text_too_long``."""
    what, given = answer.what, answer.given
    signed = or_refuse(parse_line(answer.given_by, LONGEST_NAME), "given_by")
    if not signed:
        raise refuse(Code.NAME_MISSING, field="given_by")

    def work(tx: Tx) -> None:
        resident = load_row(tx, Resident, resident_id)
        record_answer(tx, resident.community_id, resident_id, Given(what, given, signed, by), now)

    transact(work, scope)
