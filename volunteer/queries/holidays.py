"""The public holidays a community knows, for the pages that plan by them."""

from __future__ import annotations

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.holidays import Holidays, holidays_of
from volunteer.store.database import db
from volunteer.store.holidays import days_from
from volunteer.store.models import HolidayYear


def read_holidays(scope: Scope, community_id: int) -> Holidays:
    """Those it wrote down, and the published ones of every other year."""
    if not scope.sees(community_id):
        return holidays_of({})
    rows = db.session.execute(
        select(HolidayYear.year, HolidayYear.days).where(HolidayYear.community_id == community_id)
    )
    return holidays_of({year: days_from(days) for year, days in rows})
