"""Scanning devices, every scan ever presented, and the attendances that scans add up to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Digest,
    Id,
    Ref,
    Title,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)

PROVENANCES = (
    "rotating_code",
    "poster_code",
    "card_scan",
    "roll_call",
    "paper_sheet",
    "claim",
    "leader_end",
    "auto_close",
)


class Device(Base):
    """A scanner that an organizer added; its token is shown once and kept as a hash."""

    __tablename__ = "device"
    __table_args__ = in_community(
        UniqueConstraint("token_hash"),
        CheckConstraint("expires_at > starts_at", name="expires_after_start"),
        CheckConstraint("daily_to_minute > daily_from_minute", name="hours_in_order"),
        whole("daily_from_minute", 0, 1440),
        whole("daily_to_minute", 0, 1440),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    name: Mapped[Title]
    token_hash: Mapped[Digest]
    all_activities: Mapped[bool] = mapped_column(default=False)
    daily_from_minute: Mapped[int] = mapped_column(default=0)
    daily_to_minute: Mapped[int] = mapped_column(default=1440)
    """The hours it may scan in, as minutes of the community's local day."""
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class DeviceActivity(Base):
    __tablename__ = "device_activity"
    __table_args__ = in_community(
        same_community("device_id", "device"),
        same_community("activity_id", "activity"),
        UniqueConstraint("device_id", "activity_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    device_id: Mapped[Ref]
    activity_id: Mapped[Ref]


class Scan(Base):
    """Every presentation with a valid id, accepted or refused, with the answer it got. Only grows.

    ``facts`` holds numbers and ids, never names: names are added when the answer is put in words.
    """

    __tablename__ = "scan"
    __table_args__ = in_community(
        one_of("direction", ("in", "out", "undo")),
        one_of("provenance", PROVENANCES),
        one_of("verdict", ("accepted", "already", "waiting", "refused")),
        same_community("event_id", "event"),
        same_community("resident_id", "resident"),
        same_community("card_id", "card"),
        same_community("device_id", "device"),
        # Column order: an undo names a scan before anything tells its community.
        UniqueConstraint("client_id", "community_id"),
        Index("ix_scan_event_resident", "community_id", "event_id", "resident_id"),
        Index("ix_scan_undoes", "community_id", "undoes"),
        Index("ix_scan_device", "community_id", "device_id", "id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    client_id: Mapped[UUID] = mapped_column(Uuid())
    body_hash: Mapped[Digest]
    event_id: Mapped[int | None] = mapped_column(BigId)
    resident_id: Mapped[int | None] = mapped_column(BigId)
    card_id: Mapped[int | None] = mapped_column(BigId)
    code_hash: Mapped[Digest | None]
    device_id: Mapped[int | None] = mapped_column(BigId)
    recorded_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    direction: Mapped[Word]
    undoes: Mapped[UUID | None] = mapped_column(Uuid())
    provenance: Mapped[Word]
    scanned_at: Mapped[datetime]
    """What the scanner's clock said."""
    received_at: Mapped[datetime]
    """Server time."""
    corrected_at: Mapped[datetime]
    """Scanner's time moved by the skew of its clock; the rules judge this one."""
    verdict: Mapped[Word]
    code: Mapped[Word]
    facts: Mapped[dict[str, Any]]
    override: Mapped[Word | None]
    """Why a staff scan went in although a rule would have kept it out: over_capacity, late …"""


class Attendance(Base):
    """One resident at one event: a pure function of its accepted scans. Changed by guarded update
    on ``revision`` only. Building and youth group are copied in at the first accepted in."""

    __tablename__ = "attendance"
    __table_args__ = in_community(
        one_of("state", ("present", "complete", "undone")),
        one_of("ended_how", ("own", "leader", "auto")),
        one_of("provenance", PROVENANCES),
        CheckConstraint("(state = 'complete') = (checked_out_at IS NOT NULL)", name="out_known"),
        CheckConstraint("(state = 'undone') = (checked_in_at IS NULL)", name="in_known"),
        CheckConstraint("NOT joined OR annulled_at IS NOT NULL", name="joined_is_annulled"),
        CheckConstraint("(override IS NULL) = (override_by IS NULL)", name="override_by_whom"),
        CheckConstraint(
            "NOT on_duty OR (check_in_points = 0 AND check_out_points = 0 AND minutes = 0)",
            name="on_duty_earns_nothing",
        ),
        CheckConstraint(
            "NOT provisional OR (check_in_points = 0 AND check_out_points = 0 AND minutes = 0)",
            name="provisional_earns_nothing",
        ),
        whole("revision", 1),
        whole("check_in_points"),
        whole("check_out_points"),
        whole("minutes"),
        same_community("event_id", "event"),
        same_community("resident_id", "resident"),
        same_community("building_id", "building"),
        same_community("youth_group_id", "youth_group"),
        UniqueConstraint("event_id", "resident_id"),
        Index("ix_attendance_resident_day", "community_id", "resident_id", "local_date"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    event_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    state: Mapped[Word]
    checked_in_at: Mapped[datetime | None]
    checked_out_at: Mapped[datetime | None]
    ended_how: Mapped[Word | None]
    provenance: Mapped[Word]
    on_duty: Mapped[bool] = mapped_column(default=False)
    is_leader: Mapped[bool] = mapped_column(default=False)
    building_id: Mapped[int | None] = mapped_column(BigId)
    youth_group_id: Mapped[int | None] = mapped_column(BigId)
    local_date: Mapped[date]
    revision: Mapped[int]
    check_in_points: Mapped[int] = mapped_column(default=0)
    check_out_points: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int] = mapped_column(default=0)
    annulled_at: Mapped[datetime | None]
    """Taken back by a person with a reason: what it earned is reversed and it counts nowhere."""
    provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its resident is not confirmed yet: it counts heads and earns nothing until then."""
    joined: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Annulled because its resident was merged into somebody who was there as well: their
    attendance counts for both, with this one's scans."""
    override: Mapped[Word | None]
    override_by: Mapped[Title | None]
    """login:ID or device:ID; with ``override``, who let a rule be passed over."""
