"""A child under 14 comes with a blank card and without a guardian: the card waits, not the child.

Nothing is kept of the child until a guardian agrees; only that this card was there, and when.
Once the guardian has agreed the child gets a name and the card, and what was scanned counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from volunteer.domain.access import Scope
from volunteer.domain.admission import check_event
from volunteer.domain.age import AgeBand
from volunteer.domain.names import parse_name
from volunteer.domain.passbook_number import passbook_number_of
from volunteer.domain.people import NewPerson
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.domain.scans import Batch, Recorder, Verdict
from volunteer.domain.tokens import Keys, Presented
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_facts import load_event
from volunteer.store.models import Card
from volunteer.store.people import record_residents
from volunteer.store.rows import load_row
from volunteer.store.scans import record_batches
from volunteer.store.waiting_cards import (
    Waited,
    batch_of_waited,
    bind_card,
    load_blank_card,
    load_waited,
    record_waiting,
    record_waiting_ended,
)


@dataclass(frozen=True)
class AgreedChild:
    """A child's name, and the guardian who has agreed that the record is kept."""

    name: str
    guardian: str


def let_card_wait(
    event_id: int,
    card: Presented,
    form_id: UUID,
    recorder: Recorder,
    *,
    now: datetime,
    scope: Scope,
) -> str:
    """Note that a blank card was at an event and waits for a guardian; gives the card's number.

    Shown again at the same event it waits as before. Raises Refused: ``card_unknown``,
    ``card_taken``, ``card_revoked``, ``event_unknown``, ``not_your_event``, and what an event
    refuses a scan for.
    """

    def work(tx: Tx) -> str:
        event = load_event(tx, event_id)
        if not recorder.runs(event):
            raise refuse(Code.NOT_YOUR_EVENT)
        waited = Waited(event.id, now, form_id)
        check_event(waited.scan(0), event, now)
        blank = load_blank_card(tx, card, event.community_id)
        if record_waiting(tx, event.community_id, blank.id, waited, recorder.key):
            _audit(tx, "card_waits", event.community_id, blank.id, recorder.login_id, now)
        return str(blank.number)

    return transact(work, scope)


def name_waiting_card(
    card_id: int, child: AgreedChild, *, keys: Keys, by: int, now: datetime, scope: Scope
) -> list[Verdict]:
    """A guardian has agreed, and staff write the child down: the card is theirs, and where it was
    while it waited counts. Gives a verdict for each event.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (it waits no more), and what
    ``parse_name`` refuses of the child's name or of the guardian's.
    """
    name = or_refuse(parse_name(child.name), "name")
    guardian = or_refuse(parse_name(child.guardian), "guardian")

    def work(tx: Tx) -> list[Verdict]:
        card, waited = _load_waiting(tx, card_id)
        person = NewPerson(
            name,
            age_band=AgeBand.UNDER_14.value,
            guardian_consent_by=guardian,
            passbook_number=passbook_number_of(card.number),
            with_card=False,
        )
        [added] = record_residents(tx, card.community_id, [person], keys=keys, by=by, now=now)
        bind_card(tx, card_id, added.resident_id)
        record_waiting_ended(tx, card.community_id, card_id, "named", by, now)
        batch = Batch((), Recorder(login_id=by), now, keys, scope, card.community_id)
        [verdicts] = record_batches(tx, [batch_of_waited(waited, added.resident_id, batch)])
        record_audit(
            tx,
            now=now,
            action="waiting_card_named",
            subject_kind="resident",
            subject_id=added.resident_id,
            community_id=card.community_id,
            login_id=by,
            facts={"card_id": card_id, "count": len(waited)},
        )
        return verdicts

    return transact(work, scope)


def return_waiting_card(card_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """No guardian agreed: the card is blank again, and that it was anywhere is of no account.

    Raises Refused: ``not_found``, ``changed_meanwhile``.
    """

    def work(tx: Tx) -> None:
        card, _waited = _load_waiting(tx, card_id)
        record_waiting_ended(tx, card.community_id, card_id, "returned", by, now)
        _audit(tx, "waiting_card_returned", card.community_id, card_id, by, now)

    transact(work, scope)


def _load_waiting(tx: Tx, card_id: int) -> tuple[Row[Any], list[Waited]]:
    """The card, locked, and where it was. Raises Refused: ``not_found``, ``changed_meanwhile``."""
    card = load_row(tx, Card, card_id)
    waited = load_waited(tx, card.community_id, card_id)
    if card.resident_id is not None or card.state != "active" or not waited:
        raise refuse(Code.CHANGED_MEANWHILE)
    return card, waited


def _audit(
    tx: Tx, action: str, community_id: int, card_id: int, by: int | None, now: datetime
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="card",
        subject_id=card_id,
        community_id=community_id,
        login_id=by,
    )
