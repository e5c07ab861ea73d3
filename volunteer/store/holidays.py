"""The public holidays a community knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from volunteer.domain.holidays import DayKind, Days, Holidays, SpecialDay, holidays_of
from volunteer.store.database import Tx
from volunteer.store.models import HolidayYear


def load_holidays(tx: Tx, community_id: int) -> Holidays:
    """Those it wrote down, and the published ones of every other year."""
    rows = tx.execute(
        select(HolidayYear.year, HolidayYear.days).where(HolidayYear.community_id == community_id)
    )
    return holidays_of({year: days_from(days) for year, days in rows})


def days_from(stored: Mapping[str, Any]) -> Days:
    return {
        date.fromisoformat(day): SpecialDay(DayKind(kind), name)
        for day, (kind, name) in stored.items()
    }


def days_to_store(days: Days) -> dict[str, Any]:
    return {day.isoformat(): [one.kind.value, one.name] for day, one in days.items()}
