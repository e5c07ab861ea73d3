"""``flask boards rebuild``: board totals are disposable; the ledger is the truth."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from volunteer.cli.database import require_migrated
from volunteer.domain.access import Scope
from volunteer.services.boards import rebuild_boards

boards = AppGroup("boards", help="Boards of honour.")


@boards.command()
@click.option("--community", "community_ids", type=int, multiple=True, help="Only this one (id).")
def rebuild(community_ids: tuple[int, ...]) -> None:
    """Work every board out anew from attendances and ledger."""
    require_migrated()
    scope = Scope.of(*community_ids) if community_ids else Scope.everything()
    count = rebuild_boards(scope)
    click.echo(f"✓ 已重算 {count} 个社区的光荣榜。Rebuilt the boards of {count} communities.")
