"""Boards as they may be shown, and events as residents see them, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

from tests.passbooks import attendance, counted_statements
from tests.town import FRIDAY, SINCE, Town
from volunteer.domain.access import Scope
from volunteer.domain.board import BoardKind, Measure, Period, PeriodKind
from volunteer.queries.boards import (
    read_board,
    read_own_buildings,
    read_own_groups,
    read_own_standing,
    read_public_communities,
)
from volunteer.queries.events_public import read_checked_in, read_events
from volunteer.store import models as m

NOVEMBER = Period(PeriodKind.MONTH, date(2026, 11, 1))
TODAY = date(2026, 11, 20)


def total(town: Town, subject_id: int, participants: int, **more: object) -> None:
    values = {
        "community_id": town.community_id,
        "board": "building",
        "period_kind": "month",
        "period_start": NOVEMBER.starts_on,
        "subject_id": subject_id,
        "points": participants * 10,
        "minutes": participants * 60,
        "attendances": participants,
        "participants": participants,
    }
    town.write(lambda tx: tx.add(m.BoardTotal(**values | more)))


def names(town: Town, measure: Measure = Measure.POINTS, period: Period = NOVEMBER) -> list[str]:
    page = read_board(Scope.everything(), town.community_id, BoardKind.BUILDING, period, measure)
    return [page.subjects[standing.row.subject_id].name for standing in page.board.standings]


def test_small_buildings_leave_only_as_a_sum(both_town: Town) -> None:
    big, small, smaller = (both_town.building(name) for name in ("一栋", "二栋", "三栋"))
    total(both_town, big, 6)
    total(both_town, small, 4)
    page = read_board(
        Scope.everything(), both_town.community_id, BoardKind.BUILDING, NOVEMBER, Measure.POINTS
    )
    assert [subject.name for subject in page.subjects.values()] == ["一栋"]
    assert page.board.others is None
    total(both_town, smaller, 2)
    page = read_board(
        Scope.everything(), both_town.community_id, BoardKind.BUILDING, NOVEMBER, Measure.POINTS
    )
    assert page.board.others is not None
    assert (page.board.others.subjects, page.board.others.participants) == (2, 6)
    assert set(page.subjects) == {big}


def test_a_board_reads_only_its_community_kind_and_period(both_town: Town) -> None:
    building_id = both_town.building("一栋", estimated_residents=40, estimated_on=SINCE)
    group_id = both_town.youth_group("梅富小主人先锋队")
    total(both_town, building_id, 10)
    total(both_town, group_id, 8, board="youth_group")
    total(both_town, building_id, 7, period_start=date(2026, 9, 1))
    assert names(both_town) == ["一栋"]
    assert names(both_town, period=Period(PeriodKind.WEEK, date(2026, 11, 16))) == []
    assert names(both_town, period=Period(PeriodKind.MONTH, date(2026, 10, 1))) == []
    elsewhere = both_town.community("景华社区")
    for scope, community_id in (
        (Scope.of(elsewhere), both_town.community_id),
        (Scope.everything(), elsewhere),
    ):
        page = read_board(scope, community_id, BoardKind.BUILDING, NOVEMBER, Measure.POINTS)
        assert page.board.standings == ()
    page = read_board(
        Scope.everything(), both_town.community_id, BoardKind.YOUTH_GROUP, NOVEMBER, Measure.POINTS
    )
    assert [subject.name for subject in page.subjects.values()] == ["梅富小主人先锋队"]
    page = read_board(
        Scope.everything(),
        both_town.community_id,
        BoardKind.BUILDING,
        NOVEMBER,
        Measure.PARTICIPATION_RATE,
    )
    assert page.first_on == date(2026, 9, 1)
    assert page.subjects[building_id].estimated_on == SINCE
    assert page.board.standings[0].row.participation_rate == 0.25


def test_a_board_is_two_statements_however_much_history_there_is(both_town: Town) -> None:
    building_id = both_town.building("一栋")
    total(both_town, building_id, 10)
    start = date(2020, 1, 6)
    for week in range(100):
        monday = start + timedelta(days=7 * week)
        total(both_town, building_id, 9, period_kind="week", period_start=monday)
    with counted_statements() as seen:
        assert names(both_town) == ["一栋"]
    assert len(seen) == 2


def test_an_own_building_stands_or_is_told_kindly_that_it_does_not_yet(both_town: Town) -> None:
    big, small = both_town.building("一栋"), both_town.building("二栋")
    everything, community_id = Scope.everything(), both_town.community_id
    total(both_town, big, 6)
    total(both_town, small, 4)
    standing = read_own_standing(everything, community_id, big, NOVEMBER)
    assert standing is not None
    assert (standing.is_shown, standing.rank, standing.points) == (True, 1, 60)
    standing = read_own_standing(everything, community_id, small, NOVEMBER)
    assert standing is not None
    assert (standing.is_shown, standing.rank, standing.points) == (False, None, 0)
    assert standing.building.name == "二栋"
    assert read_own_standing(everything, community_id, 999, NOVEMBER) is None


def test_buildings_and_groups_of_today(both_town: Town) -> None:
    building_id, group_id = both_town.building("一栋"), both_town.youth_group("小小巡逻兵")
    stays = both_town.resident(building_id=building_id, youth_group_id=group_id)
    homeless = both_town.resident("王芳")
    scope = Scope.of(both_town.community_id)
    assert read_own_buildings(scope, [stays, homeless], TODAY) == {stays: building_id}
    assert read_own_buildings(scope, [stays], SINCE - timedelta(days=1)) == {}
    assert read_own_buildings(Scope.nothing(), [stays], TODAY) == {}
    assert read_own_groups(scope, [stays, homeless], TODAY) == {group_id}
    assert read_own_groups(Scope.nothing(), [stays], TODAY) == set()


def test_communities_are_listed_within_the_scope(both_town: Town) -> None:
    elsewhere = both_town.community("景华社区")
    every = read_public_communities(Scope.everything())
    assert [one.name for one in every] == ["梅富社区", "景华社区"]
    assert [one.community_id for one in read_public_communities(Scope.of(elsewhere))] == [elsewhere]


def test_events_of_some_days_in_the_order_they_start(both_town: Town) -> None:
    activity_id = both_town.activity()
    later = both_town.event(activity_id, starts_at=FRIDAY, ends_at=FRIDAY + timedelta(hours=1))
    first = both_town.event(activity_id, capacity=20)
    next_week = both_town.event(
        activity_id,
        starts_at=FRIDAY + timedelta(days=7),
        ends_at=FRIDAY + timedelta(days=7, hours=1),
    )
    off = both_town.event(activity_id, state="cancelled", cancelled_reason="台风")
    scope = Scope.of(both_town.community_id)
    todays = read_events(scope, TODAY, TODAY)
    assert [event.event_id for event in todays] == [first, off, later]
    assert (todays[0].capacity, todays[0].taken) == (20, 0)
    assert (todays[1].state, todays[1].cancelled_reason) == ("cancelled", "台风")
    coming = read_events(scope, TODAY + timedelta(days=1), TODAY + timedelta(days=14))
    assert [event.event_id for event in coming] == [next_week]
    assert read_events(Scope.nothing(), TODAY, TODAY) == []
    assert [event.event_id for event in read_events(scope, TODAY, TODAY, limit=1)] == [first]


def test_who_of_mine_is_there(both_town: Town) -> None:
    here, away = both_town.resident(), both_town.resident("王芳")
    event_id = both_town.event(both_town.activity())
    attendance(both_town, event_id, here)
    scope = Scope.of(both_town.community_id)
    found = read_checked_in(scope, [event_id], [here, away])
    assert found == {(event_id, here): "complete"}
    assert read_checked_in(Scope.nothing(), [event_id], [here]) == {}
    assert read_events(scope, TODAY, TODAY)[0].taken == 1
