"""What a resident sees when they check in: who is here already, and the receipt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.board import (
    BoardKind,
    BoardRow,
    Measure,
    Period,
    PeriodKind,
    decide_board,
)
from volunteer.store.database import db
from volunteer.store.models import (
    Account,
    Attendance,
    BoardTotal,
    Building,
    Resident,
    Reward,
    Scan,
)


@dataclass(frozen=True)
class Here:
    """Somebody's attendance at the event as it stands: present, complete or undone."""

    resident_id: int
    state: str
    checked_in_at: datetime | None
    checked_out_at: datetime | None


def read_here(event_id: int, resident_ids: Collection[int], scope: Scope) -> dict[int, Here]:
    """By the resident asked for, who may be here by their guest passbook. Residents of no
    attendance are left out."""
    statement = (
        select(
            Attendance.resident_id,
            Resident.home_resident_id,
            Attendance.state,
            Attendance.checked_in_at,
            Attendance.checked_out_at,
        )
        .join(Resident, Resident.id == Attendance.resident_id)
        .where(
            Attendance.event_id == event_id,
            or_(
                Attendance.resident_id.in_(resident_ids),
                Resident.home_resident_id.in_(resident_ids),
            ),
        )
    )
    if scope.community_ids is not None:
        statement = statement.where(Attendance.community_id.in_(scope.community_ids))
    here = {}
    for row in db.session.execute(statement):
        asked_for = row.home_resident_id if row.home_resident_id in resident_ids else None
        resident_id = asked_for or row.resident_id
        here[resident_id] = Here(resident_id, row.state, row.checked_in_at, row.checked_out_at)
    return here


@dataclass(frozen=True)
class ReceiptLine:
    """One scan of the visit with its verdict, and the passbook after it. ``name`` is None where
    the scan is kept without its resident."""

    client_id: UUID
    direction: str
    verdict: str
    code: str
    facts: Mapping[str, Any]
    resident_id: int | None
    ref: str | None
    name: str | None
    name_en: str | None
    is_guest: bool
    balance_points: int | None
    building_id: int | None
    passbook_number: str | None


def read_receipt(client_ids: Collection[UUID], login_id: int, scope: Scope) -> list[ReceiptLine]:
    """The answers to these scans, if this login recorded them."""
    statement = (
        select(
            Scan.client_id,
            Scan.direction,
            Scan.verdict,
            Scan.code,
            Scan.facts,
            Scan.resident_id,
            Resident.ref,
            Resident.name,
            Resident.name_en,
            Resident.home_resident_id.is_not(None),
            Account.balance_points,
            Attendance.building_id,
            Resident.passbook_number,
        )
        .outerjoin(Resident, Resident.id == Scan.resident_id)
        .outerjoin(
            Account,
            and_(
                Account.resident_id == Scan.resident_id,
                Account.community_id == Scan.community_id,
            ),
        )
        .outerjoin(
            Attendance,
            and_(
                Attendance.event_id == Scan.event_id,
                Attendance.resident_id == Scan.resident_id,
            ),
        )
        .where(Scan.client_id.in_(client_ids), Scan.recorded_by_login_id == login_id)
        .order_by(Scan.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Scan.community_id.in_(scope.community_ids))
    return [ReceiptLine(*row) for row in db.session.execute(statement)]


@dataclass(frozen=True)
class BuildingStanding:
    """A building's place this month; ``rank`` is None while too few neighbours took part."""

    building_name: str
    building_name_en: str | None
    rank: int | None


def read_building_standing(
    community_id: int, building_id: int, day: date, scope: Scope
) -> BuildingStanding | None:
    """By points, among the buildings of the community that are shown. None when out of scope."""
    if not scope.sees(community_id):
        return None
    month = Period.holding(PeriodKind.MONTH, day)
    building = db.session.execute(
        select(Building.name, Building.name_en).where(
            Building.community_id == community_id, Building.id == building_id
        )
    ).first()
    if building is None:
        return None
    rows = db.session.execute(
        select(
            BoardTotal.subject_id,
            BoardTotal.points,
            BoardTotal.minutes,
            BoardTotal.attendances,
            BoardTotal.participants,
        ).where(
            BoardTotal.community_id == community_id,
            BoardTotal.board == BoardKind.BUILDING,
            BoardTotal.period_kind == month.kind,
            BoardTotal.period_start == month.starts_on,
        )
    )
    board = decide_board([BoardRow(*row) for row in rows], Measure.POINTS)
    places = {standing.row.subject_id: standing.rank for standing in board.standings}
    return BuildingStanding(building.name, building.name_en, places.get(building_id))


@dataclass(frozen=True)
class NextReward:
    name: str
    name_en: str | None
    price_points: int


def read_next_reward(community_id: int, balance_points: int, scope: Scope) -> NextReward | None:
    """The cheapest reward that the balance does not yet buy."""
    if not scope.sees(community_id):
        return None
    row = db.session.execute(
        select(Reward.name, Reward.name_en, Reward.price_points)
        .where(
            Reward.community_id == community_id,
            Reward.deactivated_at.is_(None),
            Reward.price_points > balance_points,
        )
        .order_by(Reward.price_points, Reward.id)
        .limit(1)
    ).first()
    return NextReward(*row) if row else None
