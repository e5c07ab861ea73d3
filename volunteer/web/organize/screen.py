"""The rotating code: a whole screen for a TV, an old tablet, or the leader's own phone held up.

The page gets the codes of the next half hour, never the key. Without script it shows one code and
loads itself again; with script it turns them over on the server's time and says when it has been
without network for longer than its codes last.
"""

from __future__ import annotations

from datetime import datetime

from flask import current_app, jsonify, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from volunteer import clock
from volunteer.documents.qr import Modules, qr_modules, qr_svg
from volunteer.domain.access import Permission
from volunteer.domain.events import Phase
from volunteer.domain.tokens import STEP_SECONDS, rotating_code, rotating_window
from volunteer.queries.events import EventInFull
from volunteer.web.addresses import domain, event_address, is_reachable
from volunteer.web.gate import needs
from volunteer.web.organize.blueprint import blueprint
from volunteer.web.organize.events import found_event

RELOAD_SECONDS = 20
"""How often the page without script loads itself: within a step and the one before it is taken."""


@blueprint.get("/events/<int:event_id>/screen")
@needs(Permission.RUN_EVENTS)
def screen(event_id: int) -> ResponseReturnValue:
    shown = found_event(event_id)
    now = clock.now()
    current = rotating_code(current_app.extensions["keys"].rotating_code, event_id, now)
    address = event_address(event_id, current.code)
    return render_template(
        "organize/screen.html",
        shown=shown,
        state=_state(shown),
        code=Markup(qr_svg(address)),
        typed=_typed(event_id, current.code),
        seconds_left=int((current.ends_at - now).total_seconds()) + 1,
        step_seconds=STEP_SECONDS,
        reload_seconds=RELOAD_SECONDS,
        domain=domain(),
        reachable=is_reachable(),
    )


@blueprint.get("/events/<int:event_id>/screen/codes")
@needs(Permission.RUN_EVENTS)
def screen_codes(event_id: int) -> ResponseReturnValue:
    """The codes from now on as rows of modules in hexadecimal, with the server's time in
    milliseconds; none once the event is over."""
    shown = found_event(event_id)
    now, state = clock.now(), _state(shown)
    codes = []
    if state == "on":
        key = current_app.extensions["keys"].rotating_code
        codes = [
            {
                "starts_at": _milliseconds(code.starts_at),
                "ends_at": _milliseconds(code.ends_at),
                "typed": _typed(event_id, code.code),
                "rows": _rows(qr_modules(event_address(event_id, code.code), quick=True)),
            }
            for code in rotating_window(key, event_id, now)
        ]
    return jsonify(
        state=state,
        server_now=_milliseconds(clock.now()),
        people=shown.row.counts.everybody,
        codes=codes,
    )


def _state(shown: EventInFull) -> str:
    """on, ended or cancelled: whether there is anything to check in to."""
    if shown.row.phase is Phase.CANCELLED:
        return "cancelled"
    return "ended" if shown.row.phase is Phase.ENDED else "on"


def _typed(event_id: int, code: str) -> str:
    """What somebody types at /scan whose phone cannot scan."""
    return f"{event_id} {code}"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _rows(modules: Modules) -> list[str]:
    """Each row as a hexadecimal number, its first module the highest bit."""
    return [f"{int(''.join(map(str, row)), 2):x}" for row in modules.rows]
