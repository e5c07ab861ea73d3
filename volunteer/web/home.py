"""/home: the passbook's cover, what is on, how the building stands, and one main button."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.domain.board import Period, PeriodKind
from volunteer.domain.names import mask_name
from volunteer.domain.passbook_number import format_number
from volunteer.queries.boards import OwnStanding, read_own_buildings, read_own_standing
from volunteer.queries.events_public import read_events
from volunteer.queries.passbook import PassbookCover
from volunteer.web import dates
from volunteer.web.events import here_of_mine, show_event
from volunteer.web.gate import me, scope, signed_in
from volunteer.web.language import pick
from volunteer.web.passbook import book_of_chosen, my_books
from volunteer.web.shell import staff_url

NEXT_EVENTS = 3
NEXT_DAYS = 14

blueprint = Blueprint("home", __name__)


@blueprint.get("/home")
@signed_in
def home() -> ResponseReturnValue:
    person, now = me(), clock.now()
    books = my_books(person)
    book = book_of_chosen(person, books)
    return render_template(
        "home/home.html",
        person=person,
        book=book,
        number=format_number(book.passbook_number) if book else None,
        cover_name=mask_name(pick(book.name, book.name_en)) if book else None,
        others=[one for one in books if one is not book],
        events=_next_events(now),
        standing=_standing(book, now) if book else None,
        work_url=staff_url(person),
    )


def _next_events(now: datetime) -> list[tuple[str, object]]:
    """(day in words, event) of the next ones that are not over."""
    today = dates.local_day(now)
    found = read_events(scope(), today, today + timedelta(days=NEXT_DAYS), limit=12)
    coming = [event for event in found if event.ends_at > now and event.state != "cancelled"]
    coming = coming[:NEXT_EVENTS]
    mine = here_of_mine(coming)
    return [
        (
            dates.relative_day(event.local_date, now=now) or dates.short_day(event.local_date),
            show_event(event, now, is_mine=event.event_id in mine),
        )
        for event in coming
    ]


def _standing(book: PassbookCover, now: datetime) -> OwnStanding | None:
    """How the building where the person lives stands this month."""
    if book.is_guest or book.is_past:
        return None
    today = dates.local_day(now, book.time_zone)
    homes = read_own_buildings(scope(), [book.resident_id], today)
    if book.resident_id not in homes:
        return None
    month = Period.holding(PeriodKind.MONTH, today)
    return read_own_standing(scope(), book.community_id, homes[book.resident_id], month)
