"""GET /healthz: is it up, what is it running on."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from volunteer.queries.health import read_health
from volunteer.web.gate import anyone

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@anyone
def healthz() -> ResponseReturnValue:
    health = read_health()
    return jsonify(health), 200 if health["status"] == "ok" else 503
