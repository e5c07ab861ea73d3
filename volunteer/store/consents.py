"""Answers to what people are asked: rows that only grow, each with its line in the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import Consent as ConsentRow
from volunteer.store.models.base import table_of


@dataclass(frozen=True)
class Given:
    """``given_by``: who answered, in words; ``by``: the login that wrote it down. ``for_another``:
    a guardian who answers for a child."""

    what: Consent
    given: bool
    given_by: str
    by: int
    text_version: str | None = None
    for_another: bool = False


def record_answer(
    tx: Tx, community_id: int, resident_id: int, answer: Given, now: datetime
) -> None:
    """One answer, to the text as it stands now unless it was read in an earlier version."""
    text_version = answer.text_version or TEXT_VERSIONS[answer.what]
    row = {
        "community_id": community_id,
        "resident_id": resident_id,
        "what": answer.what.value,
        "given": answer.given,
        "text_version": text_version,
        "given_by": answer.given_by,
        "recorded_by_login_id": answer.by,
        "given_at": now,
    }
    insert_rows(tx, table_of(ConsentRow), [row])
    record_audit(
        tx,
        now=now,
        action="consent_given" if answer.given else "consent_withdrawn",
        subject_kind="resident",
        subject_id=resident_id,
        community_id=community_id,
        login_id=answer.by,
        facts={"what": answer.what.value, "text_version": text_version},
        on_behalf_of_resident_id=resident_id if answer.for_another else None,
    )
