"""The scanner's page without network: what a phone keeps of it, and the worker that keeps it.

A phone keeps one page, this event's scanner before anybody was scanned, and the files it loads. No
name of a resident and no token is in it. Beside it lies a list of hashes of card codes with the
first character of a name, for 72 hours. Whoever opens it signs in before anything is sent.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from flask import Response, current_app, jsonify, render_template, url_for

from volunteer import clock
from volunteer.documents.messages import gettext as _
from volunteer.domain.access import Permission
from volunteer.queries.card_roster import read_card_roster
from volunteer.web.gate import needs, scope
from volunteer.web.language import pick
from volunteer.web.scanner.cards import scanner_settings
from volunteer.web.scanner.place import blueprint, event_or_refuse

ROSTER_LASTS = timedelta(hours=72)
_ASKED_BY_PAGE = re.compile(r'(?:href|src)="(/static/[^"#]+)')
_ASKED_BY_SCRIPT = re.compile(r'\b(?:from|import)\s*"(\.{1,2}/[^"]+)"')
_READER = "vendor/zxing-wasm-*/reader/zxing_reader.wasm"
"""The camera's reader, which a script asks for by a name that it puts together."""


@blueprint.get("/scan/shell")
@needs(Permission.RECORD_SCANS)
def shell(event_id: int) -> str:
    """The scanner's page as a phone keeps it."""
    return _shell(event_id)


@blueprint.get("/scan/worker.js")
@needs(Permission.RECORD_SCANS)
def worker(event_id: int) -> Response:
    """The service worker of this event's scanner. Its text changes when a file does, and with it
    the browser fetches all of them anew."""
    start = url_for("scanner.scanner", event_id=event_id)
    files = sorted(_files(_shell(event_id)))
    said = {
        "scope": start,
        "shell": url_for("scanner.shell", event_id=event_id),
        "roster": url_for("scanner.roster", event_id=event_id),
        "files": files,
        "version": _version(files),
    }
    script = url_for("static", filename="js/scanner-worker.js")
    text = f"self.scanner = {json.dumps(said)};\nimportScripts({json.dumps(script)});\n"
    response = Response(text, mimetype="text/javascript")
    # The page itself has no slash at its end, so it is not below the script's folder.
    response.headers["Service-Worker-Allowed"] = start
    return response


@blueprint.get("/scan/roster.json")
@needs(Permission.RECORD_SCANS)
def roster(event_id: int) -> Response:
    """Whose card that probably is, for a scanner without network: good for 72 hours."""
    event, now = event_or_refuse(event_id), clock.now()
    cards = read_card_roster(event_id, event.community_id, now, scope())
    return jsonify(until=(now + ROSTER_LASTS).isoformat(), cards=dict(cards))


@blueprint.get("/scan/app.webmanifest")
@needs(Permission.RECORD_SCANS)
def manifest(event_id: int) -> Response:
    """What a phone needs to put this event's scanner on its home screen."""
    event = event_or_refuse(event_id)
    start = url_for("scanner.scanner", event_id=event_id)
    icons = [
        {
            "src": url_for("static", filename=f"img/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
        }
        for size in (192, 512)
    ]
    response = jsonify(
        name=f"{_('Scanner')} · {pick(event.name, event.name_en)}",
        short_name=_("Scanner"),
        id=start,
        start_url=start,
        scope=start,
        display="standalone",
        background_color="#14100e",
        theme_color="#14100e",
        icons=icons,
    )
    response.mimetype = "application/manifest+json"
    return response


def _shell(event_id: int) -> str:
    event = event_or_refuse(event_id)
    return render_template(
        "scanner/scanner.html",
        event=event,
        direction="in",
        is_shell=True,
        answers=(),
        last=(),
        earlier=(),
        back_url=url_for("organize.event", event_id=event_id),
        settings=scanner_settings(event),
    )


def _files(page: str) -> set[str]:
    """The addresses of all that the page loads, and what that loads in turn."""
    folder = Path(str(current_app.static_folder))
    found: set[str] = set()
    waiting = set(_ASKED_BY_PAGE.findall(page))
    waiting |= {f"/static/{path.relative_to(folder).as_posix()}" for path in folder.glob(_READER)}
    while waiting:
        address = waiting.pop()
        found.add(address)
        path = _path(address)
        if path.suffix == ".js":
            asked = _scripts_asked(path, path.stat().st_mtime_ns)
            waiting |= {urljoin(address, one) for one in asked} - found
    return found


@lru_cache(maxsize=128)
def _scripts_asked(path: Path, _changed_at: int) -> tuple[str, ...]:
    return tuple(_ASKED_BY_SCRIPT.findall(path.read_text(encoding="utf-8")))


def _version(addresses: list[str]) -> str:
    digest = hashlib.sha256()
    for address in addresses:
        path = _path(address)
        digest.update(f"{address} {_hash(path, path.stat().st_mtime_ns)}\n".encode())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=128)
def _hash(path: Path, _changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _path(address: str) -> Path:
    return Path(str(current_app.static_folder)) / urlsplit(address).path.removeprefix("/static/")
