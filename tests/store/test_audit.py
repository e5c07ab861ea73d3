"""The audit trail keeps what happened, for whom and where, and cannot be edited."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from tests.town import FRIDAY, Town
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, db
from volunteer.store.models import AuditEvent


def _record(town: Town, action: str = "card_replaced") -> None:
    def work(tx: Tx) -> None:
        record_audit(
            tx,
            now=FRIDAY,
            action=action,
            subject_kind="card",
            subject_id=7,
            community_id=town.community_id,
            login_id=None,
            facts={"number": "…01", "reason": "遗失"},
        )

    town.write(work)


def test_a_deed_is_written_down_with_its_facts(both_town: Town) -> None:
    _record(both_town)
    row = db.session.execute(select(AuditEvent)).scalar_one()
    assert (row.action, row.subject_kind, row.subject_id) == ("card_replaced", "card", 7)
    assert row.happened_at == FRIDAY
    assert row.facts == {"number": "…01", "reason": "遗失"}


def test_a_deed_is_never_edited(both_town: Town) -> None:
    _record(both_town)
    with pytest.raises(DatabaseError, match="only grows"):
        both_town.write(lambda tx: tx.run(update(AuditEvent).values(action="nothing")))
