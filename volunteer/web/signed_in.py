"""The signed-in person of a request, and the session in the browser that names them.

Flask-Login keeps one random token in the signed session cookie; the database keeps its hash. The
person behind it is read anew for every request, so a revoked session or role is gone on the next.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, session
from flask_login import LoginManager, UserMixin, login_user, logout_user

from volunteer import clock
from volunteer.domain.access import Principal
from volunteer.domain.tokens import session_token_hash
from volunteer.queries.principals import read_principal
from volunteer.services.sign_in import record_seen

PENDING_CHECK_IN = "pending_check_in"
"""Where the session keeps a check-in that was begun; it survives signing in and binding."""

_SEEN_EVERY = timedelta(days=1)

login_manager = LoginManager()
# The address and the browser's version change under a phone that stays signed in for a year.
login_manager.session_protection = None


class SignedInPerson(UserMixin):
    """What Flask-Login carries: the principal, and the token that names their session."""

    def __init__(self, principal: Principal, token: str) -> None:
        self.principal = principal
        self._token = token

    def get_id(self) -> str:
        return self._token


@login_manager.user_loader
def load_person(token: str) -> SignedInPerson | None:
    now = clock.now()
    found = read_principal(session_token_hash(token), now)
    if found is None:
        return None
    if now - found.last_seen_at > _SEEN_EVERY:
        record_seen(found.principal.session_id, now=now)
    return SignedInPerson(found.principal, token)


def open_session(token: str) -> Principal:
    """Make this browser the one that holds ``token``.

    Everything else the session held is dropped, the CSRF token with it: whoever planted it before
    the sign-in knows nothing of it after. Only a check-in that was begun is kept.
    """
    pending = session.get(PENDING_CHECK_IN)
    session.clear()
    session.permanent = True
    if pending is not None:
        session[PENDING_CHECK_IN] = pending
    person: SignedInPerson | None = load_person(token)
    assert person is not None, "the session was recorded a moment ago"
    login_user(person)
    return person.principal


def close_session() -> None:
    """Forget everything this browser's session held."""
    logout_user()
    session.clear()


def init_app(app: Flask) -> None:
    # Templates get what they need of the person from `shell`: an error page must not load one.
    login_manager.init_app(app, add_context_processor=False)
