"""POST /preferences: the language and elder switches at the top of every page."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from volunteer.domain.access import Principal
from volunteer.domain.sign_in import SESSION_DAYS
from volunteer.services.preferences import record_preferences
from volunteer.web.gate import anyone, principal
from volunteer.web.language import COOKIE as LANGUAGE_COOKIE
from volunteer.web.language import LOCALES
from volunteer.web.local import local_path

ELDER_COOKIE = "elder"

blueprint = Blueprint("preferences", __name__)


def elder_mode(person: Principal | None) -> bool:
    """The person's choice, else this browser's."""
    return person.elder_mode if person else request.cookies.get(ELDER_COOKIE) == "1"


def keep_large_words(person: Principal) -> None:
    """Large words that were chosen in this browser do not shrink when their owner signs in."""
    if request.cookies.get(ELDER_COOKIE) == "1" and not person.elder_mode:
        record_preferences(person.login_id, elder_mode=True)


@blueprint.post("/preferences")
@anyone
def preferences() -> ResponseReturnValue:
    locale = request.form.get("language")
    elder = request.form.get("elder")
    locale = locale if locale in LOCALES else None
    elder = elder if elder in ("0", "1") else None
    person = principal()
    if person is not None and (locale or elder):
        record_preferences(
            person.login_id, locale=locale, elder_mode=elder == "1" if elder else None
        )
    response = redirect(local_path(request.form.get("next")) or "/")
    # The browser keeps the choice as well, for when its owner is signed out.
    if locale:
        _remember(response, LANGUAGE_COOKIE, locale)
    if elder:
        _remember(response, ELDER_COOKIE, elder)
    return response


def _remember(response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=SESSION_DAYS * 86400,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )
