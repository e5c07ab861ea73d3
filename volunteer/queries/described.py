"""People as far as two can be told to be one, and as rows that stand side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, literal, or_, select, union_all

from volunteer.domain.age import AgeBand, age_band_on
from volunteer.domain.duplicates import Described
from volunteer.queries.people import Place, place_columns, place_of
from volunteer.store.bulk import among
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Attendance,
    Card,
    ContactPhone,
    ExternalNumber,
    HouseholdMember,
    Login,
    LoginResident,
    Residence,
    Resident,
)
from volunteer.store.models.base import table_of

LIVE_STATES = ("active", "provisional", "moved_away")
"""Who may be written down twice: the others are closed for good or at rest."""


@dataclass(frozen=True)
class Side:
    """One of two who look alike. ``phones`` are whole: pages mask them."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    state: str
    passbook_number: str
    birth_date: date | None
    age_band: AgeBand
    created_at: datetime
    balance_points: int
    total_minutes: int
    places: tuple[Place, ...]
    phones: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    attendances: int
    last_came_on: date | None
    cards: int


@dataclass(frozen=True)
class People:
    """Rows of some residents, with what hangs on them; six statements, however many."""

    rows: dict[int, Any]
    places: dict[int, list[Any]]
    phones: dict[int, list[str]]
    numbers: dict[int, list[tuple[str, str]]]
    families: dict[int, frozenset[int]]

    def described(self) -> list[Described]:
        """In no order."""
        return [
            Described(
                resident_id=row.id,
                name=row.name,
                phones=frozenset(self.phones[row.id]),
                building_ids=frozenset(
                    home.building_id for home in self.places[row.id] if home.building_id
                ),
                numbers=frozenset(self.numbers[row.id]),
                birth_date=row.birth_date,
                age_band=row.age_band,
                provisional=row.state == "provisional",
                family=self.families[row.id],
            )
            for row in self.rows.values()
        ]


def read_people_described(community_id: int, resident_ids: Sequence[int], today: date) -> People:
    """These residents of one community; the caller has seen that it is in scope."""
    ids = sorted(set(resident_ids))
    if not ids:
        return People({}, {}, {}, {}, {})
    residents = select(
        Resident.id,
        Resident.ref,
        Resident.name,
        Resident.name_en,
        Resident.state,
        Resident.passbook_number,
        Resident.birth_date,
        Resident.age_band,
        Resident.created_at,
        Account.balance_points,
        Account.total_minutes,
    ).join(Account, Account.resident_id == Resident.id)
    rows = _of(residents, Resident, community_id, ids, column="id")
    homes = (
        place_columns()
        .add_columns(Residence.building_id)
        .where(or_(Residence.ends_on.is_(None), Residence.ends_on >= today))
    )
    places: defaultdict[int, list[Any]] = defaultdict(list)
    for home in _of(homes, Residence, community_id, ids):
        places[home.resident_id].append(home)
    numbers: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    elsewhere = select(ExternalNumber.resident_id, ExternalNumber.system, ExternalNumber.number)
    for one in _of(elsewhere, ExternalNumber, community_id, ids):
        numbers[one.resident_id].append((one.system, one.number))
    phones, families = _reached(community_id, ids, today)
    return People({row.id: row for row in rows}, places, phones, numbers, families)


def read_sides(
    community_id: int, people: People, resident_ids: Sequence[int], today: date
) -> dict[int, Side]:
    """Those of ``people`` that a page shows, by id; two statements more."""
    ids = sorted(set(resident_ids))
    came: dict[int, Any] = {}
    cards: dict[int, int] = {}
    if ids:
        attended = (
            select(
                Attendance.resident_id,
                func.count().label("times"),
                func.max(Attendance.local_date).label("last_on"),
            )
            .where(Attendance.state != "undone", Attendance.annulled_at.is_(None))
            .group_by(Attendance.resident_id)
        )
        came = {row.resident_id: row for row in _of(attended, Attendance, community_id, ids)}
        held = (
            select(Card.resident_id, func.count().label("cards"))
            .where(Card.state == "active")
            .group_by(Card.resident_id)
        )
        cards = {row.resident_id: row.cards for row in _of(held, Card, community_id, ids)}
    return {
        row.id: Side(
            resident_id=row.id,
            ref=row.ref,
            name=row.name,
            name_en=row.name_en,
            state=row.state,
            passbook_number=row.passbook_number,
            birth_date=row.birth_date,
            age_band=age_band_on(row.birth_date, row.age_band, today),
            created_at=row.created_at,
            balance_points=row.balance_points,
            total_minutes=row.total_minutes,
            places=tuple(place_of(home) for home in people.places[row.id]),
            phones=tuple(people.phones[row.id]),
            numbers=tuple(people.numbers[row.id]),
            attendances=came[row.id].times if row.id in came else 0,
            last_came_on=came[row.id].last_on if row.id in came else None,
            cards=cards.get(row.id, 0),
        )
        for row in (people.rows[one] for one in ids if one in people.rows)
    }


def _of(
    statement: Any,
    model: Any,
    community_id: int,
    ids: Sequence[int],
    column: str = "resident_id",
) -> Sequence[Any]:
    """Rows of one table that belong to these residents, along its index."""
    table = table_of(model)
    wanted = statement.where(
        table.c.community_id == community_id, among(table.c[column], "resident_ids")
    )
    return db.session.execute(wanted, {"resident_ids": list(ids)}).all()


def _reached(
    community_id: int, ids: Sequence[int], today: date
) -> tuple[dict[int, list[str]], dict[int, frozenset[int]]]:
    """Phones of these people, and who of them is one family: under one login, or one household."""
    link, noted = table_of(LoginResident), table_of(ContactPhone)
    member = table_of(HouseholdMember)
    nothing = literal(None, Login.phone.type)
    wanted = union_all(
        select(
            link.c.resident_id,
            literal("login").label("kind"),
            link.c.login_id.label("shared_id"),
            Login.phone,
        )
        .join(Login, Login.id == link.c.login_id)
        .where(
            link.c.community_id == community_id,
            among(link.c.resident_id, "resident_ids"),
            link.c.revoked_at.is_(None),
            or_(link.c.ends_on.is_(None), link.c.ends_on >= today),
        ),
        select(noted.c.resident_id, literal("noted"), noted.c.id, noted.c.phone).where(
            noted.c.community_id == community_id, among(noted.c.resident_id, "resident_ids")
        ),
        select(member.c.resident_id, literal("household"), member.c.household_id, nothing).where(
            member.c.community_id == community_id,
            among(member.c.resident_id, "resident_ids"),
            member.c.state == "agreed",
        ),
    )
    phones: defaultdict[int, list[str]] = defaultdict(list)
    shared: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for row in db.session.execute(wanted, {"resident_ids": list(ids)}):
        if row.phone and row.phone not in phones[row.resident_id]:
            phones[row.resident_id].append(row.phone)
        if row.kind != "noted":
            shared[row.kind, row.shared_id].add(row.resident_id)
    families: defaultdict[int, frozenset[int]] = defaultdict(frozenset)
    for together in shared.values():
        for one in together:
            families[one] |= together - {one}
    return phones, families
