"""The browser a request comes from: what to call it, and which logins have used it before.

The cookie is signed and long-lived. It says nothing about who is signed in; it only lets the
throttle tell the owner's own phone from a stranger's.
"""

from __future__ import annotations

import secrets

from flask import Response, current_app, request, session
from itsdangerous import BadSignature, URLSafeSerializer

from volunteer.domain.sign_in import SESSION_DAYS
from volunteer.services.sign_in import Browser

COOKIE = "browser"
MOST_LOGINS = 8

_PROGRAMS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("QQBrowser", "QQ Browser"),
    ("UCBrowser", "UC Browser"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def read_browser(old_token: str | None = None) -> Browser:
    """The browser of this request."""
    nonce, login_ids = _remembered()
    return Browser(browser_words(), nonce, login_ids, old_token)


def remember_browser(response: Response, login_id: int) -> None:
    """Let the browser show next time that this login has used it."""
    nonce, login_ids = _remembered()
    known = [login_id, *(one for one in login_ids if one != login_id)][:MOST_LOGINS]
    response.set_cookie(
        COOKIE,
        _signer().dumps([nonce or secrets.token_urlsafe(16), known]),
        max_age=SESSION_DAYS * 86400,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )


def session_token() -> str | None:
    """The session token this browser holds, whether or not it is still good."""
    token = session.get("_user_id")
    return str(token) if token else None


def browser_words() -> str:
    """Program and system in a few words, for the list of one's sessions: WeChat · iPhone."""
    agent = request.user_agent.string
    found = [
        next((words for sign, words in table if sign in agent), None)
        for table in (_PROGRAMS, _SYSTEMS)
    ]
    return " · ".join(words for words in found if words)


def _remembered() -> tuple[str | None, tuple[int, ...]]:
    try:
        nonce, login_ids = _signer().loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, ValueError, TypeError):
        return None, ()
    return str(nonce), tuple(login_ids)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="browser")
