"""Migrations lead to the tables that the models say, from each version and back, with rows in."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from tests.auditor import audit
from tests.scanning import as_device, record, scan_row
from tests.town import Town
from volunteer.store.database import db
from volunteer.store.models.base import Base

FOLDER = str(Path(__file__).parents[2] / "migrations")
VERSIONS = [one.revision for one in ScriptDirectory(FOLDER).walk_revisions()][::-1]


def differences() -> list[object]:
    with db.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[object] = compare_metadata(context, Base.metadata)
    return found


@pytest.fixture
def lived_in(both_town: Town) -> Town:
    """A town with a scan in its books."""
    event_id = both_town.event(both_town.activity())
    code = both_town.card(both_town.resident())[2]
    record(both_town, as_device(both_town.device()), scan_row(event_id, code))
    db.session.remove()
    return both_town


def test_the_models_say_what_the_migrations_make(both_app: Flask) -> None:
    assert differences() == []


def test_a_difference_is_noticed(both_app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_card_resident"))
    assert differences()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_any_version_comes_up_to_date(lived_in: Town, version: str) -> None:
    downgrade(FOLDER, version)
    upgrade(FOLDER)
    assert differences() == []
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM entry")) == 1
        assert audit(connection, lived_in.community_id) == []
