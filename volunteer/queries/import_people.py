"""Residents beside the rows of a sheet: whom a row may mean, whom it made, and everybody for a
spreadsheet of the same shape."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, literal, select, union_all

from volunteer.domain.access import Scope
from volunteer.domain.residents_matching import VOLUNTEER_NUMBER
from volunteer.queries.people import Place, place_columns, place_of, without_consent
from volunteer.store.database import db
from volunteer.store.models import (
    Area,
    Building,
    ContactPhone,
    ExternalNumber,
    ImportRow,
    Login,
    LoginResident,
    Residence,
    Resident,
)

EXPORTED_STATES = ("active", "provisional")


@dataclass(frozen=True)
class PersonShown:
    """A resident as far as two can be told to be one. ``phones``: all they are reached by."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    state: str
    birth_date: date | None
    age_band: str | None
    place: Place | None
    phones: tuple[str, ...]


@dataclass(frozen=True)
class PersonExported:
    """A resident as a row of a spreadsheet; ``building`` is written with its area."""

    name: str
    name_en: str | None
    phone: str | None
    building: str | None
    room: str | None
    birth_date: date | None
    age_band: str | None
    volunteer_number: str | None
    passbook_number: str


def read_people_shown(community_id: int, ids: Collection[int]) -> dict[int, PersonShown]:
    """These residents by id, in three statements."""
    if not ids:
        return {}
    people = db.session.execute(
        select(Resident).where(Resident.community_id == community_id, Resident.id.in_(ids))
    ).scalars()
    homes = {
        row.resident_id: place_of(row)
        for row in db.session.execute(
            place_columns()
            .where(
                Residence.resident_id.in_(ids),
                Residence.kind == "lives",
                Residence.ends_on.is_(None),
            )
            .order_by(Residence.starts_on)
        )
    }
    phones = _phones(community_id, ids)
    return {
        one.id: PersonShown(
            resident_id=one.id,
            ref=one.ref,
            name=one.name,
            name_en=one.name_en,
            passbook_number=one.passbook_number,
            state=one.state,
            birth_date=one.birth_date,
            age_band=one.age_band,
            place=homes.get(one.id),
            phones=phones.get(one.id, ()),
        )
        for one in people
    }


def read_building_names(
    community_id: int, ids: Collection[int]
) -> dict[int, tuple[str, str | None]]:
    """Name and English name of buildings, each with its area."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(Building.id, Building.name, Building.name_en, Area.name, Area.name_en)
        .join(Area, Area.id == Building.area_id)
        .where(Building.community_id == community_id, Building.id.in_(ids))
    )
    return {
        building_id: (f"{area} {name}", f"{area_en or area} {name_en or name}")
        for building_id, name, name_en, area, area_en in rows
    }


def count_without_consent(community_id: int, batch_id: int, today: date) -> int:
    """How many people of a batch are under 14 and have no guardian's consent yet."""
    of_batch = (
        select(ImportRow.resident_id)
        .where(ImportRow.batch_id == batch_id, ImportRow.outcome.in_(("added", "updated")))
        .scalar_subquery()
    )
    found = db.session.scalar(
        select(func.count())
        .select_from(Resident)
        .where(
            Resident.community_id == community_id,
            Resident.id.in_(of_batch),
            Resident.state.in_(EXPORTED_STATES),
            without_consent(today),
        )
    )
    return found or 0


def read_everybody(scope: Scope, community_id: int) -> list[PersonExported]:
    """Everybody who is here, by pinyin; not the guests. Four statements."""
    if not scope.sees(community_id):
        return []
    phones = _phones(community_id, None)
    homes = {
        row.resident_id: row
        for row in db.session.execute(
            select(
                Residence.resident_id, Residence.room, Building.name, Area.name.label("area_name")
            )
            .outerjoin(Building, Building.id == Residence.building_id)
            .outerjoin(Area, Area.id == Building.area_id)
            .where(
                Residence.community_id == community_id,
                Residence.kind == "lives",
                Residence.ends_on.is_(None),
            )
            .order_by(Residence.starts_on)
        )
    }
    numbers = {
        row.resident_id: row.number
        for row in db.session.execute(
            select(ExternalNumber.resident_id, ExternalNumber.number).where(
                ExternalNumber.community_id == community_id,
                ExternalNumber.system == VOLUNTEER_NUMBER,
            )
        )
    }
    people = db.session.execute(
        select(Resident)
        .where(
            Resident.community_id == community_id,
            Resident.state.in_(EXPORTED_STATES),
            Resident.home_resident_id.is_(None),
        )
        .order_by(Resident.pinyin, Resident.id)
    ).scalars()
    return [
        _exported(one, homes.get(one.id), phones.get(one.id, ()), numbers.get(one.id))
        for one in people
    ]


def _exported(
    one: Resident, home: Any | None, phones: tuple[str, ...], number: str | None
) -> PersonExported:
    return PersonExported(
        name=one.name,
        name_en=one.name_en,
        phone=phones[0] if phones else None,
        building=f"{home.area_name}{home.name}" if home is not None and home.name else None,
        room=home.room if home is not None else None,
        birth_date=one.birth_date,
        age_band=one.age_band,
        volunteer_number=number,
        passbook_number=one.passbook_number,
    )


def _phones(community_id: int, ids: Collection[int] | None) -> dict[int, tuple[str, ...]]:
    """What was written down for people comes before what they sign in with."""
    noted = select(
        ContactPhone.resident_id, ContactPhone.phone, literal(0).label("comes_after")
    ).where(ContactPhone.community_id == community_id)
    signing_in = (
        select(LoginResident.resident_id, Login.phone, literal(1))
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            LoginResident.community_id == community_id,
            LoginResident.relation == "self",
            LoginResident.revoked_at.is_(None),
            LoginResident.ends_on.is_(None),
            Login.phone.is_not(None),
        )
    )
    if ids is not None:
        noted = noted.where(ContactPhone.resident_id.in_(ids))
        signing_in = signing_in.where(LoginResident.resident_id.in_(ids))
    found: dict[int, tuple[str, ...]] = {}
    both: Any = union_all(noted, signing_in).order_by("comes_after")
    for row in db.session.execute(both):
        known = found.get(row.resident_id, ())
        found[row.resident_id] = known if row.phone in known else (*known, row.phone)
    return found
