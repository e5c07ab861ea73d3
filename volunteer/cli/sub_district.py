"""``flask create-sub-district-admin``: the view over all communities of a sub-district.

No page gives this role: whoever could give it there would reach beyond their own community.
"""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from volunteer import clock
from volunteer.cli.admin import both_words
from volunteer.cli.database import require_migrated
from volunteer.domain.access import Role, Scope
from volunteer.domain.refusals import Refused
from volunteer.queries.communities import read_sub_districts
from volunteer.services.roles import NewGrant, grant_sub_district_admin


@click.command("create-sub-district-admin")
@click.option("--phone", prompt="手机号 / phone")
@click.option("--name", prompt="姓名 / name")
@click.option("--sub-district", help="Its name; needed when there are several.")
@with_appcontext
def create_sub_district_admin(phone: str, name: str, sub_district: str | None) -> None:
    """Let somebody see every community of a sub-district, without changing anything there."""
    require_migrated()
    now = clock.now()
    new = NewGrant(Role.SUB_DISTRICT_ADMIN, phone, now.date(), name=name)
    try:
        granted = grant_sub_district_admin(
            _sub_district(sub_district), new, by=None, now=now, scope=Scope.everything()
        )
    except Refused as refused:
        raise click.ClickException(both_words(refused.refusal)) from None
    click.echo("✓ 街道管理员已设立。The sub-district admin is named.")
    if granted.is_new_login:
        click.echo("请用 flask set-password 设置密码。Now give a password with flask set-password.")


def _sub_district(name: str | None) -> int:
    """The one named, or the only one there is."""
    there = read_sub_districts(Scope.everything())
    if name is None and len(there) == 1:
        return next(iter(there.values()))
    if name in there:
        return there[name]
    known = "、".join(sorted(there)) or "–"
    raise click.ClickException(
        f"请用 --sub-district 指明街道 / say which with --sub-district: {known}"
    )
