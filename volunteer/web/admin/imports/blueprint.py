"""The blueprint of every page of an import, and how a page finds its sheet."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from volunteer.documents import import_words, register_words
from volunteer.domain.refusals import Code, refuse
from volunteer.queries.imports import BatchRow, read_batch
from volunteer.web.gate import scope

blueprint = Blueprint("imports", __name__, url_prefix="/admin/people/import")


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"words": import_words, "register_words": register_words}


def find_batch(batch_id: int) -> BatchRow:
    """Raises Refused: ``not_found``."""
    found = read_batch(scope(), batch_id)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def to_batch(batch_id: int) -> ResponseReturnValue:
    """To wherever the sheet is now: its columns, its dry run, its progress or its result."""
    return redirect(url_for("imports.batch", batch_id=batch_id), 303)
