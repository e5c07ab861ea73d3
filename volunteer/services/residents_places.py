"""Buildings that a sheet writes in a way that nobody knew: said once, known for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.access import Scope
from volunteer.domain.names import parse_line
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store import imports as store
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.models import Area, Building, BuildingAlias
from volunteer.store.models.base import table_of
from volunteer.store.rows import load_row, record_row

LONGEST_NAME = 120


@dataclass(frozen=True)
class PlaceChoice:
    """What staff say of one way of writing: another name of this building, or a new building in
    this area."""

    written: str
    building_id: int | None = None
    area_id: int | None = None


def match_places(
    batch_id: int, choices: Sequence[PlaceChoice], *, by: int, now: datetime, scope: Scope
) -> None:
    """Keep what staff say as other names of buildings, or make the buildings.

    Raises Refused: ``not_found``, ``changed_meanwhile`` (the sheet is being imported),
    ``name_missing``, ``text_too_long``, ``already_exists`` (a building of that name stands in the
    area).
    """
    named = [(_name(one.written), one) for one in choices]

    def work(tx: Tx) -> None:
        batch = store.load_open_batch(tx, batch_id)
        for name, choice in named:
            if choice.building_id is not None:
                _record_alias(tx, batch.community_id, name, choice.building_id, by, now)
            else:
                _record_building(tx, batch.community_id, name, choice.area_id or 0, by, now)

    transact(work, scope)


def _name(written: str) -> str:
    name = or_refuse(parse_line(written, LONGEST_NAME), "name")
    if not name:
        raise refuse(Code.NAME_MISSING)
    return name


def _record_alias(
    tx: Tx, community_id: int, name: str, building_id: int, by: int, now: datetime
) -> None:
    building = load_row(tx, Building, building_id)
    if building.community_id != community_id:
        raise refuse(Code.NOT_FOUND)
    # Known as such of a building that is out of use: it means this one from now on.
    moved = "ON CONFLICT (community_id, alias) DO UPDATE SET building_id = excluded.building_id"
    row = {"community_id": community_id, "building_id": building_id, "alias": name}
    insert_rows(tx, table_of(BuildingAlias), [row], moved)
    record_audit(
        tx,
        now=now,
        action="building_alias_added",
        subject_kind="building",
        subject_id=building_id,
        community_id=community_id,
        login_id=by,
        facts={"name": building.name, "alias": name},
    )


def _record_building(
    tx: Tx, community_id: int, name: str, area_id: int, by: int, now: datetime
) -> None:
    area = load_row(tx, Area, area_id)
    if area.community_id != community_id:
        raise refuse(Code.NOT_FOUND)
    values = {"community_id": community_id, "area_id": area_id, "name": name}
    building_id = record_row(tx, Building, values)
    record_audit(
        tx,
        now=now,
        action="building_added",
        subject_kind="building",
        subject_id=building_id,
        community_id=community_id,
        login_id=by,
        facts={"name": name, "area": area.name},
    )
