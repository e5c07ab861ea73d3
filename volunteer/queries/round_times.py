"""Who among those just checked in is here for a round number of times."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import and_, func, select

from volunteer.domain.access import Scope
from volunteer.domain.round_times import is_worth_thanks
from volunteer.store.database import db
from volunteer.store.models import Attendance, Resident


def read_round_times(resident_ids: Collection[int], scope: Scope) -> dict[int, int]:
    """How often these residents have been to something, today included, where that is a round
    number; one statement, or none for nobody. Who is at work is not counted."""
    if not resident_ids:
        return {}
    times = func.count(Attendance.id)
    statement = (
        select(Resident.id, times)
        .join(
            Attendance,
            and_(
                Attendance.community_id == Resident.community_id,
                Attendance.resident_id == Resident.id,
            ),
        )
        .where(
            Resident.id.in_(resident_ids),
            Attendance.state != "undone",
            Attendance.annulled_at.is_(None),
            Attendance.on_duty.is_(False),
        )
        .group_by(Resident.id)
    )
    if scope.community_ids is not None:
        statement = statement.where(Resident.community_id.in_(scope.community_ids))
    rows: Iterable[Any] = db.session.execute(statement)
    return {resident_id: count for resident_id, count in rows if is_worth_thanks(count)}
