"""Refusals and failures as pages and as JSON, each with a request id to quote to whoever helps."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from volunteer.documents.refusals import status_of, words_for
from volunteer.domain.refusals import Refused

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
    status = error.code or 500
    if wants_json():
        return jsonify(code=f"http_{status}", words=error.description), status
    page = render_template("errors/error.html", status=status, words=None, request_id=request_id())
    return page, status


def _failure(error: Exception) -> ResponseReturnValue:
    log.exception("request %s failed", request_id())
    if wants_json():
        return jsonify(code="failure", request_id=request_id()), 503
    page = render_template("errors/error.html", status=503, words=None, request_id=request_id())
    return page, 503
