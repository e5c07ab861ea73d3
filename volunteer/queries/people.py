"""The register of residents: a page of it, found by whatever one knows of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, union_all

from volunteer.domain.access import Scope
from volunteer.domain.age import ADULT_AGE, CONSENT_AGE, AgeBand, age_band_on
from volunteer.domain.consents import Consent as ConsentKind
from volunteer.domain.people_search import PeopleSearch
from volunteer.queries.named import by_whole_number, named_so
from volunteer.queries.paging import PAGE_ROWS, Paged, page_within
from volunteer.store.database import db
from volunteer.store.models import (
    Area,
    Building,
    BuildingAlias,
    Card,
    Consent,
    ContactPhone,
    ExternalNumber,
    Login,
    LoginResident,
    Residence,
    Resident,
)

NOTHING_SOUGHT = PeopleSearch()
SHOWN_STATES = ("provisional", "active")


@dataclass(frozen=True)
class PeopleFilter:
    """What narrows the list. ``state``: one state, '' for everybody who is here, 'all' for
    everybody. ``show``: '', minors, consent_missing, no_phone or no_card."""

    search: PeopleSearch = NOTHING_SOUGHT
    building_id: int | None = None
    state: str = ""
    show: str = ""


@dataclass(frozen=True)
class Place:
    """A residence of today in words."""

    kind: str
    area: str | None
    area_en: str | None
    building: str | None
    building_en: str | None
    room: str | None


@dataclass(frozen=True)
class PersonRow:
    """A line of the list. ``card_id``: the card that works, if there is one."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    state: str
    age_band: AgeBand
    place: Place | None
    phones: tuple[str, ...]
    card_id: int | None
    is_guest: bool
    consent_missing: bool


def read_people(
    scope: Scope, community_id: int, wanted: PeopleFilter, page: int, *, today: date
) -> Paged[PersonRow]:
    """One page of the people of a community, by pinyin. Five statements, whatever is asked."""
    if not scope.sees(community_id):
        return Paged((), 1, 0)
    matching = [Resident.community_id == community_id, *_conditions(wanted, community_id, today)]
    total = db.session.scalar(select(func.count()).select_from(Resident).where(*matching)) or 0
    page = page_within(page, total)
    found = db.session.execute(
        select(
            Resident.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Resident.state,
            Resident.birth_date,
            Resident.age_band,
            Resident.home_resident_id,
            _working_card().label("card_id"),
            _has_guardian_consent().label("has_consent"),
        )
        .where(*matching)
        .order_by(Resident.pinyin, Resident.id)
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    ).all()
    ids = [row.id for row in found]
    places, phones = _places(ids, today), _phones(ids, today)
    rows = tuple(_person_row(row, places, phones, today) for row in found)
    return Paged(rows, page, total)


