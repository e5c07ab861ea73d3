"""The settings of a community as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.store.database import db
from volunteer.store.models import Community, SubDistrict


@dataclass(frozen=True)
class SettingsShown:
    """Durations in the unit of their name."""

    community_id: int
    name: str
    name_en: str | None
    sub_district: str
    sub_district_en: str | None
    telephone: str | None
    time_zone: str
    volunteer_word: str
    check_in_opens_minutes: int
    check_in_closes_minutes: int
    auto_close_minutes: int
    late_scan_hours: int
    is_demo: bool


def read_settings(scope: Scope, community_id: int) -> SettingsShown | None:
    """None when not in scope."""
    if not scope.sees(community_id):
        return None
    row = db.session.execute(
        select(
            Community.id.label("community_id"),
            Community.name,
            Community.name_en,
            SubDistrict.name.label("sub_district"),
            SubDistrict.name_en.label("sub_district_en"),
            Community.telephone,
            Community.time_zone,
            Community.volunteer_word,
            Community.check_in_opens_minutes,
            Community.check_in_closes_minutes,
            Community.auto_close_minutes,
            Community.late_scan_hours,
            Community.is_demo,
        )
        .join(SubDistrict, SubDistrict.id == Community.sub_district_id)
        .where(Community.id == community_id)
    ).first()
    return SettingsShown(**row._mapping) if row else None
