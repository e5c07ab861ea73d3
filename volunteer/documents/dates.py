"""Days, times and lengths of time as people here write them, in the language of the request.

2026年11月23日 星期一 16:00 · Mon 23 Nov 2026, 16:00. Times are aware; ``zone`` is the community's.
What must speak both languages at once, such as a poster, names its ``language`` ('zh' or 'en').
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from babel.dates import format_date
from flask_babel import get_locale, gettext, ngettext

_DAY = {"zh": "y年M月d日 EEEE", "en": "EEE d MMM y"}
_LOCALE = {"zh": "zh_Hans_CN", "en": "en"}


def day_words(day: date, language: str | None = None) -> str:
    """2026年11月23日 星期一 · Mon 23 Nov 2026."""
    language = language or _language()
    return str(format_date(day, _DAY[language], locale=_LOCALE[language]))


def time_words(when: datetime, zone: tzinfo) -> str:
    """16:00."""
    return when.astimezone(zone).strftime("%H:%M")


def moment_words(when: datetime, zone: tzinfo, language: str | None = None) -> str:
    """2026年11月23日 星期一 16:00 · Mon 23 Nov 2026, 16:00."""
    language = language or _language()
    between = ", " if language == "en" else " "
    day = day_words(when.astimezone(zone).date(), language)
    return f"{day}{between}{time_words(when, zone)}"


def span_words(
    starts_at: datetime, ends_at: datetime, zone: tzinfo, language: str | None = None
) -> str:
    """From one moment to another; the day is named again only when it is another one."""
    same_day = starts_at.astimezone(zone).date() == ends_at.astimezone(zone).date()
    last = time_words(ends_at, zone) if same_day else moment_words(ends_at, zone, language)
    return f"{moment_words(starts_at, zone, language)}{'–' if same_day else ' – '}{last}"


def near_words(day: date, today: date) -> str:
    """今天, 明天, 3 天后; empty when it is more than six days away."""
    away = (day - today).days
    if away in (-1, 0, 1):
        return str({-1: gettext("Yesterday"), 0: gettext("Today"), 1: gettext("Tomorrow")}[away])
    if 1 < away < 7:
        return str(ngettext("in %(num)d day", "in %(num)d days", away))
    if -7 < away < -1:
        return str(ngettext("%(num)d day ago", "%(num)d days ago", -away))
    return ""


def length_words(minutes: int) -> str:
    """2 小时 30 分钟 · 2 h 30 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return str(gettext("%(minutes)d min", minutes=rest))
    if not rest:
        return str(ngettext("%(num)d hour", "%(num)d hours", hours))
    return str(gettext("%(hours)d h %(minutes)d min", hours=hours, minutes=rest))


def _language() -> str:
    return "en" if str(get_locale()).startswith("en") else "zh"
