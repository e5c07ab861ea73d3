"""Events that recur, and the days that everything else rests on: holidays, year by year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.domain.recurrence import Rhythm
from volunteer.store.models.base import (
    Base,
    BigId,
    Id,
    Ref,
    Word,
    in_community,
    one_of,
    same_community,
    whole,
)


class EventSeries(Base):
    """What one form planned: the rule as it was given. Its events have their own times."""

    __tablename__ = "event_series"
    __table_args__ = in_community(
        one_of("rhythm", tuple(Rhythm)),
        same_community("activity_id", "activity"),
        Index("ix_event_series_activity", "community_id", "activity_id"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    activity_id: Mapped[Ref]
    rhythm: Mapped[Word]
    weekdays: Mapped[Word]
    """Digits with commas between, 0 is Monday."""
    first_on: Mapped[date]
    last_on: Mapped[date]
    skips_holidays: Mapped[bool]
    skips_workdays: Mapped[bool]
    created_at: Mapped[datetime]
    created_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))


class SeriesEvent(Base):
    """An event of a series, at which of its sites. A table of its own: the event's row is what
    every scan reads, and SQLite could add a key to another table only by copying all of it."""

    __tablename__ = "series_event"
    __table_args__ = in_community(
        whole("site", 1, 100),
        same_community("series_id", "event_series"),
        same_community("event_id", "event"),
        UniqueConstraint("event_id"),
        Index("ix_series_event_series", "series_id", "site"),
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    series_id: Mapped[Ref]
    event_id: Mapped[Ref]
    site: Mapped[int]


class HolidayYear(Base):
    """A year of public holidays as a community wrote it down, in place of the one that is
    published with the software."""

    __tablename__ = "holiday_year"
    __table_args__ = in_community(
        whole("year", 2000, 2199), UniqueConstraint("community_id", "year")
    )

    id: Mapped[Id]
    community_id: Mapped[Ref]
    year: Mapped[int]
    days: Mapped[dict[str, Any]]
    """By day in ISO 8601: its kind and the festival's name."""
    changed_at: Mapped[datetime]
    changed_by_login_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("login.id"))
