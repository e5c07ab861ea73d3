"""Where somebody lives, works or visits, with dates. Moving never rewrites history: the home
before gets a last day, and what was earned there stays that building's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from volunteer.domain.access import Scope
from volunteer.domain.names import parse_line
from volunteer.domain.people import Home
from volunteer.domain.refusals import Code, or_refuse, refuse
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, transact
from volunteer.store.models import Area, Building, Residence, Resident
from volunteer.store.people import home_columns
from volunteer.store.rows import load_row, record_row, require_in_community

LONGEST_ROOM = 40
KINDS = ("lives", "works", "guest")
FARTHEST_MOVE = timedelta(days=366)
"""A move may be written down before it happens; a later one is a slip of the pen."""


def add_residence(resident_id: int, home: Home, *, by: int, now: datetime, scope: Scope) -> int:
    """Somebody lives, works or visits somewhere from ``home.starts_on`` on.

    One lives in one place: a running home gets the day before as its last. Raises Refused:
    ``not_found``, ``choice_missing``, ``text_too_long``, ``date_invalid`` (more than a year from
    now), ``dates_reversed`` (a home before began that day or later; correct that one instead).
    """
    values = _columns(home, now)

    def work(tx: Tx) -> int:
        resident = load_row(tx, Resident, resident_id)
        place = _place(tx, home, resident.community_id)
        if home.kind == "lives":
            _end_running_homes(tx, resident_id, home.starts_on)
        residence_id = record_row(
            tx,
            Residence,
            {
                "community_id": resident.community_id,
                "resident_id": resident_id,
                **values,
                **place,
            },
        )
        facts = {"kind": home.kind, "starts_on": home.starts_on.isoformat()}
        _audit(tx, "residence_added", resident, facts, by, now)
        return residence_id

    return transact(work, scope)


def end_residence(
    residence_id: int, ends_on: date, *, by: int, now: datetime, scope: Scope
) -> None:
    """The last day somebody lived, worked or visited there.

    Raises Refused: ``not_found``, ``dates_reversed`` (before the first day)."""

    def work(tx: Tx) -> None:
        before = load_row(tx, Residence, residence_id)
        if ends_on < before.starts_on:
            raise refuse(Code.DATES_REVERSED, field="ends_on")
        tx.run(update(Residence).where(Residence.id == residence_id).values(ends_on=ends_on))
        resident = load_row(tx, Resident, before.resident_id)
        facts = {"kind": before.kind, "ends_on": ends_on.isoformat()}
        _audit(tx, "residence_ended", resident, facts, by, now)

    transact(work, scope)


def correct_residence(
    residence_id: int, home: Home, *, by: int, now: datetime, scope: Scope
) -> None:
    """Put right what was written down wrong: a slip of the pen, not a move.

    What attendances copied in stays as it was. Raises Refused: ``not_found``, ``choice_missing``,
    ``text_too_long``, ``date_invalid``, ``dates_reversed`` (begins after its last day).
    """
    values = _columns(home, now)

    def work(tx: Tx) -> None:
        before = load_row(tx, Residence, residence_id)
        if before.ends_on is not None and before.ends_on < home.starts_on:
            raise refuse(Code.DATES_REVERSED, field="starts_on")
        place = _place(tx, home, before.community_id)
        changed = {**values, **place}
        tx.run(update(Residence).where(Residence.id == residence_id).values(**changed))
        resident = load_row(tx, Resident, before.resident_id)
        fields = [name for name, value in changed.items() if before._mapping[name] != value]
        _audit(tx, "residence_corrected", resident, {"fields": ", ".join(fields)}, by, now)

    transact(work, scope)


def _columns(home: Home, now: datetime) -> dict[str, Any]:
    if home.starts_on > now.date() + FARTHEST_MOVE:
        raise refuse(Code.DATE_INVALID, field="starts_on")
    if home.kind not in KINDS:
        raise refuse(Code.CHOICE_MISSING, field="kind")
    room = or_refuse(parse_line(home.room or "", LONGEST_ROOM), "room")
    return {**home_columns(home), "room": room or None}


def _place(tx: Tx, home: Home, community_id: int) -> dict[str, int | None]:
    """Building and area, the building's own where one is given."""
    if home.building_id is None:
        require_in_community(tx, Area, home.area_id, community_id)
        return {"area_id": home.area_id, "building_id": None}
    building = load_row(tx, Building, home.building_id)
    if building.community_id != community_id:
        raise refuse(Code.NOT_FOUND)
    return {"area_id": building.area_id, "building_id": building.id}


def _end_running_homes(tx: Tx, resident_id: int, starts_on: date) -> None:
    running = tx.run(
        select(Residence.id, Residence.starts_on).where(
            Residence.resident_id == resident_id,
            Residence.kind == "lives",
            Residence.ends_on.is_(None) | (Residence.ends_on >= starts_on),
        )
    ).all()
    if any(home.starts_on >= starts_on for home in running):
        raise refuse(Code.DATES_REVERSED, field="starts_on")
    ids = [home.id for home in running]
    if ids:
        last_day = starts_on - timedelta(days=1)
        tx.run(update(Residence).where(Residence.id.in_(ids)).values(ends_on=last_day))


def _audit(
    tx: Tx,
    action: str,
    resident: Row[Any],
    facts: dict[str, Any],
    by: int,
    now: datetime,
) -> None:
    record_audit(
        tx,
        now=now,
        action=action,
        subject_kind="resident",
        subject_id=resident.id,
        community_id=resident.community_id,
        login_id=by,
        facts=facts,
    )
