"""``flask ledger verify``: prove the books, say what was found, exit 0 or 1."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from volunteer.cli.database import require_migrated
from volunteer.documents.ledger_report import counted_line, finding_lines, result_line
from volunteer.domain.access import Scope
from volunteer.queries.verify import read_report

ledger = AppGroup("ledger", help="The ledger: prove that nothing was changed behind the app.")


@ledger.command()
@click.option("--community", "community_ids", type=int, multiple=True, help="Only this one (id).")
def verify(community_ids: tuple[int, ...]) -> None:
    """Prove every passbook's figures and hash chain, every award, every board.

    Exit status 0: all is well; 1: something was found, and the lines say what and where.
    """
    require_migrated()
    scope = Scope.of(*community_ids) if community_ids else Scope.everything()
    report = read_report(scope)
    click.echo(counted_line(report.counts))
    for line in finding_lines(report.findings):
        click.echo(line)
    click.echo(result_line(len(report.findings)))
    raise SystemExit(0 if report.is_whole else 1)
