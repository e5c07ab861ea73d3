"""``flask db …``: Flask-Migrate's own commands, loaded when they are asked for."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app


class _WhenAsked(click.Command):
    """Stands for Flask-Migrate's group until somebody types ``flask db``, and then is it."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        from flask_migrate.cli import db

        from volunteer.store.migrations import attach_migrations

        attach_migrations(current_app._get_current_object())  # type: ignore[attr-defined]
        context: click.Context = db.make_context(info_name, args, parent, **extra)
        return context


migrations = _WhenAsked("db", help="Perform database migrations.")
