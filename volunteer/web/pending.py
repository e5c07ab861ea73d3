"""A check-in that was begun: an event's code was verified, and the resident has yet to confirm.

It is kept in the browser's signed session and nowhere else, never in an address, so a link that
is passed on checks nobody in. Codes change every 30 seconds; the check-in that one of them opened
lasts 15 minutes and outlives signing in and activating.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import session

from volunteer.domain.visits import Visit
from volunteer.web.signed_in import PENDING_CHECK_IN

PENDING_MINUTES = 15


@dataclass(frozen=True)
class Pending(Visit):
    """``done``: residents whose scan of this visit has been answered."""

    done: tuple[int, ...] = ()

    def is_open(self, now: datetime) -> bool:
        return now - self.seen_at <= timedelta(minutes=PENDING_MINUTES)


def open_pending(event_id: int, community_id: int, provenance: str, now: datetime) -> Pending:
    pending = Pending(event_id, community_id, provenance, now, uuid4())
    _keep(pending)
    return pending


def mark_done(pending: Pending, resident_ids: list[int]) -> None:
    done = dict.fromkeys((*pending.done, *resident_ids))
    _keep(replace(pending, done=tuple(done)))


def read_pending() -> Pending | None:
    """What this browser's session holds, expired or not."""
    kept: Any = session.get(PENDING_CHECK_IN)
    try:
        return Pending(
            event_id=int(kept["event"]),
            community_id=int(kept["community"]),
            provenance=str(kept["provenance"]),
            seen_at=datetime.fromisoformat(kept["seen_at"]),
            visit_id=UUID(kept["visit"]),
            done=tuple(int(one) for one in kept["done"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _keep(pending: Pending) -> None:
    session[PENDING_CHECK_IN] = {
        "event": pending.event_id,
        "community": pending.community_id,
        "provenance": pending.provenance,
        "seen_at": pending.seen_at.isoformat(),
        "visit": pending.visit_id.hex,
        "done": list(pending.done),
    }
