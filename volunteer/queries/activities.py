"""An organizer's activities: the list, one of them with the history of its rule, what to choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from volunteer.domain.access import Scope
from volunteer.domain.activities import ActivityPlan, RuleNumbers
from volunteer.store.database import db
from volunteer.store.models import (
    Activity,
    Event,
    Login,
    Organisation,
    PointsRule,
    YouthGroup,
)


@dataclass(frozen=True)
class ActivityRow:
    """A line of the list. ``coming``: planned events that are not over; ``events``: all of them."""

    activity_id: int
    name: str
    name_en: str | None
    kind: str
    measure: str
    ending: str
    organisation: str
    organisation_en: str | None
    rule: RuleNumbers
    rule_version: int
    events: int
    coming: int
    next_starts_at: datetime | None
    deactivated_at: datetime | None


@dataclass(frozen=True)
class RuleVersion:
    """One version of a rule, and how many events use it."""

    version: int
    numbers: RuleNumbers
    created_at: datetime
    created_by: str | None
    events: int


@dataclass(frozen=True)
class ActivityShown:
    """An activity with its rule's versions, the newest first."""

    activity_id: int
    community_id: int
    plan: ActivityPlan
    organisation: str
    organisation_en: str | None
    youth_group: str | None
    youth_group_en: str | None
    deactivated_at: datetime | None
    versions: tuple[RuleVersion, ...]

    @property
    def rule(self) -> RuleNumbers:
        return self.versions[0].numbers


@dataclass(frozen=True)
class Choice:
    """Something to choose from a list: an organisation, a youth group, an activity, an area."""

    id: int
    name: str
    name_en: str | None


def read_activities(
    scope: Scope, community_id: int, now: datetime, *, q: str = "", active: bool = True
) -> list[ActivityRow]:
    """Activities by name; ``q`` is found in either name or the host's."""
    if not scope.sees(community_id):
        return []
    planned = and_(Event.state == "planned", Event.ends_at > now)
    counts = (
        select(
            Event.activity_id,
            func.count().label("events"),
            func.count().filter(planned).label("coming"),
            func.min(Event.starts_at).filter(planned).label("next_starts_at"),
        )
        .where(Event.community_id == community_id)
        .group_by(Event.activity_id)
        .subquery()
    )
    statement = (
        select(
            Activity,
            Organisation.name.label("organisation"),
            Organisation.name_en.label("organisation_en"),
            PointsRule,
            func.coalesce(counts.c.events, 0).label("events"),
            func.coalesce(counts.c.coming, 0).label("coming"),
            counts.c.next_starts_at,
        )
        .join(Organisation, Organisation.id == Activity.organisation_id)
        .join(PointsRule, _newest_rule())
        .outerjoin(counts, counts.c.activity_id == Activity.id)
        .where(
            Activity.community_id == community_id,
            Activity.deactivated_at.is_(None) if active else Activity.deactivated_at.is_not(None),
        )
        .order_by(func.coalesce(counts.c.coming, 0) == 0, Activity.name, Activity.id)
    )
    if q:
        columns = (Activity.name, Activity.name_en, Organisation.name, Organisation.name_en)
        statement = statement.where(
            or_(*(column.icontains(q, autoescape=True) for column in columns))
        )
    return [
        ActivityRow(
            activity_id=row.Activity.id,
            name=row.Activity.name,
            name_en=row.Activity.name_en,
            kind=row.Activity.kind,
            measure=row.Activity.measure,
            ending=row.Activity.ending,
            organisation=row.organisation,
            organisation_en=row.organisation_en,
            rule=_numbers(row.PointsRule),
            rule_version=row.PointsRule.version,
            events=row.events,
            coming=row.coming,
            next_starts_at=row.next_starts_at,
            deactivated_at=row.Activity.deactivated_at,
        )
        for row in db.session.execute(statement)
    ]


