"""Writing down what somebody agreed to, or takes back. Every answer is a new row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.access import ActsFor, Principal, Relation, Scope
from volunteer.domain.age import age_band_on
from volunteer.domain.consents import Consent
from volunteer.domain.family import consents_to_answer
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.consents import Given, record_answer
from volunteer.store.database import Tx, transact
from volunteer.store.models import Resident
from volunteer.store.rows import load_row, load_today

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


def answer_myself(
    resident: ActsFor, what: Consent, given: bool, *, principal: Principal, now: datetime
) -> None:
    """Agree to something, or take it back, for oneself or for a ward; it counts from the next
    request on.

    Raises Refused: ``not_found``, ``permission_missing`` (a helper, or not at this age).
    """

    def work(tx: Tx) -> None:
        row = load_row(tx, Resident, resident.resident_id)
        today = load_today(tx, row.community_id, now)
        band = age_band_on(row.birth_date, row.age_band, today)
        if what not in consents_to_answer(resident.relation, band):
            raise refuse(Code.PERMISSION_MISSING)
        answer = Given(
            what,
            given,
            principal.display_name,
            principal.login_id,
            for_another=resident.relation is not Relation.SELF,
        )
        record_answer(tx, row.community_id, row.id, answer, now)

    transact(work, Scope.of(resident.community_id))
