"""Refusals and failures as pages and as JSON, each with a request id to quote to whoever helps."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from volunteer.documents.messages import gettext
from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.refusals import Code, Refused, refuse
from volunteer.web.gate import break_off

RETRY_AFTER_SECONDS = 5
"""What a client is asked to wait: a database that was restarted is back by then."""

log = logging.getLogger("volunteer")


def request_id() -> str:
    if "request_id" not in g:
        g.request_id = secrets.token_hex(4)
    return str(g.request_id)


def wants_json() -> bool:
    return request.path.startswith("/api/")


def init_app(app: Flask) -> None:
    app.jinja_env.globals["request_id"] = request_id
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failure)


def _refused(error: Refused) -> ResponseReturnValue:
    refusal = error.refusal
    words = str(words_for(refusal))
    status = status_of(refusal.code)
    if wants_json():
        return jsonify(code=refusal.code, words=words, facts=dict(refusal.facts)), status
    page = render_template("errors/error.html", status=status, words=words, request_id=request_id())
    return page, status


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, InternalServerError):
        # Raised while an error page was being made: its frame asks the database, too.
        return _failure(error.original_exception or error)
    if isinstance(error, CSRFError):
        # The token was right in the page and is missing in the session: a browser that sends no
        # cookie has no session at all.
        return _refused(refuse(Code.PAGE_EXPIRED if request.cookies else Code.COOKIES_NEEDED))
    status = error.code or 500
    if wants_json():
        return jsonify(code=f"http_{status}", words=error.description), status
    page = render_template("errors/error.html", status=status, words=None, request_id=request_id())
    return page, status


def _failure(error: BaseException) -> ResponseReturnValue:
    """An outage or a bug: nothing is half-written, and whether a COMMIT came through may not be
    known. Never 2xx; scans are sent again under the same ids."""
    log.error("request %s failed", request_id(), exc_info=error)
    break_off()
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if wants_json():
        words = gettext(
            "Something is not working at our end, and this may not have been saved. Please send "
            "it again in a while; nothing is counted twice."
        )
        return (
            jsonify(code="failure", words=words, facts={"request_id": request_id()}),
            503,
            headers,
        )
    page = render_template("errors/error.html", status=503, words=None, request_id=request_id())
    return page, 503, headers
