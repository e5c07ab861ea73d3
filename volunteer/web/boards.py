"""/boards: the boards of honour, for anybody who passes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer.documents.messages import gettext as _
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.domain.access import Scope
from volunteer.domain.board import (
    FEWEST_PARTICIPANTS,
    BoardKind,
    BoardRow,
    Measure,
    Others,
    Period,
    PeriodKind,
)
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.boards import (
    BoardPage,
    PublicCommunity,
    Subject,
    read_board,
    read_own_buildings,
    read_own_groups,
    read_public_communities,
)
from volunteer.web import dates
from volunteer.web.gate import anyone, principal
from volunteer.web.language import pick

PUBLIC = Scope.everything()
"""Boards hold nothing but what anybody may see, so a visitor may open every community's."""

KIND_WORDS = {BoardKind.BUILDING: _l("Buildings"), BoardKind.YOUTH_GROUP: _l("Youth groups")}
PERIODS = (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.YEAR, PeriodKind.ALL)
PERIOD_WORDS = {
    PeriodKind.WEEK: _l("Week"),
    PeriodKind.MONTH: _l("Month"),
    PeriodKind.YEAR: _l("Year"),
    PeriodKind.ALL: _l("All time"),
}
MEASURE_WORDS = {
    Measure.POINTS: _l("Points"),
    Measure.MINUTES: _l("Hours"),
    Measure.PARTICIPANTS: _l("Participants"),
    Measure.PARTICIPATION_RATE: _l("Rate"),
}
UNITS = {
    Measure.POINTS: _l("points"),
    Measure.MINUTES: _l("hours"),
    Measure.PARTICIPANTS: _l("people"),
    Measure.PARTICIPATION_RATE: "",
}

blueprint = Blueprint("boards", __name__)


@dataclass(frozen=True)
class Chosen:
    """Which board the address asks for."""

    community: PublicCommunity
    kind: BoardKind
    period: Period
    measure: Measure

    def url(self, **changes: Any) -> str:
        """The address of this board with something else chosen."""
        return url_for(
            "boards.boards",
            community=changes.get("community", self.community.community_id),
            board=changes.get("kind", self.kind),
            period=changes.get("period", self.period).kind,
            start=_start(changes.get("period", self.period)),
            measure=changes.get("measure", self.measure),
        )


@blueprint.get("/boards")
@anyone
def boards() -> ResponseReturnValue:
    communities = read_public_communities(PUBLIC)
    if not communities:
        return render_template("boards/none.html")
    chosen = _chosen(chosen_community(communities))
    today = dates.today(chosen.community.time_zone)
    page = read_board(
        PUBLIC, chosen.community.community_id, chosen.kind, chosen.period, chosen.measure
    )
    own = own_subjects(chosen.kind, chosen.community.community_id, today)
    estimated_on = _one_estimate(page, chosen.measure)
    rows = board_rows(page, chosen.measure, own, chosen.kind, say_estimate=estimated_on is None)
    return render_template(
        "boards/boards.html",
        chosen=chosen,
        rows=rows,
        unit=UNITS[chosen.measure],
        own_words=_own_words(chosen.kind),
        own_missing=bool(own) and not any(row["own"] for row in rows),
        fewest=FEWEST_PARTICIPANTS,
        estimated_on=estimated_on,
        title=period_words(chosen.period),
        is_now=chosen.period == Period.holding(chosen.period.kind, today),
        previous_url=_previous_url(chosen, page),
        next_url=_next_url(chosen, today),
        community_tabs=_community_tabs(chosen, communities),
        kind_tabs=_tabs(chosen, "kind", KIND_WORDS),
        period_tabs=_period_tabs(chosen, today),
        measure_tabs=_measure_tabs(chosen),
    )


# ---- What the address asks for -------------------------------------------------------------


def chosen_community(communities: list[PublicCommunity]) -> PublicCommunity:
    """The one in the address, else the person's own, else the first."""
    wanted = request.args.get("community")
    if wanted:
        for community in communities:
            if str(community.community_id) == wanted:
                return community
        raise refuse(Code.NOT_FOUND)
    person = principal()
    own = [one.community_id for one in person.acts_for] if person else []
    own += sorted(grant.community_id for grant in person.grants) if person else []
    mine = [one for one in communities if own and one.community_id == own[0]]
    return (mine or communities)[0]


