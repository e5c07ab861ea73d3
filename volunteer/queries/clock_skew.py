"""Scanners of an event whose clock was off: the leader should know, and set it right."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from volunteer.domain.access import Scope
from volunteer.domain.attendance import SKEW_TO_LOOK_AT
from volunteer.store.database import db
from volunteer.store.models import Scan


@dataclass(frozen=True)
class ClockSkew:
    """How many scans a wrong clock stamped, and by how many minutes at most it was wrong."""

    scans: int
    minutes: int


def read_clock_skew(event_id: int, scope: Scope) -> ClockSkew | None:
    """None where every clock was right to within five minutes."""
    statement = select(Scan.scanned_at, Scan.corrected_at).where(
        Scan.event_id == event_id, Scan.scanned_at != Scan.corrected_at
    )
    if scope.community_ids is not None:
        statement = statement.where(Scan.community_id.in_(scope.community_ids))
    # The difference of two times is written differently in each database; here it is one.
    skews = [abs(corrected - scanned) for scanned, corrected in db.session.execute(statement)]
    far = [skew for skew in skews if skew > SKEW_TO_LOOK_AT]
    return ClockSkew(len(far), round(max(far).total_seconds() / 60)) if far else None
