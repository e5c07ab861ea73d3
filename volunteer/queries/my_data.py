"""All that is kept about a person and about the children whose guardian they are, for themself.

One statement a sheet, whoever asks and however many children they have. Codes and hashes are left
out: with a code somebody could act as its owner, and a hash says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from volunteer.domain.access import Principal, Relation
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Activity,
    Area,
    Attendance,
    AuditEvent,
    Building,
    Card,
    Community,
    Consent,
    ContactPhone,
    Entry,
    Event,
    ExternalNumber,
    Household,
    HouseholdMember,
    Login,
    LoginResident,
    Membership,
    Residence,
    Resident,
    Scan,
    SignInSession,
    Transfer,
    YouthGroup,
)

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class MyData:
    """Rows by sheet; each begins with the name of whom it is about, but for the sign-in's own."""

    people: Rows
    homes: Rows
    belongs: Rows
    cards: Rows
    consents: Rows
    sessions: Rows
    links: Rows
    attendances: Rows
    scans: Rows
    lines: Rows
    audit: Rows


def read_my_data(principal: Principal) -> MyData:
    """Of oneself and of one's wards; not of those one only helps."""
    ids = [one.resident_id for one in principal.acts_for if one.relation is not Relation.HELPER]
    return MyData(
        people=_all(_people(ids)),
        homes=_all(_homes(ids)),
        belongs=_all(_belongs(ids)),
        cards=_all(_cards(ids)),
        consents=_all(_consents(ids)),
        sessions=_all(_sessions(principal.login_id)),
        links=_all(_links(ids, principal.login_id)),
        attendances=_all(_attendances(ids)),
        scans=_all(_scans(ids)),
        lines=_all(_lines(ids)),
        audit=_all(_audit(ids, principal.login_id)),
    )


def _all(statement: Any) -> Rows:
    return db.session.execute(statement).all()


def _people(ids: Sequence[int]) -> Any:
    return (
        select(
            Resident.name,
            Resident.name_en,
            Resident.passbook_number,
            Resident.state,
            Resident.birth_date,
            Resident.age_band,
            Community.name.label("community"),
            Account.balance_points,
            Account.total_minutes,
            Resident.created_at,
        )
        .join(Community, Community.id == Resident.community_id)
        .join(Account, Account.resident_id == Resident.id)
        .where(Resident.id.in_(ids))
        .order_by(Resident.id)
    )


def _homes(ids: Sequence[int]) -> Any:
    return (
        select(
            Resident.name,
            Residence.kind,
            Area.name.label("area"),
            Building.name.label("building"),
            Residence.room,
            Residence.starts_on,
            Residence.ends_on,
        )
        .join(Resident, Resident.id == Residence.resident_id)
        .outerjoin(Area, Area.id == Residence.area_id)
        .outerjoin(Building, Building.id == Residence.building_id)
        .where(Residence.resident_id.in_(ids))
        .order_by(Resident.id, Residence.id)
    )


