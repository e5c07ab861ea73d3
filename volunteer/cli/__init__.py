"""``flask --app app …``: what an operator types.

Each command parses, makes one call and prints the answer; its exit status is the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Register every command."""
    from volunteer.cli.admin import create_admin, set_password
    from volunteer.cli.boards import boards
    from volunteer.cli.jobs import jobs
    from volunteer.cli.ledger import ledger
    from volunteer.cli.migrations import migrations
    from volunteer.cli.prepare import prepare
    from volunteer.cli.sub_district import create_sub_district_admin

    for command in (
        prepare,
        migrations,
        create_admin,
        create_sub_district_admin,
        set_password,
        boards,
        jobs,
        ledger,
    ):
        app.cli.add_command(command)
