"""/organize: where organizers make activities and events, and leaders run them."""

from volunteer.web.organize import (
    activities,
    devices,
    event_form,
    events,
    poster,
    screen,
    series_form,
    today,
)
from volunteer.web.organize.blueprint import blueprint

__all__ = [
    "activities",
    "blueprint",
    "devices",
    "event_form",
    "events",
    "poster",
    "screen",
    "series_form",
    "today",
]
