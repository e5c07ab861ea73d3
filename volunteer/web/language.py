"""Which of the two languages a request speaks: the person's choice, else the cookie, else what
the browser asks for, else Chinese."""

from __future__ import annotations

from babel import Locale
from flask import Flask, request
from flask_babel import Babel, get_locale

from volunteer.documents.messages import catalogue
from volunteer.web.gate import principal

LOCALES = ("zh_Hans_CN", "en")
COOKIE = "language"

_BROWSER_LANGUAGES = [
    "zh-Hans-CN",
    "zh-CN",
    "zh",
    "zh-Hans",
    "zh-TW",
    "zh-HK",
    "en",
    "en-US",
    "en-GB",
]


def locale() -> str:
    person = principal()
    if person is not None and person.locale in LOCALES:
        return str(person.locale)
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    best = request.accept_languages.best_match(_BROWSER_LANGUAGES)
    return "en" if best and best.startswith("en") else "zh_Hans_CN"


def pick(name: str, name_en: str | None) -> str:
    """A row's name in the language of the request; names have an optional English twin."""
    return name_en if name_en and str(get_locale()) == "en" else name


def init_app(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    app.config["BABEL_DEFAULT_LOCALE"] = "zh_Hans_CN"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    # Given a name, Babel would look for the locale's file anew in every request.
    known = {name: Locale.parse(name) for name in LOCALES}
    Babel(app, locale_selector=lambda: known[locale()])
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: catalogue().ugettext(message),
        ngettext=lambda *forms: catalogue().ungettext(*forms),
        newstyle=True,
    )
    app.jinja_env.globals["pick"] = pick
    app.jinja_env.globals["html_lang"] = lambda: "en" if str(get_locale()) == "en" else "zh-Hans"
