"""Who may act for whom, as the people themselves see it; and who asks to, as staff see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, literal_column, or_, select

from volunteer.domain.access import Principal, Relation, Scope
from volunteer.domain.age import AgeBand, age_band_on
from volunteer.domain.family import link_holds, may_end_link
from volunteer.store.database import db
from volunteer.store.models import Card, FamilyRequest, Login, LoginResident, Resident
from volunteer.store.models.base import table_of

MOST_SHOWN = 200
MOST_OWN = 20


@dataclass(frozen=True)
class LinkSeen:
    """A login that may act for somebody. ``is_mine``: the login that looks. ``holds``: False for a
    guardian whose child has come of age, and for a child's own sign-in."""

    link_id: int
    resident_id: int
    ref: str
    name: str
    name_en: str | None
    band: AgeBand
    relation: Relation
    login_name: str
    phone: str | None
    starts_on: date
    is_mine: bool
    holds: bool
    may_end: bool


@dataclass(frozen=True)
class OwnRequest:
    """What I asked for. ``name`` is of the person whose card it was: I typed it."""

    request_id: int
    name: str
    name_en: str | None
    relation: Relation
    state: str
    reason: str | None
    created_at: datetime


@dataclass(frozen=True)
class RequestSeen:
    """A request that waits for staff. ``own_name`` and ``own_ref``: who asks, as far as the
    register knows; ``acting``: how many act for the person already in the same way."""

    request_id: int
    ref: str
    name: str
    name_en: str | None
    band: AgeBand
    relation: Relation
    agreed: bool
    login_name: str
    phone: str | None
    own_ref: str | None
    own_name: str | None
    acting: int
    card_number: str
    card_works: bool
    created_at: datetime


def read_links(principal: Principal, day: date) -> tuple[LinkSeen, ...]:
    """The links of everybody whom this login acts for, and its own to anybody; own sign-ins of
    others are left out but those of the people it is guardian of."""
    mine = {one.resident_id: one.relation for one in principal.acts_for}
    rows = db.session.execute(
        select(
            LoginResident.id,
            LoginResident.login_id,
            LoginResident.relation,
            LoginResident.starts_on,
            Resident.id.label("resident_id"),
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.birth_date,
            Resident.age_band,
            Login.name.label("login_name"),
            Login.phone,
        )
        .join(Resident, Resident.id == LoginResident.resident_id)
        .join(Login, Login.id == LoginResident.login_id)
        .where(
            or_(
                LoginResident.login_id == principal.login_id,
                LoginResident.resident_id.in_(_seen_by(mine)),
            ),
            LoginResident.revoked_at.is_(None),
            or_(LoginResident.ends_on.is_(None), LoginResident.ends_on >= day),
            Resident.state.not_in(("merged", "deceased", "rejected")),
        )
        .order_by(Resident.id, LoginResident.id)
    )
    return tuple(_link(row, principal, mine.get(row.resident_id), day) for row in rows)


def _seen_by(mine: dict[int, Relation]) -> Collection[int]:
    """Whose links are one's business: one's own, and those of one's wards."""
    return [one for one, relation in mine.items() if relation is not Relation.HELPER]


def _link(row: Any, principal: Principal, mine: Relation | None, day: date) -> LinkSeen:
    relation = Relation(row.relation)
    is_mine = row.login_id == principal.login_id
    return LinkSeen(
        link_id=row.id,
        resident_id=row.resident_id,
        ref=row.ref,
        name=row.name,
        name_en=row.name_en,
        band=age_band_on(row.birth_date, row.age_band, day),
        relation=relation,
        login_name=row.login_name,
        phone=row.phone,
        starts_on=row.starts_on,
        is_mine=is_mine,
        holds=link_holds(relation, row.birth_date, row.age_band, day),
        may_end=may_end_link(mine, relation, is_mine=is_mine),
    )


