"""Imports of residents in words: what a column is, what becomes of a row and why, what changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel.speaklater import LazyString

from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for_code
from volunteer.documents.register_words import BANDS
from volunteer.documents.register_words import STATES as RESIDENT_STATES
from volunteer.domain.duplicates import Reason
from volunteer.domain.residents_import import Field

FIELDS: Mapping[str, LazyString] = {
    Field.NAME: _l("Name"),
    Field.NAME_EN: _l("English name"),
    Field.PHONE: _l("Phone"),
    Field.BUILDING: _l("Building or address"),
    Field.ROOM: _l("Room"),
    Field.BIRTH_DATE: _l("Birth date"),
    Field.AGE: _l("Age"),
    Field.VOLUNTEER_NUMBER: _l("Volunteer number"),
    Field.PASSBOOK_NUMBER: _l("Passbook number"),
    Field.OLD_POINTS: _l("Points in the old passbook"),
    Field.OLD_HOURS: _l("Hours in the old passbook"),
}
REASONS: Mapping[str, LazyString] = {
    Reason.NUMBER: _l("the same number"),
    Reason.PHONE_AND_NAME: _l("the same phone and name"),
    Reason.NAME_AND_BUILDING: _l("the same name in the same building"),
    Reason.PHONE: _l("the same phone"),
    Reason.NAME: _l("the same name"),
}
BATCH_STATES: Mapping[str, LazyString] = {
    "uploading": _l("Not received completely"),
    "uploaded": _l("Columns to be chosen"),
    "checked": _l("Dry run done, nothing written yet"),
    "applying": _l("Being written down"),
    "applied": _l("Imported"),
    "undone": _l("Taken back"),
}
BATCH_LOOKS: Mapping[str, str] = {
    "uploaded": "amber",
    "checked": "amber",
    "applying": "amber",
    "applied": "green",
}
OUTCOMES: Mapping[str, LazyString] = {
    "added": _l("Added"),
    "updated": _l("Updated"),
    "unchanged": _l("As before"),
    "skipped": _l("Left out"),
}
CHANGES: Mapping[str, LazyString] = {
    "state": _l("State"),
    "name": _l("Name"),
    "name_en": _l("English name"),
    "birth_date": _l("Birth date"),
    "age_band": _l("Age"),
    "phone": _l("Phone"),
    "volunteer_number": _l("Volunteer number"),
    "home": _l("Where"),
}
IN_THE_WAY: Mapping[str, LazyString] = {
    "attendance": _l("was scanned at an event"),
    "line": _l("has lines in the passbook"),
    "link": _l("has a sign-in or a guardian"),
    "changed": _l("was changed by hand"),
    "import": _l("was changed by a later import"),
    "record": _l("has other records"),
}


def problem_words(problems: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each problem of a row, with the column it is about."""
    return [
        _(
            "%(column)s: %(words)s",
            column=str(FIELDS.get(one["field"], one["field"])),
            words=words_for_code(str(one["code"]), one.get("facts") or {}),
        )
        for one in problems
    ]


def refused_words(refusal: Mapping[str, Any]) -> str:
    """A refusal that is kept with a row."""
    return words_for_code(str(refusal["code"]), refusal.get("facts") or {})


def reason_words(reasons: Iterable[str]) -> list[str]:
    return [str(REASONS[one]) for one in reasons if one in REASONS]


def change_value(name: str, value: Any) -> str:
    """A changed value as it is shown; a home is put into words by whoever knows its building."""
    if value in (None, ""):
        return "–"
    words = {"age_band": BANDS, "state": RESIDENT_STATES}.get(name, {})
    return str(words.get(str(value), value))
