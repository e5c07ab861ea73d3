"""Activity › event › shift: a kind of work, one dated occurrence of it, a duty within that."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Id,
    Ref,
    Title,
    Word,
    Words,
    in_community,
    one_of,
    same_community,
    whole,
)

ACTIVITY_KINDS = (
    "environment",
    "safety",
    "patrol",
    "outreach",
    "care",
    "health",
    "culture",
    "council",
    "emergency",
    "other",
)
ENDINGS = ("leader_ends", "each_checks_out", "planned_length")


class Activity(Base):
    """A kind of work with its host, points rule and how its events end."""

    __tablename__ = "activity"
    __table_args__ = in_community(
        one_of("kind", ACTIVITY_KINDS),
        one_of("measure", ("service", "participation")),
        one_of("ending", ENDINGS),
        whole("default_minutes", 0, 1440),
        same_community("organisation_id", "organisation"),
        same_community("youth_group_id", "youth_group"),
        Index("ix_activity_name", "community_id", "name"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    organisation_id: Mapped[Ref]
    youth_group_id: Mapped[int | None] = mapped_column(BigId)
    """The youth group that hosts it, if one does."""
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    description: Mapped[Words | None] = mapped_column(String(500))
    kind: Mapped[Word]
    measure: Mapped[Word] = mapped_column(default="service")
    """Service earns minutes and points; participation (meetings) points only."""
    ending: Mapped[Word] = mapped_column(default="leader_ends")
    default_minutes: Mapped[int | None]
    """Minutes that count when nobody checks out or ends it; empty: until the planned end."""
    takes_guests: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    deactivated_at: Mapped[datetime | None]


class PointsRule(Base):
    """One version of an activity's points rule. Only grows; an event names the version it uses."""

    __tablename__ = "points_rule"
    __table_args__ = in_community(
        whole("version", 1),
        whole("fixed_points", 0, 10_000),
        whole("points_per_hour", 0, 10_000),
        whole("leader_factor_percent", 100, 1_000),
        whole("cap_event_points", 0, 100_000),
        whole("cap_day_points", 0, 100_000),
        same_community("activity_id", "activity"),
        UniqueConstraint("activity_id", "version"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    activity_id: Mapped[Ref]
    version: Mapped[int]
    fixed_points: Mapped[int]
    points_per_hour: Mapped[int]
    leader_factor_percent: Mapped[int]
    cap_event_points: Mapped[int | None]
    cap_day_points: Mapped[int | None]
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class Event(Base):
    """One dated occurrence at a place. ``ended_at`` is where the leader put the end."""

    __tablename__ = "event"
    __table_args__ = in_community(
        one_of("state", ("planned", "ended", "cancelled")),
        one_of("ended_how", ("leader", "auto")),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_has_time"),
        CheckConstraint("(ended_how IS NULL) = (ended_at IS NULL)", name="ended_has_how"),
        whole("capacity", 1, 100_000),
        whole("code_epoch"),
        same_community("activity_id", "activity"),
        same_community("points_rule_id", "points_rule"),
        same_community("area_id", "area"),
        Index("ix_event_starts_at", "community_id", "starts_at"),
        Index("ix_event_activity", "community_id", "activity_id", "starts_at"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    activity_id: Mapped[Ref]
    points_rule_id: Mapped[Ref]
    area_id: Mapped[int | None] = mapped_column(BigId)
    place: Mapped[Title]
    place_en: Mapped[Title | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    local_date: Mapped[date]
    """Day of the planned start in the community's zone; boards and day caps go by it."""
    capacity: Mapped[int | None]
    state: Mapped[Word] = mapped_column(default="planned")
    ended_at: Mapped[datetime | None]
    ended_how: Mapped[Word | None]
    ended_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    cancelled_reason: Mapped[Title | None]
    poster_on: Mapped[bool] = mapped_column(default=True)
    code_epoch: Mapped[int] = mapped_column(default=0)
    """Raised to make every earlier code of the event void."""
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class EventLeader(Base):
    """A resident who leads an event: as a volunteer, or at work (no minutes, no points)."""

    __tablename__ = "event_leader"
    __table_args__ = in_community(
        same_community("event_id", "event"),
        same_community("resident_id", "resident"),
        UniqueConstraint("event_id", "resident_id"),
        Index("ix_event_leader_resident", "resident_id", "community_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    event_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    at_work: Mapped[bool] = mapped_column(default=False)


class Shift(Base):
    __tablename__ = "shift"
    __table_args__ = in_community(
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        whole("capacity", 1, 100_000),
        whole("factor_percent", 100, 1_000),
        same_community("event_id", "event"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    event_id: Mapped[Ref]
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int | None]
    factor_percent: Mapped[int] = mapped_column(default=100)


class SignUp(Base):
    """A place on an event or shift, or on its waiting list."""

    __tablename__ = "sign_up"
    __table_args__ = in_community(
        one_of("state", ("place", "waiting", "cancelled", "no_show")),
        same_community("event_id", "event"),
        same_community("shift_id", "shift"),
        same_community("resident_id", "resident"),
        UniqueConstraint("event_id", "shift_id", "resident_id"),
        # A NULL shift is unequal to every other, so the constraint above holds nobody to one place.
        Index(
            "uq_sign_up_event_resident",
            "event_id",
            "resident_id",
            unique=True,
            sqlite_where=text("shift_id IS NULL"),
            postgresql_where=text("shift_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    event_id: Mapped[Ref]
    shift_id: Mapped[int | None] = mapped_column(BigId)
    resident_id: Mapped[Ref]
    state: Mapped[Word]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
