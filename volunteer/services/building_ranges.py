"""A whole estate at once: the buildings of a line such as 1-60栋, with other ways to write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.building_names import building_key
from volunteer.domain.building_ranges import NamedBuilding, other_writing, parse_buildings
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.models import Area, Building, BuildingAlias
from volunteer.store.models.base import table_of
from volunteer.store.models.places import AREA_KINDS
from volunteer.store.rows import load_row, load_today, record_row, require_seen

LONGEST_AREA = 120
LONGEST_WORDS = 40
MOST_RESIDENTS = 100_000


@dataclass(frozen=True)
class NewBuildings:
    """Buildings as they are typed, in an area that is there (``area_id``) or is made for them.

    ``pattern``: another way of writing, with # for the number. ``estimated_residents``: of each
    building, as of ``estimated_on``.
    """

    written: str
    area_id: int | None = None
    area_name: str = ""
    area_kind: str = "estate"
    pattern: str = ""
    grid: str = ""
    estimated_residents: int | None = None
    estimated_on: date | None = None


@dataclass(frozen=True)
class AddedBuildings:
    """How many are new, how many were there already, how many other writings were added."""

    added: int
    there: int
    aliases: int


def add_buildings(
    community_id: int, new: NewBuildings, *, by: int, now: datetime, scope: Scope
) -> AddedBuildings:
    """Add the buildings that are not there yet, all or nothing; the same line again adds none.

    Raises Refused: what ``parse_buildings`` refuses, ``not_found``, ``name_missing`` (of the area),
    ``text_too_long``, ``amount_invalid``, ``date_invalid``.
    """
    wanted = or_refuse(parse_buildings(new.written), "written")
    grid = or_refuse(parse_line(new.grid, LONGEST_WORDS), "grid")
    pattern = or_refuse(parse_line(new.pattern, LONGEST_WORDS), "pattern")
    _check_estimate(new)

    def work(tx: Tx) -> AddedBuildings:
        require_seen(tx, community_id)
        if new.estimated_on and new.estimated_on > load_today(tx, community_id, now):
            raise refuse(Code.DATE_INVALID, field="estimated_on")
        area_id = _area(tx, community_id, new, by, now)
        there = _keys_there(tx, area_id)
        missing = [one for one in wanted if building_key(one.name) not in there]
        ids = _record(tx, community_id, area_id, missing, new, grid)
        aliases = _record_aliases(tx, community_id, pattern, missing, ids)
        if ids:
            record_audit(
                tx,
                now=now,
                action="buildings_added",
                subject_kind="area",
                subject_id=area_id,
                community_id=community_id,
                login_id=by,
                facts={"count": len(ids), "name": missing[0].name},
            )
        return AddedBuildings(len(ids), len(wanted) - len(missing), aliases)

    return transact(work, scope)


def _check_estimate(new: NewBuildings) -> None:
    estimated = new.estimated_residents
    if estimated is not None and not 1 <= estimated <= MOST_RESIDENTS:
        raise refuse(Code.AMOUNT_INVALID, field="estimated_residents")
    if (estimated is None) != (new.estimated_on is None):
        raise refuse(Code.DATE_INVALID, field="estimated_on")


def _area(tx: Tx, community_id: int, new: NewBuildings, by: int, now: datetime) -> int:
    """The area's id, locked: two people who add the same buildings wait for each other."""
    if new.area_id is not None:
        area = load_row(tx, Area, new.area_id)
        if area.community_id != community_id:
            raise refuse(Code.NOT_FOUND)
        return int(area.id)
    name = or_refuse(parse_line(new.area_name, LONGEST_AREA), "area_name")
    if not name:
        raise refuse(Code.NAME_MISSING, field="area_name")
    if new.area_kind not in AREA_KINDS:
        raise refuse(Code.CHOICE_MISSING, field="area_kind")
    same = select(Area.id).where(Area.community_id == community_id, Area.name == name)
    found = tx.run(same.with_for_update()).scalar()
    if found is not None:
        return int(found)
    values = {"community_id": community_id, "kind": new.area_kind, "name": name}
    area_id = record_row(tx, Area, values)
    record_audit(
        tx,
        now=now,
        action="area_added",
        subject_kind="area",
        subject_id=area_id,
        community_id=community_id,
        login_id=by,
        facts={"name": name},
    )
    return area_id


def _keys_there(tx: Tx, area_id: int) -> set[str]:
    names = tx.run(select(Building.name).where(Building.area_id == area_id)).scalars()
    return {building_key(name) for name in names}


def _record(
    tx: Tx,
    community_id: int,
    area_id: int,
    missing: Sequence[NamedBuilding],
    new: NewBuildings,
    grid: str,
) -> dict[str, int]:
    """The new buildings' ids by name."""
    if not missing:
        return {}
    rows = [
        {
            "community_id": community_id,
            "area_id": area_id,
            "name": one.name,
            "grid": grid or None,
            "estimated_residents": new.estimated_residents,
            "estimated_on": new.estimated_on,
        }
        for one in missing
    ]
    inserted = insert_rows(tx, table_of(Building), rows, "RETURNING id, name")
    return {row.name: row.id for row in inserted}


def _record_aliases(
    tx: Tx,
    community_id: int,
    pattern: str,
    missing: Sequence[NamedBuilding],
    ids: dict[str, int],
) -> int:
    """One that another building has already is left out: an alias means one building only."""
    rows = [
        {"community_id": community_id, "building_id": ids[one.name], "alias": alias}
        for one in missing
        if (alias := other_writing(pattern, one)) and alias != one.name
    ]
    if not rows:
        return 0
    written = insert_rows(
        tx, table_of(BuildingAlias), rows, "ON CONFLICT DO NOTHING RETURNING alias"
    )
    return len(written.all())
