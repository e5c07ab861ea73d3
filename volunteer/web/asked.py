"""What the query of an address asks for. Anybody may type one: what cannot be read, or what no
calendar and no database holds, counts as not asked."""

from __future__ import annotations

from datetime import date

# Beyond these a day plus or minus one, or its midnight in another zone, may have no number.
FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)
# Nineteen digits pass the largest whole number of both databases.
_MOST_DIGITS = 18


def number_or_none(text: str | None) -> int | None:
    """A plain whole number; None for anything else."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return None
    return int(text)


def day_or_none(text: str | None) -> date | None:
    """A day as YYYY-MM-DD; None for anything else."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if is_a_usual_day(day) else None


def is_a_usual_day(day: date) -> bool:
    """Somebody may mean it: not the year 26, not the year 20266."""
    return FIRST_DAY <= day <= LAST_DAY
