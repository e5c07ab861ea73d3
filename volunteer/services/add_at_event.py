"""A leader writes somebody down at an event, by a name alone or with a blank card, and they are
checked in; a card without a name gets one later. Staff confirm them, as they do who wrote
themselves down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select, update

from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand
from volunteer.domain.names import parse_name
from volunteer.domain.passbook_number import format_number, passbook_number_of
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.refusals import Code, Refusal, Refused, or_refuse, refuse
from volunteer.domain.scans import Batch, EventFacts, Recorder, Scan, Verdict, body_hash_of
from volunteer.domain.tokens import Keys, Presented
from volunteer.domain.walk_ins import How, decide_added_by_leader
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.event_facts import load_event
from volunteer.store.models import Resident, WalkIn
from volunteer.store.people import name_columns, record_residents
from volunteer.store.scans import record_batches
from volunteer.store.waiting_cards import (
    batch_of_waited,
    bind_card,
    load_blank_card,
    load_waited,
    record_waiting_ended,
)
from volunteer.store.walk_ins import NewWalkIn, load_added_by, load_visit, record_walk_in

UNNAMED = "空白卡 {number}"
"""What stands for the name of who came with a blank card and is named later."""


@dataclass(frozen=True)
class Newcomer:
    """Whom the leader writes down. ``form_id``: of the form, so that a second tap is the same
    person. An empty ``name`` is for a blank card that is named later. ``is_another``: the leader
    knows that somebody else here has the same name. ``guardian``: who has agreed, for a child under
    14. ``is_guest``: from outside, on a visit."""

    event_id: int
    form_id: UUID
    name: str
    age_band: str = AgeBand.ADULT.value
    card: Presented | None = None
    is_another: bool = False
    guardian: str = ""
    is_guest: bool = False


def add_at_event(
    newcomer: Newcomer, recorder: Recorder, *, keys: Keys, now: datetime, scope: Scope
) -> Verdict:
    """Write a newcomer down as a provisional resident and check them in; all or nothing.

    With a blank card the newcomer keeps its passbook number, and where the card was while it waited
    for a guardian counts too. Raises Refused: what ``parse_name`` refuses (``name_missing`` only
    without a card), ``birth_date_or_age_band_required``, ``consent_missing`` (under 14 without a
    guardian: the card waits, see ``waiting_cards``), ``name_known`` (somebody here has this name
    and a number of their own), ``card_unknown``, ``card_taken`` (no blank card), ``card_revoked``,
    ``event_unknown``, ``walk_ins_full``, and whatever the scan is refused for.
    """
    name = _parsed_name(newcomer)

    def work(tx: Tx) -> Verdict:
        event = load_event(tx, newcomer.event_id)
        batch = Batch((), recorder, now, keys, scope, event.community_id)
        resident_id = load_visit(tx, event.community_id, newcomer.form_id)
        waited: Batch | None = None
        if resident_id is None:
            resident_id, waited = _record(tx, newcomer, name, event, batch)
        batches = [replace(batch, scans=[_scan(newcomer, resident_id, now)])]
        [verdict], *_ = record_batches(tx, batches + ([waited] if waited else []))
        if verdict.verdict == "refused":
            raise Refused(Refusal(Code(verdict.code), verdict.facts))
        return verdict

    return transact(work, scope)


def name_newcomer(  # noqa: PLR0913 - the facts of one deed, all named by the caller
    event_id: int,
    ref: str,
    name: str,
    *,
    is_another: bool = False,
    recorder: Recorder,
    now: datetime,
    scope: Scope,
) -> None:
    """Give a name to who came to this event with a blank card and without one.

    Raises Refused: ``not_found`` (nobody of this ref came so, or they have a name by now),
    ``not_your_event``, ``name_known``, and what ``parse_name`` refuses.
    """
    given = or_refuse(parse_name(name), "name")

    def work(tx: Tx) -> None:
        event = load_event(tx, event_id)
        if not recorder.runs(event):
            raise refuse(Code.NOT_YOUR_EVENT)
        unnamed = (
            select(WalkIn.id, WalkIn.resident_id)
            .join(Resident, Resident.id == WalkIn.resident_id)
            .where(
                WalkIn.community_id == event.community_id,
                WalkIn.event_id == event_id,
                WalkIn.unnamed,
                Resident.ref == ref,
                Resident.state == "provisional",
            )
        )
        row = tx.run(unnamed.with_for_update()).first()
        if row is None:
            raise refuse(Code.NOT_FOUND)
        if not is_another:
            _require_new_name(tx, event.community_id, given)
        columns = name_columns(given, None)
        tx.run(update(Resident).where(Resident.id == row.resident_id).values(**columns))
        tx.run(update(WalkIn).where(WalkIn.id == row.id).values(unnamed=False))
        record_audit(
            tx,
            now=now,
            action="card_named",
            subject_kind="resident",
            subject_id=row.resident_id,
            community_id=event.community_id,
            login_id=recorder.login_id,
            facts={"event_id": event_id},
        )

    transact(work, scope)


def _parsed_name(newcomer: Newcomer) -> str:
    if newcomer.age_band not in tuple(AgeBand):
        raise refuse(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED, field="age_band")
    if newcomer.age_band == AgeBand.UNDER_14:
        if not newcomer.guardian.strip():
            raise refuse(Code.CONSENT_MISSING, field="age_band")
        or_refuse(parse_name(newcomer.guardian), "guardian")
    if newcomer.card is not None and not newcomer.name.strip():
        return ""
    return or_refuse(parse_name(newcomer.name), "name")


def _record(
    tx: Tx, newcomer: Newcomer, name: str, event: EventFacts, batch: Batch
) -> tuple[int, Batch | None]:
    """The new resident, and what their card waited for."""
    recorder, now = batch.recorder, batch.now
    refusal = decide_added_by_leader(load_added_by(tx, event.id, recorder.key))
    if refusal:
        raise Refused(refusal)
    if name and not newcomer.is_another:
        _require_new_name(tx, event.community_id, name)
    card = load_blank_card(tx, newcomer.card, event.community_id) if newcomer.card else None
    number = passbook_number_of(card.number) if card else None
    person = _person(newcomer, name, number, event)
    by = recorder.login_id
    added = record_residents(tx, event.community_id, [person], keys=batch.keys, by=by, now=now)[0]
    waited = None
    if card:
        bind_card(tx, card.id, added.resident_id)
        past = load_waited(tx, event.community_id, card.id)
        if past:
            record_waiting_ended(tx, event.community_id, card.id, "named", by, now)
            waited = batch_of_waited(past, added.resident_id, batch)
    new = NewWalkIn(
        event.community_id,
        added.resident_id,
        event.id,
        How.BLANK_CARD if card else How.LEADER,
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
    return added.resident_id, waited


def _person(newcomer: Newcomer, name: str, number: str | None, event: EventFacts) -> NewPerson:
    is_child = newcomer.age_band == AgeBand.UNDER_14
    return NewPerson(
        name or UNNAMED.format(number=format_number(number or "")),
        age_band=newcomer.age_band,
        home=Home(event.local_date, kind="guest") if newcomer.is_guest else None,
        guardian_consent_by=or_refuse(parse_name(newcomer.guardian)) if is_child else None,
        passbook_number=number,
        state="provisional",
        with_card=False,
    )


def _require_new_name(tx: Tx, community_id: int, name: str) -> None:
    """Somebody of this name may be the same person, who then has a number and a card already."""
    known = select(Resident.id).where(
        Resident.community_id == community_id,
        Resident.name == name,
        Resident.state.in_(("active", "provisional")),
    )
    if tx.run(known.limit(1)).first():
        raise refuse(Code.NAME_KNOWN, field="name")


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
