"""An organizer's activities: adding, editing, switching off, and the versions of their rules."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, update

from volunteer.domain.access import Scope
from volunteer.domain.activities import ActivityPlan, RuleNumbers, decide_activity, decide_rule
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import (
    Activity,
    Attendance,
    Community,
    Event,
    Organisation,
    PointsRule,
    YouthGroup,
)


def add_activity(
    community_id: int,
    plan: ActivityPlan,
    rule: RuleNumbers,
    *,
    by: int,
    now: datetime,
    scope: Scope,
) -> int:
    """A new activity with version 1 of its points rule; gives its id.

    Refuses what ``decide_activity`` and ``decide_rule`` refuse, ``not_found`` for a community,
    organisation or youth group that is not there, ``already_exists`` for a name in use.
    """
    plan, rule = decide_activity(plan), decide_rule(rule)

    def work(tx: Tx) -> int:
        if not scope.sees(community_id) or tx.get(Community, community_id) is None:
            raise refuse(Code.NOT_FOUND)
        _check_hosts(tx, community_id, plan)
        _check_name(tx, community_id, plan.name, other_than=None)
        row = Activity(
            community_id=community_id, created_at=now, created_by_login_id=by, **vars(plan)
        )
        tx.add(row)
        tx.flush()
        _add_version(tx, row, 1, rule, by=by, now=now)
        record_audit(
            tx,
            now=now,
            action="activity_added",
            subject_kind="activity",
            subject_id=row.id,
            community_id=community_id,
            login_id=by,
            facts={"name": plan.name},
        )
        return row.id

    return transact(work, scope)


def edit_activity(  # noqa: PLR0913 - what, from which state, by whom, when, where
    activity_id: int,
    plan: ActivityPlan,
    rule: RuleNumbers,
    *,
    seen: str | None = None,
    by: int,
    now: datetime,
    scope: Scope,
) -> int:
    """Change an activity; a changed rule becomes its next version. Gives the version in force.

    The new version goes to the events that have not started and where nobody is checked in; an
    event that has begun keeps the version that people came under. ``seen``: ``mark()`` of the plan
    that the editor was shown.
    Refuses as ``add_activity`` does, ``changed_meanwhile``, and ``event_has_attendances`` when
    service would turn into participation or back after people have taken part.
    """
    plan, rule = decide_activity(plan), decide_rule(rule)

    def work(tx: Tx) -> int:
        row = _load(tx, activity_id, scope)
        before = plan_of(row)
        if seen is not None and seen != before.mark():
            raise refuse(Code.CHANGED_MEANWHILE)
        _check_hosts(tx, row.community_id, plan, before)
        _check_name(tx, row.community_id, plan.name, other_than=activity_id)
        if plan.measure != before.measure and _has_attendances(tx, row):
            raise refuse(Code.EVENT_HAS_ATTENDANCES)
        for field, value in vars(plan).items():
            setattr(row, field, value)
        newest = _newest_version(tx, row)
        version = newest.version
        if numbers_of(newest) != rule:
            version += 1
            rule_id = _add_version(tx, row, version, rule, by=by, now=now)
            _give_to_coming_events(tx, row, rule_id, now)
        record_audit(
            tx,
            now=now,
            action="activity_edited",
            subject_kind="activity",
            subject_id=activity_id,
            community_id=row.community_id,
            login_id=by,
            facts={"name": plan.name, "rule_version": version},
        )
        return version

    return transact(work, scope)


def switch_activity(activity_id: int, *, on: bool, by: int, now: datetime, scope: Scope) -> None:
    """Deactivate an activity (no new events; those planned stay), or take it up again."""

    def work(tx: Tx) -> None:
        row = _load(tx, activity_id, scope)
        if on:
            _check_name(tx, row.community_id, row.name, other_than=activity_id)
        row.deactivated_at = None if on else (row.deactivated_at or now)
        record_audit(
            tx,
            now=now,
            action="activity_reactivated" if on else "activity_deactivated",
            subject_kind="activity",
            subject_id=activity_id,
            community_id=row.community_id,
            login_id=by,
        )

    transact(work, scope)


def plan_of(row: Activity) -> ActivityPlan:
    return ActivityPlan(
        organisation_id=row.organisation_id,
        name=row.name,
        kind=row.kind,
        name_en=row.name_en,
        description=row.description,
        youth_group_id=row.youth_group_id,
        measure=row.measure,
        ending=row.ending,
        default_minutes=row.default_minutes,
        takes_guests=row.takes_guests,
    )


def numbers_of(row: PointsRule) -> RuleNumbers:
    return RuleNumbers(
        row.fixed_points,
        row.points_per_hour,
        row.leader_factor_percent,
        row.cap_event_points,
        row.cap_day_points,
    )


def _load(tx: Tx, activity_id: int, scope: Scope) -> Activity:
    """The activity, locked: two edits at once would both make version n + 1."""
    row = tx.get(Activity, activity_id, with_for_update=True)
    if row is None or not scope.sees(row.community_id):
        raise refuse(Code.NOT_FOUND)
    return row


def _check_hosts(
    tx: Tx, community_id: int, plan: ActivityPlan, before: ActivityPlan | None = None
) -> None:
    """Hosts are of this community and active; one that an activity already had may stay."""
    organisation = tx.get(Organisation, plan.organisation_id)
    kept = before is not None and before.organisation_id == plan.organisation_id
    if (
        organisation is None
        or organisation.community_id != community_id
        or (organisation.deactivated_at and not kept)
    ):
        raise refuse(Code.NOT_FOUND)
    if plan.youth_group_id is None:
        return
    group = tx.get(YouthGroup, plan.youth_group_id)
    kept = before is not None and before.youth_group_id == plan.youth_group_id
    if group is None or group.community_id != community_id or (group.deactivated_at and not kept):
        raise refuse(Code.NOT_FOUND)


def _check_name(tx: Tx, community_id: int, name: str, other_than: int | None) -> None:
    """Two active activities of one name could not be told apart when an event is made."""
    same = select(Activity.id).where(
        Activity.community_id == community_id,
        Activity.name == name,
        Activity.deactivated_at.is_(None),
    )
    if other_than is not None:
        same = same.where(Activity.id != other_than)
    if tx.execute(same).first():
        raise refuse(Code.ALREADY_EXISTS)


def _has_attendances(tx: Tx, row: Activity) -> bool:
    found = (
        select(Attendance.id)
        .join(Event, Event.id == Attendance.event_id)
        .where(Event.community_id == row.community_id, Event.activity_id == row.id)
        .limit(1)
    )
    return tx.execute(found).first() is not None


def _newest_version(tx: Tx, row: Activity) -> PointsRule:
    newest = (
        select(PointsRule)
        .where(PointsRule.activity_id == row.id)
        .order_by(PointsRule.version.desc())
        .limit(1)
    )
    return tx.execute(newest).scalar_one()


def _add_version(
    tx: Tx, row: Activity, version: int, rule: RuleNumbers, *, by: int, now: datetime
) -> int:
    made = PointsRule(
        community_id=row.community_id,
        activity_id=row.id,
        version=version,
        created_at=now,
        created_by_login_id=by,
        **vars(rule),
    )
    tx.add(made)
    tx.flush()
    return made.id


def _give_to_coming_events(tx: Tx, row: Activity, rule_id: int, now: datetime) -> None:
    somebody_is_there = exists().where(
        Attendance.community_id == Event.community_id,
        Attendance.event_id == Event.id,
        Attendance.state != "undone",
    )
    coming = (
        Event.community_id == row.community_id,
        Event.activity_id == row.id,
        Event.state == "planned",
        Event.starts_at > now,
    )
    # Waits for scans that are being written, so that the next statement sees who is there.
    tx.execute(select(Event.id).where(*coming).order_by(Event.id).with_for_update())
    tx.execute(
        update(Event)
        .where(*coming, ~somebody_is_there)
        .values(points_rule_id=rule_id)
        .execution_options(synchronize_session=False)
    )
