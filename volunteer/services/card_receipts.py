"""Receipts for cards: what came back signed on paper, ticked in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select, update

from volunteer.domain.access import Scope
from volunteer.domain.age import age_band_on
from volunteer.domain.card_receipts import Receipt, decide_signed_by
from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.refusals import Refusal, Refused
from volunteer.store.audit import record_audit_of_residents
from volunteer.store.bulk import among, insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.models import Card, Resident
from volunteer.store.models import Consent as ConsentRow
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_today, require_seen

CARD, RESIDENT, CONSENT = table_of(Card), table_of(Resident), table_of(ConsentRow)
_WHAT = Consent.KEEP_RECORD


def record_receipts(
    community_id: int,
    receipts: Sequence[Receipt],
    *,
    by: int | None,
    now: datetime,
    scope: Scope,
) -> int:
    """Write down who has got their card, and that they agreed to the record in its present text;
    gives how many. Who has no card that waits to be received is passed over: the sheet may be
    ticked twice, or by two.

    All or none. Raises Refused: ``not_found`` (community), ``guardian_name_missing``, and what
    ``parse_name`` refuses of a guardian's name.
    """

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        today = load_today(tx, community_id, now)
        ticked = {one.resident_id: one for one in receipts}
        waiting = _load_waiting(tx, community_id, list(ticked))
        signed: dict[int, str] = {}
        for row in waiting:
            band = age_band_on(row.birth_date, row.age_band, today)
            name = decide_signed_by(ticked[row.id], row.name, band)
            if isinstance(name, Refusal):
                raise Refused(name)
            signed[row.id] = name
        received = _record_received(tx, list(signed), now) if signed else set()
        if not received:
            return 0
        audit = partial(record_audit_of_residents, tx, now=now, login_id=by)
        audit("card_received", community_id, {one: {} for one in sorted(received)})
        agreed = {one: signed[one] for one in sorted(received) if ticked[one].agrees}
        if agreed:
            rows = [_consent(community_id, *one, by, now) for one in agreed.items()]
            insert_rows(tx, CONSENT, rows)
            facts = {"what": _WHAT.value, "text_version": TEXT_VERSIONS[_WHAT]}
            audit("consent_given", community_id, dict.fromkeys(agreed, facts))
        return len(received)

    return transact(work, scope)


def _record_received(tx: Tx, resident_ids: Sequence[int], now: datetime) -> set[int]:
    """Who has signed for a card holds one that was printed, wherever that was. Gives for whom one
    still waited: only this tells when two tick at once. Whoever was held up at a resident's row,
    which the other left as it was, goes on with the cards as they were before."""
    waiting = CARD.c.state == "active", CARD.c.received_at.is_(None)
    printed_at = func.coalesce(CARD.c.printed_at, now)
    received = tx.run(
        update(CARD)
        .where(among(CARD.c.resident_id, "ids"), *waiting)
        .values(received_at=now, printed_at=printed_at)
        .returning(CARD.c.resident_id),
        ids=list(resident_ids),
    )
    return set(received.scalars())


def _load_waiting(tx: Tx, community_id: int, resident_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Residents with a card that works and was not received yet, locked in id order."""
    waits = (
        select(CARD.c.id)
        .where(
            CARD.c.community_id == RESIDENT.c.community_id,
            CARD.c.resident_id == RESIDENT.c.id,
            CARD.c.state == "active",
            CARD.c.received_at.is_(None),
        )
        .exists()
    )
    return tx.run(
        select(RESIDENT.c.id, RESIDENT.c.name, RESIDENT.c.birth_date, RESIDENT.c.age_band)
        .where(
            among(RESIDENT.c.id, "ids"),
            RESIDENT.c.community_id == community_id,
            RESIDENT.c.state.in_(("active", "provisional")),
            waits,
        )
        .order_by(RESIDENT.c.id)
        .with_for_update(key_share=True),
        ids=list(resident_ids),
    ).all()


def _consent(
    community_id: int, resident_id: int, signed_by: str, by: int | None, now: datetime
) -> Mapping[str, Any]:
    return {
        "community_id": community_id,
        "resident_id": resident_id,
        "what": _WHAT.value,
        "given": True,
        "text_version": TEXT_VERSIONS[_WHAT],
        "given_by": signed_by,
        "recorded_by_login_id": by,
        "given_at": now,
    }
