"""Teams that come from outside, and blank cards that wait for a guardian."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.store.models.base import (
    Base,
    BigId,
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

MOST_IN_TEAM = 200


class VisitingTeam(Base):
    """A school class, a company's staff, Party members who live elsewhere: people who come
    together from outside. Neither a youth group, which has a place on a board, nor an
    organisation, which hosts activities and has no people.

    Of a class the accompanying adult agrees once, and that stands with each child as well.
    """

    __tablename__ = "visiting_team"
    __table_args__ = in_community(
        same_community("kind_id", "organisation_kind"),
        whole("expected", 1, MOST_IN_TEAM),
        CheckConstraint("(consent_by IS NULL) = (consent_at IS NULL)", name="consent_dated"),
        CheckConstraint(
            "(consent_by IS NULL) = (consent_text_version IS NULL)", name="consent_has_text"
        ),
        UniqueConstraint("community_id", "name"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    kind_id: Mapped[Ref]
    name: Mapped[Title]
    name_en: Mapped[Title | None]
    contact: Mapped[Name | None]
    contact_phone: Mapped[str | None] = mapped_column(String(20))
    expected: Mapped[int | None]
    """How many people come, as far as was said."""
    has_minors: Mapped[bool] = mapped_column(default=False)
    consent_by: Mapped[Name | None]
    """The accompanying adult who agreed for those under 14."""
    consent_text_version: Mapped[Word | None]
    consent_at: Mapped[datetime | None]
    consent_recorded_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
    deactivated_at: Mapped[datetime | None]


class TeamMember(Base):
    """A person of a visiting team, with dates: a team that comes again is found with its people."""

    __tablename__ = "team_member"
    __table_args__ = in_community(
        same_community("team_id", "visiting_team"),
        same_community("resident_id", "resident"),
        dates_in_order(),
        UniqueConstraint("team_id", "resident_id"),
        Index("ix_team_member_resident", "resident_id", "community_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    team_id: Mapped[Ref]
    resident_id: Mapped[Ref]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class TeamEvent(Base):
    """A visiting team at an event."""

    __tablename__ = "team_event"
    __table_args__ = in_community(
        same_community("team_id", "visiting_team"),
        same_community("event_id", "event"),
        UniqueConstraint("team_id", "event_id"),
        Index("ix_team_event_event", "community_id", "event_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    team_id: Mapped[Ref]
    event_id: Mapped[Ref]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    """Random; in the address by which the team's people write themselves down at this event."""
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class WaitingCard(Base):
    """A blank card that a child under 14 came to an event with, until a guardian agrees.

    Nothing is kept of the child, not even a name: only that this card was there, and when.
    """

    __tablename__ = "waiting_card"
    __table_args__ = in_community(
        one_of("outcome", ("named", "returned")),
        CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided_when_outcome"),
        same_community("card_id", "card"),
        same_community("event_id", "event"),
        # A second tap of the same form is the first one.
        UniqueConstraint("community_id", "visit_id"),
        # Once an event, however often the card is shown while it waits.
        Index(
            "uq_waiting_card_waits",
            "card_id",
            "event_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        Index("ix_waiting_card_event", "community_id", "event_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    card_id: Mapped[Ref]
    event_id: Mapped[Ref]
    visit_id: Mapped[UUID] = mapped_column(Uuid())
    seen_at: Mapped[datetime]
    recorded_by: Mapped[Title]
    """login:ID or device:ID of who scanned it."""
    outcome: Mapped[Word | None]
    decided_at: Mapped[datetime | None]
    decided_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