def _chosen(community: PublicCommunity) -> Chosen:
    """Words that are not known are as if they were not there."""
    today = dates.today(community.time_zone)
    kind = _word(BoardKind, "board", BoardKind.BUILDING)
    period_kind = _word(PeriodKind, "period", PeriodKind.MONTH)
    period_kind = period_kind if period_kind in PERIODS else PeriodKind.MONTH
    measure = _word(Measure, "measure", Measure.POINTS)
    if measure not in MEASURE_WORDS or (
        kind is BoardKind.YOUTH_GROUP and measure is Measure.PARTICIPATION_RATE
    ):
        measure = Measure.POINTS
    day = min(_day("start") or today, today)
    return Chosen(community, kind, Period.holding(period_kind, day), measure)


def _word(words: Any, name: str, otherwise: Any) -> Any:
    text = request.args.get(name, "")
    return words(text) if text in tuple(words) else otherwise


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if day.year > 1970 else None


def _start(period: Period) -> str | None:
    """A period's first day for an address; the present one needs none."""
    if period.kind is PeriodKind.ALL or period.starts_on <= dates.today() <= period.last_day:
        return None
    return period.starts_on.isoformat()


# ---- Tabs and neighbours -------------------------------------------------------------------


def _tabs(chosen: Chosen, name: str, words: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "url": chosen.url(**{name: one}),
            "active": one == getattr(chosen, name),
        }
        for one, label in words.items()
    ]


def _measure_tabs(chosen: Chosen) -> list[dict[str, Any]]:
    words = dict(MEASURE_WORDS)
    if chosen.kind is BoardKind.YOUTH_GROUP:
        del words[Measure.PARTICIPATION_RATE]  # nobody estimates how many a group could have
    return _tabs(chosen, "measure", words)


def _period_tabs(chosen: Chosen, today: date) -> list[dict[str, Any]]:
    return [
        {
            "label": PERIOD_WORDS[kind],
            "url": chosen.url(period=Period.holding(kind, today)),
            "active": kind is chosen.period.kind,
        }
        for kind in PERIODS
    ]


def _community_tabs(chosen: Chosen, communities: list[PublicCommunity]) -> list[dict[str, Any]]:
    if len(communities) < 2:
        return []
    return [
        {
            "label": pick(one.name, one.name_en),
            "url": url_for("boards.boards", community=one.community_id),
            "active": one is chosen.community,
        }
        for one in communities
    ]


def _previous_url(chosen: Chosen, page: BoardPage) -> str | None:
    before = chosen.period.previous
    if page.first_on is None or before.starts_on < page.first_on or before == chosen.period:
        return None
    return chosen.url(period=before)


def _next_url(chosen: Chosen, today: date) -> str | None:
    after = chosen.period.next
    if after.starts_on > today or after == chosen.period:
        return None
    return chosen.url(period=after)


def period_words(period: Period) -> str:
    """16 Nov – 22 Nov, 2026 · November 2026 · Year 2026 · Since the beginning."""
    match period.kind:
        case PeriodKind.WEEK:
            return str(
                _(
                    "%(first)s – %(last)s, %(year)s",
                    first=dates.month_day(period.starts_on),
                    last=dates.month_day(period.last_day),
                    year=period.last_day.year,
                )
            )
        case PeriodKind.MONTH:
            return dates.month(period.starts_on)
        case PeriodKind.YEAR:
            return str(_("Year %(year)s", year=period.starts_on.year))
    return str(_("Since the beginning"))


# ---- Rows ----------------------------------------------------------------------------------


def own_subjects(kind: BoardKind, community_id: int, today: date) -> set[int]:
    """The buildings or youth groups of the people the signed-in person acts for, in a community."""
    person = principal()
    acts_for = person.acts_for if person else ()
    resident_ids = [one.resident_id for one in acts_for if one.community_id == community_id]
    if not resident_ids:
        return set()
    homes = Scope.of(community_id)
    if kind is BoardKind.BUILDING:
        return set(read_own_buildings(homes, resident_ids, today).values())
    return read_own_groups(homes, resident_ids, today)


