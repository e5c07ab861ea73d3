"""Whose cards are to be printed or handed over, in the order in which somebody walks the doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand, age_band_on
from volunteer.domain.consents import Consent as ConsentKind
from volunteer.queries.people import Place, place_of
from volunteer.queries.places import natural_order
from volunteer.store.database import db
from volunteer.store.models import (
    Area,
    Building,
    Card,
    Consent,
    Membership,
    Residence,
    Resident,
    TeamMember,
)

WHICH = ("", "missing", "not_received")


@dataclass(frozen=True)
class CardFilter:
    """What narrows the list. ``which``: '' for everybody, missing (no card, or one that was never
    printed), not_received (a card that its holder has not signed for)."""

    building_id: int | None = None
    area_id: int | None = None
    group_id: int | None = None
    team_id: int | None = None
    which: str = ""
    refs: Sequence[str] = ()
    nowhere: bool = False
    """Only who has no building written down."""

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for a part of the community, whatever state their cards are in."""
        places = self.building_id or self.area_id or self.group_id or self.team_id
        return bool(places or self.refs or self.nowhere)


@dataclass(frozen=True)
class CardPerson:
    """A resident as card lists show them. ``card_number`` is None for who has no card in use;
    ``guardian``: who signed a child's consent, to be offered again."""

    resident_id: int
    ref: str
    name: str
    name_en: str | None
    passbook_number: str
    age_band: AgeBand
    place: Place | None
    building_id: int | None
    card_number: str | None
    printed_at: datetime | None
    received_at: datetime | None
    guardian: str | None


def read_card_people(
    scope: Scope, community_id: int, wanted: CardFilter, *, today: date
) -> list[CardPerson]:
    """Residents who are here for good, by area, building, room and name. One statement.

    Guests carry their own community's card. Who waits to be confirmed gets one once they are, or
    when they are asked for by ref or with
    their team.
    """
    if not scope.sees(community_id):
        return []
    chosen = wanted.refs or wanted.team_id is not None
    states = ("active", "provisional") if chosen else ("active",)
    rows = db.session.execute(
        _columns(today).where(
            Resident.community_id == community_id,
            Resident.state.in_(states),
            Resident.home_resident_id.is_(None),
            *_conditions(wanted, today),
        )
    ).all()
    return [_person(row, today) for row in sorted(rows, key=_along_the_doors)]


def _columns(today: date) -> Any:
    home = (
        select(Residence.id)
        .where(
            Residence.community_id == Resident.community_id,
            Residence.resident_id == Resident.id,
            *_running(today),
        )
        # A home comes before a place of work; of several the newest.
        .order_by((Residence.kind != "lives"), Residence.starts_on.desc(), Residence.id.desc())
        .limit(1)
        .correlate(Resident)
        .scalar_subquery()
    )
    card = (
        select(func.max(Card.id))
        .where(
            Card.community_id == Resident.community_id,
            Card.resident_id == Resident.id,
            Card.state == "active",
        )
        .correlate(Resident)
        .scalar_subquery()
    )
    return (
        select(
            Resident.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Resident.pinyin,
            Resident.birth_date,
            Resident.age_band,
            Residence.kind,
            Residence.room,
            Residence.building_id,
            Area.name.label("area"),
            Area.name_en.label("area_en"),
            Building.name.label("building"),
            Building.name_en.label("building_en"),
            Card.number,
            Card.printed_at,
            Card.received_at,
            _guardian().label("guardian"),
        )
        .outerjoin(Residence, Residence.id == home)
        .outerjoin(Building, Building.id == Residence.building_id)
        .outerjoin(Area, Area.id == func.coalesce(Residence.area_id, Building.area_id))
        .outerjoin(Card, Card.id == card)
    )


def _guardian() -> Any:
    return (
        select(Consent.given_by)
        .where(
            Consent.community_id == Resident.community_id,
            Consent.resident_id == Resident.id,
            Consent.what == ConsentKind.GUARDIAN.value,
            Consent.given,
        )
        .order_by(Consent.id.desc())
        .limit(1)
        .correlate(Resident)
        .scalar_subquery()
    )


def _conditions(wanted: CardFilter, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.refs:
        found.append(Resident.ref.in_(wanted.refs))
    if wanted.building_id is not None:
        found.append(Residence.building_id == wanted.building_id)
    if wanted.area_id is not None:
        found.append(Area.id == wanted.area_id)
    if wanted.group_id is not None:
        found.append(
            exists().where(
                Membership.resident_id == Resident.id,
                Membership.youth_group_id == wanted.group_id,
                Membership.starts_on <= today,
                or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
            )
        )
    if wanted.team_id is not None:
        found.append(
            exists().where(
                TeamMember.resident_id == Resident.id,
                TeamMember.team_id == wanted.team_id,
                TeamMember.ends_on.is_(None),
            )
        )
    if wanted.nowhere:
        found.append(Residence.building_id.is_(None))
    if wanted.which == "missing":
        found.append(Card.printed_at.is_(None))
    if wanted.which == "not_received":
        found.append(and_(Card.id.is_not(None), Card.received_at.is_(None)))
    return found


def _running(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Residence.starts_on <= today,
        or_(Residence.ends_on.is_(None), Residence.ends_on >= today),
    )


def _along_the_doors(row: Any) -> tuple[Any, ...]:
    place = (row.area, row.building, row.room)
    in_order = [(part is None, natural_order(part or "")) for part in place]
    return in_order, row.pinyin, row.id


def _person(row: Any, today: date) -> CardPerson:
    return CardPerson(
        resident_id=row.id,
        ref=row.ref,
        name=row.name,
        name_en=row.name_en,
        passbook_number=row.passbook_number,
        age_band=age_band_on(row.birth_date, row.age_band, today),
        place=place_of(row) if row.kind else None,
        building_id=row.building_id,
        card_number=row.number,
        printed_at=row.printed_at,
        received_at=row.received_at,
        guardian=row.guardian,
    )
