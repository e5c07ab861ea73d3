"""The JSON API and its OpenAPI document, at /api/v1."""

from __future__ import annotations

from flask import Blueprint as PlainBlueprint
from flask import Flask, Response, current_app, jsonify
from flask_smorest import Api

from volunteer.web.api import scans, schemas
from volunteer.web.gate import anyone
from volunteer.web.protection import csrf

document = PlainBlueprint("api", __name__, url_prefix="/api/v1")


class PassbookApi(Api):
    ERROR_SCHEMA = schemas.RefusalSchema

    def _register_error_handlers(self) -> None:
        """None of the library's: ``failures`` answers for the whole app, pages included."""


@document.get("/openapi.json")
@anyone
def openapi() -> Response:
    """What the API takes and gives, for those who write a scanner of their own."""
    api: PassbookApi = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return jsonify(api.spec.to_dict())


def init_app(app: Flask) -> None:
    app.config.update(
        API_TITLE="Love passbook",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        # The document is served by our own view: every view declares its gate.
        OPENAPI_URL_PREFIX=None,
        API_SPEC_OPTIONS=schemas.DOCUMENT,
    )
    api = PassbookApi(app)
    api.register_blueprint(scans.blueprint)
    app.register_blueprint(document)
    # A bearer token is no cookie, so there is nothing to forge; for people who are signed in the
    # view asks for the token in a header itself.
    csrf.exempt(scans.blueprint)
