"""Whose cards: by place and group, in the order of the doors, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tests.queries.test_cards import ref_of
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.age import AgeBand
from volunteer.queries.card_people import CardFilter, CardPerson, read_card_people
from volunteer.store import models as m

TODAY = FRIDAY.date()


def found(town: Town, **wanted: Any) -> list[CardPerson]:
    scope = Scope.of(town.community_id)
    return read_card_people(scope, town.community_id, CardFilter(**wanted), today=TODAY)


def names(town: Town, **wanted: Any) -> list[str]:
    return [one.name for one in found(town, **wanted)]


def lives(town: Town, resident_id: int, building_id: int, room: str, **more: Any) -> None:
    town._add(
        m.Residence,
        **{
            "community_id": town.community_id,
            "resident_id": resident_id,
            "building_id": building_id,
            "room": room,
            "starts_on": TODAY - timedelta(days=1),
        }
        | more,
    )


def test_along_the_doors_and_by_place(both_town: Town) -> None:
    town = both_town
    second, twelfth = town.building("2栋"), town.building("12栋")
    group = town.youth_group("小小巡逻兵")
    people = {}
    for name, building, room in (
        ("丙", twelfth, "301"),
        ("乙", second, "1001"),
        ("甲", second, "302"),
    ):
        people[name] = town.resident(name, youth_group_id=group if name == "丙" else None)
        lives(town, people[name], building, room)
    nowhere = town.resident("丁")
    # A home comes before a place of work; one that is over is none.
    lives(town, people["甲"], twelfth, "9", kind="works")
    lives(town, nowhere, second, "1", ends_on=TODAY - timedelta(days=1))
    town.resident("搬走", building_id=second, state="moved_away")
    town.resident("待确认", building_id=second, state="provisional")
    town.resident("外人", community_id=town.community("景华社区"))
    assert names(town) == ["甲", "乙", "丙", "丁"]
    assert names(town, building_id=second) == ["甲", "乙"]
    assert names(town, area_id=town.area_id) == ["甲", "乙", "丙"]
    assert names(town, group_id=group) == ["丙"]
    assert names(town, nowhere=True) == ["丁"]
    assert names(town, refs=[ref_of(town, people["乙"])]) == ["乙"]
    first = found(town)[0]
    assert first.place
    assert (first.place.building, first.place.room, first.place.area) == ("2栋", "302", "梅富村")
    elsewhere = Scope.of(town.community("狮岭社区"))
    assert read_card_people(elsewhere, town.community_id, CardFilter(), today=TODAY) == []


def test_missing_and_not_received(both_town: Town) -> None:
    town = both_town
    without, unprinted, printed, received = map(town.resident, ("甲", "乙", "丙", "丁"))
    town.card(without, state="replaced", ended_at=FRIDAY, printed_at=FRIDAY)
    town.card(unprinted)
    town.card(printed, printed_at=FRIDAY)
    town.card(received, printed_at=FRIDAY, received_at=FRIDAY)
    assert sorted(names(town, which="missing")) == sorted(["甲", "乙"])
    assert sorted(names(town, which="not_received")) == sorted(["乙", "丙"])
    assert [one.card_number for one in found(town, refs=[ref_of(town, without)])] == [None]


def test_a_visiting_teams_people(both_town: Town) -> None:
    town = both_town
    visits, left = town.resident("来访"), town.resident("退出", state="provisional")
    kind = town.write(lambda tx: tx.execute(select(m.OrganisationKind.id)).scalar_one())
    named = {"name": "实验小学", "kind_id": kind, "created_at": FRIDAY}
    team = town._add(m.VisitingTeam, community_id=town.community_id, **named)
    for one, ends_on in ((visits, None), (left, TODAY)):
        town._add(
            m.TeamMember,
            community_id=town.community_id,
            team_id=team,
            resident_id=one,
            starts_on=TODAY - timedelta(days=1),
            ends_on=ends_on,
        )
    assert names(town, team_id=team) == ["来访"]


def test_a_childs_guardian_is_offered_again(both_town: Town) -> None:
    town = both_town
    child = town.resident("小红", age_band="under_14")
    town.consent(child)
    (one,) = found(town)
    assert (one.guardian, one.age_band) == ("家长", AgeBand.UNDER_14)


def test_one_statement_for_everybody(both_town: Town) -> None:
    for _ in range(20):
        both_town.card(both_town.resident(building_id=both_town.building(f"楼{_}")))
    with statements() as seen:
        assert len(found(both_town)) == 20
    assert len(seen) == 1
