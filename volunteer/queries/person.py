"""One resident as staff see them: who they are, passbook, cards, homes and logins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Relation, Scope
from volunteer.domain.age import AgeBand, age_band_on, age_on
from volunteer.domain.consents import Consent as ConsentKind
from volunteer.queries.opening_balances import (
    OpeningRow,
    newest_opening,
    with_newest_opening,
)
from volunteer.queries.people import Place, place_columns, place_of
from volunteer.queries.person_belongings import (
    AttendanceShown,
    CodeShown,
    ConsentShown,
    HouseholdShown,
    MembershipShown,
    read_attendances,
    read_codes,
    read_consents,
    read_memberships,
    read_numbers_and_household,
)
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Card,
    CommunityMove,
    ContactPhone,
    Login,
    LoginResident,
    Residence,
    Resident,
)


@dataclass(frozen=True)
class PersonKey:
    """What a form about a person needs: ``community_id`` for its pickers."""

    resident_id: int
    community_id: int
    ref: str
    name: str
    name_en: str | None
    state: str
    passbook_number: str
    birth_date: date | None
    age_band: str | None


@dataclass(frozen=True)
class CardShown:
    card_id: int
    number: str
    state: str
    issued_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class ResidenceShown:
    residence_id: int
    place: Place
    area_id: int | None
    building_id: int | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class LinkShown:
    """A login that may act for the person. ``phone`` is None when it signs in with a number."""

    link_id: int
    login_id: int
    name: str
    phone: str | None
    relation: Relation
    starts_on: date
    ends_on: date | None
    revoked_at: datetime | None
    has_secret: bool

    def runs_on(self, day: date) -> bool:
        return self.revoked_at is None and (self.ends_on is None or self.ends_on >= day)


@dataclass(frozen=True)
class Person:
    """The whole page. Figures of the passbook are those of its account."""

    key: PersonKey
    age: int | None
    band: AgeBand
    created_at: datetime
    home_community_id: int | None
    merges: int
    went_on_in: PersonKey | None
    """Of somebody merged: who they are now."""
    balance_points: int
    held_points: int
    owed_points: int
    total_minutes: int
    minutes_elsewhere: int
    """Served in the communities that they moved here from, and recorded there."""
    cards: tuple[CardShown, ...] = ()
    residences: tuple[ResidenceShown, ...] = ()
    memberships: tuple[MembershipShown, ...] = ()
    links: tuple[LinkShown, ...] = ()
    consents: tuple[ConsentShown, ...] = ()
    codes: tuple[CodeShown, ...] = ()
    external_numbers: tuple[tuple[str, str], ...] = ()
    household: HouseholdShown | None = None
    opening: OpeningRow | None = None
    noted_phone: str | None = None
    """A phone that stood in a list of residents; nobody signs in with it yet."""
    attendances: tuple[AttendanceShown, ...] = field(default=())

    @property
    def working_card(self) -> CardShown | None:
        return next((card for card in self.cards if card.state == "active"), None)

    @property
    def is_minor(self) -> bool:
        return self.band is not AgeBand.ADULT

    @property
    def standing(self) -> dict[ConsentKind, ConsentShown]:
        """Of each kind of consent the newest answer."""
        return {row.what: row for row in reversed(self.consents)}

    @property
    def consent_missing(self) -> bool:
        answer = self.standing.get(ConsentKind.GUARDIAN)
        return self.band is AgeBand.UNDER_14 and not (answer and answer.given)


_KEY_COLUMNS = (
    Resident.id,
    Resident.community_id,
    Resident.ref,
    Resident.name,
    Resident.name_en,
    Resident.state,
    Resident.passbook_number,
    Resident.birth_date,
    Resident.age_band,
)


def read_person_key(scope: Scope, ref: str) -> PersonKey | None:
    """The person behind a ref, or None when there is none in scope."""
    row = db.session.execute(select(*_KEY_COLUMNS).where(Resident.ref == ref)).first()
    return _key(row) if row and scope.sees(row.community_id) else None


def read_person(scope: Scope, ref: str, now: datetime, today: date) -> Person | None:
    """Everything on a person's page, in nine statements; None when not in scope."""
    kept = aliased(Resident)
    found = (
        select(
            *_KEY_COLUMNS,
            Resident.created_at,
            Resident.home_community_id,
            Resident.merges,
            _minutes_elsewhere().label("minutes_elsewhere"),
            _noted_phone().label("noted_phone"),
            *(getattr(kept, column.key).label(f"kept_{column.key}") for column in _KEY_COLUMNS),
            Account.balance_points,
            Account.held_points,
            Account.owed_points,
            Account.total_minutes,
        )
        .join(Account, Account.resident_id == Resident.id)
        .outerjoin(kept, kept.id == Resident.merged_into_id)
        .where(Resident.ref == ref)
    )
    row = db.session.execute(with_newest_opening(found)).first()
    if row is None or not scope.sees(row.community_id):
        return None
    key = _key(row)
    where = key.community_id, key.resident_id
    numbers, household = read_numbers_and_household(*where)
    return Person(
        key=key,
        age=age_on(row.birth_date, today) if row.birth_date else None,
        band=age_band_on(row.birth_date, row.age_band, today),
        created_at=row.created_at,
        home_community_id=row.home_community_id,
        merges=row.merges,
        went_on_in=_kept_key(row) if row.kept_id else None,
        balance_points=row.balance_points,
        held_points=row.held_points,
        owed_points=row.owed_points,
        total_minutes=row.total_minutes,
        minutes_elsewhere=row.minutes_elsewhere or 0,
        noted_phone=row.noted_phone,
        cards=_cards(*where),
        residences=_residences(*where),
        memberships=read_memberships(*where),
        links=_links(*where),
        consents=read_consents(*where),
        codes=read_codes(*where, now),
        external_numbers=numbers,
        household=household,
        opening=newest_opening(row),
        attendances=read_attendances(*where),
    )


