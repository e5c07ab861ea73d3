"""Areas and the buildings in them: add, edit, deactivate, take back into use.

Nothing is removed: attendances and boards keep pointing at the building they were made for. What
is deactivated is no longer offered when somebody moves in or an event is planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update

from volunteer.domain.access import Scope
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import Fact, record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.models import Area, Building, BuildingAlias
from volunteer.store.models.base import table_of
from volunteer.store.models.places import AREA_KINDS
from volunteer.store.rows import (
    load_row,
    load_today,
    record_row,
    require_in_community,
    require_seen,
    require_unique,
)

LONGEST_NAME = 120
LONGEST_GRID = 40
MOST_ALIASES = 20
MOST_RESIDENTS = 100_000


@dataclass(frozen=True)
class AreaDetails:
    """An estate, a block of an urban village, an office building …"""

    kind: str
    name: str
    name_en: str | None = None


@dataclass(frozen=True)
class BuildingDetails:
    """A building. ``aliases`` are the other ways people write it; ``estimated_residents`` is what
    the participation rate is worked out from, and counts from ``estimated_on``."""

    area_id: int
    name: str
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    grid: str | None = None
    estimated_residents: int | None = None
    estimated_on: date | None = None


def add_area(
    community_id: int, area: AreaDetails, *, by: int | None, now: datetime, scope: Scope
) -> int:
    """Raises Refused: ``not_found``, ``name_missing``, ``text_too_long``, ``choice_missing``,
    ``already_exists``."""
    values = _area_columns(area)

    def work(tx: Tx) -> int:
        require_seen(tx, community_id)
        area_id = record_row(tx, Area, {"community_id": community_id, **values})
        _audit(tx, "area_added", "area", area_id, community_id, by, now, {"name": values["name"]})
        return area_id

    return transact(work, scope)


def edit_area(area_id: int, area: AreaDetails, *, by: int, now: datetime, scope: Scope) -> None:
    """Raises Refused as ``add_area``."""
    values = _area_columns(area)

    def work(tx: Tx) -> None:
        before = load_row(tx, Area, area_id)
        same_name = {"community_id": before.community_id, "name": values["name"]}
        require_unique(tx, Area, area_id, same_name)
        tx.run(update(Area).where(Area.id == area_id).values(**values))
        facts = {"name": values["name"]}
        _audit(tx, "area_edited", "area", area_id, before.community_id, by, now, facts)

    transact(work, scope)


def set_area_active(area_id: int, active: bool, *, by: int, now: datetime, scope: Scope) -> None:
    """Raises Refused: ``not_found``."""
    _set_active(Area, "area", area_id, active, by, now, scope)


def add_building(building: BuildingDetails, *, by: int | None, now: datetime, scope: Scope) -> int:
    """Raises Refused: ``not_found`` (no such area), ``name_missing``, ``text_too_long``,
    ``already_exists`` (the name in this area, or an alias in the community), ``amount_invalid``,
    ``date_invalid`` (an estimate without its day, or of a day to come)."""
    values, aliases = _building_columns(building), _aliases(building)

    def work(tx: Tx) -> int:
        area = load_row(tx, Area, building.area_id)
        _require_estimate_past(tx, building, area.community_id, now)
        community = {"community_id": area.community_id}
        building_id = record_row(tx, Building, community | values)
        _record_aliases(tx, area.community_id, building_id, aliases)
        facts = {"name": values["name"], "area": area.name}
        _audit(tx, "building_added", "building", building_id, area.community_id, by, now, facts)
        return building_id

    return transact(work, scope)


def edit_building(
    building_id: int, building: BuildingDetails, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused as ``add_building``."""
    values, aliases = _building_columns(building), _aliases(building)

    def work(tx: Tx) -> None:
        before = load_row(tx, Building, building_id)
        require_in_community(tx, Area, building.area_id, before.community_id)
        _require_estimate_past(tx, building, before.community_id, now)
        key = {"community_id", "area_id", "name"}
        wanted = {"community_id": before.community_id, **values}
        require_unique(tx, Building, building_id, {name: wanted[name] for name in key})
        tx.run(update(Building).where(Building.id == building_id).values(**values))
        tx.run(delete(BuildingAlias).where(BuildingAlias.building_id == building_id))
        _record_aliases(tx, before.community_id, building_id, aliases)
        changed = [name for name, value in values.items() if before._mapping[name] != value]
        facts = {"name": values["name"], "fields": ", ".join(changed)}
        _audit(tx, "building_edited", "building", building_id, before.community_id, by, now, facts)

    transact(work, scope)


