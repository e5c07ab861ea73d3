"""/me/data: all that is kept about me and my children, as a spreadsheet."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from volunteer import clock
from volunteer.documents.spreadsheet import write_workbook
from volunteer.domain.access import Relation
from volunteer.queries.my_data import read_my_data
from volunteer.services.my_data import record_exported
from volunteer.web.dates import local_day
from volunteer.web.gate import me, signed_in
from volunteer.web.my_data_sheets import sheets_of
from volunteer.web.protection import limiter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

blueprint = Blueprint("my_data", __name__)


@blueprint.get("/me/data")
@signed_in
def about() -> ResponseReturnValue:
    people = [one for one in me().acts_for if one.relation is not Relation.HELPER]
    return render_template("me/data.html", people=people)


@blueprint.post("/me/data.xlsx")
@signed_in
@limiter.limit("6 per minute")
def download() -> ResponseReturnValue:
    """A POST, because it writes a line in the audit; no link can make somebody's browser do it."""
    person, now = me(), clock.now()
    record_exported(principal=person, now=now)
    book = write_workbook(sheets_of(read_my_data(person), person))
    name = f"my-data-{local_day(now):%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(book, mimetype=XLSX, headers=headers)
