"""A leader writes somebody down at an event, by a name alone or with a blank card, and they are
checked in. Staff confirm them later, as they do who wrote themselves down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, or_, select, update

from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand
from volunteer.domain.names import parse_name
from volunteer.domain.passbook_number import format_number, passbook_number_of
from volunteer.domain.people import NewPerson
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.scans import Batch, EventFacts, Recorder, Scan, Verdict, body_hash_of
from volunteer.domain.tokens import CardCode, CardNumber, Keys, Presented, card_code_hash
from volunteer.domain.walk_ins import How, decide_added_by_leader
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_facts import load_event
from volunteer.store.models import Card, Resident
from volunteer.store.people import record_residents
from volunteer.store.scans import record_batches
from volunteer.store.walk_ins import NewWalkIn, load_added_by, load_visit, record_walk_in

UNNAMED = "空白卡 {number}"
"""What stands for the name of who came with a blank card and is named later."""


@dataclass(frozen=True)
class Newcomer:
    """Whom the leader writes down. ``form_id``: of the form, so that a second tap is the same
    person. An empty ``name`` is for a blank card that is named later. ``is_another``: the leader
    knows that somebody else here has the same name."""

    event_id: int
    form_id: UUID
    name: str
    age_band: str = AgeBand.ADULT.value
    card: Presented | None = None
    is_another: bool = False


def add_at_event(
    newcomer: Newcomer, recorder: Recorder, *, keys: Keys, now: datetime, scope: Scope
) -> Verdict:
    """Write a newcomer down as a provisional resident and check them in; all or nothing.

    With a blank card the newcomer keeps its passbook number. Raises Refused: what ``parse_name``
    refuses (``name_missing`` only without a card), ``birth_date_or_age_band_required``,
    ``consent_missing`` (under 14: the card waits for the guardian), ``name_known`` (somebody here
    has this name and a number of their own), ``card_unknown``, ``card_taken`` (no blank card),
    ``card_revoked``, ``event_unknown``, ``walk_ins_full``, and whatever the scan is refused for.
    """
    name = _parsed_name(newcomer)

    def work(tx: Tx) -> Verdict:
        event = load_event(tx, newcomer.event_id)
        batch = Batch((), recorder, now, keys, scope, event.community_id)
        resident_id = load_visit(tx, event.community_id, newcomer.form_id)
        if resident_id is None:
            resident_id = _record(tx, newcomer, name, event, batch)
        batch = replace(batch, scans=[_scan(newcomer, resident_id, now)])
        [[verdict]] = record_batches(tx, [batch])
        if verdict.verdict == "refused":
            raise Refused(Refusal(Code(verdict.code), verdict.facts))
        return verdict

    return transact(work, scope)


def _parsed_name(newcomer: Newcomer) -> str:
    if newcomer.age_band not in tuple(AgeBand):
        raise refuse(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED, field="age_band")
    if newcomer.age_band == AgeBand.UNDER_14:
        raise refuse(Code.CONSENT_MISSING, field="age_band")
    if newcomer.card is not None and not newcomer.name.strip():
        return ""
    return or_refuse(parse_name(newcomer.name), "name")


def _record(tx: Tx, newcomer: Newcomer, name: str, event: EventFacts, batch: Batch) -> int:
    recorder, now = batch.recorder, batch.now
    refusal = decide_added_by_leader(load_added_by(tx, event.id, recorder.key))
    if refusal:
        raise Refused(refusal)
    if name and not newcomer.is_another:
        _require_new_name(tx, event.community_id, name)
    card = _load_blank(tx, newcomer.card, event.community_id) if newcomer.card else None
    number = passbook_number_of(card.number) if card else None
    person = NewPerson(
        name or UNNAMED.format(number=format_number(number or "")),
        age_band=newcomer.age_band,
        passbook_number=number,
        state="provisional",
        with_card=False,
    )
    by = recorder.login_id
    added = record_residents(tx, event.community_id, [person], keys=batch.keys, by=by, now=now)[0]
    if card:
        bound = update(Card).where(Card.id == card.id, Card.resident_id.is_(None))
        if not tx.run(bound.values(resident_id=added.resident_id)).rowcount:
            raise refuse(Code.CHANGED_MEANWHILE)
    how = How.BLANK_CARD if card else How.LEADER
    new = NewWalkIn(
        event.community_id,
        added.resident_id,
        event.id,
        how,
        newcomer.form_id,
        recorded_by=recorder.key,
        unnamed=not name,
    )
    record_walk_in(tx, new, now)
    record_audit(
        tx,
        now=now,
        action="added_at_event",
        subject_kind="resident",
        subject_id=added.resident_id,
        community_id=event.community_id,
        login_id=by,
        facts={"event_id": event.id, "card_id": card.id if card else None},
    )
    return added.resident_id


def _require_new_name(tx: Tx, community_id: int, name: str) -> None:
    """Somebody of this name may be the same person, who then has a number and a card already."""
    known = select(Resident.id).where(
        Resident.community_id == community_id,
        Resident.name == name,
        Resident.state.in_(("active", "provisional")),
    )
    if tx.run(known.limit(1)).first():
        raise refuse(Code.NAME_KNOWN, field="name")


def _load_blank(tx: Tx, presented: Presented, community_id: int) -> Row[Any]:
    """The blank card that was scanned, locked. Another community's is unknown here."""
    hashed = card_code_hash(presented.code) if isinstance(presented, CardCode) else b""
    number = presented.number if isinstance(presented, CardNumber) else ""
    card = tx.run(
        select(Card.id, Card.number, Card.state, Card.resident_id)
        .where(
            Card.community_id == community_id,
            or_(Card.code_hash == hashed, Card.number == number),
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


def _scan(newcomer: Newcomer, resident_id: int, now: datetime) -> Scan:
    body = {"event": newcomer.event_id, "code": f"added:{newcomer.form_id}", "direction": "in"}
    return Scan(
        client_id=uuid5(newcomer.form_id, "check in"),
        direction="in",
        provenance="card_scan" if newcomer.card else "roll_call",
        scanned_at=now,
        corrected_at=now,
        body_hash=body_hash_of(body),
        event_id=newcomer.event_id,
        resident_id=resident_id,
    )
