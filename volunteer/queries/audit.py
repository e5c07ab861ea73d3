"""The audit trail of a community, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from volunteer.domain.access import Scope
from volunteer.queries.paging import PAGE_ROWS
from volunteer.store.database import db
from volunteer.store.models import AuditEvent, Login, LoginResident, Resident, RoleGrant


@dataclass(frozen=True)
class AuditFilter:
    """``action``: one of them; ``who``: part of a login's name; the days are the community's."""

    action: str = ""
    who: str = ""
    first_day: date | None = None
    last_day: date | None = None
    subject_ref: str = ""


@dataclass(frozen=True)
class AuditRow:
    """``who`` is None for what no person did; ``resident_ref`` leads to the person it is about."""

    audit_id: int
    happened_at: datetime
    who: str | None
    action: str
    subject_kind: str
    subject: str | None
    subject_en: str | None
    resident_ref: str | None
    facts: Mapping[str, Any]


def read_audit(
    scope: Scope,
    community_id: int,
    wanted: AuditFilter,
    *,
    before_id: int | None = None,
    zone: str = "Asia/Shanghai",
) -> tuple[list[AuditRow], int | None]:
    """The newest lines (before ``before_id``), and the id to go on from, None at the end.

    By id and not by page number: lines are added while somebody reads. One statement.
    """
    if not scope.sees(community_id):
        return [], None
    statement = (
        _lines(community_id)
        .where(*_conditions(wanted, zone))
        .order_by(AuditEvent.id.desc())
        .limit(PAGE_ROWS + 1)
    )
    if before_id is not None:
        statement = statement.where(AuditEvent.id < before_id)
    rows = db.session.execute(statement).all()
    shown = [_row(row) for row in rows[:PAGE_ROWS]]
    return shown, shown[-1].audit_id if len(rows) > PAGE_ROWS else None


def read_actions(scope: Scope, community_id: int) -> list[str]:
    """The actions there are lines of, for the filter."""
    if not scope.sees(community_id):
        return []
    return list(
        db.session.scalars(
            select(AuditEvent.action)
            .where(AuditEvent.community_id == community_id)
            .distinct()
            .order_by(AuditEvent.action)
        )
    )


def _lines(community_id: int) -> Any:
    subject_login = select(Login.name).where(Login.id == AuditEvent.subject_id)
    return (
        select(
            AuditEvent.id,
            AuditEvent.happened_at,
            Login.name.label("who"),
            AuditEvent.action,
            AuditEvent.subject_kind,
            Resident.name.label("resident"),
            Resident.name_en.label("resident_en"),
            Resident.ref.label("resident_ref"),
            subject_login.correlate(AuditEvent).scalar_subquery().label("login"),
            AuditEvent.facts,
        )
        .select_from(AuditEvent)
        .outerjoin(Login, Login.id == AuditEvent.login_id)
        .outerjoin(
            Resident,
            and_(
                AuditEvent.subject_kind == "resident",
                Resident.id == AuditEvent.subject_id,
                Resident.community_id == community_id,
            ),
        )
        .where(or_(AuditEvent.community_id == community_id, _of_its_people(community_id)))
    )


def _of_its_people(community_id: int) -> Any:
    """A deed on a login belongs to no community; it is shown where that login has a role or acts
    for somebody."""
    staff = select(RoleGrant.login_id).where(RoleGrant.community_id == community_id)
    linked = select(LoginResident.login_id).where(LoginResident.community_id == community_id)
    return and_(
        AuditEvent.community_id.is_(None),
        AuditEvent.subject_kind == "login",
        or_(AuditEvent.subject_id.in_(staff), AuditEvent.subject_id.in_(linked)),
    )


def _conditions(wanted: AuditFilter, zone: str) -> list[Any]:
    conditions: list[Any] = []
    if wanted.action:
        conditions.append(AuditEvent.action == wanted.action)
    if wanted.who:
        conditions.append(func.lower(Login.name).contains(wanted.who.casefold(), autoescape=True))
    if wanted.subject_ref:
        conditions.append(Resident.ref == wanted.subject_ref)
    if wanted.first_day:
        conditions.append(AuditEvent.happened_at >= _midnight(wanted.first_day, zone))
    if wanted.last_day:
        after = _midnight(wanted.last_day + timedelta(days=1), zone)
        conditions.append(AuditEvent.happened_at < after)
    return conditions


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _row(row: Any) -> AuditRow:
    is_login = row.subject_kind == "login"
    return AuditRow(
        audit_id=row.id,
        happened_at=row.happened_at,
        who=row.who,
        action=row.action,
        subject_kind=row.subject_kind,
        subject=row.login if is_login else row.resident or row.facts.get("name"),
        subject_en=None if is_login else row.resident_en,
        resident_ref=row.resident_ref,
        facts=row.facts,
    )
