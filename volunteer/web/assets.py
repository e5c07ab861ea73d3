"""Static files and the size of what goes over the wire.

A file's address carries a part of its SHA-256, so a browser keeps it for a year and asks again
only when it has changed. Text is compressed here: the small box in the office has no proxy.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress

A_YEAR = 31_536_000


def init_app(app: Flask) -> None:
    app.config.update(
        COMPRESS_MIMETYPES=[
            "text/html",
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/wasm",
            "image/svg+xml",
        ],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_STREAMS=False,
        COMPRESS_BR_LEVEL=4,
        COMPRESS_LEVEL=6,
    )
    Compress(app)
    folder = Path(str(app.static_folder))

    @app.url_defaults
    def _add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            path = folder / values["filename"]
            if path.is_file():
                values["v"] = _version(str(path), path.stat().st_mtime_ns)

    # Runs before Compress, which was registered first: it reads text whole (compressing the
    # stream would leave the file open).
    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200:
            return response
        if "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        if response.mimetype in app.config["COMPRESS_MIMETYPES"]:
            response.direct_passthrough = False
            text = response.get_data()
            response.close()
            response.set_data(text)
        return response


@lru_cache(maxsize=512)
def _version(path: str, _changed_at: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:8]
