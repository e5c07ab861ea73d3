"""Imports of residents: their batches and rows, and writing a chunk of rows down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from volunteer.domain.building_names import buildings_by_key
from volunteer.domain.people import Home, NewPerson
from volunteer.domain.residents_import import Field, Known, Reading, SheetPerson
from volunteer.domain.tokens import Keys
from volunteer.store.bulk import insert_rows, update_rows
from volunteer.store.database import Tx
from volunteer.store.models import (
    Building,
    BuildingAlias,
    Community,
    ContactPhone,
    ExternalNumber,
    ImportBatch,
    ImportRow,
    Login,
    LoginResident,
    Residence,
    Resident,
)
from volunteer.store.models.base import table_of
from volunteer.store.people import birth_columns, name_columns, record_residents

VOLUNTEER_NUMBER = "义工号"
ROW = table_of(ImportRow)
PHONE = table_of(ContactPhone)


@dataclass(frozen=True)
class Hand:
    """Who writes, when, and with which keys."""

    keys: Keys
    by: int | None
    now: datetime
    today: date


def lock_register(tx: Tx, community_id: int) -> None:
    """One import at a time decides who is new in a community.

    Not FOR UPDATE: every scan's foreign keys share a lock on this row, and would wait for it.
    """
    row = select(Community.id).where(Community.id == community_id)
    tx.run(row.with_for_update(key_share=True))


def load_known(tx: Tx, community_id: int) -> list[Known]:
    """Everybody with a passbook here, as far as a row of a sheet can be told to mean them."""
    phones: dict[int, set[str]] = {}
    noted = select(ContactPhone.resident_id, ContactPhone.phone).where(
        ContactPhone.community_id == community_id
    )
    signing_in = (
        select(LoginResident.resident_id, Login.phone)
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            LoginResident.community_id == community_id,
            LoginResident.relation == "self",
            LoginResident.revoked_at.is_(None),
            LoginResident.ends_on.is_(None),
            Login.phone.is_not(None),
        )
    )
    both: tuple[Any, ...] = (noted, signing_in)
    for found in both:
        for row in tx.run(found):
            phones.setdefault(row.resident_id, set()).add(row.phone)
    homes = {row.resident_id: row for row in tx.run(_running_homes(community_id))}
    numbers = {
        row.resident_id: row.number
        for row in tx.run(
            select(ExternalNumber.resident_id, ExternalNumber.number).where(
                ExternalNumber.community_id == community_id,
                ExternalNumber.system == VOLUNTEER_NUMBER,
            )
        )
    }
    people = select(Resident.id, Resident.name, Resident.passbook_number).where(
        Resident.community_id == community_id, Resident.state.in_(("active", "provisional"))
    )
    return [
        Known(
            resident_id=row.id,
            name=row.name,
            passbook_number=row.passbook_number,
            phones=frozenset(phones.get(row.id, ())),
            building_id=homes[row.id].building_id if row.id in homes else None,
            room=homes[row.id].room if row.id in homes else None,
            volunteer_number=numbers.get(row.id),
        )
        for row in tx.run(people).all()
    ]


def _running_homes(community_id: int) -> Any:
    return select(
        Residence.id,
        Residence.resident_id,
        Residence.building_id,
        Residence.room,
        Residence.starts_on,
    ).where(
        Residence.community_id == community_id,
        Residence.kind == "lives",
        Residence.ends_on.is_(None),
    )


def load_reading(tx: Tx, batch: Any, today: date) -> Reading:
    """How the rows of a batch are read: its columns and places, and the community's buildings."""
    names = tx.run(
        select(Building.id, Building.name)
        .where(Building.community_id == batch.community_id, Building.deactivated_at.is_(None))
        .union_all(
            select(BuildingAlias.building_id, BuildingAlias.alias).where(
                BuildingAlias.community_id == batch.community_id
            )
        )
    )
    return Reading(
        columns={int(place): Field(field) for place, field in batch.columns.items()},
        buildings=buildings_by_key((row.id, row.name) for row in names),
        today=today,
        default_age_band=batch.default_age_band,
        places={written: int(building_id) for written, building_id in batch.places.items()},
    )


