"""Activation codes that staff give, and using one. A strip's are written with its card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from volunteer.domain.activation import (
    MOST_TRIES,
    Purpose,
    StoredCode,
    activation_code_hash,
    decide_activation,
    expires_at,
)
from volunteer.domain.refusals import Code, Refusal
from volunteer.store.database import Tx
from volunteer.store.models import ActivationCode, Resident


def record_staff_code(
    tx: Tx, *, resident_id: int, code: str, key: bytes, by: int, now: datetime
) -> None:
    """A one-time code that a member of staff tells a resident, in place of any given before."""
    # Two members of staff at once would each end the codes they see, and both new ones would live.
    # Not the stronger lock, for which a scan of this resident would wait.
    community_id = tx.execute(
        select(Resident.community_id)
        .where(Resident.id == resident_id)
        .with_for_update(key_share=True)
    ).scalar_one()
    tx.run(
        update(ActivationCode)
        .where(
            ActivationCode.resident_id == resident_id,
            ActivationCode.purpose == Purpose.STAFF.value,
            ActivationCode.used_at.is_(None),
            ActivationCode.expires_at > now,
        )
        .values(expires_at=now)
    )
    tx.run(
        insert(ActivationCode).values(
            community_id=community_id,
            resident_id=resident_id,
            purpose=Purpose.STAFF.value,
            code_hash=activation_code_hash(key, resident_id, code),
            created_at=now,
            created_by_login_id=by,
            expires_at=expires_at(Purpose.STAFF, now),
        )
    )


def load_codes(tx: Tx, resident_id: int) -> Sequence[StoredCode]:
    """Every code a resident ever had, locked, so that one is used once."""
    rows = tx.execute(
        select(
            ActivationCode.id,
            ActivationCode.purpose,
            ActivationCode.code_hash,
            ActivationCode.tries,
            ActivationCode.expires_at,
            ActivationCode.used_at,
        )
        .where(ActivationCode.resident_id == resident_id)
        .order_by(ActivationCode.id)
        .with_for_update()
    )
    return [
        StoredCode(
            row.id, Purpose(row.purpose), row.code_hash, row.tries, row.expires_at, row.used_at
        )
        for row in rows
    ]


def load_code_to_use(
    tx: Tx, resident_id: int, code: str, key: bytes, now: datetime
) -> StoredCode | Refusal:
    """The code of this resident that was presented, or why it is not taken; a wrong one is counted
    against every code that could still be used."""
    code_hash = activation_code_hash(key, resident_id, code)
    decided = decide_activation(load_codes(tx, resident_id), code_hash, now)
    if isinstance(decided, Refusal) and decided.code is Code.ACTIVATION_CODE_WRONG:
        record_wrong_code(tx, resident_id, now)
    return decided


def record_wrong_code(tx: Tx, resident_id: int, now: datetime) -> None:
    """One more wrong try for every code of this resident that could still be used."""
    tx.run(
        update(ActivationCode)
        .where(
            ActivationCode.resident_id == resident_id,
            ActivationCode.used_at.is_(None),
            ActivationCode.expires_at > now,
            ActivationCode.tries < MOST_TRIES,
        )
        .values(tries=ActivationCode.tries + 1)
    )


def record_code_used(tx: Tx, code_id: int, now: datetime) -> None:
    used = tx.run(
        update(ActivationCode)
        .where(ActivationCode.id == code_id, ActivationCode.used_at.is_(None))
        .values(used_at=now)
    )
    assert used.rowcount == 1, "load_codes() locked it"
