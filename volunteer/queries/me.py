"""What a person sees of themself: the browsers they are signed in on, and their card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from volunteer.domain.access import ActsFor, Principal
from volunteer.domain.age import AgeBand, age_band_on
from volunteer.domain.consents import Consent as ConsentKind
from volunteer.store.database import db
from volunteer.store.models import Card, Consent, Login, Resident, SignInSession


@dataclass(frozen=True)
class OwnSession:
    session_id: int
    browser: str | None
    created_at: datetime
    last_seen_at: datetime
    here: bool


@dataclass(frozen=True)
class OwnLogin:
    """How this person signs in. ``secret_kind`` is pin or password."""

    phone: str | None
    passbook_number: str | None
    secret_kind: str


@dataclass(frozen=True)
class OwnCard:
    """``card_number`` is None when the resident has no card that is in use."""

    name: str
    name_en: str | None
    passbook_number: str
    card_number: str | None


def read_own_login(principal: Principal) -> OwnLogin:
    """How the principal signs in."""
    row = db.session.execute(
        select(Login.phone, Login.passbook_number, Login.secret_kind).where(
            Login.id == principal.login_id
        )
    ).one()
    return OwnLogin(row.phone, row.passbook_number, row.secret_kind)


def read_own_sessions(principal: Principal, now: datetime) -> tuple[OwnSession, ...]:
    """The principal's browsers, this one first, then the most recently used."""
    rows = db.session.execute(
        select(
            SignInSession.id,
            SignInSession.browser,
            SignInSession.created_at,
            SignInSession.last_seen_at,
        )
        .where(
            SignInSession.login_id == principal.login_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
        )
        .order_by(
            (SignInSession.id != principal.session_id),
            SignInSession.last_seen_at.desc(),
            SignInSession.id.desc(),
        )
        .limit(50)
    )
    return tuple(
        OwnSession(
            row.id,
            row.browser,
            row.created_at,
            row.last_seen_at,
            row.id == principal.session_id,
        )
        for row in rows
    )


def read_card(resident: ActsFor) -> OwnCard | None:
    """The card in use of a resident whom the principal acts for."""
    row = db.session.execute(
        select(Resident.name, Resident.name_en, Resident.passbook_number, Card.number)
        .outerjoin(
            Card,
            (Card.resident_id == Resident.id)
            & (Card.community_id == Resident.community_id)
            & (Card.state == "active"),
        )
        .where(Resident.id == resident.resident_id, Resident.community_id == resident.community_id)
        .order_by(Card.issued_at.desc(), Card.id.desc())
    ).first()
    return OwnCard(row.name, row.name_en, row.passbook_number, row.number) if row else None


@dataclass(frozen=True)
class OwnAnswer:
    """The newest answer to one question."""

    what: ConsentKind
    given: bool
    text_version: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True)
class OwnConsents:
    """How old somebody is, and what was answered for them."""

    band: AgeBand
    answers: dict[ConsentKind, OwnAnswer]


def read_own_consents(principal: Principal, day: date) -> dict[int, OwnConsents]:
    """Of everybody whom the principal acts for, by resident, in one statement."""
    ids = [one.resident_id for one in principal.acts_for]
    rows = db.session.execute(
        select(
            Resident.id,
            Resident.birth_date,
            Resident.age_band,
            Consent.what,
            Consent.given,
            Consent.text_version,
            Consent.given_by,
            Consent.given_at,
        )
        .outerjoin(
            Consent,
            (Consent.resident_id == Resident.id) & (Consent.community_id == Resident.community_id),
        )
        .where(Resident.id.in_(ids))
        .order_by(Resident.id, Consent.id)
    )
    found: dict[int, OwnConsents] = {}
    for row in rows:
        band = age_band_on(row.birth_date, row.age_band, day)
        of = found.setdefault(row.id, OwnConsents(band, {}))
        if row.what is not None:
            kind = ConsentKind(row.what)
            of.answers[kind] = OwnAnswer(kind, *row[4:])
    return found
