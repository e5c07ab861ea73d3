"""Sub-district › community › area › building, and the organisations that host activities."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.domain.first_day import Preset
from volunteer.store.models.base import (
    Base,
    Id,
    Ref,
    Title,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)

AREA_KINDS = ("estate", "urban_village_block", "office_building", "dormitory", "other")


class SubDistrict(Base):
    __tablename__ = "sub_district"

    id: Mapped[Id]
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    district: Mapped[Title | None]
    city: Mapped[Title | None]


class Community(Base):
    """A residential community, with the settings its admin may change."""

    __tablename__ = "community"
    __table_args__ = (
        one_of("volunteer_word", ("volunteer", "yigong")),
        one_of("points_preset", tuple(Preset)),
        whole("check_in_opens_minutes", 0, 1440),
        whole("check_in_closes_minutes", 0, 1440),
        whole("auto_close_minutes", 0, 4320),
        whole("late_scan_hours", 0, 720),
        UniqueConstraint("sub_district_id", "name"),
    )

    id: Mapped[Id]
    sub_district_id: Mapped[Ref] = mapped_column(ForeignKey("sub_district.id"))
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    telephone: Mapped[Word | None]
    time_zone: Mapped[Word] = mapped_column(default="Asia/Shanghai")
    volunteer_word: Mapped[Word] = mapped_column(default="volunteer")
    check_in_opens_minutes: Mapped[int] = mapped_column(default=60)
    """How long before the planned start check-in opens."""
    check_in_closes_minutes: Mapped[int] = mapped_column(default=0)
    """How long after the end check-in closes."""
    auto_close_minutes: Mapped[int] = mapped_column(default=120)
    """How long after the planned end the job closes what the leader forgot."""
    late_scan_hours: Mapped[int] = mapped_column(default=72)
    """How long after an event its scans are still taken; later it is a claim."""
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    points_preset: Mapped[Word | None]
    """What new activities begin with, when the community chose."""
    first_day: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    """``skipped``: the steps of the first day that are not for this community."""
    first_day_ended_at: Mapped[datetime | None]
    """When its checklist was put away."""


class Area(Base):
    __tablename__ = "area"
    __table_args__ = in_community(
        one_of("kind", AREA_KINDS), UniqueConstraint("community_id", "name")
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    kind: Mapped[Word]
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    deactivated_at: Mapped[datetime | None]


class Building(Base):
    __tablename__ = "building"
    __table_args__ = in_community(
        same_community("area_id", "area"),
        whole("estimated_residents", 1, 100_000),
        CheckConstraint(
            "(estimated_residents IS NULL) = (estimated_on IS NULL)", name="estimate_dated"
        ),
        UniqueConstraint("community_id", "area_id", "name"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    area_id: Mapped[Ref]
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    grid: Mapped[Word | None]
    estimated_residents: Mapped[int | None]
    estimated_on: Mapped[date | None]
    deactivated_at: Mapped[datetime | None]


class BuildingAlias(Base):
    """Another way people write a building: 12栋, 十二栋, 梅富村12号."""

    __tablename__ = "building_alias"
    __table_args__ = in_community(
        same_community("building_id", "building"), UniqueConstraint("community_id", "alias")
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    building_id: Mapped[Ref]
    alias: Mapped[Title]


class OrganisationKind(Base):
    __tablename__ = "organisation_kind"
    __table_args__ = in_community(UniqueConstraint("community_id", "code"))

    id: Mapped[Id]
    community_id: Mapped[Ref]
    code: Mapped[Word]
    name: Mapped[Title]
    name_en: Mapped[Title | None]


class Organisation(Base):
    __tablename__ = "organisation"
    __table_args__ = in_community(
        same_community("kind_id", "organisation_kind"), UniqueConstraint("community_id", "name")
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    kind_id: Mapped[Ref]
    name: Mapped[Title]
    name_en: Mapped[Title | None] = mapped_column(String(120))
    deactivated_at: Mapped[datetime | None]