def read_residences(scope: Scope, key: PersonKey) -> tuple[ResidenceShown, ...]:
    """Where a person lives, works, visits and did, the newest first."""
    return _residences(key.community_id, key.resident_id) if scope.sees(key.community_id) else ()


def read_links(scope: Scope, key: PersonKey) -> tuple[LinkShown, ...]:
    """The logins that may act for a person, and those that once might."""
    return _links(key.community_id, key.resident_id) if scope.sees(key.community_id) else ()


def read_working_card(scope: Scope, key: PersonKey) -> CardShown | None:
    """The card that opens a person's passbook now."""
    cards = _cards(key.community_id, key.resident_id) if scope.sees(key.community_id) else ()
    return next((card for card in cards if card.state == "active"), None)


def read_card_key(scope: Scope, card_id: int) -> tuple[CardShown, PersonKey | None] | None:
    """A card and whose it is (None for a blank one), or None when not in scope."""
    row = db.session.execute(
        select(*_CARD_COLUMNS, Card.community_id.label("card_community_id"), *_KEY_COLUMNS)
        .outerjoin(Resident, Resident.id == Card.resident_id)
        .where(Card.id == card_id)
    ).first()
    if row is None or not scope.sees(row.card_community_id):
        return None
    return _card(row), _key(row) if row.ref else None


def _key(row: Any) -> PersonKey:
    return PersonKey(
        resident_id=row.id,
        community_id=row.community_id,
        ref=row.ref,
        name=row.name,
        name_en=row.name_en,
        state=row.state,
        passbook_number=row.passbook_number,
        birth_date=row.birth_date,
        age_band=row.age_band,
    )


def _noted_phone() -> Any:
    return (
        select(ContactPhone.phone)
        .where(ContactPhone.resident_id == Resident.id)
        .correlate(Resident)
        .limit(1)
        .scalar_subquery()
    )


def _minutes_elsewhere() -> Any:
    """On no board here and in no figure of the passbook."""
    return (
        select(func.sum(CommunityMove.facts["minutes"].as_integer()))
        .where(
            CommunityMove.resident_id == Resident.id,
            CommunityMove.side == "in",
            CommunityMove.state == "done",
            CommunityMove.follows_key.is_(None),
        )
        .correlate(Resident)
        .scalar_subquery()
    )


def _kept_key(row: Any) -> PersonKey:
    return PersonKey(*(row._mapping[f"kept_{column.key}"] for column in _KEY_COLUMNS))


_CARD_COLUMNS = (
    Card.id.label("card_id"),
    Card.number,
    Card.state.label("card_state"),
    Card.issued_at,
    Card.ended_at,
)


def _card(row: Any) -> CardShown:
    return CardShown(row.card_id, row.number, row.card_state, row.issued_at, row.ended_at)


def _cards(community_id: int, resident_id: int) -> tuple[CardShown, ...]:
    rows = db.session.execute(
        select(*_CARD_COLUMNS)
        .where(Card.community_id == community_id, Card.resident_id == resident_id)
        .order_by(Card.id.desc())
    )
    return tuple(_card(row) for row in rows)


def _residences(community_id: int, resident_id: int) -> tuple[ResidenceShown, ...]:
    rows = db.session.execute(
        place_columns()
        .add_columns(
            Residence.id,
            Residence.area_id,
            Residence.building_id,
            Residence.starts_on,
            Residence.ends_on,
        )
        .where(Residence.community_id == community_id, Residence.resident_id == resident_id)
        .order_by(Residence.starts_on.desc(), Residence.id.desc())
    )
    return tuple(
        ResidenceShown(
            row.id, place_of(row), row.area_id, row.building_id, row.starts_on, row.ends_on
        )
        for row in rows
    )


def _links(community_id: int, resident_id: int) -> tuple[LinkShown, ...]:
    rows = db.session.execute(
        select(
            LoginResident.id,
            LoginResident.login_id,
            Login.name,
            Login.phone,
            LoginResident.relation,
            LoginResident.starts_on,
            LoginResident.ends_on,
            LoginResident.revoked_at,
            Login.secret_hash.is_not(None).label("has_secret"),
        )
        .join(Login, Login.id == LoginResident.login_id)
        .where(LoginResident.community_id == community_id, LoginResident.resident_id == resident_id)
        .order_by(LoginResident.id)
    )
    return tuple(
        LinkShown(
            link_id=row.id,
            login_id=row.login_id,
            name=row.name,
            phone=row.phone,
            relation=Relation(row.relation),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            revoked_at=row.revoked_at,
            has_secret=row.has_secret,
        )
        for row in rows
    )
