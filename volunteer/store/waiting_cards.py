"""Blank cards that wait for a guardian: where each was, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, or_, select, update

from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import Batch, Scan, body_hash_of
from volunteer.domain.tokens import CardCode, CardNumber, Presented, card_code_hash
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import Card, WaitingCard
from volunteer.store.models.base import table_of

CARD = table_of(Card)
_waiting = table_of(WaitingCard)


@dataclass(frozen=True)
class Waited:
    """A card was at an event at this time, and waits since."""

    event_id: int
    seen_at: datetime
    visit_id: UUID

    def scan(self, resident_id: int) -> Scan:
        """What it would have been, had the guardian agreed before."""
        body = {"event": self.event_id, "code": f"waited:{self.visit_id}", "direction": "in"}
        return Scan(
            client_id=uuid5(self.visit_id, "waited"),
            direction="in",
            provenance="card_scan",
            scanned_at=self.seen_at,
            corrected_at=self.seen_at,
            body_hash=body_hash_of(body),
            event_id=self.event_id,
            resident_id=resident_id,
        )


def load_blank_card(tx: Tx, presented: Presented, community_id: int) -> Row[Any]:
    """The blank card that was shown, locked. Another community's is unknown here.

    Raises Refused: ``card_unknown``, ``card_taken``, ``card_revoked``.
    """
    hashed = card_code_hash(presented.code) if isinstance(presented, CardCode) else b""
    number = presented.number if isinstance(presented, CardNumber) else ""
    card = tx.run(
        select(CARD.c.id, CARD.c.number, CARD.c.state, CARD.c.resident_id)
        .where(
            CARD.c.community_id == community_id,
            or_(CARD.c.code_hash == hashed, CARD.c.number == number),
        )
        .with_for_update()
    ).first()
    if card is None:
        raise refuse(Code.CARD_UNKNOWN)
    if card.resident_id is not None:
        raise refuse(Code.CARD_TAKEN)
    if card.state != "active":
        raise refuse(Code.CARD_REVOKED)
    return card


def bind_card(tx: Tx, card_id: int, resident_id: int) -> None:
    """A blank card is somebody's from now on. Raises Refused: ``changed_meanwhile``."""
    bound = update(CARD).where(CARD.c.id == card_id, CARD.c.resident_id.is_(None))
    if not tx.run(bound.values(resident_id=resident_id)).rowcount:
        raise refuse(Code.CHANGED_MEANWHILE)


def record_waiting(
    tx: Tx, community_id: int, card_id: int, waited: Waited, recorded_by: str
) -> bool:
    """A card waits; False when it waits for this event already."""
    row = {
        "community_id": community_id,
        "card_id": card_id,
        "event_id": waited.event_id,
        "visit_id": waited.visit_id,
        "seen_at": waited.seen_at,
        "recorded_by": recorded_by,
    }
    written = insert_rows(tx, _waiting, [row], "ON CONFLICT DO NOTHING RETURNING id")
    return written.scalar_one_or_none() is not None


def load_waited(tx: Tx, community_id: int, card_id: int) -> list[Waited]:
    """Where a card was while it waits, in the order of time."""
    found = tx.run(
        select(_waiting.c.event_id, _waiting.c.seen_at, _waiting.c.visit_id)
        .where(
            _waiting.c.community_id == community_id,
            _waiting.c.card_id == card_id,
            _waiting.c.outcome.is_(None),
        )
        .order_by(_waiting.c.seen_at, _waiting.c.id)
    )
    return [Waited(row.event_id, row.seen_at, row.visit_id) for row in found]


def record_waiting_ended(
    tx: Tx, community_id: int, card_id: int, outcome: str, by: int | None, now: datetime
) -> int:
    """The card waits no more: ``named`` or ``returned``. Gives for how many events it did."""
    ended = (
        update(_waiting)
        .where(
            _waiting.c.community_id == community_id,
            _waiting.c.card_id == card_id,
            _waiting.c.outcome.is_(None),
        )
        .values(outcome=outcome, decided_at=now, decided_by_login_id=by)
    )
    return tx.run(ended).rowcount


def batch_of_waited(waited: Iterable[Waited], resident_id: int, batch: Batch) -> Batch:
    """The scans that waited, as ``batch``'s recorder brings them in now.

    The card was shown to somebody who ran the event then; whoever names it need not run them all.
    """
    recorder = replace(batch.recorder, runs_community_ids=frozenset({batch.community_id or 0}))
    scans = [one.scan(resident_id) for one in waited]
    return replace(batch, scans=scans, recorder=recorder)
