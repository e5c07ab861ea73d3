"""What stands before every POST: the CSRF token; and the counters that slow a hammering client.

The counters are in memory, so each worker counts for itself; with several machines they move to
Redis (RATELIMIT_STORAGE_URI). What must hold exactly is counted in the database instead. Where a
number or a person is known, nothing is counted by address alone: the phones of an event share one.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, request
from flask_limiter import Limiter
from flask_wtf import CSRFProtect

from volunteer.config import Config
from volunteer.domain.tokens import session_token_hash
from volunteer.web.browser import session_token

csrf = CSRFProtect()


def address_and_number() -> str:
    """Whoever types this number at this address."""
    number = request.form.get("identity") or request.form.get("number") or ""
    return f"{request.remote_addr}:{number[:40]}"


def person_or_address() -> str:
    """The browser that is signed in; all others at this address together."""
    token = session_token()
    return session_token_hash(token).hex() if token else str(request.remote_addr)


def a_minute(each: int, all_others: int) -> Callable[[], str]:
    """A limit by ``person_or_address``: for one who is signed in, and for a square full of phones
    that are not."""
    return lambda: f"{each if session_token() else all_others} per minute"


limiter = Limiter(key_func=address_and_number)


@limiter.request_filter
def _is_scanning() -> bool:
    """Scans have no limit of their own; looking for one costs a card as much as a statement."""
    return request.blueprint == "scans"


def init_app(app: Flask, config: Config) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = config.ratelimit_storage_uri
    app.config["RATELIMIT_HEADERS_ENABLED"] = False
    # Some phone browsers send no Referer; the token and SameSite cookies do the work.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    csrf.init_app(app)
    limiter.init_app(app)
