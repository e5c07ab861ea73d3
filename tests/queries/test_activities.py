"""An organizer's activities, with rows of other communities as noise, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.activities import RuleNumbers
from volunteer.queries.activities import (
    read_activities,
    read_activity,
    read_activity_choices,
    read_host_choices,
    read_youth_group_choices,
)
from volunteer.store import models as m


@pytest.fixture
def elsewhere(both_town: Town) -> int:
    community_id = both_town.community("景华社区")
    host = both_town.organisation("景华居委会", community_id)
    both_town.event(both_town.activity("景华清扫", community_id=community_id, organisation_id=host))
    return community_id


def test_the_list_counts_and_sorts(both_town: Town, elsewhere: int) -> None:
    quiet = both_town.activity("巡逻")
    busy = both_town.activity("清扫", rule={"points_per_hour": 10}, name_en="Clean-up")
    both_town.rule(busy, version=2, points_per_hour=12)
    for days in (-7, 7, 14):
        starts_at = FRIDAY + timedelta(days=days)
        both_town.event(busy, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    off = both_town.activity("旧活动", deactivated_at=FRIDAY)
    scope = Scope.of(both_town.community_id)
    rows = read_activities(scope, both_town.community_id, FRIDAY)
    assert [row.activity_id for row in rows] == [busy, quiet]
    assert (rows[0].events, rows[0].coming) == (3, 2)
    assert rows[0].next_starts_at == FRIDAY + timedelta(days=7)
    assert (rows[0].rule_version, rows[0].rule) == (2, RuleNumbers(points_per_hour=12))
    assert rows[1].next_starts_at is None
    inactive = read_activities(scope, both_town.community_id, FRIDAY, active=False)
    assert [row.activity_id for row in inactive] == [off]


@pytest.mark.parametrize(("q", "found"), [("清", 1), ("clean", 1), ("居委会", 2), ("%", 0)])
def test_the_list_is_searched(both_town: Town, elsewhere: int, q: str, found: int) -> None:
    both_town.activity("巡逻")
    both_town.activity("清扫", name_en="Clean-up")
    scope = Scope.of(both_town.community_id)
    assert len(read_activities(scope, both_town.community_id, FRIDAY, q=q)) == found


def test_nobody_sees_another_community_s(both_town: Town, elsewhere: int) -> None:
    activity_id = both_town.activity()
    scope = Scope.of(elsewhere)
    assert read_activities(scope, both_town.community_id, FRIDAY) == []
    assert read_activity(scope, activity_id) is None
    assert read_activity(Scope.everything(), 999) is None
    assert read_activity_choices(scope, both_town.community_id) == []
    assert read_host_choices(scope, both_town.community_id) == []
    assert read_youth_group_choices(scope, both_town.community_id) == []


def test_one_activity_with_the_history_of_its_rule(both_town: Town, elsewhere: int) -> None:
    group = both_town.youth_group("梅富小主人先锋队")
    activity_id = both_town.activity("巡逻", youth_group_id=group, description="夜里巡一圈")
    both_town.event(activity_id)
    both_town.rule(
        activity_id, version=2, points_per_hour=8, created_by_login_id=both_town.login(name="周")
    )
    both_town.event(activity_id, starts_at=FRIDAY, ends_at=FRIDAY + timedelta(hours=1))
    both_town.event(
        activity_id, starts_at=FRIDAY, ends_at=FRIDAY + timedelta(hours=2), state="cancelled"
    )
    shown = read_activity(Scope.of(both_town.community_id), activity_id)
    assert shown is not None
    assert (shown.plan.name, shown.plan.description) == ("巡逻", "夜里巡一圈")
    assert (shown.youth_group, shown.plan.youth_group_id) == ("梅富小主人先锋队", group)
    assert [(one.version, one.events, one.created_by) for one in shown.versions] == [
        (2, 1, "周"),
        (1, 1, None),
    ]
    assert shown.rule == RuleNumbers(points_per_hour=8)


def test_what_may_be_chosen(both_town: Town, elsewhere: int) -> None:
    active = both_town.activity("巡逻")
    off = both_town.activity("旧活动", deactivated_at=FRIDAY)
    scope, community_id = Scope.of(both_town.community_id), both_town.community_id
    assert [one.id for one in read_activity_choices(scope, community_id)] == [active]
    every = read_activity_choices(scope, community_id, with_inactive=True)
    assert {one.id for one in every} == {active, off}
    hosts = read_host_choices(scope, community_id)
    assert [one.id for one in hosts] == [both_town.organisation_id]
    closed = both_town._add(
        m.YouthGroup, community_id=community_id, name="旧小队", deactivated_at=FRIDAY
    )
    assert read_youth_group_choices(scope, community_id) == []
    kept = read_youth_group_choices(scope, community_id, youth_group_id=closed)
    assert [one.id for one in kept] == [closed]
