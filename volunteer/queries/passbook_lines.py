"""One line of a passbook with everything that explains it: event, scan, rule, recorder, chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, cast, exists, select
from sqlalchemy.orm import aliased

from volunteer.domain.access import Scope
from volunteer.domain.points import PointsRule
from volunteer.queries.passbook import PassbookCover
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Attendance,
    Device,
    Entry,
    Event,
    EventLeader,
    Login,
    LoginResident,
    Organisation,
    RoleGrant,
    Scan,
    Transfer,
)
from volunteer.store.models import PointsRule as PointsRuleRow


@dataclass(frozen=True)
class EventOfLine:
    """What was attended, where, and for how long. The window is the planned one."""

    event_id: int
    activity_name: str
    activity_name_en: str | None
    measure: str
    organisation_name: str
    organisation_name_en: str | None
    place: str
    place_en: str | None
    starts_at: datetime
    ends_at: datetime
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    ended_how: str | None
    is_leader: bool
    override: str | None
    annulled_at: datetime | None


@dataclass(frozen=True)
class ScanOfLine:
    """The scan that led to the line. ``scanned_at`` is its corrected time."""

    direction: str
    provenance: str
    scanned_at: datetime
    received_at: datetime


@dataclass(frozen=True)
class RecordedBy:
    """Who recorded the line: ``relation`` to the resident (self, guardian, helper), or a role
    (leader, organizer, …), or the device; all None when the system did it by itself."""

    login_id: int | None
    name: str | None
    relation: str | None
    role: str | None
    device_name: str | None


@dataclass(frozen=True)
class ExplainedLine:
    """``facts`` are what the amount was worked out from, as they were frozen when it was posted.

    ``reverses_no`` and ``reversed_by_no`` are numbers of other lines of the same passbook.
    """

    entry_no: int
    transfer_id: int
    code: str
    amount_points: int
    amount_minutes: int
    balance_after_points: int
    total_after_minutes: int
    occurred_at: datetime
    posted_at: datetime
    reason: str | None
    facts: Mapping[str, Any]
    prev_hash: bytes
    hash: bytes
    reverses_no: int | None
    reversed_by_no: int | None
    rule: PointsRule | None
    event: EventOfLine | None
    scan: ScanOfLine | None
    recorded_by: RecordedBy
    approved_by_name: str | None

    @property
    def part(self) -> str | None:
        """Of an award: check_in or check_out."""
        return self.facts.get("part")


def read_explained_line(scope: Scope, cover: PassbookCover, entry_no: int) -> ExplainedLine | None:
    """The line with that number, or None."""
    if not scope.sees(cover.community_id):
        return None
    row = db.session.execute(_statement(cover, entry_no)).first()
    if row is None:
        return None
    return ExplainedLine(
        entry_no=row.entry_no,
        transfer_id=row.transfer_id,
        code=row.code,
        amount_points=row.amount_points,
        amount_minutes=row.amount_minutes,
        balance_after_points=row.balance_after_points,
        total_after_minutes=row.total_after_minutes,
        occurred_at=row.occurred_at,
        posted_at=row.posted_at,
        reason=row.reason,
        facts=row.facts,
        prev_hash=row.prev_hash,
        hash=row.hash,
        reverses_no=row.reverses_no,
        reversed_by_no=row.reversed_by_no,
        rule=_rule(row),
        event=_event(row),
        scan=_scan(cover, row),
        recorded_by=_recorded_by(cover, row),
        approved_by_name=row.approver_name,
    )


def _statement(cover: PassbookCover, entry_no: int) -> Any:
    approver, recorder = aliased(Login), aliased(Login)
    return (
        select(
            Entry.entry_no,
            Entry.transfer_id,
            Entry.amount_points,
            Entry.amount_minutes,
            Entry.balance_after_points,
            Entry.total_after_minutes,
            Entry.prev_hash,
            Entry.hash,
            Transfer.code,
            Transfer.occurred_at,
            Transfer.posted_at,
            Transfer.reason,
            Transfer.facts,
            Transfer.recorded_by_login_id,
            _number_in(cover, Transfer.reverses_id).label("reverses_no"),
            _number_of_reversal(cover).label("reversed_by_no"),
            recorder.name.label("recorder_name"),
            approver.name.label("approver_name"),
            Device.name.label("device_name"),
            *_RULE_COLUMNS,
            *_EVENT_COLUMNS,
        )
        .join(Transfer, Transfer.id == Entry.transfer_id)
        .outerjoin(recorder, recorder.id == Transfer.recorded_by_login_id)
        .outerjoin(approver, approver.id == Transfer.approved_by_login_id)
        .outerjoin(Device, Device.id == Transfer.recorded_by_device_id)
        .outerjoin(PointsRuleRow, PointsRuleRow.id == Transfer.points_rule_id)
        .outerjoin(Attendance, Attendance.id == Transfer.attendance_id)
        .outerjoin(Event, Event.id == Attendance.event_id)
        .outerjoin(Activity, Activity.id == Event.activity_id)
        .outerjoin(Organisation, Organisation.id == Activity.organisation_id)
        .where(Entry.account_id == cover.account_id, Entry.entry_no == entry_no)
    )


_RULE_COLUMNS = (
    PointsRuleRow.id.label("rule_id"),
    PointsRuleRow.version.label("rule_version"),
    PointsRuleRow.fixed_points,
    PointsRuleRow.points_per_hour,
    PointsRuleRow.leader_factor_percent,
    PointsRuleRow.cap_event_points,
    PointsRuleRow.cap_day_points,
)
_EVENT_COLUMNS = (
    Event.id.label("event_id"),
    Activity.name.label("activity_name"),
    Activity.name_en.label("activity_name_en"),
    Activity.measure,
    Organisation.name.label("organisation_name"),
    Organisation.name_en.label("organisation_name_en"),
    Event.place,
    Event.place_en,
    Event.starts_at,
    Event.ends_at,
    Attendance.checked_in_at,
    Attendance.checked_out_at,
    Attendance.ended_how,
    Attendance.is_leader,
    Attendance.override,
    Attendance.annulled_at,
)


def _number_in(cover: PassbookCover, transfer_id: Any) -> Any:
    """The number under which this passbook printed a transfer."""
    other = aliased(Entry)
    return (
        select(other.entry_no)
        .where(other.transfer_id == transfer_id, other.account_id == cover.account_id)
        .scalar_subquery()
    )


def _number_of_reversal(cover: PassbookCover) -> Any:
    other, reversing = aliased(Entry), aliased(Transfer)
    return (
        select(other.entry_no)
        .join(reversing, reversing.id == other.transfer_id)
        .where(reversing.reverses_id == Transfer.id, other.account_id == cover.account_id)
        .correlate(Transfer)
        .scalar_subquery()
    )


def _rule(row: Row[Any]) -> PointsRule | None:
    if row.rule_id is None:
        return None
    return PointsRule(
        id=row.rule_id,
        version=row.rule_version,
        fixed_points=row.fixed_points,
        points_per_hour=row.points_per_hour,
        leader_factor_percent=row.leader_factor_percent,
        cap_event_points=row.cap_event_points,
        cap_day_points=row.cap_day_points,
    )


def _event(row: Row[Any]) -> EventOfLine | None:
    if row.event_id is None:
        return None
    return EventOfLine(
        **{name: value for name, value in row._mapping.items() if name in _EVENT_FIELDS}
    )


_EVENT_FIELDS = frozenset(EventOfLine.__dataclass_fields__)


def _scan(cover: PassbookCover, row: Row[Any]) -> ScanOfLine | None:
    """The accepted scan of that person, event, direction and time."""
    if row.event_id is None or row.facts.get("part") is None:
        return None
    direction = "in" if row.facts["part"] == "check_in" else "out"
    found = db.session.execute(
        select(Scan.direction, Scan.provenance, Scan.corrected_at, Scan.received_at)
        .where(
            Scan.community_id == cover.community_id,
            Scan.event_id == row.event_id,
            Scan.resident_id == cover.resident_id,
            Scan.direction == direction,
            Scan.corrected_at == row.occurred_at,
            Scan.verdict.in_(("accepted", "waiting")),
        )
        .order_by(Scan.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    return ScanOfLine(
        direction=found.direction,
        provenance=found.provenance,
        scanned_at=found.corrected_at,
        received_at=found.received_at,
    )


def _recorded_by(cover: PassbookCover, row: Row[Any]) -> RecordedBy:
    login_id = row.recorded_by_login_id
    tie = db.session.execute(_ties(cover, login_id, row.event_id)).first() if login_id else None
    return RecordedBy(
        login_id=login_id,
        name=row.recorder_name,
        relation=tie.relation if tie else None,
        role=("leader" if tie.leads else tie.role) if tie else None,
        device_name=row.device_name,
    )


def _ties(cover: PassbookCover, login_id: int, event_id: int | None) -> Any:
    """How a login stands to the passbook: whom it acts for, whether it led the event, its role."""
    own = aliased(LoginResident)
    relation = (
        select(LoginResident.relation)
        .where(LoginResident.login_id == login_id, LoginResident.resident_id == cover.resident_id)
        .order_by(LoginResident.id)
        .limit(1)
        .scalar_subquery()
    )
    leads = exists().where(
        own.login_id == login_id,
        own.relation == "self",
        EventLeader.resident_id == own.resident_id,
        EventLeader.event_id == event_id,
    )
    role = (
        select(RoleGrant.role)
        .where(
            RoleGrant.login_id == login_id,
            (RoleGrant.community_id == cover.community_id) | RoleGrant.community_id.is_(None),
        )
        .order_by(RoleGrant.id)
        .limit(1)
        .scalar_subquery()
    )
    return select(
        cast(relation, String).label("relation"),
        leads.label("leads"),
        cast(role, String).label("role"),
    )
