"""Background work in words: what it is, how it stands, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for_code

KINDS: Mapping[str, LazyString] = {
    "card_print": _l("Printing cards"),
    "residents_import": _l("Import of residents"),
    "residents_import_undo": _l("Undoing an import of residents"),
}
STATES: Mapping[str, LazyString] = {
    "waiting": _l("Waiting for its turn"),
    "running": _l("At work"),
    "done": _l("Done"),
    "failed": _l("Stopped"),
}
FACTS: Mapping[str, LazyString] = {
    "cards": _l("Cards on the pages"),
    "left_out": _l("Not printed"),
    "added": _l("People added"),
    "updated": _l("People updated"),
    "unchanged": _l("Already as in the sheet"),
    "skipped": _l("Left out"),
    "undone": _l("Taken back"),
    "kept": _l("Kept because of later records"),
}


def kind_words(kind: str) -> str:
    return str(KINDS.get(kind, kind))


def failure_words(result: Mapping[str, Any]) -> str:
    """Why a task stopped: a refusal in its own words, or that the fault is ours."""
    if "refused" in result:
        return words_for_code(str(result["refused"]), result.get("facts") or {})
    return _(
        "Something did not work at our end. What was done so far is kept; trying again goes on "
        "from there."
    )


def result_words(result: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Label and count of what came of it, in the order of ``FACTS``."""
    return [(str(label), int(result[name])) for name, label in FACTS.items() if name in result]
