"""The blueprint that every page of /organize hangs on, and the words its templates share."""

from __future__ import annotations

from flask import Blueprint

from volunteer import clock
from volunteer.documents import activity_words
from volunteer.documents.provenances import provenance_words
from volunteer.domain.access import Permission
from volunteer.queries.events import EventRow
from volunteer.web.dates import local_day
from volunteer.web.gate import me

blueprint = Blueprint("organize", __name__, url_prefix="/organize")

blueprint.add_app_template_filter(provenance_words)
blueprint.add_app_template_filter(activity_words.rule_words)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {
        "kind_words": activity_words.KINDS,
        "measure_words": activity_words.MEASURES,
        "ending_words": activity_words.ENDINGS,
        "phase_words": activity_words.PHASES,
        "phase_looks": activity_words.PHASE_LOOKS,
        "may": may,
        "roll_call_open": roll_call_open,
    }


def may(permission: str, community_id: int, event_id: int | None = None) -> bool:
    """Whether the person may do it: a button for what would be refused is not shown."""
    return me().can(Permission(permission), community_id, event_id)


def roll_call_open(row: EventRow) -> bool:
    """Names are ticked until the event's day is over; after that it is a claim."""
    return local_day(clock.now(), row.zone) <= row.local_date
