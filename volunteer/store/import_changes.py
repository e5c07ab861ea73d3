"""Writing a chunk of an import down: new people, and what changed about known ones. The number of
statements does not grow with the chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from volunteer.domain.people import Home, NewPerson
from volunteer.domain.residents_import import SheetPerson
from volunteer.domain.residents_matching import VOLUNTEER_NUMBER, Changes
from volunteer.domain.tokens import Keys
from volunteer.store.bulk import among, insert_rows, update_rows
from volunteer.store.database import Tx
from volunteer.store.imports import load_areas, load_homes
from volunteer.store.models import ContactPhone, ExternalNumber, Residence, Resident
from volunteer.store.models.base import table_of
from volunteer.store.people import birth_columns, name_columns, record_residents

PHONE = table_of(ContactPhone)
NUMBER = table_of(ExternalNumber)
RESIDENT = table_of(Resident)
RESIDENCE = table_of(Residence)
_DETAILS = frozenset({"name", "name_en", "birth_date", "age_band", "state"})


@dataclass(frozen=True)
class Hand:
    """Who writes, when, and with which keys."""

    keys: Keys
    by: int | None
    now: datetime
    today: date


@dataclass(frozen=True)
class RowUpdate:
    """What a row changes about a resident; see ``residents_matching.decide_changes``."""

    row_id: int
    resident_id: int
    changes: Changes


def record_new(
    tx: Tx, community_id: int, people: Sequence[tuple[int, SheetPerson]], hand: Hand
) -> list[dict[str, Any]]:
    """Take people up, each with passbook, first card and phone; gives the rows' outcomes."""
    if not people:
        return []
    area_of = load_areas(tx, [one.building_id for _, one in people if one.building_id])
    new = [_new_person(person, area_of, hand.today) for _, person in people]
    added = record_residents(tx, community_id, new, keys=hand.keys, by=hand.by, now=hand.now)
    phones = {
        one.resident_id: person.phone
        for (_, person), one in zip(people, added, strict=True)
        if person.phone
    }
    _insert_phones(tx, community_id, phones, hand.now)
    return [
        {"id": row_id, "outcome": "added", "resident_id": one.resident_id, "before": None}
        for (row_id, _), one in zip(people, added, strict=True)
    ]


def record_updates(
    tx: Tx, community_id: int, updates: Sequence[RowUpdate], hand: Hand
) -> list[dict[str, Any]]:
    """Bring people up to date; gives the rows' outcomes, each with what it replaced."""
    changed = {one.resident_id: one.changes for one in updates if one.changes}
    kept: dict[int, dict[str, Any]] = {who: dict(changes) for who, changes in changed.items()}
    if changed:
        _record_details(tx, community_id, changed)
        record_phones(tx, community_id, _after(changed, "phone"), hand.now)
        record_numbers(tx, community_id, _after(changed, "volunteer_number"))
        homes = {who: changes["home"][1] for who, changes in changed.items() if "home" in changes}
        for who, residence in _record_homes(tx, community_id, homes, hand.today).items():
            kept[who]["residence"] = residence
    return [
        {
            "id": one.row_id,
            "outcome": "updated" if one.changes else "unchanged",
            "resident_id": one.resident_id,
            "before": kept.get(one.resident_id),
        }
        for one in updates
    ]


def record_phones(
    tx: Tx, community_id: int, phones: Mapping[int, str | None], now: datetime
) -> None:
    """The phone that is written down for each of these; None takes it away."""
    if phones:
        tx.run(
            delete(PHONE).where(
                PHONE.c.community_id == community_id, among(PHONE.c.resident_id, "ids")
            ),
            ids=sorted(phones),
        )
    _insert_phones(tx, community_id, {who: one for who, one in phones.items() if one}, now)


def record_numbers(tx: Tx, community_id: int, numbers: Mapping[int, str | None]) -> None:
    """The volunteer number of each of these; None takes it away."""
    if not numbers:
        return
    theirs = (
        NUMBER.c.community_id == community_id,
        NUMBER.c.system == VOLUNTEER_NUMBER,
        among(NUMBER.c.resident_id, "ids"),
    )
    tx.run(delete(NUMBER).where(*theirs), ids=sorted(numbers))
    rows = [
        {"community_id": community_id, "resident_id": who, "system": VOLUNTEER_NUMBER}
        | {"number": one}
        for who, one in sorted(numbers.items())
        if one
    ]
    if rows:
        insert_rows(tx, NUMBER, rows)


