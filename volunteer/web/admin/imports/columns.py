"""Which row holds the headings, and what each column is."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from volunteer import clock
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.access import Permission
from volunteer.domain.age import AgeBand
from volunteer.domain.refusals import Refusal, Refused
from volunteer.domain.residents_import import Field
from volunteer.queries.imports import BatchRow, read_columns, read_first_lines
from volunteer.services import residents_import, residents_upload
from volunteer.services.residents_import import Choices
from volunteer.web.admin.imports.blueprint import blueprint, find_batch, to_batch
from volunteer.web.asked import number_or_none
from volunteer.web.gate import needs, scope

_COLUMN = "column-"


@blueprint.route("/<int:batch_id>/header", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def header(batch_id: int) -> ResponseReturnValue:
    batch = find_batch(batch_id)
    if request.method == "POST":
        place = number_or_none(request.form.get("place"))
        residents_upload.choose_header(batch_id, -1 if place is None else place, scope=scope())
        return redirect(url_for("imports.columns", batch_id=batch_id), 303)
    if not batch.is_open:
        return to_batch(batch_id)
    lines = read_first_lines(batch)
    return render_template("admin/imports/header.html", batch=batch, lines=lines)


@blueprint.route("/<int:batch_id>/columns", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def columns(batch_id: int) -> ResponseReturnValue:
    batch = find_batch(batch_id)
    if request.method == "GET":
        return _page(batch) if batch.is_open else to_batch(batch_id)
    choices = Choices(_chosen(), _age_band())
    try:
        residents_import.check_import(batch_id, choices, now=clock.now(), scope=scope())
    except Refused as refused:
        if not batch.is_open:
            raise
        return _page(batch, choices, refused.refusal), status_of(refused.refusal.code)
    return to_batch(batch_id)


def _page(batch: BatchRow, choices: Choices | None = None, refusal: Refusal | None = None) -> str:
    chosen = choices.columns if choices else batch.columns
    return render_template(
        "admin/imports/columns.html",
        batch=batch,
        columns=read_columns(batch),
        chosen={place: str(field) for place, field in chosen.items()},
        default_age_band=choices.default_age_band if choices else batch.default_age_band,
        refusal=words_for(refusal) if refusal else None,
        fields=Field,
        bands=AgeBand,
    )


def _chosen() -> dict[int, Field]:
    """Field by place of the column; what is no field is left out, as an unread column is."""
    found = {}
    for name, value in request.form.items():
        place = number_or_none(name.removeprefix(_COLUMN)) if name.startswith(_COLUMN) else None
        if place is not None and place < 1000 and value in tuple(Field):
            found[place] = Field(value)
    return found


def _age_band() -> str | None:
    wanted = request.form.get("default_age_band")
    return wanted if wanted in tuple(AgeBand) else None
