"""Boards of honour, read from the totals alone: however long the history, the same few rows.

What must not be shown leaves this module only as a sum: the rows are suppressed here, by
``domain.board``, and not in a template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from volunteer.domain.access import Scope
from volunteer.domain.board import (
    Board,
    BoardKind,
    BoardRow,
    Measure,
    Period,
    PeriodKind,
    decide_board,
)
from volunteer.store.database import db
from volunteer.store.models import (
    Area,
    BoardTotal,
    Building,
    Community,
    Membership,
    Residence,
    YouthGroup,
)


@dataclass(frozen=True)
class PublicCommunity:
    """A community as anybody may see it."""

    community_id: int
    name: str
    name_en: str | None
    time_zone: str
    telephone: str | None


@dataclass(frozen=True)
class Subject:
    """A building or a youth group by name; ``estimated_on``: when its residents were counted."""

    subject_id: int
    name: str
    name_en: str | None
    area_name: str | None = None
    area_name_en: str | None = None
    estimated_residents: int | None = None
    estimated_on: date | None = None


@dataclass(frozen=True)
class BoardPage:
    """A board that may be shown to anybody, with the names of what stands on it.

    ``first_on`` is the first day of the earliest period that has a total, None when none has.
    """

    board: Board
    subjects: dict[int, Subject]
    first_on: date | None


@dataclass(frozen=True)
class OwnStanding:
    """How the building of a resident stands: ``rank`` None and ``is_shown`` False when it has too
    few participants to be shown."""

    building: Subject
    is_shown: bool
    rank: int | None
    points: int


def read_public_communities(scope: Scope) -> list[PublicCommunity]:
    """The communities of ``scope``, the oldest first."""
    statement = select(
        Community.id.label("community_id"),
        Community.name,
        Community.name_en,
        Community.time_zone,
        Community.telephone,
    ).order_by(Community.id)
    if scope.community_ids is not None:
        statement = statement.where(Community.id.in_(scope.community_ids))
    return [PublicCommunity(**row._mapping) for row in db.session.execute(statement)]


def read_board(
    scope: Scope, community_id: int, kind: BoardKind, period: Period, measure: Measure
) -> BoardPage:
    """The board of one community for one period."""
    if not scope.sees(community_id):
        return BoardPage(Board((), None), {}, None)
    rows = db.session.execute(_totals(community_id, kind, period)).all()
    decided = decide_board((_row(row) for row in rows), measure)
    shown = {standing.row.subject_id for standing in decided.standings}
    return BoardPage(
        board=decided,
        subjects={row.subject_id: _subject(row) for row in rows if row.subject_id in shown},
        first_on=_first_on(community_id, kind, period.kind),
    )


def read_own_buildings(scope: Scope, resident_ids: Iterable[int], on: date) -> dict[int, int]:
    """The building where each of these residents lives that day, by resident."""
    statement = (
        select(Residence.resident_id, Residence.building_id)
        .where(
            Residence.resident_id.in_(set(resident_ids)),
            Residence.kind == "lives",
            Residence.building_id.is_not(None),
            Residence.starts_on <= on,
            (Residence.ends_on.is_(None)) | (Residence.ends_on >= on),
        )
        .order_by(Residence.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Residence.community_id.in_(scope.community_ids))
    return {row.resident_id: row.building_id for row in db.session.execute(statement)}


def read_own_groups(scope: Scope, resident_ids: Iterable[int], on: date) -> set[int]:
    """The youth groups that any of these residents belongs to that day."""
    statement = select(Membership.youth_group_id).where(
        Membership.resident_id.in_(set(resident_ids)),
        Membership.starts_on <= on,
        (Membership.ends_on.is_(None)) | (Membership.ends_on >= on),
    )
    if scope.community_ids is not None:
        statement = statement.where(Membership.community_id.in_(scope.community_ids))
    return set(db.session.execute(statement).scalars())


def read_own_standing(
    scope: Scope, community_id: int, building_id: int, period: Period
) -> OwnStanding | None:
    """How one building stands by points in ``period``."""
    page = read_board(scope, community_id, BoardKind.BUILDING, period, Measure.POINTS)
    for standing in page.board.standings:
        if standing.row.subject_id == building_id:
            return OwnStanding(page.subjects[building_id], True, standing.rank, standing.row.points)
    building = db.session.execute(
        select(Building.id.label("subject_id"), Building.name, Building.name_en).where(
            Building.community_id == community_id, Building.id == building_id
        )
    ).first()
    return OwnStanding(Subject(**building._mapping), False, None, 0) if building else None


def _totals(community_id: int, kind: BoardKind, period: Period) -> Any:
    total = (
        BoardTotal.community_id == community_id,
        BoardTotal.board == str(kind),
        BoardTotal.period_kind == str(period.kind),
        BoardTotal.period_start == period.starts_on,
    )
    figures = (
        BoardTotal.subject_id,
        BoardTotal.points,
        BoardTotal.minutes,
        BoardTotal.attendances,
        BoardTotal.participants,
    )
    if kind is BoardKind.YOUTH_GROUP:
        return (
            select(*figures, YouthGroup.name, YouthGroup.name_en)
            .join(YouthGroup, YouthGroup.id == BoardTotal.subject_id)
            .where(*total)
        )
    return (
        select(
            *figures,
            Building.name,
            Building.name_en,
            Area.name.label("area_name"),
            Area.name_en.label("area_name_en"),
            Building.estimated_residents,
            Building.estimated_on,
        )
        .join(Building, Building.id == BoardTotal.subject_id)
        .join(Area, Area.id == Building.area_id)
        .where(*total)
    )


def _row(row: Any) -> BoardRow:
    return BoardRow(
        subject_id=row.subject_id,
        points=row.points,
        minutes=row.minutes,
        attendances=row.attendances,
        participants=row.participants,
        estimated_residents=row._mapping.get("estimated_residents"),
    )


def _subject(row: Any) -> Subject:
    named = {name: row._mapping[name] for name in _SUBJECT_FIELDS if name in row._mapping}
    return Subject(**named)


_SUBJECT_FIELDS = tuple(Subject.__dataclass_fields__)


def _first_on(community_id: int, kind: BoardKind, period_kind: PeriodKind) -> date | None:
    if period_kind is PeriodKind.ALL:
        return None
    return db.session.execute(
        select(func.min(BoardTotal.period_start)).where(
            BoardTotal.community_id == community_id,
            BoardTotal.board == str(kind),
            BoardTotal.period_kind == str(period_kind),
        )
    ).scalar_one()