def find_person(scope: Scope, community_id: int, search: PeopleSearch) -> str | None:
    """The ref of the one person whom a whole number names, so that a scanned or typed card opens
    their page at once; None for anything else."""
    if not scope.sees(community_id):
        return None
    exact = by_whole_number(search)
    if exact is None:
        return None
    found = db.session.scalars(
        select(Resident.ref).where(Resident.community_id == community_id, exact).limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def read_consent_missing(scope: Scope, resident_id: int, *, today: date) -> bool:
    """Whether this is a child for whom no guardian has agreed."""
    statement = select(Resident.community_id).where(
        Resident.id == resident_id, without_consent(today)
    )
    community_id = db.session.scalar(statement)
    return community_id is not None and scope.sees(community_id)


def _conditions(wanted: PeopleFilter, community_id: int, today: date) -> list[ColumnElement[bool]]:
    # Whom an import added and its undo emptied is nobody any more.
    conditions: list[ColumnElement[bool]] = [Resident.name != ""]
    if wanted.search:
        conditions.append(_fits(wanted.search, community_id, today))
    if wanted.state == "":
        # Somebody looked up by name is found wherever they have gone.
        if not wanted.search:
            conditions.append(Resident.state.in_(SHOWN_STATES))
    elif wanted.state != "all":
        conditions.append(Resident.state == wanted.state)
    if wanted.building_id is not None:
        conditions.append(
            exists().where(
                Residence.resident_id == Resident.id,
                Residence.building_id == wanted.building_id,
                *_running(today),
            )
        )
    shown = _SHOWS.get(wanted.show)
    if shown:
        conditions.append(shown(today))
    return conditions


def _fits(search: PeopleSearch, community_id: int, today: date) -> ColumnElement[bool]:
    """Any one of what was typed may fit: who types 1204 may mean a room or a phone's tail."""
    ways = [named_so(search)]
    phones = _phone_condition(search, today)
    if phones is not None:
        ways.append(phones)
    ways.append(
        exists().where(
            ExternalNumber.resident_id == Resident.id, ExternalNumber.number == search.text
        )
    )
    place = _place_condition(search, community_id, today)
    if place is not None:
        ways.append(place)
    return or_(*ways)


def _phone_condition(search: PeopleSearch, today: date) -> ColumnElement[bool] | None:
    if search.phone:
        fits: ColumnElement[bool] = Login.phone == search.phone
    elif search.is_phone_tail:
        fits = Login.phone.endswith(search.digits)
    else:
        return None
    signs_in = exists().where(
        LoginResident.resident_id == Resident.id,
        LoginResident.login_id == Login.id,
        *_link_runs(today),
        fits,
    )
    noted = ContactPhone.phone
    was_noted = noted == search.phone if search.phone else noted.endswith(search.digits)
    written = exists().where(ContactPhone.resident_id == Resident.id, was_noted)
    return or_(signs_in, written)


def _place_condition(
    search: PeopleSearch, community_id: int, today: date
) -> ColumnElement[bool] | None:
    ways: list[ColumnElement[bool]] = []
    if search.buildings:
        named = or_(
            Building.name.in_(search.buildings),
            # 怡枫园3栋 typed in full, where the building is 3栋 in the area 怡枫园
            (Area.name + Building.name).in_(search.buildings),
            exists().where(
                BuildingAlias.building_id == Building.id,
                BuildingAlias.alias.in_(search.buildings),
            ),
        )
        here = (
            select(Building.id)
            .join(Area, Area.id == Building.area_id)
            .where(Building.community_id == community_id, named)
        )
        in_building = Residence.building_id.in_(here)
        in_room = Residence.room == search.room if search.room else None
        ways.append(in_building if in_room is None else and_(in_building, in_room))
    if search.digits:
        ways.append(Residence.room == search.digits)
    if not ways:
        return None
    return exists().where(Residence.resident_id == Resident.id, *_running(today), or_(*ways))


def _running(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Residence.starts_on <= today,
        or_(Residence.ends_on.is_(None), Residence.ends_on >= today),
    )


def _link_runs(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        LoginResident.revoked_at.is_(None),
        LoginResident.starts_on <= today,
        or_(LoginResident.ends_on.is_(None), LoginResident.ends_on >= today),
    )


def _younger_than(years: int, bands: Sequence[str], today: date) -> ColumnElement[bool]:
    born_after = _years_before(today, years)
    return or_(
        Resident.birth_date > born_after,
        and_(Resident.birth_date.is_(None), Resident.age_band.in_(bands)),
    )


def _years_before(day: date, years: int) -> date:
    """29 February counts as the 28th here: who was born that day is of age on 1 March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _minors(today: date) -> ColumnElement[bool]:
    return _younger_than(ADULT_AGE, (AgeBand.UNDER_14, AgeBand.FROM_14_TO_17), today)


def without_consent(today: date) -> ColumnElement[bool]:
    """Under 14, and no guardian has agreed."""
    under_14 = _younger_than(CONSENT_AGE, (AgeBand.UNDER_14,), today)
    given = func.coalesce(_has_guardian_consent(), False)
    return and_(under_14, ~given)


def _without_phone(today: date) -> ColumnElement[bool]:
    signs_in = exists().where(LoginResident.resident_id == Resident.id, *_link_runs(today))
    return ~signs_in & ~exists().where(ContactPhone.resident_id == Resident.id)


def _without_card(_today: date) -> ColumnElement[bool]:
    return ~exists().where(Card.resident_id == Resident.id, Card.state == "active")


_SHOWS = {
    "minors": _minors,
    "consent_missing": without_consent,
    "no_phone": _without_phone,
    "no_card": _without_card,
}
SHOWS = tuple(_SHOWS)


def _has_guardian_consent() -> Any:
    """Of the guardian's answers the newest counts; NULL when there is none."""
    return (
        select(Consent.given)
        .where(
            Consent.community_id == Resident.community_id,
            Consent.resident_id == Resident.id,
            Consent.what == ConsentKind.GUARDIAN.value,
        )
        .order_by(Consent.id.desc())
        .limit(1)
        .correlate(Resident)
        .scalar_subquery()
    )


def _working_card() -> Any:
    return (
        select(func.max(Card.id))
        .where(
            Card.community_id == Resident.community_id,
            Card.resident_id == Resident.id,
            Card.state == "active",
        )
        .correlate(Resident)
        .scalar_subquery()
    )


def _places(resident_ids: Sequence[int], today: date) -> dict[int, Place]:
    """Where these people are today: home before work before visit, the newest of each."""
    rows = db.session.execute(
        place_columns()
        .where(Residence.resident_id.in_(resident_ids), *_running(today))
        .order_by(Residence.starts_on.desc())
    ).all()
    found: dict[int, Place] = {}
    for kind in ("lives", "works", "guest"):
        for row in rows:
            if row.kind == kind:
                found.setdefault(row.resident_id, place_of(row))
    return found


def place_columns() -> Any:
    """Residences with the names of their places; see ``place_of``."""
    return (
        select(
            Residence.resident_id,
            Residence.kind,
            Residence.room,
            Area.name.label("area"),
            Area.name_en.label("area_en"),
            Building.name.label("building"),
            Building.name_en.label("building_en"),
        )
        .select_from(Residence)
        .outerjoin(Area, Area.id == Residence.area_id)
        .outerjoin(Building, Building.id == Residence.building_id)
    )


def place_of(row: Any) -> Place:
    return Place(row.kind, row.area, row.area_en, row.building, row.building_en, row.room)


def _phones(resident_ids: Sequence[int], today: date) -> dict[int, tuple[str, ...]]:
    """The phones that reach these people: what they sign in with, what was written down for them,
    then their guardians' and helpers'."""
    signing_in = (
        select(LoginResident.resident_id, LoginResident.relation, Login.phone, LoginResident.id)
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            LoginResident.resident_id.in_(resident_ids),
            Login.phone.is_not(None),
            *_link_runs(today),
        )
    )
    noted = select(
        ContactPhone.resident_id, literal("noted"), ContactPhone.phone, ContactPhone.id
    ).where(ContactPhone.resident_id.in_(resident_ids))
    both: Any = union_all(signing_in, noted)
    ranks = {"self": 0, "noted": 1}
    rows = sorted(db.session.execute(both), key=lambda row: (ranks.get(row.relation, 2), row.id))
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        known = found.get(row.resident_id, ())
        found[row.resident_id] = known if row.phone in known else (*known, row.phone)
    return found


def _person_row(
    row: Any, places: dict[int, Place], phones: dict[int, tuple[str, ...]], today: date
) -> PersonRow:
    band = age_band_on(row.birth_date, row.age_band, today)
    return PersonRow(
        resident_id=row.id,
        ref=row.ref,
        name=row.name,
        name_en=row.name_en,
        passbook_number=row.passbook_number,
        state=row.state,
        age_band=band,
        place=places.get(row.id),
        phones=phones.get(row.id, ()),
        card_id=row.card_id,
        is_guest=row.home_resident_id is not None,
        consent_missing=band is AgeBand.UNDER_14 and not row.has_consent,
    )
