"""``flask jobs …``: the runner that ./run starts, and single jobs by hand."""

from __future__ import annotations

import logging

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from volunteer import clock
from volunteer.cli.database import require_migrated, wait_until_migrated
from volunteer.jobs.registry import jobs_of, tasks_of
from volunteer.jobs.runner import Runner
from volunteer.queries.jobs import read_last_runs

jobs = AppGroup("jobs", help="Timed work: close forgotten events, the demo's event of today …")


@jobs.command()
def run() -> None:
    """Run what is due until SIGTERM, or until whoever started this is gone."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    runner = _runner()
    runner.stop_on_signals()
    # A runner that ended in an outage would take the web server along (./run).
    if wait_until_migrated(runner.goes_on):
        runner.run()


@jobs.command()
@click.argument("name")
def once(name: str) -> None:
    """Run one job now, due or not."""
    require_migrated()
    runner = _runner()
    if name not in runner.jobs:
        raise click.BadParameter(f"{name}: one of {', '.join(sorted(runner.jobs))}")
    runner.open()
    if not runner.run_now(name):
        click.echo(f"{name}: another runner has it just now", err=True)
        raise SystemExit(1)
    click.echo(f"{name}: done")


@jobs.command("list")
def list_jobs() -> None:
    """Every job with its last run."""
    require_migrated()
    runner = _runner()
    last_runs = read_last_runs()
    for name in sorted(runner.jobs):
        click.echo(f"{name}\t{last_runs.get(name) or '-'}")


def _runner() -> Runner:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    keys = app.extensions["keys"]
    return Runner(app, jobs_of(keys), clock.now, tasks=tasks_of(keys))
