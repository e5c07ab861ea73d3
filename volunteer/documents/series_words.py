"""The words of what recurs: rhythms, days of the week, festivals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import get_locale
from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.recurrence import Rhythm
from volunteer.domain.series import Reach

RHYTHMS: Mapping[Rhythm, LazyString] = {
    Rhythm.WEEKLY: _l("Every week"),
    Rhythm.FORTNIGHTLY: _l("Every second week"),
    Rhythm.MONTHLY: _l("Once a month"),
}
WEEKDAYS: tuple[LazyString, ...] = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)
REACHES: Mapping[Reach, LazyString] = {
    Reach.THIS: _l("Only this one"),
    Reach.FOLLOWING: _l("This one and those that follow"),
    Reach.ALL: _l("All that are still to come"),
}
_FESTIVALS: Mapping[str, LazyString] = {
    "元旦": _l("New Year's Day"),
    "春节": _l("Spring Festival"),
    "清明节": _l("Qingming Festival"),
    "劳动节": _l("Labour Day"),
    "端午节": _l("Dragon Boat Festival"),
    "中秋节": _l("Mid-Autumn Festival"),
    "国庆节": _l("National Day"),
}


def festival_words(name: str) -> str:
    """A festival in the language of the request; one that we do not know as it is written."""
    return str(_FESTIVALS.get(name, name))


def repeat_words(rhythm: Rhythm, weekdays: Iterable[int]) -> str:
    """Every week: Tuesday, Friday."""
    english = str(get_locale()) == "en"
    days = (", " if english else "、").join(str(WEEKDAYS[one]) for one in weekdays)
    return f"{RHYTHMS[rhythm]}{': ' if english else '：'}{days}"
