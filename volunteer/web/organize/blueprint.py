"""The blueprint that every page of /organize hangs on, and the words its templates share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, url_for

from volunteer.documents import activity_words
from volunteer.documents.provenances import provenance_words
from volunteer.domain.access import Permission
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
        "link_to": link_to,
    }


def may(permission: str, community_id: int, event_id: int | None = None) -> bool:
    """Whether the person may do it: a button for what would be refused is not shown."""
    return me().can(Permission(permission), community_id, event_id)


def link_to(endpoint: str, **values: Any) -> str | None:
    """The address of a place, or None where it is not built."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
