"""``flask prepare``: what ./run does before it starts the web server.

Migrates when the database is behind, loads the demo when asked, says where to open it.
"""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from volunteer import clock
from volunteer.config import Config
from volunteer.queries.migrations import newest_migration, read_migration


@click.command()
@click.option("--demo/--no-demo", default=False, help="Load the demo community, once.")
@with_appcontext
def prepare(demo: bool) -> None:
    """Migrate when behind; load the demo community when asked; print where to open it."""
    migrate_when_behind()
    if demo:
        load_demo_when_missing()
    config: Config = current_app.extensions["config"]
    _say_where(config)
    if demo:
        _say_logins()


def migrate_when_behind() -> None:
    """Bring the database to the newest migration; an up-to-date one costs one statement."""
    if read_migration() == newest_migration():
        return
    # Alembic takes a third of a second to import, which a second start need not pay.
    from flask_migrate import upgrade

    click.echo("正在准备数据库 … / Preparing the database …")
    upgrade()


def load_demo_when_missing() -> None:
    """The whole demo on the first start, today's open event on every one."""
    from volunteer.cli.demo.load import is_loaded, load_demo
    from volunteer.domain.tokens import Keys
    from volunteer.jobs.demo_today import add_todays_event

    config: Config = current_app.extensions["config"]
    now = clock.now()
    if not is_loaded():
        keys = Keys.derive(config.secret_key.encode())
        load_demo(keys=keys, now=now, out=sys.stdout)
    add_todays_event(now)


def _say_where(config: Config) -> None:
    listens = f"http://{config.host}:{config.port}"
    click.echo("")
    click.echo(f"  爱心存折 / love passbook   {listens}")
    if config.public_url != listens:
        click.echo(f"  二维码里的地址 / in codes   {config.public_url}")


def _say_logins() -> None:
    from volunteer.cli.demo.logins import LOGINS, PASSWORD

    click.echo("")
    click.echo("  演示数据:人物、楼栋、日期均为虚构。 / Demo data: people and dates are invented.")
    click.echo(f"  密码 / password   {PASSWORD}")
    for login in LOGINS:
        click.echo(f"    {login.phone}   {login.words} / {login.words_en}")
    click.echo("")
