"""What the leader's pages share: their blueprint, the event they are about, recording its scans."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, current_app, request

from volunteer import clock
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.scans import Scan, Verdict
from volunteer.queries.event_shown import EventShown, read_event_shown
from volunteer.services.scans import record_scans
from volunteer.web.gate import me, scope
from volunteer.web.recorder import staff_recorder

blueprint = Blueprint("scanner", __name__, url_prefix="/organize/events/<int:event_id>")


def event_or_refuse(event_id: int) -> EventShown:
    """The event, in the communities of the gate. Raises Refused: ``not_found``."""
    event = read_event_shown(event_id, scope())
    if event is None:
        raise refuse(Code.NOT_FOUND)
    return event


def record_here(event: EventShown, scans: list[Scan], now: datetime | None = None) -> list[Verdict]:
    """Record scans of this event as the signed-in leader."""
    return record_scans(
        scans,
        staff_recorder(me()),
        now=now or clock.now(),
        scope=scope(),
        keys=current_app.extensions["keys"],
        community_id=event.community_id,
    )


def form_id(name: str) -> UUID:
    """The id that a form was given when its page was made, so that sending it twice is a retry.
    Raises Refused: ``scan_id_invalid``."""
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        raise refuse(Code.SCAN_ID_INVALID) from None
