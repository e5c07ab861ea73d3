"""Who is asking: the session behind a browser's token, in two statements.

It is read for every request of a signed-in person, so a revoked session or role is gone on the
next one. It needs no scope: it is where the scope comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Row,
    Select,
    String,
    bindparam,
    cast,
    null,
    or_,
    select,
    union_all,
)

from volunteer.domain.access import ActsFor, CommunityName, Grant, Principal, Relation, Role
from volunteer.domain.family import link_holds
from volunteer.store.database import db
from volunteer.store.models import (
    Community,
    Event,
    EventLeader,
    Login,
    LoginResident,
    Resident,
    RoleGrant,
    SignInSession,
)
from volunteer.store.models.base import BigId

LEADER_DAYS = 31
"""How long after an event its leader may still open it."""

_NO_ID = cast(null(), BigId)
_NO_TEXT = cast(null(), String)
_NO_DAY = cast(null(), Date)


@dataclass(frozen=True)
class SignedInSession:
    principal: Principal
    last_seen_at: datetime


def read_principal(token_hash: bytes, now: datetime) -> SignedInSession | None:
    """The person whose browser holds the token with this SHA-256, or None when it has expired or
    was revoked, or the login was deactivated."""
    session = db.session.execute(_SESSION, {"token_hash": token_hash, "now": now}).first()
    if session is None:
        return None
    recently = (now - timedelta(days=LEADER_DAYS)).date()
    known = {"login_id": session.login_id, "recently": recently}
    ties = [row for row in db.session.execute(_TIES, known) if _holds(row, now)]
    principal = Principal(
        login_id=session.login_id,
        session_id=session.id,
        display_name=session.name,
        locale=session.locale,
        elder_mode=session.elder_mode,
        acts_for=tuple(_acts_for(row) for row in ties if row.tie == "acts_for"),
        grants=tuple(_grant(row) for row in ties if row.tie != "acts_for"),
        communities=_communities(ties),
        has_pin=session.secret_kind == "pin",
    )
    return SignedInSession(principal, session.last_seen_at)


# Both statements are built once: building them took a fifth of every page.
_SESSION = (
    select(
        SignInSession.id,
        SignInSession.last_seen_at,
        Login.id.label("login_id"),
        Login.name,
        Login.locale,
        Login.elder_mode,
        Login.secret_kind,
    )
    .join(Login, Login.id == SignInSession.login_id)
    .where(
        SignInSession.token_hash == bindparam("token_hash"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        Login.deactivated_at.is_(None),
    )
)


def _ties() -> CompoundSelect[Any]:
    """Residents, roles and led events of a login, one shape a row, each with its community."""
    login_id: ColumnElement[int] = bindparam("login_id")
    acts_for = (
        _tie("acts_for", LoginResident.relation, Resident.id, Resident.ref, Resident.name)
        .add_columns(
            Resident.name_en.label("name_en"),
            _NO_ID.label("sub_district_id"),
            LoginResident.starts_on,
            LoginResident.ends_on,
            Resident.birth_date,
            Resident.age_band,
        )
        .select_from(LoginResident)
        .join(Resident, Resident.id == LoginResident.resident_id)
        .join(Community, Community.id == LoginResident.community_id)
        .where(
            LoginResident.login_id == login_id,
            LoginResident.revoked_at.is_(None),
            Resident.state.not_in(("merged", "deceased", "rejected", "moved_on")),
        )
    )
    granted = (
        _tie("grant", RoleGrant.role, _NO_ID, _NO_TEXT, _NO_TEXT)
        .add_columns(
            _NO_TEXT,
            RoleGrant.sub_district_id,
            RoleGrant.starts_on,
            RoleGrant.ends_on,
            _NO_DAY,
            _NO_TEXT,
        )
        .select_from(RoleGrant)
        .join(
            Community,
            or_(
                Community.id == RoleGrant.community_id,
                Community.sub_district_id == RoleGrant.sub_district_id,
            ),
        )
        .where(RoleGrant.login_id == login_id, RoleGrant.revoked_at.is_(None))
    )
    led = (
        _tie("lead", cast("leader", String), Event.id, _NO_TEXT, _NO_TEXT)
        .add_columns(
            _NO_TEXT,
            _NO_ID,
            LoginResident.starts_on,
            LoginResident.ends_on,
            _NO_DAY,
            _NO_TEXT,
        )
        .select_from(LoginResident)
        .join(EventLeader, EventLeader.resident_id == LoginResident.resident_id)
        .join(Event, Event.id == EventLeader.event_id)
        .join(Community, Community.id == Event.community_id)
        .where(
            LoginResident.login_id == login_id,
            LoginResident.relation == "self",
            LoginResident.revoked_at.is_(None),
            Event.local_date >= bindparam("recently"),
        )
    )
    return union_all(acts_for, granted, led)


def _tie(tie: str, word: Any, subject_id: Any, ref: Any, name: Any) -> Select[Any]:
    return select(
        cast(tie, String).label("tie"),
        Community.id.label("community_id"),
        Community.name.label("community_name"),
        Community.name_en.label("community_name_en"),
        Community.is_demo.label("is_demo"),
        Community.time_zone.label("time_zone"),
        word.label("word"),
        subject_id.label("subject_id"),
        ref.label("ref"),
        name.label("name"),
    )


_TIES = _ties()


def _holds(row: Row[Any], now: datetime) -> bool:
    """Whether a dated tie holds today, by the community's own calendar: a child's by its age."""
    today: date = now.astimezone(ZoneInfo(row.time_zone)).date()
    if not (row.starts_on <= today and (row.ends_on is None or row.ends_on >= today)):
        return False
    if row.tie != "acts_for":
        return True
    return link_holds(Relation(row.word), row.birth_date, row.age_band, today)


def _acts_for(row: Row[Any]) -> ActsFor:
    return ActsFor(
        resident_id=row.subject_id,
        ref=row.ref,
        community_id=row.community_id,
        name=row.name,
        relation=Relation(row.word),
        name_en=row.name_en,
    )


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        role=Role(row.word),
        community_id=row.community_id,
        sub_district_id=row.sub_district_id,
        event_id=row.subject_id,
    )


def _communities(ties: Iterable[Row[Any]]) -> tuple[CommunityName, ...]:
    found = {
        row.community_id: CommunityName(
            row.community_id, row.community_name, row.community_name_en, row.is_demo
        )
        for row in ties
    }
    return tuple(found[community_id] for community_id in sorted(found))