def _one_estimate(page: BoardPage, measure: Measure) -> date | None:
    """The day of all estimates shown, where it is one and the same: it is then said once."""
    if measure is not Measure.PARTICIPATION_RATE:
        return None
    shown = [page.subjects[standing.row.subject_id] for standing in page.board.standings]
    days = {subject.estimated_on for subject in shown if subject.estimated_on is not None}
    return days.pop() if len(days) == 1 else None


def board_rows(
    page: BoardPage,
    measure: Measure,
    own: Collection[int],
    kind: BoardKind,
    *,
    say_estimate: bool = True,
) -> list[dict[str, Any]]:
    """The rows as macros/board.html draws them; ``points`` is the length of the bar."""
    rows = []
    shown = [page.subjects[standing.row.subject_id] for standing in page.board.standings]
    times = Counter(pick(subject.name, subject.name_en) for subject in shown)
    for standing in page.board.standings:
        row, subject = standing.row, page.subjects[standing.row.subject_id]
        value, length = _value(row, measure)
        rows.append(
            {
                "rank": standing.rank,
                "name": _name(subject, times),
                "points": length,
                "value": value,
                "facts": _facts(row, subject, measure, say_estimate),
                "own": row.subject_id in own,
                "others": False,
                "url": None,
            }
        )
    if page.board.others is not None:
        rows.append(_others_row(page.board.others, measure, kind))
    return rows


def _name(subject: Subject, times: Counter[str]) -> str:
    """The name, with its area where two on the board bear the same one: every estate has a 3栋."""
    name = pick(subject.name, subject.name_en)
    if subject.area_name is None or times[name] == 1:
        return name
    return f"{pick(subject.area_name, subject.area_name_en)} {name}"


def _value(row: BoardRow, measure: Measure) -> tuple[str, int]:
    """What is shown, and the length of its bar."""
    match measure:
        case Measure.MINUTES:
            return dates.hours_number(row.minutes), row.minutes
        case Measure.PARTICIPANTS:
            return f"{row.participants:,}", row.participants
        case Measure.PARTICIPATION_RATE:
            rate = row.participation_rate
            return ("–", 0) if rate is None else (f"{float(rate):.0%}", int(rate * 1000))
    return f"{row.points:,}", row.points


def _facts(row: BoardRow, subject: Subject, measure: Measure, say_estimate: bool) -> list[str]:
    facts = []
    if measure is Measure.PARTICIPATION_RATE and subject.estimated_on is not None:
        residents = f"{subject.estimated_residents:,}"
        facts.append(
            _(
                "%(people)s of about %(residents)s residents",
                people=row.participants,
                residents=residents,
            )
        )
        if say_estimate:
            facts.append(_("estimated on %(day)s", day=dates.full_date(subject.estimated_on)))
    elif measure is Measure.PARTICIPATION_RATE:
        facts.append(_("number of residents not known"))
    elif measure is not Measure.PARTICIPANTS:
        facts.append(_("%(people)s people", people=f"{row.participants:,}"))
    if measure not in (Measure.MINUTES, Measure.PARTICIPATION_RATE):
        facts.append(_("%(hours)s hours", hours=dates.hours_number(row.minutes)))
    if measure is Measure.MINUTES or measure is Measure.PARTICIPANTS:
        facts.append(_("%(points)s points", points=f"{row.points:,}"))
    return facts


def _others_row(others: Others, measure: Measure, kind: BoardKind) -> dict[str, Any]:
    of_buildings = kind is BoardKind.BUILDING
    total = BoardRow(0, others.points, others.minutes, others.attendances, others.participants)
    value, length = _value(total, measure)
    counted = {"count": others.subjects, "fewest": FEWEST_PARTICIPANTS}
    small = (
        _("%(count)s buildings with fewer than %(fewest)s people each", **counted)
        if of_buildings
        else _("%(count)s groups with fewer than %(fewest)s people each", **counted)
    )
    return {
        "rank": None,
        "name": _("Other buildings together") if of_buildings else _("Other groups together"),
        "points": length,
        "value": value,
        "facts": [small],
        "own": False,
        "others": True,
        "url": None,
    }


def _own_words(kind: BoardKind) -> str:
    return str(_("Our building") if kind is BoardKind.BUILDING else _("Our group"))
