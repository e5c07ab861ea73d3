"""An activity's form and the preview of its points rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.activities import (
    MOST_POINTS,
    ActivityPlan,
    RuleNumbers,
    decide_activity,
    decide_rule,
    preview,
)
from volunteer.domain.points import PointsRule, fixed_points, hourly_points
from volunteer.domain.refusals import Code, Refused

PLAN = ActivityPlan(organisation_id=1, name="环境品质提升日", kind="environment")


def test_words_are_cleaned() -> None:
    plan = replace(
        PLAN, name=" 环境\u200b品质  提升日 ", name_en=" ", description="\n扫地\t捡垃圾 "
    )
    cleaned = decide_activity(plan)
    assert cleaned == replace(PLAN, name="环境品质 提升日", name_en=None, description="扫地 捡垃圾")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, Code.NAME_MISSING),
        ({"name": "长" * 121}, Code.TEXT_TOO_LONG),
        ({"name_en": "x" * 121}, Code.TEXT_TOO_LONG),
        ({"description": "x" * 501}, Code.TEXT_TOO_LONG),
        ({"kind": "party"}, Code.CHOICE_MISSING),
        ({"measure": "money"}, Code.CHOICE_MISSING),
        ({"ending": "never"}, Code.CHOICE_MISSING),
        ({"default_minutes": -1}, Code.RULE_INVALID),
        ({"default_minutes": 1441}, Code.RULE_INVALID),
    ],
)
def test_what_an_activity_may_not_be(changes: dict[str, object], code: Code) -> None:
    with pytest.raises(Refused) as refused:
        decide_activity(replace(PLAN, **changes))  # type: ignore[arg-type]
    assert refused.value.refusal.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"fixed_points": -1},
        {"fixed_points": MOST_POINTS + 1},
        {"points_per_hour": -1},
        {"leader_factor_percent": 99},
        {"leader_factor_percent": 1001},
        {"cap_event_points": 0},
        {"cap_day_points": 100_001},
    ],
)
def test_what_a_rule_may_not_be(changes: dict[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        decide_rule(replace(RuleNumbers(), **changes))
    assert refused.value.refusal.code == Code.RULE_INVALID


def test_a_rule_may_give_nothing() -> None:
    assert decide_rule(RuleNumbers()) == RuleNumbers()


def test_three_hours_as_leader() -> None:
    shown = preview(RuleNumbers(points_per_hour=10, leader_factor_percent=120), 180, is_leader=True)
    assert (shown.points, shown.quarters, shown.factor_percent) == (36, 12, 120)
    assert not shown.capped


def test_caps_show_in_the_preview() -> None:
    numbers = RuleNumbers(fixed_points=10, points_per_hour=10, cap_event_points=25)
    shown = preview(numbers, 180, is_leader=False)
    assert (shown.points, shown.capped) == (25, True)
    assert shown.parts.check_in_before_cap + shown.parts.check_out_before_cap == 40


def test_participation_shows_no_minutes() -> None:
    shown = preview(RuleNumbers(points_per_hour=4), 60, is_leader=False, measure="participation")
    assert (shown.points, shown.parts.minutes) == (4, 0)


@given(
    st.builds(
        RuleNumbers,
        fixed_points=st.integers(0, MOST_POINTS),
        points_per_hour=st.integers(0, MOST_POINTS),
        leader_factor_percent=st.integers(100, 1000),
    ),
    st.integers(0, 1440),
    st.booleans(),
)
def test_without_caps_the_preview_is_the_formula(
    numbers: RuleNumbers, minutes: int, is_leader: bool
) -> None:
    rule = PointsRule(
        1, 1, numbers.fixed_points, numbers.points_per_hour, numbers.leader_factor_percent
    )
    expected = fixed_points(rule, is_leader=is_leader) + hourly_points(
        rule, minutes, is_leader=is_leader
    )
    assert preview(numbers, minutes, is_leader=is_leader).points == expected


def test_a_mark_changes_with_any_value() -> None:
    marks = {
        PLAN.mark(),
        replace(PLAN, name="x").mark(),
        replace(PLAN, takes_guests=True).mark(),
        replace(PLAN, default_minutes=30).mark(),
    }
    assert len(marks) == 4
