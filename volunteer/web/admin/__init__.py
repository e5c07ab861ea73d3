"""/admin: people, places, organisations, youth groups, roles, settings, the audit trail.

One file a place. Who may only look gets the same pages without the buttons; every POST has a gate
of its own.
"""

from __future__ import annotations

from datetime import date

from volunteer import clock
from volunteer.domain.access import Permission
from volunteer.web.dates import local_day
from volunteer.web.gate import me


def today() -> date:
    """The calendar day of the request."""
    return local_day(clock.now())


def may(permission: Permission, community_id: int) -> bool:
    """Whether a button is shown; the gate and the service decide again when it is pressed."""
    return me().can(permission, community_id)