def record_rows(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep rows of a sheet; a chunk of at most 500."""
    insert_rows(tx, ROW, rows)


def record_fates(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """What the dry run says of rows; who was chosen by staff stays chosen."""
    update_rows(
        tx,
        ROW,
        rows,
        "fate = r.fate, reading = r.reading, resident_id = r.resident_id",
        "import_row.id = r.id AND NOT import_row.chosen_by_staff",
    )


def record_new(
    tx: Tx, community_id: int, people: Sequence[tuple[int, SheetPerson]], hand: Hand
) -> list[dict[str, Any]]:
    """Take people up, each with passbook, first card and phone; gives the rows' outcomes."""
    if not people:
        return []
    area_of = _areas(tx, {person.building_id for _, person in people if person.building_id})
    new = [_new_person(person, area_of, hand.today) for _, person in people]
    added = record_residents(tx, community_id, new, keys=hand.keys, by=hand.by, now=hand.now)
    phones = [
        _phone_row(community_id, one.resident_id, person.phone, hand.now)
        for (_, person), one in zip(people, added, strict=True)
        if person.phone
    ]
    if phones:
        insert_rows(tx, PHONE, phones)
    return [
        {"id": row_id, "outcome": "added", "resident_id": one.resident_id, "before": None}
        for (row_id, _), one in zip(people, added, strict=True)
    ]


def record_update(
    tx: Tx, community_id: int, resident_id: int, person: SheetPerson, hand: Hand
) -> dict[str, Any]:
    """Bring one person up to date with what the row says; what it does not say stays.

    Gives what was replaced, which is empty when nothing was.
    """
    before: dict[str, Any] = {}
    table = table_of(Resident)
    is_theirs = table.c.community_id == community_id, table.c.id == resident_id
    now_is = tx.run(select(table).where(*is_theirs).with_for_update()).one()
    wanted: dict[str, Any] = {}
    if person.name != now_is.name or (person.name_en and person.name_en != now_is.name_en):
        wanted |= name_columns(person.name, person.name_en or now_is.name_en)
    if person.birth_date and person.birth_date != now_is.birth_date:
        wanted |= birth_columns(person.birth_date, None)
    for name in wanted:
        value = now_is._mapping[name]
        before[name] = value.isoformat() if isinstance(value, date) else value
    if wanted:
        tx.run(update(table).where(*is_theirs).values(**wanted))
    before |= _update_phone(tx, community_id, resident_id, person.phone, hand.now)
    before |= _update_home(tx, community_id, resident_id, person, hand.today)
    return before | _update_number(tx, community_id, resident_id, person.volunteer_number)


def _new_person(person: SheetPerson, area_of: Mapping[int, int], today: date) -> NewPerson:
    number = person.volunteer_number
    room = person.kept_room
    building_id = person.building_id
    home = Home(
        starts_on=today,
        area_id=area_of[building_id] if building_id else None,
        building_id=building_id,
        room=room,
    )
    return NewPerson(
        name=person.name,
        name_en=person.name_en,
        birth_date=person.birth_date,
        age_band=person.age_band,
        home=home if building_id or room else None,
        external_numbers=((VOLUNTEER_NUMBER, number),) if number else (),
    )


def _areas(tx: Tx, building_ids: set[int]) -> dict[int, int]:
    if not building_ids:
        return {}
    rows = tx.run(select(Building.id, Building.area_id).where(Building.id.in_(building_ids)))
    return {row.id: row.area_id for row in rows}


def _phone_row(community_id: int, resident_id: int, phone: str, now: datetime) -> dict[str, Any]:
    return {
        "community_id": community_id,
        "resident_id": resident_id,
        "phone": phone,
        "noted_at": now,
    }


def _update_phone(
    tx: Tx, community_id: int, resident_id: int, phone: str | None, now: datetime
) -> dict[str, Any]:
    if not phone:
        return {}
    theirs = PHONE.c.community_id == community_id, PHONE.c.resident_id == resident_id
    noted = tx.run(select(PHONE.c.phone).where(*theirs)).scalar_one_or_none()
    if noted == phone:
        return {}
    tx.run(delete(PHONE).where(*theirs))
    insert_rows(tx, PHONE, [_phone_row(community_id, resident_id, phone, now)])
    return {"phone": noted}


def _update_home(
    tx: Tx, community_id: int, resident_id: int, person: SheetPerson, today: date
) -> dict[str, Any]:
    """A home that was not known is added; another one than the known is left to staff, who know
    since when: a sheet says where somebody lives, never when they moved."""
    if person.building_id is None:
        return {}
    known = tx.run(
        _running_homes(community_id).where(
            Residence.resident_id == resident_id,
            or_(Residence.building_id.is_not(None), Residence.area_id.is_not(None)),
        )
    ).first()
    if known is not None:
        return {}
    unplaced = tx.run(
        _running_homes(community_id).where(Residence.resident_id == resident_id)
    ).first()
    place = {
        "area_id": _areas(tx, {person.building_id})[person.building_id],
        "building_id": person.building_id,
        "room": person.room,
    }
    table = table_of(Residence)
    if unplaced is not None:
        tx.run(update(table).where(table.c.id == unplaced.id).values(**place))
        return {"home": {"residence_id": unplaced.id, "room": unplaced.room}}
    row = {"community_id": community_id, "resident_id": resident_id, "kind": "lives"}
    insert_rows(tx, table, [{**row, **place, "starts_on": today}])
    return {"home": None}


def _update_number(
    tx: Tx, community_id: int, resident_id: int, number: str | None
) -> dict[str, Any]:
    if not number:
        return {}
    table = table_of(ExternalNumber)
    theirs = (
        table.c.community_id == community_id,
        table.c.resident_id == resident_id,
        table.c.system == VOLUNTEER_NUMBER,
    )
    known = tx.run(select(table.c.number).where(*theirs)).scalar_one_or_none()
    if known == number:
        return {}
    tx.run(delete(table).where(*theirs))
    row = {"community_id": community_id, "resident_id": resident_id}
    insert_rows(tx, table, [{**row, "system": VOLUNTEER_NUMBER, "number": number}])
    return {"volunteer_number": known}


def record_outcomes(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of the rows of a chunk."""
    update_rows(
        tx,
        ROW,
        rows,
        "outcome = r.outcome, resident_id = r.resident_id, before = r.before",
        "import_row.id = r.id",
    )


def record_batch(tx: Tx, batch_id: int, **values: Any) -> None:
    tx.run(update(ImportBatch).where(ImportBatch.id == batch_id).values(**values))