def read_activity(scope: Scope, activity_id: int) -> ActivityShown | None:
    statement = (
        select(
            Activity,
            Organisation.name.label("organisation"),
            Organisation.name_en.label("organisation_en"),
            YouthGroup.name.label("youth_group"),
            YouthGroup.name_en.label("youth_group_en"),
        )
        .join(Organisation, Organisation.id == Activity.organisation_id)
        .outerjoin(YouthGroup, YouthGroup.id == Activity.youth_group_id)
        .where(Activity.id == activity_id)
    )
    row = db.session.execute(statement).first()
    if row is None or not scope.sees(row.Activity.community_id):
        return None
    activity = row.Activity
    return ActivityShown(
        activity_id=activity_id,
        community_id=activity.community_id,
        plan=ActivityPlan(
            organisation_id=activity.organisation_id,
            name=activity.name,
            kind=activity.kind,
            name_en=activity.name_en,
            description=activity.description,
            youth_group_id=activity.youth_group_id,
            measure=activity.measure,
            ending=activity.ending,
            default_minutes=activity.default_minutes,
            takes_guests=activity.takes_guests,
        ),
        organisation=row.organisation,
        organisation_en=row.organisation_en,
        youth_group=row.youth_group,
        youth_group_en=row.youth_group_en,
        deactivated_at=activity.deactivated_at,
        versions=_read_versions(activity.community_id, activity_id),
    )


def _read_versions(community_id: int, activity_id: int) -> tuple[RuleVersion, ...]:
    used = (
        select(Event.points_rule_id, func.count().label("events"))
        .where(
            Event.community_id == community_id,
            Event.activity_id == activity_id,
            Event.state != "cancelled",
        )
        .group_by(Event.points_rule_id)
        .subquery()
    )
    rows = db.session.execute(
        select(PointsRule, Login.name, func.coalesce(used.c.events, 0).label("events"))
        .outerjoin(Login, Login.id == PointsRule.created_by_login_id)
        .outerjoin(used, used.c.points_rule_id == PointsRule.id)
        .where(PointsRule.community_id == community_id, PointsRule.activity_id == activity_id)
        .order_by(PointsRule.version.desc())
    )
    return tuple(
        RuleVersion(
            version=row.PointsRule.version,
            numbers=_numbers(row.PointsRule),
            created_at=row.PointsRule.created_at,
            created_by=row.name,
            events=row.events,
        )
        for row in rows
    )


def read_activity_choices(
    scope: Scope, community_id: int, *, with_inactive: bool = False
) -> list[Choice]:
    """The activities of a community, active ones unless asked otherwise, by name."""
    statement = select(Activity.id, Activity.name, Activity.name_en).where(
        Activity.community_id == community_id
    )
    if not with_inactive:
        statement = statement.where(Activity.deactivated_at.is_(None))
    return _choices(scope, community_id, statement.order_by(Activity.name, Activity.id))


def read_host_choices(
    scope: Scope, community_id: int, *, organisation_id: int | None = None
) -> list[Choice]:
    """Active organisations, and ``organisation_id`` although it may no longer be."""
    statement = select(Organisation.id, Organisation.name, Organisation.name_en).where(
        Organisation.community_id == community_id,
        or_(Organisation.deactivated_at.is_(None), Organisation.id == organisation_id),
    )
    return _choices(scope, community_id, statement.order_by(Organisation.name))


def read_youth_group_choices(
    scope: Scope, community_id: int, *, youth_group_id: int | None = None
) -> list[Choice]:
    """Active youth groups, and ``youth_group_id`` although it may no longer be."""
    statement = select(YouthGroup.id, YouthGroup.name, YouthGroup.name_en).where(
        YouthGroup.community_id == community_id,
        or_(YouthGroup.deactivated_at.is_(None), YouthGroup.id == youth_group_id),
    )
    return _choices(scope, community_id, statement.order_by(YouthGroup.name))


def _choices(
    scope: Scope, community_id: int, statement: Select[int, str, str | None]
) -> list[Choice]:
    if not scope.sees(community_id):
        return []
    return [Choice(*row) for row in db.session.execute(statement)]


def _newest_rule() -> ColumnElement[bool]:
    newest = (
        select(func.max(PointsRule.version))
        .where(PointsRule.activity_id == Activity.id)
        .correlate(Activity)
        .scalar_subquery()
    )
    return and_(PointsRule.activity_id == Activity.id, PointsRule.version == newest)


def _numbers(row: PointsRule) -> RuleNumbers:
    return RuleNumbers(
        row.fixed_points,
        row.points_per_hour,
        row.leader_factor_percent,
        row.cap_event_points,
        row.cap_day_points,
    )