def read_own_requests(principal: Principal) -> tuple[OwnRequest, ...]:
    """What this login asked for and is waiting for, or got back; the newest first."""
    rows = db.session.execute(
        select(
            FamilyRequest.id,
            Resident.name,
            Resident.name_en,
            FamilyRequest.relation,
            FamilyRequest.state,
            FamilyRequest.reason,
            FamilyRequest.created_at,
        )
        .join(Resident, Resident.id == FamilyRequest.resident_id)
        .where(
            FamilyRequest.login_id == principal.login_id,
            FamilyRequest.state.in_(("waiting", "returned")),
        )
        .order_by(FamilyRequest.id.desc())
        .limit(MOST_OWN)
    )
    return tuple(OwnRequest(*row[:3], Relation(row[3]), *row[4:]) for row in rows)


def read_requests(scope: Scope, community_id: int, day: date) -> tuple[RequestSeen, ...]:
    """What waits in this community, the oldest first."""
    if not scope.sees(community_id):
        return ()
    rows = db.session.execute(_requests(community_id))
    return tuple(_request(row, day) for row in rows)


def read_request(scope: Scope, request_id: int, day: date) -> RequestSeen | None:
    """One request that still waits, or None when there is none in scope."""
    found = select(FamilyRequest.community_id).where(FamilyRequest.id == request_id)
    community_id = db.session.scalar(found)
    if community_id is None or not scope.sees(community_id):
        return None
    row = db.session.execute(_requests(community_id).where(FamilyRequest.id == request_id)).first()
    return _request(row, day) if row else None


def _requests(community_id: int) -> Any:
    own = table_of(Resident).alias("own")
    own_link = table_of(LoginResident).alias("own_link")
    others = table_of(LoginResident).alias("others")
    whose = (
        select(own.c.id)
        .join(own_link, own_link.c.resident_id == own.c.id)
        .where(
            own_link.c.login_id == FamilyRequest.login_id,
            own_link.c.relation == Relation.SELF.value,
            own_link.c.revoked_at.is_(None),
            own.c.community_id == community_id,
        )
        .order_by(own.c.id)
        .limit(1)
        .correlate(FamilyRequest)
        .scalar_subquery()
    )
    acting = (
        select(func.count())
        .select_from(others)
        .where(
            others.c.resident_id == FamilyRequest.resident_id,
            others.c.relation == FamilyRequest.relation,
            others.c.revoked_at.is_(None),
            others.c.ends_on.is_(None),
        )
        .correlate(FamilyRequest)
        .scalar_subquery()
    )
    asker = table_of(Resident).alias("asker")
    return (
        select(
            FamilyRequest.id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.birth_date,
            Resident.age_band,
            FamilyRequest.relation,
            FamilyRequest.text_version,
            Login.name.label("login_name"),
            Login.phone,
            asker.c.ref.label("own_ref"),
            asker.c.name.label("own_name"),
            acting.label("acting"),
            Card.number,
            Card.state.label("card_state"),
            FamilyRequest.created_at,
        )
        .join(
            Resident,
            and_(
                Resident.id == FamilyRequest.resident_id,
                Resident.community_id == FamilyRequest.community_id,
            ),
        )
        .join(Login, Login.id == FamilyRequest.login_id)
        .join(Card, Card.id == FamilyRequest.card_id)
        .outerjoin(asker, asker.c.id == whose)
        .where(
            FamilyRequest.community_id == community_id,
            FamilyRequest.state == literal_column("'waiting'"),
        )
        .order_by(FamilyRequest.created_at, FamilyRequest.id)
        .limit(MOST_SHOWN)
    )


def _request(row: Any, day: date) -> RequestSeen:
    return RequestSeen(
        request_id=row.id,
        ref=row.ref,
        name=row.name,
        name_en=row.name_en,
        band=age_band_on(row.birth_date, row.age_band, day),
        relation=Relation(row.relation),
        agreed=row.text_version is not None,
        login_name=row.login_name,
        phone=row.phone,
        own_ref=row.own_ref,
        own_name=row.own_name,
        acting=row.acting,
        card_number=row.number,
        card_works=row.card_state == "active",
        created_at=row.created_at,
    )
