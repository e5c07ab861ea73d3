"""What of the demo community is there already: so that loading it can stop and go on.

Names are enough to find things by: the demo's own are unique. Only the command line and the job
that adds today's event ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Area,
    Building,
    Card,
    Community,
    DemoChapter,
    Event,
    Login,
    LoginResident,
    Organisation,
    OrganisationKind,
    Residence,
    Resident,
    YouthGroup,
)


@dataclass(frozen=True)
class DemoCommunity:
    community_id: int
    sub_district_id: int
    name: str


@dataclass(frozen=True)
class DemoPlaces:
    """Ids by name; kinds by code and by name."""

    areas: dict[str, int]
    buildings: dict[str, int]
    kinds: dict[str, int]
    kind_names: dict[str, int]
    organisations: dict[str, int]
    youth_groups: dict[str, int]


@dataclass(frozen=True)
class DemoResident:
    resident_id: int
    passbook_number: str
    card_number: str


@dataclass(frozen=True)
class DemoEvent:
    event_id: int
    state: str


EventKey = tuple[int, datetime, str]
"""Activity, start, place."""


def read_chapters() -> dict[str, datetime]:
    """Chapters that are loaded, with when. Needs no scope: a chapter is no community's row."""
    rows = db.session.execute(select(DemoChapter.name, DemoChapter.loaded_at))
    return {row.name: row.loaded_at for row in rows}


def read_demo_communities(scope: Scope) -> dict[str, DemoCommunity]:
    rows = db.session.execute(
        select(Community.id, Community.sub_district_id, Community.name)
        .where(Community.is_demo)
        .order_by(Community.id)
    )
    return {row.name: DemoCommunity(*row) for row in rows if scope.sees(row.id)}


def read_places(community_id: int, scope: Scope) -> DemoPlaces:
    assert scope.sees(community_id)
    named = (
        (Area, Area.name),
        (Building, Building.name),
        (OrganisationKind, OrganisationKind.code),
        (OrganisationKind, OrganisationKind.name),
        (Organisation, Organisation.name),
        (YouthGroup, YouthGroup.name),
    )
    found: list[dict[str, int]] = []
    for model, name in named:
        rows = db.session.execute(
            select(name.label("name"), model.id).where(model.community_id == community_id)
        )
        found.append({row.name: row.id for row in rows})
    return DemoPlaces(*found)


def read_people(community_id: int, scope: Scope) -> dict[int, list[DemoResident]]:
    """Residents with a home and a first card by building, in the order they were added."""
    assert scope.sees(community_id)
    rows = db.session.execute(
        select(Residence.building_id, Resident.id, Resident.passbook_number, Card.number)
        .join(Resident, Resident.id == Residence.resident_id)
        .join(Card, Card.resident_id == Resident.id)
        .where(
            Residence.community_id == community_id,
            Residence.ends_on.is_(None),
            Card.state == "active",
        )
        .order_by(Resident.id)
    )
    people: dict[int, list[DemoResident]] = {}
    for row in rows:
        if row.building_id is not None:
            resident = DemoResident(row.id, row.passbook_number, row.number)
            people.setdefault(row.building_id, []).append(resident)
    return people


def read_activities(community_id: int, scope: Scope) -> dict[str, int]:
    assert scope.sees(community_id)
    rows = db.session.execute(
        select(Activity.name, Activity.id).where(
            Activity.community_id == community_id, Activity.deactivated_at.is_(None)
        )
    )
    return {row.name: row.id for row in rows}


def read_events(
    community_id: int, since: datetime, until: datetime, scope: Scope
) -> dict[EventKey, DemoEvent]:
    """Events that start from ``since`` to before ``until``."""
    assert scope.sees(community_id)
    rows = db.session.execute(
        select(Event.activity_id, Event.starts_at, Event.place, Event.id, Event.state).where(
            Event.community_id == community_id, Event.starts_at >= since, Event.starts_at < until
        )
    )
    return {
        (row.activity_id, row.starts_at, row.place): DemoEvent(row.id, row.state) for row in rows
    }


def read_login_ids(phones: list[str]) -> dict[str, int]:
    """Logins by phone. Needs no scope: a login is of no community."""
    rows = db.session.execute(select(Login.phone, Login.id).where(Login.phone.in_(phones)))
    return {row.phone: row.id for row in rows if row.phone}


def read_acts_for(login_id: int, scope: Scope) -> set[int]:
    """The residents that a login may act for."""
    rows = db.session.execute(
        select(LoginResident.resident_id, LoginResident.community_id).where(
            LoginResident.login_id == login_id, LoginResident.ends_on.is_(None)
        )
    )
    return {row.resident_id for row in rows if scope.sees(row.community_id)}
