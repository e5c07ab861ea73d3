"""The audit trail: who did what, to what, when. Written in the transaction of the deed itself,
so there is no deed without its line and no line without its deed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import AuditEvent
from volunteer.store.models.base import table_of

Fact = str | int | float | bool | None
NO_FACTS: Mapping[str, Fact] = MappingProxyType({})

_TABLE = table_of(AuditEvent)
_INSERT = _TABLE.insert()


def record_audit(  # noqa: PLR0913 - a row has these columns, and every caller names them
    tx: Tx,
    *,
    now: datetime,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    community_id: int | None,
    login_id: int | None,
    facts: Mapping[str, Fact] = NO_FACTS,
    on_behalf_of_resident_id: int | None = None,
) -> None:
    """Write down one deed.

    ``action`` is a noun and a verb in code words (``resident_added``); ``facts`` are JSON scalars,
    never a secret or a whole phone number. ``login_id`` is None for jobs and the command line.
    """
    tx.execute(
        _INSERT,
        {
            "community_id": community_id,
            "happened_at": now,
            "login_id": login_id,
            "on_behalf_of_resident_id": on_behalf_of_resident_id,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "facts": dict(facts),
        },
    )


def record_audit_of_residents(
    tx: Tx,
    action: str,
    community_id: int,
    facts: Mapping[int, Mapping[str, Fact]],
    *,
    login_id: int | None,
    now: datetime,
) -> None:
    """The same deed to each of these residents, with the facts of each, in one statement."""
    record_audit_of(tx, ("resident", action), community_id, facts, login_id=login_id, now=now)


def record_audit_of(
    tx: Tx,
    deed: tuple[str, str],
    community_id: int,
    facts: Mapping[int, Mapping[str, Fact]],
    *,
    login_id: int | None,
    now: datetime,
) -> None:
    """The same ``deed`` (kind of subject, action) to each of these, in one statement."""
    subject_kind, action = deed
    rows = [
        {
            "community_id": community_id,
            "happened_at": now,
            "login_id": login_id,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "facts": dict(said),
        }
        for subject_id, said in facts.items()
    ]
    if rows:
        insert_rows(tx, table_of(AuditEvent), rows)
