"""Writing down a year's public holidays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.holidays import FIRST_YEAR, LAST_YEAR, parse_notice
from volunteer.domain.refusals import Code, refuse
from volunteer.store.audit import record_audit
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, transact
from volunteer.store.holidays import days_to_store
from volunteer.store.models import Community, HolidayYear
from volunteer.store.models.base import table_of


def write_holidays(
    community_id: int, year: int, notice: str, *, by: int, now: datetime, scope: Scope
) -> int:
    """Keep a year as the notice says; gives how many special days it has. Events that are planned
    already stay.

    Refuses what ``parse_notice`` refuses, ``holidays_unreadable`` for one without a day, and
    ``not_found`` for a year beyond every calendar.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refuse(Code.NOT_FOUND)
    days = parse_notice(year, notice)
    if not days:
        raise refuse(Code.HOLIDAYS_UNREADABLE, line=None)

    def work(tx: Tx) -> int:
        known = tx.execute(select(Community.id).where(Community.id == community_id))
        if known.first() is None or not tx.scope.sees(community_id):
            raise refuse(Code.NOT_FOUND)
        row = {
            "community_id": community_id,
            "year": year,
            "days": days_to_store(days),
            "changed_at": now,
            "changed_by_login_id": by,
        }
        again = "days = excluded.days, changed_at = excluded.changed_at"
        insert_rows(
            tx,
            table_of(HolidayYear),
            [row],
            f"ON CONFLICT (community_id, year) DO UPDATE SET {again}, "
            "changed_by_login_id = excluded.changed_by_login_id",
        )
        record_audit(
            tx,
            now=now,
            action="holidays_written",
            subject_kind="community",
            subject_id=community_id,
            community_id=community_id,
            login_id=by,
            facts={"year": year, "count": len(days)},
        )
        return len(days)

    return transact(work, scope)
