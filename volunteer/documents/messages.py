"""Messages in the language of the request.

flask_babel's own ``gettext`` finds request, domain, language and catalogue again for every message,
which was a third of a page's time; here the catalogue is found by the language alone.
"""

from __future__ import annotations

from typing import Any

from babel import Locale
from babel.support import NullTranslations
from flask_babel import get_locale, get_translations
from flask_babel.speaklater import LazyString

_catalogues: dict[Locale, NullTranslations] = {}


def catalogue() -> NullTranslations:
    """The request's messages; without a request, none: the English they are written in."""
    locale = get_locale()
    if locale is None:
        return NullTranslations()
    if locale not in _catalogues:
        _catalogues[locale] = get_translations()
    return _catalogues[locale]


def gettext(message: str, **values: Any) -> str:
    """``message`` in the language of the request, with ``values`` in the places of %(name)s."""
    words: str = catalogue().ugettext(message)
    return words % values if values else words


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """The form that fits ``num``, which is also a value."""
    words: str = catalogue().ungettext(singular, plural, num)
    return words % {"num": num, **values}


def lazy_gettext(message: str, **values: Any) -> LazyString:
    """A message that is put into words when it is shown, for tables made when a module loads."""
    return LazyString(gettext, message, **values)
