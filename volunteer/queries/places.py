"""Areas and buildings of a community, and the choices that forms offer of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import Area, Building, BuildingAlias, Residence, Resident


@dataclass(frozen=True)
class BuildingRow:
    """``residents``: how many people with a passbook live there today."""

    building_id: int
    area_id: int
    name: str
    name_en: str | None
    grid: str | None
    aliases: tuple[str, ...]
    estimated_residents: int | None
    estimated_on: date | None
    residents: int
    is_active: bool


@dataclass(frozen=True)
class AreaRow:
    area_id: int
    community_id: int
    kind: str
    name: str
    name_en: str | None
    is_active: bool
    buildings: tuple[BuildingRow, ...] = ()


@dataclass(frozen=True)
class BuildingChoice:
    """A building as a picker offers it, under its area."""

    building_id: int
    name: str
    name_en: str | None
    area: str
    area_en: str | None


def read_areas(
    scope: Scope, community_id: int, *, today: date, q: str = "", inactive: bool = False
) -> list[AreaRow]:
    """Areas with their buildings, in four statements. ``q`` narrows by name, alias or grid; the
    ones out of use are left out unless ``inactive``."""
    if not scope.sees(community_id):
        return []
    areas = db.session.execute(
        select(Area).where(Area.community_id == community_id).order_by(Area.name, Area.id)
    ).scalars()
    buildings = _buildings(community_id, today)
    shown = []
    for area in areas:
        in_area = buildings.get(area.id, [])
        fits_area = _contains(q, area.name, area.name_en)
        fitting = [one for one in in_area if fits_area or _fits(one, q)]
        row = _area_row(area, [one for one in fitting if inactive or one.is_active])
        if (fits_area or row.buildings) and (inactive or row.is_active):
            shown.append(row)
    return shown


def read_area(scope: Scope, area_id: int) -> AreaRow | None:
    """One area without its buildings, or None when not in scope."""
    area = db.session.execute(select(Area).where(Area.id == area_id)).scalar_one_or_none()
    return _area_row(area, []) if area and scope.sees(area.community_id) else None


def read_building(scope: Scope, building_id: int, *, today: date) -> BuildingRow | None:
    community_id = db.session.scalar(
        select(Building.community_id).where(Building.id == building_id)
    )
    if community_id is None or not scope.sees(community_id):
        return None
    found = _buildings(community_id, today)
    return next(
        (one for rows in found.values() for one in rows if one.building_id == building_id), None
    )


def read_building_community(scope: Scope, building_id: int) -> int | None:
    """Whose building this is; None when not in scope."""
    community_id = db.session.scalar(
        select(Building.community_id).where(Building.id == building_id)
    )
    return community_id if community_id is not None and scope.sees(community_id) else None


def read_building_names(scope: Scope, community_id: int, area_id: int) -> list[str]:
    """What the buildings of an area are called, those out of use as well."""
    if not scope.sees(community_id):
        return []
    wanted = select(Building.name).where(
        Building.community_id == community_id, Building.area_id == area_id
    )
    return list(db.session.scalars(wanted))


def read_building_choices(
    scope: Scope, community_id: int, *, and_id: int | None = None
) -> list[BuildingChoice]:
    """Buildings in use for a picker; ``and_id``: one that stays offered although it is not."""
    if not scope.sees(community_id):
        return []
    rows = db.session.execute(
        select(
            Building.id,
            Building.name,
            Building.name_en,
            Area.name.label("area"),
            Area.name_en.label("area_en"),
        )
        .join(Area, Area.id == Building.area_id)
        .where(
            Building.community_id == community_id,
            or_(
                and_(Building.deactivated_at.is_(None), Area.deactivated_at.is_(None)),
                Building.id == and_id,
            ),
        )
    ).all()
    choices = [BuildingChoice(row.id, row.name, row.name_en, row.area, row.area_en) for row in rows]
    return sorted(choices, key=lambda one: (one.area, natural_order(one.name)))


def read_area_choices(
    scope: Scope, community_id: int, *, and_id: int | None = None
) -> list[tuple[int, str, str | None]]:
    """Areas in use for a picker: id, name, English name."""
    if not scope.sees(community_id):
        return []
    rows = db.session.execute(
        select(Area.id, Area.name, Area.name_en)
        .where(
            Area.community_id == community_id,
            or_(Area.deactivated_at.is_(None), Area.id == and_id),
        )
        .order_by(Area.name)
    )
    return [(row.id, row.name, row.name_en) for row in rows]


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """2栋 before 12栋: runs of digits sort as numbers."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for character in f"{name}\0":
        if character.isascii() and character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
        parts.append((10**9, character))
    return tuple(parts)


def _buildings(community_id: int, today: date) -> dict[int, list[BuildingRow]]:
    """By area, in natural order."""
    aliases: dict[int, tuple[str, ...]] = {}
    for row in db.session.execute(
        select(BuildingAlias.building_id, BuildingAlias.alias)
        .where(BuildingAlias.community_id == community_id)
        .order_by(BuildingAlias.id)
    ):
        aliases[row.building_id] = (*aliases.get(row.building_id, ()), row.alias)
    living = _living(community_id, today)
    found: dict[int, list[BuildingRow]] = {}
    for building in db.session.execute(
        select(Building).where(Building.community_id == community_id)
    ).scalars():
        found.setdefault(building.area_id, []).append(
            BuildingRow(
                building_id=building.id,
                area_id=building.area_id,
                name=building.name,
                name_en=building.name_en,
                grid=building.grid,
                aliases=aliases.get(building.id, ()),
                estimated_residents=building.estimated_residents,
                estimated_on=building.estimated_on,
                residents=living.get(building.id, 0),
                is_active=building.deactivated_at is None,
            )
        )
    return {
        area_id: sorted(rows, key=lambda one: natural_order(one.name))
        for area_id, rows in found.items()
    }


def _living(community_id: int, today: date) -> dict[int | None, int]:
    rows = db.session.execute(
        select(Residence.building_id, func.count(func.distinct(Residence.resident_id)))
        .join(Resident, Resident.id == Residence.resident_id)
        .where(
            Residence.community_id == community_id,
            Residence.kind == "lives",
            Residence.starts_on <= today,
            or_(Residence.ends_on.is_(None), Residence.ends_on >= today),
            Resident.state.in_(("active", "provisional")),
        )
        .group_by(Residence.building_id)
    )
    return {building_id: count for building_id, count in rows}  # noqa: C416 - rows are no pairs to mypy


def _area_row(area: Any, buildings: list[BuildingRow]) -> AreaRow:
    return AreaRow(
        area_id=area.id,
        community_id=area.community_id,
        kind=area.kind,
        name=area.name,
        name_en=area.name_en,
        is_active=area.deactivated_at is None,
        buildings=tuple(buildings),
    )


def _fits(building: BuildingRow, q: str) -> bool:
    return _contains(q, building.name, building.name_en, building.grid, *building.aliases)


def _contains(q: str, *texts: str | None) -> bool:
    wanted = q.casefold().strip()
    return any(wanted in text.casefold() for text in texts if text)
