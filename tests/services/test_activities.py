"""Activities and the versions of their rules, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.activities import ActivityPlan, RuleNumbers
from volunteer.domain.refusals import Code, Refused
from volunteer.services.activities import add_activity, edit_activity, switch_activity
from volunteer.store import models as m

RULE = RuleNumbers(points_per_hour=10, leader_factor_percent=120)


def plan(town: Town, **changes: object) -> ActivityPlan:
    made = ActivityPlan(town.organisation_id, "护学岗", "safety", name_en="School crossing")
    return replace(made, **changes)  # type: ignore[arg-type]


def add(town: Town, **changes: object) -> int:
    return add_activity(
        town.community_id,
        plan(town, **changes),
        RULE,
        by=town.login(),
        now=FRIDAY,
        scope=Scope.of(town.community_id),
    )


def edit(
    town: Town, activity_id: int, made: ActivityPlan, rule: RuleNumbers = RULE, **more: object
) -> int:
    values = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)} | more
    return edit_activity(activity_id, made, rule, **values)  # type: ignore[arg-type]


def rows(town: Town, model: type[m.Base], *where: object) -> list[m.Base]:
    return town.write(lambda tx: list(tx.execute(select(model).where(*where)).scalars()))  # type: ignore[arg-type]


def attendance(town: Town, event_id: int, resident_id: int, state: str = "present") -> None:
    town._add(
        m.Attendance,
        community_id=town.community_id,
        event_id=event_id,
        resident_id=resident_id,
        state=state,
        checked_in_at=None if state == "undone" else FRIDAY,
        checked_out_at=FRIDAY if state == "complete" else None,
        provenance="card_scan",
        local_date=FRIDAY.date(),
        revision=1,
    )


def refusal(call: object) -> Code:
    with pytest.raises(Refused) as refused:
        call()  # type: ignore[operator]
    return refused.value.refusal.code


def test_a_new_activity_has_version_one_of_its_rule(both_town: Town) -> None:
    activity_id = add(both_town)
    (row,) = rows(both_town, m.Activity)
    assert (row.id, row.name, row.name_en) == (activity_id, "护学岗", "School crossing")
    (rule,) = rows(both_town, m.PointsRule)
    assert (rule.version, rule.points_per_hour, rule.leader_factor_percent) == (1, 10, 120)
    (deed,) = rows(both_town, m.AuditEvent)
    assert (deed.action, deed.subject_id) == ("activity_added", activity_id)


def test_a_changed_rule_is_a_new_version_for_events_that_have_not_started(both_town: Town) -> None:
    activity_id = add(both_town)
    running = both_town.event(activity_id)
    coming = both_town.event(
        activity_id,
        starts_at=FRIDAY + timedelta(days=7),
        ends_at=FRIDAY + timedelta(days=7, hours=2),
    )
    entered = both_town.event(
        activity_id, starts_at=FRIDAY + timedelta(minutes=30), ends_at=FRIDAY + timedelta(hours=2)
    )
    attendance(both_town, entered, both_town.resident())
    other = both_town.event(
        both_town.activity("巡逻"),
        starts_at=FRIDAY + timedelta(days=7),
        ends_at=FRIDAY + timedelta(days=7, hours=2),
    )
    version = edit(both_town, activity_id, plan(both_town), replace(RULE, points_per_hour=12))
    assert version == 2
    rules = {rule.id: rule for rule in rows(both_town, m.PointsRule)}
    used = {
        event.id: (rules[event.points_rule_id].activity_id, rules[event.points_rule_id].version)
        for event in rows(both_town, m.Event)
    }
    assert used[running] == (activity_id, 1)
    assert used[entered] == (activity_id, 1)
    assert used[coming] == (activity_id, 2)
    assert used[other][1] == 1
    assert [rule.points_per_hour for rule in rules.values() if rule.activity_id == activity_id] == [
        10,
        12,
    ]


def test_the_same_rule_stays_its_version(both_town: Town) -> None:
    activity_id = add(both_town)
    assert edit(both_town, activity_id, plan(both_town, name="护学")) == 1
    (row,) = rows(both_town, m.Activity)
    assert row.name == "护学"
    assert len(rows(both_town, m.PointsRule)) == 1


def test_two_who_edit_at_once(both_town: Town) -> None:
    activity_id = add(both_town)
    shown = plan(both_town).mark()
    edit(both_town, activity_id, plan(both_town, kind="patrol"), seen=shown)
    late = plan(both_town, kind="culture")
    assert refusal(lambda: edit(both_town, activity_id, late, seen=shown)) == Code.CHANGED_MEANWHILE
    assert rows(both_town, m.Activity)[0].kind == "patrol"


def test_service_stays_service_once_people_came(both_town: Town) -> None:
    activity_id = add(both_town)
    attendance(both_town, both_town.event(activity_id), both_town.resident())
    meeting = plan(both_town, measure="participation")
    assert refusal(lambda: edit(both_town, activity_id, meeting)) == Code.EVENT_HAS_ATTENDANCES


def test_names_are_told_apart(both_town: Town) -> None:
    activity_id = add(both_town)
    assert refusal(lambda: add(both_town)) == Code.ALREADY_EXISTS
    second = add(both_town, name="夜间护学岗")
    taken = plan(both_town)
    assert refusal(lambda: edit(both_town, second, taken)) == Code.ALREADY_EXISTS
    switch_activity(
        activity_id, on=False, by=both_town.login(), now=FRIDAY, scope=Scope.everything()
    )
    edit(both_town, second, taken)
    assert (
        refusal(
            lambda: switch_activity(
                activity_id, on=True, by=1, now=FRIDAY, scope=Scope.everything()
            )
        )
        == Code.ALREADY_EXISTS
    )


def test_switching_off_keeps_the_first_time(both_town: Town) -> None:
    activity_id, by = add(both_town), both_town.login()
    scope = Scope.of(both_town.community_id)
    switch_activity(activity_id, on=False, by=by, now=FRIDAY, scope=scope)
    switch_activity(activity_id, on=False, by=by, now=FRIDAY + timedelta(days=1), scope=scope)
    assert rows(both_town, m.Activity)[0].deactivated_at == FRIDAY
    switch_activity(activity_id, on=True, by=by, now=FRIDAY, scope=scope)
    assert rows(both_town, m.Activity)[0].deactivated_at is None


def test_hosts_are_of_the_same_community_and_active(both_town: Town) -> None:
    elsewhere = both_town.community("景华社区")
    foreign = both_town.organisation("景华居委会", elsewhere)
    assert refusal(lambda: add(both_town, organisation_id=foreign)) == Code.NOT_FOUND
    assert refusal(lambda: add(both_town, organisation_id=999)) == Code.NOT_FOUND
    assert refusal(lambda: add(both_town, youth_group_id=999)) == Code.NOT_FOUND
    closed = both_town._add(
        m.YouthGroup, community_id=both_town.community_id, name="旧小队", deactivated_at=FRIDAY
    )
    assert refusal(lambda: add(both_town, youth_group_id=closed)) == Code.NOT_FOUND
    group = both_town.youth_group("梅富小主人先锋队")
    activity_id = add(both_town, youth_group_id=group)

    def close(tx) -> None:
        tx.get(m.YouthGroup, group).deactivated_at = FRIDAY

    both_town.write(close)
    edit(both_town, activity_id, plan(both_town, youth_group_id=group, name="护学二"))


def test_another_community_s_activity_is_not_found(both_town: Town) -> None:
    activity_id = add(both_town)
    elsewhere = Scope.of(both_town.community("景华社区"))
    made, by = plan(both_town), both_town.login()
    calls = (
        lambda: edit(both_town, activity_id, made, scope=elsewhere),
        lambda: switch_activity(activity_id, on=False, by=by, now=FRIDAY, scope=elsewhere),
        lambda: add_activity(
            both_town.community_id, made, RULE, by=by, now=FRIDAY, scope=elsewhere
        ),
        lambda: edit(both_town, 999, made),
    )
    assert [refusal(call) for call in calls] == [Code.NOT_FOUND] * 4


def test_a_rule_that_cannot_be_is_refused(both_town: Town) -> None:
    assert (
        refusal(
            lambda: add_activity(
                both_town.community_id,
                plan(both_town),
                RuleNumbers(fixed_points=-1),
                by=1,
                now=FRIDAY,
                scope=Scope.everything(),
            )
        )
        == Code.RULE_INVALID
    )
    assert rows(both_town, m.Activity) == []
