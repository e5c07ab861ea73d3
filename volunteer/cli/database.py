"""Whether the database is there and up to date, said in words instead of a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable

import click
from sqlalchemy.exc import SQLAlchemyError

from volunteer.queries.migrations import read_migration
from volunteer.store.migration_files import newest_migration

log = logging.getLogger("volunteer")


def require_migrated() -> None:
    """For commands that read or write rows. Ends with status 1 when they could not."""
    try:
        migration = read_migration()
    except SQLAlchemyError as error:
        raise click.ClickException(
            f"连不上数据库，请检查 DATABASE_URL。 / Cannot reach the database; check DATABASE_URL."
            f" ({type(error).__name__})"
        ) from None
    _check(migration)


def wait_until_migrated(goes_on: Callable[[], bool]) -> bool:
    """For what runs beside a database server that may be starting, or starting again. False when
    ``goes_on``, which takes a moment, says to give up; ends with status 1 when not migrated."""
    while True:
        try:
            migration = read_migration()
        except SQLAlchemyError:
            log.warning("the database does not answer; trying again")
            if not goes_on():
                return False
        else:
            _check(migration)
            return True


def _check(migration: str | None) -> None:
    if migration != newest_migration():
        raise click.ClickException(
            "数据库还没有准备好，请先运行 flask --app app prepare。"
            " / The database is not ready: run flask --app app prepare first."
        )
