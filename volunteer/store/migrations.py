"""Tying Flask-Migrate to an application, where migrations are run and nowhere else: importing it
brings Alembic along, a third of a second that a web server's start need not pay."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from volunteer.store.database import db


def attach_migrations(app: Flask) -> None:
    """Twice is the same as once."""
    if "migrate" not in app.extensions:
        Migrate(app, db, directory="migrations", compare_type=True, render_as_batch=False)
