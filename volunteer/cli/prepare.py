"""``flask prepare``: what ./run does before it starts the web server.

Migrates when the database is behind, loads the demo when asked, says where to open it.
"""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from volunteer import clock
from volunteer.cli.welcome import welcome_lines
from volunteer.config import Config
from volunteer.queries.migrations import read_migration
from volunteer.store.migration_files import newest_migration


@click.command()
@click.option("--demo/--no-demo", default=False, help="Load the demo community, once.")
@with_appcontext
def prepare(demo: bool) -> None:
    """Migrate when behind; load the demo community when asked; print where to open it."""
    migrate_when_behind()
    if demo:
        load_demo_when_missing()
    config: Config = current_app.extensions["config"]
    for line in welcome_lines(config, demo=demo):
        click.echo(line)


def migrate_when_behind() -> None:
    """Bring the database to the newest migration; an up-to-date one costs one statement."""
    if read_migration() == newest_migration():
        return
    # Alembic takes a third of a second to import, which a second start need not pay.
    from flask_migrate import upgrade

    from volunteer.store.migrations import attach_migrations

    attach_migrations(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo("正在准备数据库 … / Preparing the database …")
    upgrade()


def load_demo_when_missing() -> None:
    """The whole demo on the first start, today's open event on every one."""
    from volunteer.cli.demo.load import is_loaded, load_demo
    from volunteer.jobs.demo_today import add_todays_event

    now = clock.now()
    if not is_loaded():
        load_demo(keys=current_app.extensions["keys"], now=now, out=sys.stdout)
    add_todays_event(now)
