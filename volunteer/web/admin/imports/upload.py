"""The first page: choose a file; earlier sheets, the empty template and everybody as a sheet."""

from __future__ import annotations

import time
from hashlib import sha256

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.exceptions import RequestEntityTooLarge

from volunteer import clock
from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.refusals import words_for
from volunteer.documents.spreadsheet import MOST_BYTES, read_spreadsheet
from volunteer.domain.access import Permission
from volunteer.domain.refusals import Code, Refusal, refuse
from volunteer.queries.imports import read_batches
from volunteer.services import residents_upload as service
from volunteer.services.residents_upload import Upload
from volunteer.web.admin.forms import status_after
from volunteer.web.admin.imports.blueprint import blueprint, to_batch
from volunteer.web.community import current_community
from volunteer.web.gate import me, needs, scope

MEGABYTES = MOST_BYTES // 1_000_000
_DRAINED_BYTES = 256 * 1024 * 1024
_DRAINED_SECONDS = 30
_CHUNK = 256 * 1024


class UploadForm(FlaskForm):
    sheet = FileField(_l("Spreadsheet file"))


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.EDIT_PEOPLE)
def upload() -> ResponseReturnValue:
    community = current_community()
    form = UploadForm()
    kept: list[int] = []

    def keep() -> None:
        kept.append(
            service.keep_upload(
                community.community_id,
                _uploaded(form),
                by=me().login_id,
                now=clock.now(),
                scope=scope(),
            )
        )

    status = status_after(form, keep)
    if status is None:
        return to_batch(kept[0])
    page = render_template(
        "admin/imports/upload.html",
        community=community,
        form=form,
        batches=read_batches(scope(), community.community_id),
        megabytes=MEGABYTES,
        most_bytes=MOST_BYTES,
        too_large=words_for(Refusal(Code.SHEET_TOO_LARGE, {"megabytes": MEGABYTES})),
    )
    return page, status


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The form was not read, so nobody has asked yet who sent it: back to the page, which does.

    What is still on its way is taken and dropped, or the browser would show a broken connection in
    place of the words.
    """
    _drain()
    flash(words_for(Refusal(Code.SHEET_TOO_LARGE, {"megabytes": MEGABYTES})), "refused")
    return redirect(url_for("imports.upload"), 303)


def _uploaded(form: UploadForm) -> Upload:
    """Raises Refused: ``sheet_missing``, and as ``read_spreadsheet``."""
    given = form.sheet.data
    if not given or not given.filename:
        raise refuse(Code.SHEET_MISSING)
    file = given.read()
    sheet = read_spreadsheet(file)
    return Upload(
        file_name=_plain_name(given.filename),
        file_hash=sha256(file).digest(),
        rows=[row.cells for row in sheet.rows],
        numbers=[row.number for row in sheet.rows],
    )


def _plain_name(name: str) -> str:
    """The file's name without a path and without signs that no line of text holds."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if one.isprintable()).strip()[-120:] or "?"


def _drain() -> None:
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, _DRAINED_BYTES)
    until = time.monotonic() + _DRAINED_SECONDS
    while left > 0 and time.monotonic() < until:
        read = stream.read(min(_CHUNK, left))
        if not read:
            return
        left -= len(read)