def record_resident_columns(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Name, birth and state of residents, whole: a row has all of these columns."""
    if rows:
        names = [name for name in rows[0] if name != "id"]
        changes = ", ".join(f"{name} = r.{name}" for name in names)
        update_rows(tx, RESIDENT, rows, changes, "resident.id = r.id")


def load_details(tx: Tx, community_id: int, resident_ids: Sequence[int]) -> dict[int, Any]:
    """Name, birth and state of these, locked."""
    rows = tx.run(
        select(
            RESIDENT.c.id,
            RESIDENT.c.name,
            RESIDENT.c.name_en,
            RESIDENT.c.birth_date,
            RESIDENT.c.age_band,
            RESIDENT.c.state,
        )
        .where(RESIDENT.c.community_id == community_id, among(RESIDENT.c.id, "ids"))
        .order_by(RESIDENT.c.id)
        .with_for_update(),
        ids=sorted(resident_ids),
    )
    return {row.id: row for row in rows}


def details_row(resident_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a resident from name, name_en, birth_date, age_band and state."""
    born = values["birth_date"]
    born = date.fromisoformat(born) if isinstance(born, str) else born
    return {
        "id": resident_id,
        "state": values["state"],
        **name_columns(values["name"], values["name_en"]),
        **birth_columns(born, values["age_band"]),
    }


def _record_details(tx: Tx, community_id: int, changed: Mapping[int, Changes]) -> None:
    wanted = {
        who: {name: after for name, (_, after) in changes.items() if name in _DETAILS}
        for who, changes in changed.items()
        if _DETAILS & changes.keys()
    }
    if not wanted:
        return
    now_are = load_details(tx, community_id, sorted(wanted))
    rows = [
        details_row(who, {**row._mapping, **wanted[who]}) for who, row in sorted(now_are.items())
    ]
    record_resident_columns(tx, rows)


def _after(changed: Mapping[int, Changes], name: str) -> dict[int, str | None]:
    return {who: changes[name][1] for who, changes in changed.items() if name in changes}


def _insert_phones(tx: Tx, community_id: int, phones: Mapping[int, str], now: datetime) -> None:
    rows = [
        {"community_id": community_id, "resident_id": who, "phone": phone, "noted_at": now}
        for who, phone in sorted(phones.items())
    ]
    if rows:
        insert_rows(tx, PHONE, rows)


def _record_homes(
    tx: Tx, community_id: int, homes: Mapping[int, Sequence[Any]], today: date
) -> dict[int, dict[str, Any]]:
    """People move today, as a sheet does not say since when; the home before gets yesterday as its
    last day. What began today already, never named a building, or only lacked the room, is put
    right instead.

    Gives for each what became of the residence: ``{"added": id, "ended": id or None}`` or
    ``{"corrected": id, "area_id": what it was}``.
    """
    if not homes:
        return {}
    area_of = load_areas(tx, [building_id for building_id, _ in homes.values()])
    running = load_homes(tx, community_id, sorted(homes))
    ended, corrected, added = [], [], []
    done: dict[int, dict[str, Any]] = {}
    for who, (building_id, room) in sorted(homes.items()):
        before = running.get(who)
        place = {"area_id": area_of[building_id], "building_id": building_id, "room": room}
        if before is not None and _is_put_right(before, building_id, today):
            corrected.append({"id": before.id, **place})
            done[who] = {"corrected": before.id, "area_id": before.area_id}
            continue
        if before is not None:
            ended.append({"id": before.id, "ends_on": today - timedelta(days=1)})
        row = {"community_id": community_id, "resident_id": who, "kind": "lives"}
        added.append({**row, **place, "starts_on": today})
        done[who] = {"ended": before.id if before is not None else None}
    if ended:
        update_rows(tx, RESIDENCE, ended, "ends_on = r.ends_on", "residence.id = r.id")
    if corrected:
        place_columns = "area_id = r.area_id, building_id = r.building_id, room = r.room"
        update_rows(tx, RESIDENCE, corrected, place_columns, "residence.id = r.id")
    if added:
        for one in insert_rows(tx, RESIDENCE, added, "RETURNING id, resident_id"):
            done[one.resident_id]["added"] = one.id
    return done


def _is_put_right(home: Any, building_id: int, today: date) -> bool:
    completed = home.building_id == building_id and home.room is None
    return home.building_id is None or completed or bool(home.starts_on >= today)


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
