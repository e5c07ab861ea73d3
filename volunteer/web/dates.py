"""Dates and durations in words, as Jinja filters.

    {{ event.starts_at|moment }}            2026年11月23日 星期一 16:00 · Mon 23 Nov 2026, 16:00
    {{ event.starts_at|day }}               2026年11月23日 星期一 · Mon 23 Nov 2026
    {{ event.starts_at|short_day }}         11月23日 星期一 · Mon 23 Nov
    {{ event.starts_at|month_day }}         11月23日 · 23 Nov
    {{ event.starts_at|clock_time }}        16:00
    {{ event.starts_at|end_time(ends_at) }} 18:00, and 24:00 for the midnight that ends the day
    {{ event.starts_at|span(ends_at) }}     16:00–18:00; with the day when it is another one
    {{ event.starts_at|relative_day }}      今天 · 明天 · 3 天后 · 2 天前, '' when further off
    {{ 150|minutes_words }}                 2 小时 30 分钟 · 2 hours 30 minutes
    {{ 1590|hours_number }}                 26.5
    {{ date(2026, 11, 1)|month }}           2026年11月 · November 2026

Times are aware and shown in the community's zone, ``zone`` by name (Asia/Shanghai when none is
given); plain dates are taken as they are. ``now`` may be given; it is the clock's otherwise.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale

from volunteer import clock
from volunteer.documents.messages import gettext, ngettext

HOME_ZONE = "Asia/Shanghai"
MIDNIGHT = "24:00"
NEAR_DAYS = 14
"""How far off a day may be and still be said as "in 3 days"."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_XINGQI = "一二三四五六日"


@lru_cache(maxsize=16)
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(moment: datetime, zone: str = HOME_ZONE) -> datetime:
    """``moment`` on the community's own clock."""
    assert moment.tzinfo is not None, f"naive time {moment!r}"
    return moment.astimezone(zone_of(zone))


def local_day(when: date | datetime, zone: str = HOME_ZONE) -> date:
    """The calendar day of ``when`` in the community."""
    return local(when, zone).date() if isinstance(when, datetime) else when


def today(zone: str = HOME_ZONE) -> date:
    return local_day(clock.now(), zone)


def _english() -> bool:
    return str(get_locale()) == "en"


def day(when: date | datetime, zone: str = HOME_ZONE) -> str:
    """2026年11月23日 星期一 · Mon 23 Nov 2026."""
    on = local_day(when, zone)
    if _english():
        return f"{short_day(on)} {on.year}"
    return f"{on.year}年{short_day(on)}"


def short_day(when: date | datetime, zone: str = HOME_ZONE) -> str:
    """11月23日 星期一 · Mon 23 Nov."""
    on = local_day(when, zone)
    if _english():
        return f"{_WEEKDAYS[on.weekday()]} {month_day(on)}"
    return f"{month_day(on)} 星期{_XINGQI[on.weekday()]}"


def month_day(when: date | datetime, zone: str = HOME_ZONE) -> str:
    """11月23日 · 23 Nov."""
    on = local_day(when, zone)
    return f"{on.day} {_MONTHS[on.month - 1]}" if _english() else f"{on.month}月{on.day}日"


def full_date(when: date | datetime, zone: str = HOME_ZONE) -> str:
    """2026年11月23日 · 23 Nov 2026, without the weekday."""
    on = local_day(when, zone)
    return f"{month_day(on)} {on.year}" if _english() else f"{on.year}年{month_day(on)}"


def month(when: date | datetime, zone: str = HOME_ZONE) -> str:
    """2026年11月 · November 2026."""
    on = local_day(when, zone)
    return f"{_LONG_MONTHS[on.month - 1]} {on.year}" if _english() else f"{on.year}年{on.month}月"


def clock_time(moment: datetime, zone: str = HOME_ZONE) -> str:
    """16:00."""
    return local(moment, zone).strftime("%H:%M")


