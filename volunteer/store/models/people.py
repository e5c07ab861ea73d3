"""Residents, where they live, the groups and households they belong to."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
    Digest,
    Id,
    Name,
    Ref,
    Title,
    Word,
    dates_in_order,
    in_community,
    one_of,
    same_community,
    whole,
)

RESIDENT_STATES = (
    "provisional",
    "active",
    "moved_away",
    "merged",
    "deceased",
    "rejected",
    "moved_on",
)
AGE_BANDS = ("under_14", "14_17", "18_plus")


class Resident(Base):
    """A person with a passbook. Never 身份证号, 户籍 or ethnicity.

    A guest (visitor of another community) is a resident of the host community that names the home
    community's row, so the guest passbook is the host's and the person is found again.
    """

    __tablename__ = "resident"
    __table_args__ = in_community(
        one_of("state", RESIDENT_STATES),
        one_of("age_band", AGE_BANDS),
        CheckConstraint(
            "birth_date IS NOT NULL OR age_band IS NOT NULL", name="birth_date_or_age_band"
        ),
        CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_names_its_target"
        ),
        same_community("merged_into_id", "resident"),
        ForeignKeyConstraint(
            ["home_community_id", "home_resident_id"], ["resident.community_id", "resident.id"]
        ),
        UniqueConstraint("community_id", "home_resident_id"),
        # A person's guest passbooks elsewhere are found from home.
        Index("ix_resident_home", "home_community_id", "home_resident_id"),
        Index("ix_resident_community_id_name", "community_id", "name"),
        Index("ix_resident_community_id_pinyin", "community_id", "pinyin"),
        Index("ix_resident_community_id_initials", "community_id", "initials"),
        # Every staff page counts who waits to be confirmed.
        Index(
            "ix_resident_provisional",
            "community_id",
            "created_at",
            sqlite_where=text("state = 'provisional'"),
            postgresql_where=text("state = 'provisional'"),
        ),
        # A scan asks for the scans of everybody who was merged into its person.
        Index(
            "ix_resident_merged_into",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        whole("merges"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    """Random; what addresses carry instead of an id or a number."""
    passbook_number: Mapped[str] = mapped_column(String(8), unique=True)
    state: Mapped[Word] = mapped_column(default="active")
    name: Mapped[Name]
    name_en: Mapped[Name | None]
    pinyin: Mapped[str] = mapped_column(String(300), default="")
    initials: Mapped[str] = mapped_column(String(50), default="")
    birth_date: Mapped[date | None]
    age_band: Mapped[Word | None]
    merged_into_id: Mapped[int | None] = mapped_column(BigId)
    """Whoever the passbook leads to now; never somebody who is merged themself."""
    merges: Mapped[int] = mapped_column(default=0, server_default="0")
    """Merges and undos of merges that this row took part in; its account counts them as well, so
    that a scan sees whether somebody merged between finding the person and locking the passbook."""
    home_community_id: Mapped[int | None] = mapped_column(BigId)
    home_resident_id: Mapped[int | None] = mapped_column(BigId)
    seal_nonce: Mapped[Digest]
    """The seal's leaf is HMAC(nonce, head hash): erasing it unlinks the person, not the chain."""
    created_at: Mapped[datetime]


