"""A passbook's lines in words: as they are printed, and as one explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for

from volunteer.documents import statement
from volunteer.documents.messages import gettext as _
from volunteer.documents.provenances import provenance_words
from volunteer.domain.names import mask_name
from volunteer.queries.passbook import Line, PassbookCover
from volunteer.queries.passbook_lines import ExplainedLine, RecordedBy
from volunteer.web import dates
from volunteer.web.language import pick

FRESH = timedelta(hours=24)
"""How long a line carries the mark 「已记账」."""


@dataclass(frozen=True)
class PrintedLine:
    """A line in words, as macros/passbook.html prints it."""

    no: int
    date: str
    what: str
    sub: str | None
    minutes: str | None
    points_in: int | None
    points_out: int | None
    balance: int
    url: str | None
    fresh: bool
    reversed: bool


def print_line(
    line: Line,
    book: PassbookCover,
    now: datetime | None,
    year: int | None,
    *,
    endpoint: str = "passbook.line",
) -> PrintedLine:
    """A line in words; ``year``: the one that the head of the page says already; ``endpoint``:
    where it is explained."""
    posted_on = dates.local_day(line.posted_at, book.time_zone)
    this_year = year or (dates.local_day(now, book.time_zone).year if now else None)
    short = posted_on.year == this_year
    return PrintedLine(
        no=line.entry_no,
        date=dates.month_day(posted_on) if short else dates.full_date(posted_on),
        what=statement.summary(line.code, _activity(line)),
        sub=_sub(line, book),
        minutes=_minutes_of(line) if line.code != "award" else None,
        points_in=line.amount_points if line.amount_points > 0 else None,
        points_out=-line.amount_points if line.amount_points < 0 else None,
        balance=line.balance_after_points,
        url=url_for(endpoint, ref=book.ref, entry_no=line.entry_no),
        fresh=now is not None and line.posted_at > now - FRESH,
        reversed=line.is_reversed,
    )


def _activity(line: Line) -> str | None:
    return pick(line.activity_name, line.activity_name_en) if line.activity_name else None


def _sub(line: Line, book: PassbookCover) -> str | None:
    parts = [_("Reversed")] if line.is_reversed else []
    if line.code == "award":
        parts.append(_how(line))
        occurred_on = dates.local_day(line.occurred_at, book.time_zone)
        if occurred_on != dates.local_day(line.posted_at, book.time_zone):
            parts.append(_("served on %(day)s", day=dates.month_day(occurred_on)))
    elif line.community and line.code == "move":
        parts.append(_moved_words(line.amount_points, pick(line.community, line.community_en)))
    elif line.reason:
        parts.append(line.reason)
    return " · ".join(filter(None, parts)) or None


def _moved_words(amount_points: int, community: str) -> str:
    if amount_points < 0:
        return _("to %(community)s", community=community)
    return _("from %(community)s", community=community)


def _how(line: Line) -> str:
    if line.part == "check_in":
        return statement.how_checked_in(line.provenance)
    return statement.how_served(_minutes_of(line), line.ended_how)


def _minutes_of(line: Line) -> str | None:
    """A line's minutes in words that are not broken over two lines."""
    if not line.amount_minutes:
        return None
    return dates.minutes_words(line.amount_minutes).replace(" ", "\u00a0")


# ---- One line explained ---------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """One line in plain words: its amounts, what it was for, how it was worked out, by whom."""

    title: str
    amounts: list[str]
    pairs: list[tuple[str, str | None]]
    arithmetic: list[str]
    explanation: str | None
    booked: list[tuple[str, str | None]]


def explain(line: ExplainedLine, book: PassbookCover, viewer_login_id: int) -> Slip:
    """What an opened line says to the login ``viewer_login_id``, who may see the book."""
    activity = pick(line.event.activity_name, line.event.activity_name_en) if line.event else None
    words = statement.EXPLANATIONS.get(line.code)
    return Slip(
        title=statement.summary(line.code, activity),
        amounts=_amount_words(line),
        pairs=_served_pairs(line, book) if line.event else _other_pairs(line),
        arithmetic=statement.arithmetic(line.facts, line.rule, line.amount_points),
        explanation=str(words) if words else None,
        booked=_booked_pairs(line, book, viewer_login_id),
    )


def _amount_words(line: ExplainedLine) -> list[str]:
    parts = []
    if line.amount_points:
        sign = "+" if line.amount_points > 0 else "−"
        parts.append(_("%(points)s points", points=f"{sign}{abs(line.amount_points)}"))
    if line.amount_minutes:
        parts.append(dates.minutes_words(line.amount_minutes))
    return parts


def _other_pairs(line: ExplainedLine) -> list[tuple[str, str | None]]:
    return _moved_pairs(line) if line.code == "move" else _old_book_pairs(line)


