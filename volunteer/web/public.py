"""/: what this is, today's events, the boards; for whoever opens the address."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.domain.access import Scope
from volunteer.domain.board import BoardKind, Measure, Period, PeriodKind
from volunteer.queries.boards import read_board, read_public_communities
from volunteer.queries.events_public import read_events
from volunteer.web import dates
from volunteer.web.boards import PUBLIC, UNITS, board_rows, chosen_community
from volunteer.web.events import show_event
from volunteer.web.gate import anyone, principal
from volunteer.web.language import pick

TOP_ROWS = 5

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@anyone
def start() -> ResponseReturnValue:
    communities = read_public_communities(PUBLIC)
    if not communities:
        return render_template("public/start.html", community=None, person=principal())
    community, now = chosen_community(communities), clock.now()
    today = dates.local_day(now, community.time_zone)
    found = read_events(Scope.of(community.community_id), today, today)
    month = Period.holding(PeriodKind.MONTH, today)
    page = read_board(PUBLIC, community.community_id, BoardKind.BUILDING, month, Measure.POINTS)
    rows = board_rows(page, Measure.POINTS, (), BoardKind.BUILDING)
    return render_template(
        "public/start.html",
        community=community,
        community_tabs=[
            {
                "label": pick(one.name, one.name_en),
                "url": url_for("public.start", community=one.community_id),
                "active": one is community,
            }
            for one in communities
        ]
        if len(communities) > 1
        else [],
        person=principal(),
        today=today,
        events=[show_event(event, now) for event in found],
        rows=[row for row in rows if not row["others"]][:TOP_ROWS],
        unit=UNITS[Measure.POINTS],
        month=month.starts_on,
    )
