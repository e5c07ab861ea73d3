"""Spreadsheets to take away: an empty one to fill in, and everybody in the same shape."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from volunteer import clock
from volunteer.documents.residents_sheet import everybody_xlsx, template_xlsx
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.import_people import read_everybody
from volunteer.services.residents_export import record_export
from volunteer.web.admin import today
from volunteer.web.admin.imports.blueprint import blueprint
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LANGUAGES = {"zh": False, "en": True}


@blueprint.get("/template-<language>.xlsx")
@needs(Permission.EDIT_PEOPLE)
def template(language: str) -> ResponseReturnValue:
    if language not in _LANGUAGES:
        raise refuse(Code.NOT_FOUND)
    return _file(template_xlsx(english=_LANGUAGES[language]), f"residents-{language}.xlsx")


@blueprint.post("/everybody.xlsx")
@needs(Permission.EDIT_PEOPLE)
def everybody() -> ResponseReturnValue:
    """A POST, because taking everybody's phones along is written down."""
    community = current_community()
    people = read_everybody(scope(), community.community_id)
    file = everybody_xlsx(people, english=str(get_locale()) == "en")
    record_export(
        community.community_id, len(people), by=me().login_id, now=clock.now(), scope=scope()
    )
    return _file(file, f"residents-{today():%Y-%m-%d}.xlsx")


def _file(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype=_XLSX, headers=headers)
