"""The words of the spreadsheet of one's own data: a title, a row of headings and rows a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from volunteer.documents import register_words as words
from volunteer.documents import statement
from volunteer.documents.audit_words import action_words, fact_words
from volunteer.documents.messages import gettext as _
from volunteer.documents.provenances import provenance_words
from volunteer.documents.refusals import words_for_code
from volunteer.domain.access import Principal
from volunteer.domain.consents import Consent
from volunteer.domain.names import mask_name
from volunteer.domain.phone import mask_phone
from volunteer.queries.my_data import MyData
from volunteer.web.dates import local

Cell = str | int
Sheet = tuple[str, list[list[Cell]]]


def sheets_of(data: MyData, viewer: Principal) -> list[Sheet]:
    """All sheets, in the language of the request."""
    return [
        _people(data.people),
        _homes(data.homes),
        _belongs(data.belongs),
        _cards(data.cards),
        _consents(data.consents),
        _links(data.links),
        _sessions(data.sessions),
        _attendances(data.attendances),
        _scans(data.scans, viewer),
        _lines(data.lines),
        _audit(data.audit, viewer),
    ]


def _sheet(
    title: str, headings: list[str], rows: Iterable[Any], cells: Callable[[Any], Sequence[Any]]
) -> Sheet:
    return title, [[*headings], *([_cell(value) for value in cells(row)] for row in rows)]


def _cell(value: Any) -> Cell:
    """Numbers stay numbers; moments as people here read them, in the community's time."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) else str(value or "")


def _people(rows: Iterable[Any]) -> Sheet:
    headings = [
        _("Name"),
        _("English name"),
        _("Passbook number"),
        _("State"),
        _("Birth date"),
        _("Age band"),
        _("Community"),
        _("Balance"),
        _("Minutes"),
        _("Taken up on"),
    ]
    return _sheet(
        _("Personal details"),
        headings,
        rows,
        lambda row: [
            *row[:3],
            words.STATES[row.state],
            row.birth_date,
            words.BANDS.get(row.age_band or "", ""),
            *row[6:],
        ],
    )


def _homes(rows: Iterable[Any]) -> Sheet:
    headings = [
        _("Name"),
        _("How"),
        _("Area"),
        _("Building"),
        _("Room"),
        _("First day"),
        _("Last day"),
    ]
    return _sheet(
        _("Residence"),
        headings,
        rows,
        lambda row: [row.name, words.RESIDENCE_KINDS[row.kind], *row[2:]],
    )


def _belongs(rows: Iterable[Any]) -> Sheet:
    kinds = {
        "youth_group": _("Youth group"),
        "household": _("Household"),
        "number": _("Number elsewhere"),
        "phone": _("Phone number"),
    }
    return _sheet(
        _("Groups and numbers"),
        [_("Name"), _("Kind"), _("What")],
        rows,
        lambda row: [row.name, kinds[row.kind], row.what],
    )


def _cards(rows: Iterable[Any]) -> Sheet:
    return _sheet(
        _("Cards"),
        [_("Name"), _("Card number"), _("State"), _("Issued"), _("Ended")],
        rows,
        lambda row: [row.name, row.number, words.CARD_STATES[row.state], *row[3:]],
    )


def _consents(rows: Iterable[Any]) -> Sheet:
    return _sheet(
        _("Consents"),
        [_("Name"), _("What"), _("Agrees"), _("Text"), _("Who signed"), _("When")],
        rows,
        lambda row: [row.name, words.CONSENTS[Consent(row.what)], *row[2:]],
    )


def _links(rows: Iterable[Any]) -> Sheet:
    return _sheet(
        _("Who acts for whom"),
        [_("Name"), _("Login"), _("Phone"), _("As"), _("First day"), _("Last day")],
        rows,
        lambda row: [
            row.name,
            row.login_name,
            mask_phone(row.phone) if row.phone else "",
            words.RELATIONS[row.relation],
            *row[4:],
        ],
    )


def _sessions(rows: Iterable[Any]) -> Sheet:
    return _sheet(
        _("Devices signed in"),
        [_("Device"), _("Since"), _("Last used"), _("Runs out"), _("Signed out")],
        rows,
        tuple,
    )


def _attendances(rows: Iterable[Any]) -> Sheet:
    headings = [
        _("Name"),
        _("Activity"),
        _("Place"),
        _("Day"),
        _("Checked in at"),
        _("Checked out at"),
        _("How recorded"),
        _("Minutes"),
        _("Points"),
        _("Taken back"),
    ]
    return _sheet(
        _("Attendances"),
        headings,
        rows,
        lambda row: [*row[:6], provenance_words(row.provenance), *row[7:]],
    )


def _scans(rows: Iterable[Any], viewer: Principal) -> Sheet:
    directions = {"in": _("Check in"), "out": _("Check out"), "undo": _("Undo")}
    headings = [
        _("Name"),
        _("Activity"),
        _("What"),
        _("Result"),
        _("How recorded"),
        _("Scanned at"),
        _("Received at"),
        _("Recorder"),
    ]

    def cells(row: Any) -> list[Any]:
        by_me = row.recorded_by_login_id == viewer.login_id
        return [
            row.name,
            row.activity,
            directions[row.direction],
            words_for_code(row.code, row.facts),
            provenance_words(row.provenance),
            row.scanned_at,
            row.received_at,
            _("you yourself") if by_me else _("staff"),
        ]

    return _sheet(_("Scans"), headings, rows, cells)


def _lines(rows: Iterable[Any]) -> Sheet:
    headings = [
        _("Name"),
        _("Line"),
        _("When"),
        _("What"),
        _("Reason"),
        _("Points"),
        _("Minutes"),
        _("Balance after it"),
        _("Service time after it"),
    ]
    return _sheet(
        _("Passbook lines"),
        headings,
        rows,
        lambda row: [
            row.name,
            row.entry_no,
            row.occurred_at,
            statement.summary(row.code, row.activity),
            *row[5:],
        ],
    )


def _audit(rows: Iterable[Any], viewer: Principal) -> Sheet:
    def cells(row: Any) -> list[Any]:
        who = _("you yourself") if row.login_id == viewer.login_id else mask_name(row.who or "")
        told = "; ".join(f"{label}: {value}" for label, value in fact_words(row.facts))
        whom = row.name or viewer.display_name
        return [whom, row.happened_at, action_words(row.action), told, who]

    return _sheet(
        _("What was changed"),
        [_("Name"), _("When"), _("What"), _("Details"), _("Who")],
        rows,
        cells,
    )
