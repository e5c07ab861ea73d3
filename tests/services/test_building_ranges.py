"""All the buildings of an area from one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.services.building_ranges import AddedBuildings, NewBuildings, add_buildings
from volunteer.store import models as m

ESTATE = NewBuildings(
    "1-60栋",
    area_name="梅富花园",
    pattern="梅富花园#号",
    grid="三网格",
    estimated_residents=120,
    estimated_on=date(2026, 10, 1),
)


def add(town: Town, new: NewBuildings) -> AddedBuildings:
    by, scope = town.login(), Scope.of(town.community_id)
    return add_buildings(town.community_id, new, by=by, now=FRIDAY, scope=scope)


def refused(town: Town, new: NewBuildings) -> tuple[Code, object]:
    with pytest.raises(Refused) as info:
        add(town, new)
    return info.value.refusal.code, info.value.refusal.facts.get("field")


def test_a_line_becomes_an_estate_and_the_same_line_again_nothing(both_town: Town) -> None:
    town = both_town
    assert add(town, ESTATE) == AddedBuildings(60, 0, 60)
    row = select(
        m.Building.name,
        m.Building.grid,
        m.Building.estimated_residents,
        m.Building.estimated_on,
        m.BuildingAlias.alias,
        m.Area.name.label("area"),
    )
    twelfth = row.join(m.BuildingAlias, m.BuildingAlias.building_id == m.Building.id).join(
        m.Area, m.Area.id == m.Building.area_id
    )
    found = town.write(lambda tx: tx.run(twelfth.where(m.Building.name == "12栋")).one())
    assert tuple(found) == ("12栋", "三网格", 120, date(2026, 10, 1), "梅富花园12号", "梅富花园")
    assert add(town, ESTATE) == AddedBuildings(0, 60, 0)
    assert add(town, replace(ESTATE, written="五十九至62号楼")) == AddedBuildings(2, 2, 2)


def test_an_alias_of_another_building_stays_with_it(town: Town) -> None:
    town.alias(town.building("旧12栋"), "梅富花园12号")
    assert add(town, replace(ESTATE, written="11-13栋")) == AddedBuildings(3, 0, 2)


def test_what_is_wrong_is_said_at_its_field(town: Town) -> None:
    other = town.community("景华社区")
    scope = Scope.of(other)
    for changes, code, field in (
        ({"written": ""}, Code.BUILDINGS_MISSING, "written"),
        ({"written": "60-1栋"}, Code.BUILDINGS_REVERSED, "written"),
        ({"area_name": " "}, Code.NAME_MISSING, "area_name"),
        ({"area_kind": "castle"}, Code.CHOICE_MISSING, "area_kind"),
        ({"estimated_residents": 0}, Code.AMOUNT_INVALID, "estimated_residents"),
        ({"estimated_on": None}, Code.DATE_INVALID, "estimated_on"),
        (
            {"estimated_on": FRIDAY.date() + timedelta(days=2)},
            Code.DATE_INVALID,
            "estimated_on",
        ),
    ):
        assert refused(town, replace(ESTATE, **changes)) == (code, field), changes
    wish = replace(ESTATE, area_id=town.area_id)
    with pytest.raises(Refused) as info:
        add_buildings(other, wish, by=1, now=FRIDAY, scope=scope)
    assert info.value.refusal.code is Code.NOT_FOUND
    buildings = select(m.Building.id)
    assert town.write(lambda tx: tx.run(buildings).all()) == []
