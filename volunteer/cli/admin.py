"""``flask create-admin`` and ``flask set-password``: the first person, and the way back in."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from volunteer import clock
from volunteer.cli.database import require_migrated
from volunteer.cli.prepare import migrate_when_behind
from volunteer.documents.refusals import words_for
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Refusal, Refused
from volunteer.queries.communities import read_community_ids
from volunteer.services.communities import NewCommunity, add_community
from volunteer.services.logins import NewAdmin
from volunteer.services.logins import create_admin as record_admin
from volunteer.services.operator import set_password as record_password


@click.command("create-admin")
@click.option("--phone", envvar="ADMIN_PHONE", prompt="手机号 / phone")
@click.option("--name", envvar="ADMIN_NAME", prompt="姓名 / name")
@click.option(
    "--password",
    envvar="ADMIN_PASSWORD",
    prompt="密码（至少 10 位）/ password (at least 10 characters)",
    hide_input=True,
    confirmation_prompt=True,
)
@click.option("--community", envvar="COMMUNITY", help="Its name; asked for when there is none yet.")
@click.option("--sub-district", envvar="SUB_DISTRICT", help="Likewise.")
@with_appcontext
def create_admin(
    phone: str, name: str, password: str, community: str | None, sub_district: str | None
) -> None:
    """Make the first community admin, and the first community when there is none yet.

    With --community, the admin is for that one, which is founded when it is not there.
    """
    migrate_when_behind()
    try:
        community_id = _community(community, sub_district)
        record_admin(
            NewAdmin(name, phone, password),
            community_id,
            now=clock.now(),
            scope=Scope.everything(),
        )
    except Refused as refused:
        raise click.ClickException(both_words(refused.refusal)) from None
    click.echo("✓ 管理员已创建，可以登录了。The admin can sign in now.")


@click.command("set-password")
@click.option("--phone", prompt="手机号 / phone")
@click.option(
    "--password", prompt="新密码 / new password", hide_input=True, confirmation_prompt=True
)
@with_appcontext
def set_password(phone: str, password: str) -> None:
    """Give somebody who is locked out a new password; their browsers are signed out."""
    require_migrated()
    try:
        record_password(phone, password, now=clock.now())
    except Refused as refused:
        raise click.ClickException(both_words(refused.refusal)) from None
    click.echo("✓ 密码已更换。The password is changed.")


def both_words(refusal: Refusal) -> str:
    """Both languages: nobody has chosen one yet."""
    said = []
    for locale in ("zh_Hans_CN", "en"):
        with force_locale(locale):
            said.append(words_for(refusal))
    return " ".join(said)


def _community(name: str | None, sub_district: str | None) -> int:
    """The community to administer: the one named, the only one there is, or a new one."""
    there = read_community_ids(Scope.everything())
    if name is None and len(there) == 1:
        return next(iter(there.values()))
    if name is None and there:
        raise click.ClickException(
            f"请用 --community 指明社区 / say which with --community: {'、'.join(sorted(there))}"
        )
    if name in there:
        return there[name]
    name = name or click.prompt("社区名称 / name of the community")
    sub_district = sub_district or click.prompt("所属街道 / sub-district")
    new = NewCommunity(sub_district=sub_district, name=name)
    founded = add_community(new, by=None, now=clock.now(), scope=Scope.everything())
    return founded.community_id
