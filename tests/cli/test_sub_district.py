"""``flask create-sub-district-admin``: who is named, where, and what is said when it cannot be."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from tests.town import Town
from volunteer.store import models as m
from volunteer.store.database import db

WHO = ["create-sub-district-admin", "--phone", "13900000008", "--name", "小刘"]


@pytest.fixture
def cli(both_app: Flask) -> FlaskCliRunner:
    return both_app.test_cli_runner()


def grants() -> list[tuple[str, int | None]]:
    db.session.remove()
    found = db.session.scalars(select(m.RoleGrant))
    return [(grant.role, grant.sub_district_id) for grant in found]


def test_the_only_sub_district_needs_no_name(cli: FlaskCliRunner, both_town: Town) -> None:
    done = cli.invoke(args=WHO)
    assert done.exit_code == 0, done.output
    assert "set-password" in done.output
    assert grants() == [("sub_district_admin", both_town.sub_district_id)]
    again = cli.invoke(args=WHO)
    assert again.exit_code == 1
    assert "already" in again.output
    assert len(grants()) == 1


def test_of_several_one_is_named(cli: FlaskCliRunner, both_town: Town) -> None:
    other = both_town._add(m.SubDistrict, name="福田街道")
    both_town._add(
        m.Community, sub_district_id=other, name="福南社区", created_at=datetime.now(UTC)
    )
    unsaid = cli.invoke(args=WHO)
    assert unsaid.exit_code == 1
    assert "福田街道、莲花街道" in unsaid.output
    unknown = cli.invoke(args=[*WHO, "--sub-district", "没有街道"])
    assert unknown.exit_code == 1
    assert cli.invoke(args=[*WHO, "--sub-district", "福田街道"]).exit_code == 0
    assert grants() == [("sub_district_admin", other)]


@pytest.mark.usefixtures("both_town")
def test_a_slip_in_the_phone_is_said_in_both_languages(cli: FlaskCliRunner) -> None:
    refused = cli.invoke(args=["create-sub-district-admin", "--phone", "110", "--name", "小刘"])
    assert refused.exit_code == 1
    assert "telephone number" in refused.output
    assert "电话号码" in refused.output
    assert grants() == []
