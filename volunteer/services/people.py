"""Residents: take somebody up, correct what is written about them, note that they left.

A person is never removed: the books keep their lines. Who moved away keeps the passbook and may go
on serving; of who died it is closed to scans. Both can be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from volunteer.domain.access import Scope
from volunteer.domain.age import decide_birth
from volunteer.domain.names import parse_line, parse_name
from volunteer.domain.people import AddedPerson, NewPerson
from volunteer.domain.refusals import Code, Refused, or_refuse, refuse
from volunteer.domain.resident_states import decide_state_change
from volunteer.domain.tokens import Keys
from volunteer.store.audit import record_audit
from volunteer.store.confirmation import Decision, record_confirmed, record_rejected
from volunteer.store.database import Tx, transact
from volunteer.store.farewell import record_closed, record_opened_again, record_what_ends
from volunteer.store.likenesses import record_told_apart
from volunteer.store.models import (
    AuditEvent,
    Bequest,
    ExternalNumber,
    Resident,
    WalkIn,
)
from volunteer.store.people import birth_columns, load_placed, name_columns, record_residents
from volunteer.store.rows import load_row, load_today, record_row, require_seen

LONGEST_ROOM = 40
LONGEST_NUMBER = 40
OPENED_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class PersonDetails:
    """Who somebody is; where they live has dates and is changed on its own."""

    name: str
    name_en: str | None = None
    birth_date: date | None = None
    age_band: str | None = None
    not_same_as: tuple[int, ...] = ()
    """Residents who look like them and are somebody else."""


def add_resident(
    community_id: int,
    person: NewPerson,
    *,
    keys: Keys,
    by: int | None,
    now: datetime,
    scope: Scope,
) -> AddedPerson:
    """Take one person up; see ``add_residents``."""
    return add_residents(community_id, [person], keys=keys, by=by, now=now, scope=scope)[0]


def add_residents(
    community_id: int,
    people: Sequence[NewPerson],
    *,
    keys: Keys,
    by: int | None,
    now: datetime,
    scope: Scope,
) -> list[AddedPerson]:
    """Take up to 500 people up at once, each with passbook, first card and strip code.

    All or none. Raises Refused: ``not_found`` (community, or a building, area or youth group that
    is not in it), ``name_missing``, ``name_too_long``, ``name_characters``, ``text_too_long``,
    ``birth_date_or_age_band_required``, ``birth_date_in_future``, ``date_invalid``.
    """
    parsed = [_parsed(person) for person in people]

    def work(tx: Tx) -> list[AddedPerson]:
        require_seen(tx, community_id)
        today = load_today(tx, community_id, now)
        for person in parsed:
            _require_birth(person.birth_date, person.age_band, today)
        placed = load_placed(tx, community_id, parsed)
        added = record_residents(tx, community_id, placed, keys=keys, by=by, now=now)
        apart = [
            _in_order(one.resident_id, other)
            for person, one in zip(placed, added, strict=True)
            for other in person.not_same_as
        ]
        record_told_apart(tx, community_id, apart, by=by, now=now)
        one = added[0] if len(added) == 1 else None
        record_audit(
            tx,
            now=now,
            action="resident_added" if one else "residents_added",
            subject_kind="resident" if one else "community",
            subject_id=one.resident_id if one else community_id,
            community_id=community_id,
            login_id=by,
            facts={} if one else {"count": len(added)},
        )
        return added

    return transact(work, scope)


def edit_resident(
    resident_id: int, details: PersonDetails, *, by: int, now: datetime, scope: Scope
) -> None:
    """Correct name and age. The audit line names the fields, not what stood in them.

    Raises Refused: ``not_found``, and for name and age as ``add_residents``.
    """
    name = or_refuse(parse_name(details.name), "name")
    name_en = or_refuse(parse_name(details.name_en), "name_en") if details.name_en else None

    def work(tx: Tx) -> None:
        before = load_row(tx, Resident, resident_id)
        today = load_today(tx, before.community_id, now)
        _require_birth(details.birth_date, details.age_band, today)
        apart = [_in_order(resident_id, other) for other in details.not_same_as]
        record_told_apart(tx, before.community_id, apart, by=by, now=now)
        values = {
            **name_columns(name, name_en),
            **birth_columns(details.birth_date, details.age_band),
        }
        changed = [field for field, value in values.items() if before._mapping[field] != value]
        if not changed:
            return
        tx.run(update(Resident).where(Resident.id == resident_id).values(**values))
        if "name" in changed:  # who came with a blank card has one now
            tx.run(update(WalkIn).where(WalkIn.resident_id == resident_id).values(unnamed=False))
        named = [field for field in changed if field not in ("pinyin", "initials")]
        record_audit(
            tx,
            now=now,
            action="resident_edited",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=before.community_id,
            login_id=by,
            facts={"fields": ", ".join(named)},
        )

    transact(work, scope)


def change_resident_state(
    resident_id: int, state: str, day: date, *, by: int, now: datetime, scope: Scope
) -> None:
    """Somebody moved away or died on ``day``, is back, or is confirmed or rejected by staff.

    Leaving ends homes and memberships on that day. Who moved away keeps card and passbook and may
    go on serving; of who died, cards and sign-in are closed. Coming back leaves it to staff to
    write down where they live now. Raises Refused: ``not_found``, ``changed_meanwhile`` (not from
    the state they are in now), ``date_invalid`` (a day to come), ``bequest_waits``, and for
    somebody provisional what ``record_confirmed`` refuses.
    """

    def work(tx: Tx) -> None:
        before = load_row(tx, Resident, resident_id)
        refusal = decide_state_change(before.state, state)
        if refusal:
            raise Refused(refusal)
        if day > load_today(tx, before.community_id, now):
            raise refuse(Code.DATE_INVALID, field="day")
        if state in ("moved_away", "deceased"):
            record_what_ends(tx, resident_id, day)
        if state == "deceased":
            record_closed(tx, resident_id, now)
        if before.state == "deceased":
            _require_no_bequest(tx, resident_id)
            record_opened_again(tx, resident_id)
        if before.state == "provisional":
            _decide_provisional(tx, before, state, by, now)
        else:
            tx.run(update(Resident).where(Resident.id == resident_id).values(state=state))
        record_audit(
            tx,
            now=now,
            action="resident_state_changed",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=before.community_id,
            login_id=by,
            facts={"from": before.state, "to": state, "day": day.isoformat()},
        )

    transact(work, scope)


def set_external_number(
    resident_id: int, system: str, number: str, *, by: int, now: datetime, scope: Scope
) -> None:
    """Write down, change, or with an empty ``number`` remove somebody's number elsewhere.

    Raises Refused: ``not_found``, ``choice_missing`` (no system named), ``text_too_long``,
    ``number_taken`` (somebody else here has it).
    """
    system = or_refuse(parse_line(system, LONGEST_NUMBER), "system")
    number = or_refuse(parse_line(number, LONGEST_NUMBER), "number")
    if not system:
        raise refuse(Code.CHOICE_MISSING, field="system")

    def work(tx: Tx) -> None:
        before = load_row(tx, Resident, resident_id)
        own = ExternalNumber.resident_id == resident_id, ExternalNumber.system == system
        if number:
            _require_number_free(tx, before.community_id, resident_id, system, number)
        tx.run(delete(ExternalNumber).where(*own))
        if number:
            row = {"community_id": before.community_id, "resident_id": resident_id}
            record_row(tx, ExternalNumber, {**row, "system": system, "number": number})
        record_audit(
            tx,
            now=now,
            action="external_number_set" if number else "external_number_removed",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=before.community_id,
            login_id=by,
            facts={"system": system},
        )

    transact(work, scope)


def record_minor_opened(resident_id: int, *, by: int, now: datetime, scope: Scope) -> None:
    """Note that a member of staff looked at a minor's page; once in ten minutes is enough.

    The yearly report on minors' data is made of these lines. Raises Refused: ``not_found``.
    """

    def work(tx: Tx) -> None:
        resident = load_row(tx, Resident, resident_id)
        noted = select(AuditEvent.id).where(
            AuditEvent.subject_kind == "resident",
            AuditEvent.subject_id == resident_id,
            AuditEvent.action == "minor_opened",
            AuditEvent.login_id == by,
            AuditEvent.happened_at > now - OPENED_AGAIN,
        )
        if tx.run(noted.limit(1)).first():
            return
        record_audit(
            tx,
            now=now,
            action="minor_opened",
            subject_kind="resident",
            subject_id=resident_id,
            community_id=resident.community_id,
            login_id=by,
        )

    transact(work, scope)


def _parsed(person: NewPerson) -> NewPerson:
    """``person`` with every text cleaned. Raises Refused for what cannot be kept."""
    home = person.home
    if home:
        room = or_refuse(parse_line(home.room or "", LONGEST_ROOM), "room")
        home = replace(home, room=room or None)
    consent_by = or_refuse(parse_line(person.guardian_consent_by or "", 120), "consent_by")
    numbers = [
        (
            or_refuse(parse_line(system, LONGEST_NUMBER), "external_number"),
            or_refuse(parse_line(number, LONGEST_NUMBER), "external_number"),
        )
        for system, number in person.external_numbers
    ]
    return replace(
        person,
        name=or_refuse(parse_name(person.name), "name"),
        name_en=or_refuse(parse_name(person.name_en), "name_en") if person.name_en else None,
        home=home,
        guardian_consent_by=consent_by or None,
        external_numbers=tuple((system, number) for system, number in numbers if number),
    )


def _require_birth(birth_date: date | None, age_band: str | None, today: date) -> None:
    refusal = decide_birth(birth_date, age_band, today)
    if refusal:
        raise Refused(refusal)


def _in_order(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _decide_provisional(tx: Tx, before: Row[Any], state: str, by: int, now: datetime) -> None:
    decision = Decision(by, now, load_today(tx, before.community_id, now))
    record = record_confirmed if state == "active" else record_rejected
    if not record(tx, before.community_id, [before.id], decision):
        raise refuse(Code.CHANGED_MEANWHILE)


def _require_no_bequest(tx: Tx, resident_id: int) -> None:
    waiting = select(Bequest.id).where(
        Bequest.resident_id == resident_id, Bequest.state == "waiting"
    )
    if tx.run(waiting).first():
        raise refuse(Code.BEQUEST_WAITS)


def _require_number_free(
    tx: Tx, community_id: int, resident_id: int, system: str, number: str
) -> None:
    taken = select(ExternalNumber.id).where(
        ExternalNumber.community_id == community_id,
        ExternalNumber.resident_id != resident_id,
        ExternalNumber.system == system,
        ExternalNumber.number == number,
    )
    if tx.run(taken).first():
        raise refuse(Code.NUMBER_TAKEN, field="number")
