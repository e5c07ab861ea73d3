"""How a scan was recorded, in words."""

from __future__ import annotations

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l

WORDS: dict[str, LazyString] = {
    "rotating_code": _l("rotating code"),
    "poster_code": _l("poster code"),
    "card_scan": _l("card scan"),
    "roll_call": _l("roll call"),
    "paper_sheet": _l("paper sheet"),
    "claim": _l("claim"),
    "old_passbook": _l("old passbook"),
    "leader_end": _l("ended by the leader"),
    "auto_close": _l("checked out automatically"),
}


def provenance_words(provenance: str | None) -> str:
    """The words for it; '' where none is known."""
    return str(WORDS[provenance]) if provenance in WORDS else ""
