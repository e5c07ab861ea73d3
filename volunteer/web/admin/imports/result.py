"""What became of each row of a sheet that was imported, and taking the import back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refused
from volunteer.queries.import_people import count_without_consent, read_people_shown
from volunteer.queries.imports import (
    OUTCOME_TABS,
    BatchRow,
    count_outcomes,
    read_outcomes,
)
from volunteer.services import residents_import_undo as service
from volunteer.web.admin import today
from volunteer.web.admin.imports.blueprint import blueprint, find_batch, to_batch
from volunteer.web.asked import number_or_none
from volunteer.web.gate import me, needs, scope

MOST_IN_THE_WAY = 50


def result_page(found: BatchRow) -> str:
    """Rows by what became of them."""
    counts = count_outcomes(found)
    wanted = request.args.get("tab")
    tab = wanted if wanted in OUTCOME_TABS else _fullest(counts)
    rows = read_outcomes(found, tab, number_or_none(request.args.get("page")) or 1)
    ids = {row.resident_id for row in rows.rows if row.resident_id}
    return render_template(
        "admin/imports/result.html",
        batch=found,
        counts=counts,
        tab=tab,
        rows=rows,
        people=read_people_shown(found.community_id, ids),
        place_of={field: place for place, field in found.columns.items()},
        without_consent=0
        if found.undone_at
        else count_without_consent(found.community_id, found.batch_id, today()),
        url_of=lambda number: url_for(
            "imports.batch", batch_id=found.batch_id, tab=tab, page=number
        ),
    )


@blueprint.route("/<int:batch_id>/undo", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def undo(batch_id: int) -> ResponseReturnValue:
    """Asked on a page that says what follows, and who stands in the way."""
    found = find_batch(batch_id)
    if request.method == "POST":
        return _undo(found)
    if found.state != "applied":
        return to_batch(batch_id)
    undoing = service.look_at_undo(batch_id, now=clock.now(), scope=scope())
    return render_template(
        "admin/imports/undo.html", batch=found, undoing=undoing, most=MOST_IN_THE_WAY
    )


def _undo(found: BatchRow) -> ResponseReturnValue:
    try:
        task_id = service.undo_import(
            found.batch_id, by=me().login_id, now=clock.now(), scope=scope()
        )
    except Refused as refused:
        if refused.refusal.code is not Code.IMPORT_FOLLOWED:
            raise
        flash(words_for(refused.refusal), "refused")
        return redirect(url_for("imports.undo", batch_id=found.batch_id), 303)
    return redirect(url_for("tasks.task", task_id=task_id), 303)


def _fullest(counts: dict[str, int]) -> str:
    """What was left out wants a look before all the rest."""
    return next((tab for tab in ("skipped", *OUTCOME_TABS) if counts[tab]), "added")