def set_building_active(
    building_id: int, active: bool, *, by: int, now: datetime, scope: Scope
) -> None:
    """Raises Refused: ``not_found``."""
    _set_active(Building, "building", building_id, active, by, now, scope)


def _set_active(  # noqa: PLR0913, PLR0917 - one body for two nouns
    model: type[Area] | type[Building],
    noun: str,
    row_id: int,
    active: bool,
    by: int,
    now: datetime,
    scope: Scope,
) -> None:
    def work(tx: Tx) -> None:
        before = load_row(tx, model, row_id)
        if (before.deactivated_at is None) == active:
            return
        ended_at = None if active else now
        tx.run(update(model).where(model.id == row_id).values(deactivated_at=ended_at))
        action = f"{noun}_reactivated" if active else f"{noun}_deactivated"
        facts = {"name": before.name}
        _audit(tx, action, noun, row_id, before.community_id, by, now, facts)

    transact(work, scope)


def _area_columns(area: AreaDetails) -> dict[str, Any]:
    if area.kind not in AREA_KINDS:
        raise refuse(Code.CHOICE_MISSING, field="kind")
    return {"kind": area.kind, **_names(area.name, area.name_en)}


def _building_columns(building: BuildingDetails) -> dict[str, Any]:
    estimated = building.estimated_residents
    if estimated is not None and not 1 <= estimated <= MOST_RESIDENTS:
        raise refuse(Code.AMOUNT_INVALID, field="estimated_residents")
    if (estimated is None) != (building.estimated_on is None):
        raise refuse(Code.DATE_INVALID, field="estimated_on")
    grid = or_refuse(parse_line(building.grid or "", LONGEST_GRID), "grid")
    return {
        "area_id": building.area_id,
        **_names(building.name, building.name_en),
        "grid": grid or None,
        "estimated_residents": estimated,
        "estimated_on": building.estimated_on,
    }


def _names(name: str, name_en: str | None) -> dict[str, str | None]:
    kept = or_refuse(parse_line(name, LONGEST_NAME), "name")
    kept_en = or_refuse(parse_line(name_en or "", LONGEST_NAME), "name_en")
    if not kept:
        raise refuse(Code.NAME_MISSING, field="name")
    return {"name": kept, "name_en": kept_en or None}


def _aliases(building: BuildingDetails) -> list[str]:
    if len(building.aliases) > MOST_ALIASES:
        raise refuse(Code.TEXT_TOO_LONG, field="aliases", longest=MOST_ALIASES)
    lines = (or_refuse(parse_line(alias, LONGEST_NAME), "aliases") for alias in building.aliases)
    return [alias for alias in dict.fromkeys(lines) if alias and alias != building.name.strip()]


def _record_aliases(tx: Tx, community_id: int, building_id: int, aliases: list[str]) -> None:
    if not aliases:
        return
    taken = tx.run(
        select(BuildingAlias.alias).where(
            BuildingAlias.community_id == community_id,
            BuildingAlias.building_id != building_id,
            BuildingAlias.alias.in_(aliases),
        )
    ).first()
    if taken:
        raise refuse(Code.ALREADY_EXISTS, field="aliases")
    row = {"community_id": community_id, "building_id": building_id}
    insert_rows(tx, table_of(BuildingAlias), [{**row, "alias": alias} for alias in aliases])


def _require_estimate_past(
    tx: Tx, building: BuildingDetails, community_id: int, now: datetime
) -> None:
    day = building.estimated_on
    if day is not None and day > load_today(tx, community_id, now):
        raise refuse(Code.DATE_INVALID, field="estimated_on")


def _audit(  # noqa: PLR0913, PLR0917 - the columns of one row
    tx: Tx,
    action: str,
    subject_kind: str,
    subject_id: int,
    community_id: int,
    by: int | None,
    now: datetime,
    facts: dict[str, Fact],
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        community_id=community_id,
        login_id=by,
        facts=facts,
    )
