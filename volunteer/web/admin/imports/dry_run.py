"""The dry run: what would become of each row, before anything is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer.domain.access import Permission
from volunteer.queries.import_people import (
    PersonShown,
    read_building_names,
    read_people_shown,
)
from volunteer.queries.imports import (
    TABS,
    BatchRow,
    RowShown,
    count_fates,
    read_fates,
    read_same_file,
    read_sheet_rows,
)
from volunteer.queries.paging import Paged
from volunteer.queries.places import read_area_choices, read_building_choices
from volunteer.web.admin import may
from volunteer.web.admin.imports.blueprint import blueprint, find_batch
from volunteer.web.admin.imports.result import result_page
from volunteer.web.asked import number_or_none
from volunteer.web.gate import needs, scope
from volunteer.web.language import pick

PLACES_TAB = "places"
PLACES_SHOWN = 20


@dataclass(frozen=True)
class Beside:
    """What the rows of a page refer to, by id."""

    people: Mapping[int, PersonShown]
    buildings: Mapping[int, tuple[str, str | None]]
    earlier: Mapping[int, RowShown]
    """Rows of the same sheet that a row may mean, by their negative id."""

    def building(self, building_id: int | None) -> str | None:
        """A building's name in the language of the page."""
        names = self.buildings.get(building_id or 0)
        return pick(*names) if names else None

    def home(self, value: Sequence[Any] | None) -> str:
        """[building_id, room] in words."""
        building_id, room = value or (None, None)
        return " ".join(filter(None, (self.building(building_id), room))) or "–"


@blueprint.get("/<int:batch_id>")
@needs(Permission.EDIT_PEOPLE)
def batch(batch_id: int) -> ResponseReturnValue:
    """Wherever the sheet is now."""
    found = find_batch(batch_id)
    if found.state == "uploaded":
        return redirect(url_for("imports.columns", batch_id=batch_id))
    if found.state == "applying" and found.task_id:
        return redirect(url_for("tasks.task", task_id=found.task_id))
    if found.state in ("applied", "undone"):
        return result_page(found)
    if found.state != "checked":
        return render_template("admin/imports/broken.html", batch=found)
    return _dry_run(found)


def _dry_run(found: BatchRow) -> str:
    counts = count_fates(found)
    tab = _tab(found, counts)
    page = number_or_none(request.args.get("page")) or 1
    shown = {"batch": found, "counts": counts, "tab": tab, "places_shown": PLACES_SHOWN}
    same = None if found.notes.get("again") else read_same_file(found)
    if tab == PLACES_TAB:
        return render_template(
            "admin/imports/dry_run.html",
            **shown,
            same=same,
            may_place=may(Permission.EDIT_PLACES, found.community_id),
            buildings=read_building_choices(scope(), found.community_id),
            areas=read_area_choices(scope(), found.community_id),
        )
    rows = read_fates(found, tab, page)
    return render_template(
        "admin/imports/dry_run.html",
        **shown,
        same=same,
        rows=rows,
        beside=beside(found, rows),
        place_of=fields_of(found),
        url_of=lambda number: url_for(
            "imports.batch", batch_id=found.batch_id, tab=tab, page=number
        ),
    )


def beside(found: BatchRow, rows: Paged[RowShown]) -> Beside:
    """What these rows refer to, in at most five statements."""
    meant = {one for row in rows.rows for one in row.candidates}
    meant |= {row.resident_id for row in rows.rows if row.resident_id}
    homes = [row.changes["home"] for row in rows.rows if "home" in row.changes]
    buildings = {row.reading.get("building_id") for row in rows.rows}
    buildings |= {value[0] for change in homes for value in change if value}
    earlier = read_sheet_rows(found, {-one for one in meant if one < 0})
    return Beside(
        people=read_people_shown(found.community_id, {one for one in meant if one > 0}),
        buildings=read_building_names(found.community_id, _numbers(buildings)),
        earlier={-row_id: row for row_id, row in earlier.items()},
    )


def fields_of(found: BatchRow) -> dict[str, int]:
    """The place of each field's column."""
    return {field: place for place, field in found.columns.items()}


def _numbers(ids: Iterable[Any]) -> set[int]:
    return {one for one in ids if isinstance(one, int)}


def _tab(found: BatchRow, counts: Mapping[str, int]) -> str:
    """The tab that is asked for; else the first that wants somebody to look."""
    wanted = request.args.get("tab")
    if wanted in (*TABS, PLACES_TAB):
        return str(wanted)
    if found.unplaced:
        return PLACES_TAB
    return next((tab for tab in ("ask", "error", *TABS) if counts[tab]), "new")
