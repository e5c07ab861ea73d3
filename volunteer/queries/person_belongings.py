"""What only a person's own page asks: groups, consents, codes, numbers elsewhere, attendances.

The caller has found the person in scope; each function is one statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, cast, literal, null, select, union_all

from volunteer.domain.activation import MOST_TRIES
from volunteer.domain.consents import Consent as ConsentKind
from volunteer.store.database import db
from volunteer.store.models import (
    ActivationCode,
    Activity,
    Attendance,
    Consent,
    Event,
    ExternalNumber,
    Household,
    HouseholdMember,
    Membership,
    Resident,
    YouthGroup,
)

RECENT_ATTENDANCES = 8


@dataclass(frozen=True)
class MembershipShown:
    membership_id: int
    group_id: int
    name: str
    name_en: str | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class ConsentShown:
    what: ConsentKind
    given: bool
    text_version: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True)
class CodeShown:
    """An activation code that could still be used."""

    purpose: str
    expires_at: datetime
    tries: int


@dataclass(frozen=True)
class HouseholdShown:
    """People who agreed to be one, the person among them: (ref, name, English name)."""

    name: str
    members: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True)
class AttendanceShown:
    event_id: int
    activity: str
    activity_en: str | None
    starts_at: datetime
    state: str
    provenance: str
    points: int
    minutes: int
    annulled: bool


def read_memberships(community_id: int, resident_id: int) -> tuple[MembershipShown, ...]:
    rows = db.session.execute(
        select(
            Membership.id,
            YouthGroup.id.label("group_id"),
            YouthGroup.name,
            YouthGroup.name_en,
            Membership.starts_on,
            Membership.ends_on,
        )
        .join(YouthGroup, YouthGroup.id == Membership.youth_group_id)
        .where(Membership.community_id == community_id, Membership.resident_id == resident_id)
        .order_by(Membership.starts_on.desc(), Membership.id.desc())
    )
    return tuple(MembershipShown(*row) for row in rows)


def read_consents(community_id: int, resident_id: int) -> tuple[ConsentShown, ...]:
    """The newest first."""
    rows = db.session.execute(
        select(
            Consent.what, Consent.given, Consent.text_version, Consent.given_by, Consent.given_at
        )
        .where(Consent.community_id == community_id, Consent.resident_id == resident_id)
        .order_by(Consent.id.desc())
    )
    return tuple(ConsentShown(ConsentKind(row.what), *row[1:]) for row in rows)


def read_codes(community_id: int, resident_id: int, now: datetime) -> tuple[CodeShown, ...]:
    rows = db.session.execute(
        select(ActivationCode.purpose, ActivationCode.expires_at, ActivationCode.tries)
        .where(
            ActivationCode.community_id == community_id,
            ActivationCode.resident_id == resident_id,
            ActivationCode.used_at.is_(None),
            ActivationCode.expires_at > now,
            ActivationCode.tries < MOST_TRIES,
        )
        .order_by(ActivationCode.id.desc())
    )
    return tuple(CodeShown(*row) for row in rows)


def read_numbers_and_household(
    community_id: int, resident_id: int
) -> tuple[tuple[tuple[str, str], ...], HouseholdShown | None]:
    """Numbers in other systems, and the household that was agreed to: short lists, in one
    statement."""
    numbers = select(
        literal("number").label("kind"),
        ExternalNumber.system.label("what"),
        ExternalNumber.number.label("name"),
        cast(null(), String).label("name_en"),
        cast(null(), String).label("ref"),
        ExternalNumber.id.label("place"),
    ).where(ExternalNumber.community_id == community_id, ExternalNumber.resident_id == resident_id)
    belongs = select(HouseholdMember.household_id).where(
        HouseholdMember.community_id == community_id,
        HouseholdMember.resident_id == resident_id,
        HouseholdMember.state == "agreed",
    )
    members = (
        select(
            literal("member"),
            Household.name,
            Resident.name,
            Resident.name_en,
            Resident.ref,
            HouseholdMember.id,
        )
        .select_from(HouseholdMember)
        .join(Household, Household.id == HouseholdMember.household_id)
        .join(Resident, Resident.id == HouseholdMember.resident_id)
        .where(
            HouseholdMember.household_id.in_(belongs),
            HouseholdMember.state == "agreed",
            Resident.state.in_(("active", "provisional", "moved_away")),
        )
    )
    found: list[Any] = list(db.session.execute(union_all(numbers, members)))
    rows = sorted(found, key=lambda row: int(row.place))
    together = [row for row in rows if row.kind == "member"]
    household = (
        HouseholdShown(
            together[0].what, tuple((row.ref, row.name, row.name_en) for row in together)
        )
        if together
        else None
    )
    return tuple((row.what, row.name) for row in rows if row.kind == "number"), household


def read_attendances(community_id: int, resident_id: int) -> tuple[AttendanceShown, ...]:
    rows = db.session.execute(
        select(
            Attendance.event_id,
            Activity.name,
            Activity.name_en,
            Event.starts_at,
            Attendance.state,
            Attendance.provenance,
            Attendance.check_in_points + Attendance.check_out_points,
            Attendance.minutes,
            Attendance.annulled_at.is_not(None),
        )
        .join(Event, Event.id == Attendance.event_id)
        .join(Activity, Activity.id == Event.activity_id)
        .where(Attendance.community_id == community_id, Attendance.resident_id == resident_id)
        .order_by(Attendance.local_date.desc(), Attendance.id.desc())
        .limit(RECENT_ATTENDANCES)
    )
    return tuple(AttendanceShown(*row) for row in rows)