def _old_book_pairs(line: ExplainedLine) -> list[tuple[str, str | None]]:
    """Of what was brought forward: from which book, by which spreadsheet."""
    if line.code != "opening_balance":
        return []
    sheet = line.facts.get("file")
    source = _("%(file)s, row %(row)s", file=sheet, row=line.facts.get("row")) if sheet else None
    return [
        (_("Where from"), provenance_words(line.facts.get("provenance"))),
        (_("Which book"), line.reason),
        (_("Spreadsheet"), source),
    ]


def _moved_pairs(line: ExplainedLine) -> list[tuple[str, str | None]]:
    community = line.facts.get("community")
    if not community:
        return []
    return [(_("The other community"), pick(community, line.facts.get("community_en")))]


def _served_pairs(line: ExplainedLine, book: PassbookCover) -> list[tuple[str, str | None]]:
    event, zone = line.event, book.time_zone
    assert event is not None
    day = dates.day(event.starts_at, zone)
    pairs: list[tuple[str, str | None]] = [
        (_("Organisation"), pick(event.organisation_name, event.organisation_name_en)),
        (_("Place"), pick(event.place, event.place_en)),
        (_("Time"), f"{day} {dates.span(event.starts_at, event.ends_at, zone)}"),
    ]
    if line.code in ("debt", "debt_recovery"):
        activity = pick(event.activity_name, event.activity_name_en)
        return [(_("Activity"), activity), *pairs]
    if line.code != "award":
        return pairs
    if event.is_leader:
        pairs.append((_("Took part as"), _("leader")))
    if line.part == "check_in":
        pairs.append((_("Check-in"), _in_words(line, zone)))
    else:
        pairs += [
            (_("Checked in at"), _in_words(line, zone)),
            (_("Checked out at"), _out_words(line, zone)),
        ]
        pairs.append((_("Service time"), _minutes_words(line)))
    if line.rule:
        pairs.append((_("Points rule"), _("version %(version)s", version=line.rule.version)))
    return pairs


def _in_words(line: ExplainedLine, zone: str) -> str | None:
    at = line.occurred_at if line.part == "check_in" else _checked_in_at(line)
    how = provenance_words(line.facts.get("provenance"))
    if at is None:
        return None
    return " · ".join(filter(None, (dates.clock_time(at, zone), how)))


def _checked_in_at(line: ExplainedLine) -> datetime | None:
    return line.event.checked_in_at if line.event else None


def _out_words(line: ExplainedLine, zone: str) -> str:
    ended_how = line.facts.get("ended_how") or ""
    how = str(statement.ENDINGS[ended_how]) if ended_how in statement.ENDINGS else ""
    return " · ".join(filter(None, (dates.clock_time(line.occurred_at, zone), how)))


def _minutes_words(line: ExplainedLine) -> str:
    if line.event and line.event.measure == "participation":
        return str(_("not counted: this is participation"))
    return dates.minutes_words(line.amount_minutes)


def _booked_pairs(
    line: ExplainedLine, book: PassbookCover, viewer_login_id: int
) -> list[tuple[str, str | None]]:
    approver = line.approved_by_name
    brought_forward = line.code == "opening_balance"
    recorder = _("Written down by") if brought_forward else _("Recorder")
    return [
        (_("Posted at"), dates.moment(line.posted_at, book.time_zone)),
        (recorder, recorder_words(line.recorded_by, viewer_login_id)),
        (_("Approved by"), mask_name(approver) if approver else None),
        (_("Reason"), None if brought_forward else line.reason),
        (_("Balance after it"), _("%(points)s points", points=f"{line.balance_after_points:,}")),
        (_("Service time after it"), dates.minutes_words(line.total_after_minutes)),
        (_("Check code"), statement.check_code(line.hash)),
    ]


def recorder_words(recorded_by: RecordedBy, viewer_login_id: int) -> str:
    """Who recorded a line, in role and masked name."""
    if recorded_by.device_name is not None:
        return str(_("scanning device “%(name)s”", name=recorded_by.device_name))
    if recorded_by.login_id is None:
        return str(_("the system, by itself"))
    if recorded_by.login_id == viewer_login_id and recorded_by.relation in ("guardian", "helper"):
        return str(_("you, as %(relation)s", relation=statement.RELATIONS[recorded_by.relation]))
    if recorded_by.login_id == viewer_login_id:
        return str(_("you yourself"))
    masked = mask_name(recorded_by.name or "")
    if recorded_by.relation is not None:
        role = statement.RELATIONS[recorded_by.relation]
    else:
        role = statement.ROLES.get(recorded_by.role or "", _("staff"))
    return f"{role} {masked}"