def _belongs(ids: Sequence[int]) -> Any:
    """Youth groups, households, numbers in other systems, and the phone that staff wrote down."""
    groups = (
        select(literal("youth_group").label("kind"), Resident.name, YouthGroup.name.label("what"))
        .select_from(Membership)
        .join(Resident, Resident.id == Membership.resident_id)
        .join(YouthGroup, YouthGroup.id == Membership.youth_group_id)
        .where(Membership.resident_id.in_(ids))
    )
    households = (
        select(literal("household"), Resident.name, Household.name)
        .select_from(HouseholdMember)
        .join(Resident, Resident.id == HouseholdMember.resident_id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(HouseholdMember.resident_id.in_(ids), HouseholdMember.state == "agreed")
    )
    numbers = (
        select(
            literal("number"), Resident.name, ExternalNumber.system + " " + ExternalNumber.number
        )
        .select_from(ExternalNumber)
        .join(Resident, Resident.id == ExternalNumber.resident_id)
        .where(ExternalNumber.resident_id.in_(ids))
    )
    phones = (
        select(literal("phone"), Resident.name, ContactPhone.phone)
        .select_from(ContactPhone)
        .join(Resident, Resident.id == ContactPhone.resident_id)
        .where(ContactPhone.resident_id.in_(ids))
    )
    return union_all(groups, households, numbers, phones)


def _cards(ids: Sequence[int]) -> Any:
    return (
        select(Resident.name, Card.number, Card.state, Card.issued_at, Card.ended_at)
        .join(Resident, Resident.id == Card.resident_id)
        .where(Card.resident_id.in_(ids))
        .order_by(Resident.id, Card.id)
    )


def _consents(ids: Sequence[int]) -> Any:
    return (
        select(
            Resident.name,
            Consent.what,
            Consent.given,
            Consent.text_version,
            Consent.given_by,
            Consent.given_at,
        )
        .join(Resident, Resident.id == Consent.resident_id)
        .where(Consent.resident_id.in_(ids))
        .order_by(Resident.id, Consent.id)
    )


def _sessions(login_id: int) -> Any:
    return (
        select(
            SignInSession.browser,
            SignInSession.created_at,
            SignInSession.last_seen_at,
            SignInSession.expires_at,
            SignInSession.revoked_at,
        )
        .where(SignInSession.login_id == login_id)
        .order_by(SignInSession.id)
    )


def _links(ids: Sequence[int], login_id: int) -> Any:
    return (
        select(
            Resident.name,
            Login.name.label("login_name"),
            Login.phone,
            LoginResident.relation,
            LoginResident.starts_on,
            LoginResident.ends_on,
        )
        .join(Resident, Resident.id == LoginResident.resident_id)
        .join(Login, Login.id == LoginResident.login_id)
        .where(or_(LoginResident.resident_id.in_(ids), LoginResident.login_id == login_id))
        .order_by(Resident.id, LoginResident.id)
    )


def _attendances(ids: Sequence[int]) -> Any:
    return (
        select(
            Resident.name,
            Activity.name.label("activity"),
            Event.place,
            Attendance.local_date,
            Attendance.checked_in_at,
            Attendance.checked_out_at,
            Attendance.provenance,
            Attendance.minutes,
            (Attendance.check_in_points + Attendance.check_out_points).label("points"),
            or_(Attendance.annulled_at.is_not(None), Attendance.state == "undone").label("void"),
        )
        .join(Resident, Resident.id == Attendance.resident_id)
        .join(Event, Event.id == Attendance.event_id)
        .join(Activity, Activity.id == Event.activity_id)
        .where(Attendance.resident_id.in_(ids))
        .order_by(Resident.id, Attendance.local_date, Attendance.id)
    )


def _scans(ids: Sequence[int]) -> Any:
    return (
        select(
            Resident.name,
            Activity.name.label("activity"),
            Scan.direction,
            Scan.code,
            Scan.facts,
            Scan.provenance,
            Scan.scanned_at,
            Scan.received_at,
            Scan.recorded_by_login_id,
        )
        .join(Resident, Resident.id == Scan.resident_id)
        .outerjoin(Event, Event.id == Scan.event_id)
        .outerjoin(Activity, Activity.id == Event.activity_id)
        .where(Scan.resident_id.in_(ids))
        .order_by(Resident.id, Scan.id)
    )


def _lines(ids: Sequence[int]) -> Any:
    return (
        select(
            Resident.name,
            Entry.entry_no,
            Transfer.occurred_at,
            Transfer.code,
            Activity.name.label("activity"),
            Transfer.reason,
            Entry.amount_points,
            Entry.amount_minutes,
            Entry.balance_after_points,
            Entry.total_after_minutes,
        )
        .join(Account, Account.id == Entry.account_id)
        .join(Resident, Resident.id == Account.resident_id)
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .outerjoin(Attendance, Attendance.id == Transfer.attendance_id)
        .outerjoin(Event, Event.id == Attendance.event_id)
        .outerjoin(Activity, Activity.id == Event.activity_id)
        .where(Account.resident_id.in_(ids))
        .order_by(Resident.id, Entry.entry_no)
    )


def _audit(ids: Sequence[int], login_id: int) -> Any:
    who = aliased(Login)
    return (
        select(
            Resident.name,
            AuditEvent.happened_at,
            AuditEvent.action,
            AuditEvent.facts,
            AuditEvent.login_id,
            who.name.label("who"),
        )
        .select_from(AuditEvent)
        .outerjoin(
            Resident,
            and_(AuditEvent.subject_kind == "resident", Resident.id == AuditEvent.subject_id),
        )
        .outerjoin(who, who.id == AuditEvent.login_id)
        .where(
            or_(
                and_(AuditEvent.subject_kind == "resident", AuditEvent.subject_id.in_(ids)),
                and_(AuditEvent.subject_kind == "login", AuditEvent.subject_id == login_id),
            )
        )
        .order_by(AuditEvent.id)
    )
