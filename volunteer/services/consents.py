"""Writing down what somebody agreed to, or takes back. Every answer is a new row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.models import Consent as ConsentRow
from volunteer.store.models import Resident
from volunteer.store.models.base import table_of
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
        row = {
            "community_id": resident.community_id,
            "resident_id": resident_id,
            "what": what.value,
            "given": given,
            "text_version": TEXT_VERSIONS[what],
            "given_by": signed,
            "recorded_by_login_id": by,
            "given_at": now,
        }
        insert_rows(tx, table_of(ConsentRow), [row])
        record_audit(
            tx,
            now=now,
            action="consent_given" if given else "consent_withdrawn",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=resident.community_id,
            login_id=by,
            facts={"what": what.value, "text_version": TEXT_VERSIONS[what]},
        )

    transact(work, scope)
