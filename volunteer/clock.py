"""The one place that reads the clock.

``now()`` is called at the edges (web, cli, jobs) and passed down as a value; nothing below the
services ever asks what time it is, so history can be written with its own time.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)