def moment(moment: datetime, zone: str = HOME_ZONE) -> str:
    """2026年11月23日 星期一 16:00 · Mon 23 Nov 2026, 16:00."""
    between = ", " if _english() else " "
    return f"{day(moment, zone)}{between}{clock_time(moment, zone)}"


def short_moment(moment: datetime, zone: str = HOME_ZONE) -> str:
    """11月23日 16:00 · 23 Nov, 16:00, where the year is plain."""
    between = ", " if _english() else " "
    return f"{month_day(moment, zone)}{between}{clock_time(moment, zone)}"


def end_time(starts_at: datetime, ends_at: datetime, zone: str = HOME_ZONE) -> str:
    """18:00; 24:00 for the midnight that ends the day it began on."""
    next_day = local_day(starts_at, zone) + timedelta(days=1)
    end = local(ends_at, zone)
    is_midnight = end.date() == next_day and end.time() == time.min
    return MIDNIGHT if is_midnight else clock_time(ends_at, zone)


def span(starts_at: datetime, ends_at: datetime, zone: str = HOME_ZONE) -> str:
    """16:00–18:00, or with the second day when it ends on another one."""
    end = end_time(starts_at, ends_at, zone)
    if end == MIDNIGHT or local_day(starts_at, zone) == local_day(ends_at, zone):
        return f"{clock_time(starts_at, zone)}–{end}"
    return f"{clock_time(starts_at, zone)} – {short_moment(ends_at, zone)}"


def time_near(moment: datetime, near: datetime, zone: str = HOME_ZONE) -> str:
    """The clock time of ``moment``, with its day when that is not the day of ``near``. 24:00 for
    the midnight that ends it."""
    if end_time(near, moment, zone) == MIDNIGHT:
        return MIDNIGHT
    same_day = local_day(moment, zone) == local_day(near, zone)
    return clock_time(moment, zone) if same_day else short_moment(moment, zone)


def relative_day(
    when: date | datetime, zone: str = HOME_ZONE, now: date | datetime | None = None
) -> str:
    """今天 · 明天 · 3 天后 · 昨天 · 3 天前; '' beyond a fortnight."""
    days = (local_day(when, zone) - local_day(now or clock.now(), zone)).days
    if days == 0:
        return str(gettext("today"))
    if days == 1:
        return str(gettext("tomorrow"))
    if days == -1:
        return str(gettext("yesterday"))
    if 0 < days <= NEAR_DAYS:
        return str(ngettext("in %(num)d day", "in %(num)d days", days))
    if -NEAR_DAYS <= days < 0:
        return str(ngettext("%(num)d day ago", "%(num)d days ago", -days))
    return ""


def minutes_words(minutes: int) -> str:
    """2 小时 30 分钟 · 2 hours 30 minutes; 0 分钟 for none."""
    hours, rest = divmod(abs(minutes), 60)
    parts: list[str] = []
    if hours:
        parts.append(ngettext("%(num)d hour", "%(num)d hours", hours))
    if rest or not hours:
        parts.append(ngettext("%(num)d minute", "%(num)d minutes", rest))
    sign = "−" if minutes < 0 else ""
    return sign + " ".join(parts)


def hours_number(minutes: int) -> str:
    """Minutes as hours with at most one decimal, cut and not rounded up: 26.5, 1,204."""
    tenths = abs(minutes) * 10 // 60
    whole, tenth = divmod(tenths, 10)
    sign = "−" if minutes < 0 and tenths else ""
    return f"{sign}{whole:,}.{tenth}" if tenth else f"{sign}{whole:,}"


_FILTERS = (
    day,
    short_day,
    month_day,
    full_date,
    month,
    clock_time,
    moment,
    short_moment,
    end_time,
    span,
    time_near,
    relative_day,
    minutes_words,
    hours_number,
)


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update({made.__name__: made for made in _FILTERS})