class WalkIn(Base):
    """How a provisional resident came in, and what staff said of it.

    The hashes are keyed and say nothing by themselves: they count how many came from one address
    at an event, or with one browser in a day.
    """

    __tablename__ = "walk_in"
    __table_args__ = in_community(
        one_of("how", ("self", "leader", "blank_card")),
        one_of("outcome", ("confirmed", "rejected")),
        CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided_when_outcome"),
        same_community("resident_id", "resident"),
        same_community("event_id", "event"),
        UniqueConstraint("community_id", "resident_id"),
        # A second tap of the same form finds the first one's person.
        UniqueConstraint("community_id", "visit_id"),
        Index("ix_walk_in_event", "community_id", "event_id"),
        Index("ix_walk_in_browser", "browser_hash", "created_at"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    event_id: Mapped[Ref]
    how: Mapped[Word]
    visit_id: Mapped[UUID] = mapped_column(Uuid())
    unnamed: Mapped[bool] = mapped_column(default=False)
    """Came in with a blank card, to be named later; nobody is confirmed without a name."""
    address_hash: Mapped[Digest | None]
    browser_hash: Mapped[Digest | None]
    recorded_by: Mapped[Title | None]
    """login:ID or device:ID of who wrote them down, None for themselves."""
    created_at: Mapped[datetime]
    outcome: Mapped[Word | None]
    decided_at: Mapped[datetime | None]
    decided_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class Residence(Base):
    """Where a person lives, works or visits, with dates: moving never rewrites history."""

    __tablename__ = "residence"
    __table_args__ = in_community(
        one_of("kind", ("lives", "works", "guest")),
        dates_in_order(),
        same_community("resident_id", "resident"),
        same_community("area_id", "area"),
        same_community("building_id", "building"),
        Index("ix_residence_resident", "resident_id", "community_id"),
        Index("ix_residence_building", "community_id", "building_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    kind: Mapped[Word] = mapped_column(default="lives")
    area_id: Mapped[int | None] = mapped_column(BigId)
    building_id: Mapped[int | None] = mapped_column(BigId)
    room: Mapped[Word | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class ExternalNumber(Base):
    """A person's number in another system, such as a volunteer platform."""

    __tablename__ = "external_number"
    __table_args__ = in_community(
        same_community("resident_id", "resident"),
        UniqueConstraint("resident_id", "system"),
        Index("ix_external_number_number", "community_id", "number"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    system: Mapped[Word]
    number: Mapped[Word]


class Household(Base):
    """People who agreed to be one household; never derived from a room."""

    __tablename__ = "household"
    __table_args__ = in_community()

    id: Mapped[Id]
    community_id: Mapped[Ref]
    name: Mapped[Title]
    created_at: Mapped[datetime]


class HouseholdMember(Base):
    """Somebody who was asked into a household, and what they said. Only ``agreed`` makes a member;
    a child's guardian answers for it, and staff write down what was agreed to on paper."""

    __tablename__ = "household_member"
    __table_args__ = in_community(
        one_of("state", ("asked", "agreed", "declined", "left")),
        one_of("answered_how", ("self", "guardian", "paper")),
        CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="answered_unless_asked"),
        same_community("household_id", "household"),
        same_community("resident_id", "resident"),
        Index("ix_household_member_household", "household_id", "community_id"),
        Index("ix_household_member_resident", "resident_id", "community_id"),
        # Nobody belongs to two households at a time, whoever answers two questions at once.
        Index(
            "uq_household_member_agreed",
            "resident_id",
            unique=True,
            sqlite_where=text("state = 'agreed'"),
            postgresql_where=text("state = 'agreed'"),
        ),
        Index(
            "uq_household_member_asked",
            "household_id",
            "resident_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'agreed')"),
            postgresql_where=text("state IN ('asked', 'agreed')"),
        ),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    household_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    state: Mapped[Word]
    asked_at: Mapped[datetime]
    asked_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    answered_at: Mapped[datetime | None]
    answered_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    answered_how: Mapped[Word | None]
    left_at: Mapped[datetime | None]


class YouthGroup(Base):
    __tablename__ = "youth_group"
    __table_args__ = in_community(
        same_community("organisation_id", "organisation"),
        UniqueConstraint("community_id", "name"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    organisation_id: Mapped[int | None] = mapped_column(BigId)
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    deactivated_at: Mapped[datetime | None]


class Membership(Base):
    """A resident in a youth group, with dates."""

    __tablename__ = "membership"
    __table_args__ = in_community(
        same_community("youth_group_id", "youth_group"),
        same_community("resident_id", "resident"),
        dates_in_order(),
        Index("ix_membership_resident", "resident_id", "community_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    youth_group_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
