"""The only assembler: settings in, application out. Read it aloud to know what there is."""

from __future__ import annotations

import sys
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import configure_mappers

from volunteer import cli, web
from volunteer.config import Config, load_config
from volunteer.domain.tokens import Keys
from volunteer.store.database import db, prepare_engine


def create_app(config: Config | None = None) -> Flask:
    """The application for ``config``, or for the environment when none is given."""
    config = config or load_config()
    app = Flask(
        "volunteer", root_path=None, template_folder="../templates", static_folder="../static"
    )
    app.extensions["config"] = config
    app.extensions["keys"] = Keys.derive(config.secret_key.encode())
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(config),
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_SECURE=config.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=400),
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,  # people leave pages open
        TESTING=config.testing,
    )
    db.init_app(app)
    configure_mappers()  # here, before the workers are forked, and not in the first request
    if "flask_migrate" in sys.modules:  # else the commands that migrate attach it themselves
        from volunteer.store.migrations import attach_migrations

        attach_migrations(app)
    with app.app_context():
        prepare_engine(db.engine)
    web.init_app(app, config)
    cli.init_app(app)
    return app


def _engine_options(config: Config) -> dict[str, object]:
    # hide_parameters: an outage is logged with its statement, never with whose rows it was about.
    common: dict[str, object] = {"hide_parameters": True}
    if config.sqlite_path:
        return common | {"pool_size": 20, "max_overflow": 20}
    # A server that is silent, not refusing, must not hold a request for minutes.
    patience = {"connect_timeout": 5, "tcp_user_timeout": 15_000}
    pool = {"pool_size": 10, "max_overflow": 10, "pool_recycle": 1800}
    return common | pool | {"connect_args": patience}
