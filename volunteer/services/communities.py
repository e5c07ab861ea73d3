"""Sub-districts and communities: founding one, and the settings its admin may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from volunteer.domain.access import Scope
from volunteer.domain.names import parse_line
from volunteer.domain.organisation_kinds import STARTING_KINDS
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.ledger import open_system_accounts
from volunteer.store.models import Community, OrganisationKind, SubDistrict
from volunteer.store.models.base import table_of
from volunteer.store.rows import record_row, require_seen

LONGEST_NAME = 120
LONGEST_TELEPHONE = 40
VOLUNTEER_WORDS = ("volunteer", "yigong")
MOST = {
    "check_in_opens_minutes": 1440,
    "check_in_closes_minutes": 1440,
    "auto_close_minutes": 4320,
    "late_scan_hours": 720,
}


@dataclass(frozen=True)
class NewCommunity:
    """A community as it is founded. Its sub-district is found by name, or made."""

    sub_district: str
    name: str
    name_en: str | None = None
    sub_district_en: str | None = None
    district: str | None = None
    city: str | None = None
    telephone: str | None = None
    time_zone: str = "Asia/Shanghai"
    is_demo: bool = False


@dataclass(frozen=True)
class CommunitySettings:
    """What a community's admin decides. Durations in the unit of their name."""

    name_en: str | None
    telephone: str | None
    volunteer_word: str
    check_in_opens_minutes: int
    check_in_closes_minutes: int
    auto_close_minutes: int
    late_scan_hours: int


@dataclass(frozen=True)
class FoundedCommunity:
    community_id: int
    sub_district_id: int


def add_community(
    new: NewCommunity, *, by: int | None, now: datetime, scope: Scope
) -> FoundedCommunity:
    """Found a community with its own accounts and the usual kinds of organisation.

    Only for who sees every community (the command line). Raises Refused: ``permission_missing``,
    ``name_missing``, ``already_exists`` (that sub-district has one of this name).
    """
    if scope.community_ids is not None:
        raise refuse(Code.PERMISSION_MISSING)
    name = or_refuse(parse_line(new.name, LONGEST_NAME), "name")
    sub_district = or_refuse(parse_line(new.sub_district, LONGEST_NAME), "sub_district")
    if not name or not sub_district:
        raise refuse(Code.NAME_MISSING)

    def work(tx: Tx) -> FoundedCommunity:
        sub_district_id = _sub_district(tx, new, sub_district)
        community_id = record_row(
            tx,
            Community,
            {
                "sub_district_id": sub_district_id,
                "name": name,
                "name_en": new.name_en,
                "telephone": new.telephone,
                "time_zone": new.time_zone,
                "is_demo": new.is_demo,
                "created_at": now,
                # A demo has all of it behind it.
                "first_day_ended_at": now if new.is_demo else None,
                "first_day": {},
                **_defaults(),
            },
        )
        open_system_accounts(tx, community_id)
        kinds = [
            {"community_id": community_id, "code": code, "name": words, "name_en": words_en}
            for code, words, words_en in STARTING_KINDS
        ]
        insert_rows(tx, table_of(OrganisationKind), kinds)
        record_audit(
            tx,
            now=now,
            action="community_added",
            subject_kind="community",
            subject_id=community_id,
            community_id=community_id,
            login_id=by,
            facts={"name": name},
        )
        return FoundedCommunity(community_id, sub_district_id)

    return transact(work, scope)


def change_settings(
    community_id: int, settings: CommunitySettings, *, by: int, now: datetime, scope: Scope
) -> None:
    """Change a community's settings. Raises Refused: ``not_found``, ``text_too_long``,
    ``choice_missing``, ``amount_invalid`` (a duration out of range, the fact ``field`` names it).

    Rules judge with the settings of the moment a scan is presented: what is posted stays.
    """
    values = _settings_columns(settings)

    def work(tx: Tx) -> None:
        require_seen(tx, community_id)
        names = [getattr(Community, name) for name in values]
        before = tx.run(select(*names).where(Community.id == community_id)).one()._mapping
        changed = [name for name, value in values.items() if before[name] != value]
        if not changed:
            return
        tx.run(update(Community).where(Community.id == community_id).values(**values))
        record_audit(
            tx,
            now=now,
            action="settings_changed",
            subject_kind="community",
            subject_id=community_id,
            community_id=community_id,
            login_id=by,
            facts={name: f"{before[name]} → {values[name]}" for name in changed},
        )

    transact(work, scope)


def _settings_columns(settings: CommunitySettings) -> dict[str, str | int | None]:
    if settings.volunteer_word not in VOLUNTEER_WORDS:
        raise refuse(Code.CHOICE_MISSING, field="volunteer_word")
    for name, most in MOST.items():
        if not 0 <= getattr(settings, name) <= most:
            raise refuse(Code.AMOUNT_INVALID, field=name)
    name_en = or_refuse(parse_line(settings.name_en or "", LONGEST_NAME), "name_en")
    telephone = or_refuse(parse_line(settings.telephone or "", LONGEST_TELEPHONE), "telephone")
    return {
        "name_en": name_en or None,
        "telephone": telephone or None,
        "volunteer_word": settings.volunteer_word,
        **{name: getattr(settings, name) for name in MOST},
    }


def _sub_district(tx: Tx, new: NewCommunity, name: str) -> int:
    found = tx.run(select(SubDistrict.id).where(SubDistrict.name == name)).scalar()
    if found is not None:
        return int(found)
    return record_row(
        tx,
        SubDistrict,
        {
            "name": name,
            "name_en": new.sub_district_en,
            "district": new.district,
            "city": new.city,
        },
    )


def _defaults() -> dict[str, str | int]:
    """The settings a community starts with: the columns' own defaults."""
    columns = table_of(Community).c
    return {name: columns[name].default.arg for name in ("volunteer_word", *MOST)}  # type: ignore[union-attr]
