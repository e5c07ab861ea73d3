"""What an operator types: each command's words, and its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import create_engine, func, select, text
from werkzeug.security import check_password_hash

from tests.conftest import make_config
from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.cli.demo import LAST_CHAPTER
from volunteer.cli.ready import is_ready
from volunteer.factory import create_app
from volunteer.jobs.open_day import OPEN_DAY
from volunteer.queries.migrations import read_migration
from volunteer.services.demo_chapters import record_chapter
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.store.migration_files import newest_migration

ADMIN = ["--phone", "13900000001", "--name", "林主任", "--password", "three-plum-trees"]
PLACE = ["--community", "梅富社区", "--sub-district", "莲花街道"]


@pytest.fixture
def cli(both_app: Flask) -> FlaskCliRunner:
    return both_app.test_cli_runner()


def rows(model: type[m.Base]) -> int:
    db.session.remove()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# --- create-admin, set-password --------------------------------------------------------------


def test_the_first_admin_founds_the_first_community(cli: FlaskCliRunner) -> None:
    done = cli.invoke(args=["create-admin", *ADMIN, *PLACE])
    assert done.exit_code == 0, done.output
    assert (rows(m.Community), rows(m.SubDistrict), rows(m.RoleGrant)) == (1, 1, 1)
    community = db.session.execute(select(m.Community)).scalar_one()
    assert not community.is_demo
    systems = select(func.count()).where(m.Account.community_id == community.id)
    assert db.session.scalar(systems) == 5
    login = db.session.execute(select(m.Login)).scalar_one()
    assert check_password_hash(str(login.secret_hash), "three-plum-trees")


def test_a_second_admin_joins_the_only_community(cli: FlaskCliRunner) -> None:
    cli.invoke(args=["create-admin", *ADMIN, *PLACE])
    second = ["--phone", "13900000002", "--name", "周敏", "--password", "seven-plum-trees"]
    assert cli.invoke(args=["create-admin", *second]).exit_code == 0
    assert (rows(m.Community), rows(m.RoleGrant)) == (1, 2)


def test_what_is_not_given_is_asked_for(cli: FlaskCliRunner) -> None:
    answers = "13900000001\n林主任\nthree-plum-trees\nthree-plum-trees\n梅富社区\n莲花街道\n"
    done = cli.invoke(args=["create-admin"], input=answers)
    assert done.exit_code == 0, done.output
    assert "three-plum-trees" not in done.output
    assert rows(m.Community) == 1


def test_which_of_several_communities_must_be_said(cli: FlaskCliRunner) -> None:
    cli.invoke(args=["create-admin", *ADMIN, *PLACE])
    other = ["--community", "景华社区", "--sub-district", "莲花街道"]
    cli.invoke(args=["create-admin", *ADMIN, *other])
    assert (rows(m.Community), rows(m.SubDistrict)) == (2, 1)
    refused = cli.invoke(args=["create-admin", *ADMIN])
    assert refused.exit_code == 1
    assert "景华社区、梅富社区" in refused.output


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--phone", "12345", "--name", "林", "--password", "three-plum-trees"], "电话"),
        (["--phone", "13900000001", "--name", "林", "--password", "short"], "10"),
        (["--phone", "13900000001", "--name", "", "--password", "three-plum-trees"], "姓名"),
    ],
)
def test_a_refusal_is_said_in_both_languages(
    cli: FlaskCliRunner, wrong: list[str], words: str
) -> None:
    refused = cli.invoke(args=["create-admin", *wrong, *PLACE])
    assert refused.exit_code == 1
    assert words in refused.output
    assert rows(m.Login) == 0


def test_an_admin_who_is_locked_out_gets_in_again(cli: FlaskCliRunner) -> None:
    cli.invoke(args=["create-admin", *ADMIN, *PLACE])
    new = ["--phone", "13900000001", "--password", "nine-plum-trees"]
    assert cli.invoke(args=["set-password", *new]).exit_code == 0
    db.session.remove()
    secret = db.session.scalar(select(m.Login.secret_hash))
    assert check_password_hash(str(secret), "nine-plum-trees")
    unknown = ["--phone", "13900000009", "--password", "nine-plum-trees"]
    assert cli.invoke(args=["set-password", *unknown]).exit_code == 1


# --- ledger, boards --------------------------------------------------------------------------


def test_verify_says_so_and_ends_with_its_status(both_app: Flask, cli: FlaskCliRunner) -> None:
    town = Town(both_app)
    event = town.event(town.activity())
    number = town.card(town.resident(building_id=town.building("1栋")))[1]
    record(town, as_device(town.device()), scan_row(event, number, at=FRIDAY))
    whole = cli.invoke(args=["ledger", "verify"])
    assert (whole.exit_code, "✓" in whole.output) == (0, True)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE board_total SET points = points + 1"))
    broken = cli.invoke(args=["ledger", "verify", "--community", str(town.community_id)])
    assert broken.exit_code == 1
    assert "✕ B1" in broken.output
    assert "应为/should be" in broken.output
    assert cli.invoke(args=["boards", "rebuild"]).exit_code == 0
    assert cli.invoke(args=["ledger", "verify"]).exit_code == 0


# --- jobs ------------------------------------------------------------------------------------


def test_a_job_by_hand(cli: FlaskCliRunner) -> None:
    assert cli.invoke(args=["jobs", "once", "close_forgotten"]).exit_code == 0
    assert cli.invoke(args=["jobs", "once", "close_forgotten"]).exit_code == 0
    listed = cli.invoke(args=["jobs", "list"]).output
    assert "close_forgotten\t20" in listed
    assert "demo_today\t-" in listed
    assert cli.invoke(args=["jobs", "once", "sweep"]).exit_code == 2


# --- prepare ---------------------------------------------------------------------------------


def test_prepare_migrates_an_empty_database_and_says_where(tmp_path: Path) -> None:
    app = create_app(make_config(f"sqlite:///{tmp_path}/new.db", tmp_path))
    cli = app.test_cli_runner()
    first = cli.invoke(args=["prepare", "--no-demo"])
    assert first.exit_code == 0, first.output
    assert "http://127.0.0.1:8000" in first.output
    assert "13800000001" not in first.output
    with app.app_context():
        assert read_migration() == newest_migration()
        assert rows(m.Community) == 0
        db.engine.dispose()
    again = cli.invoke(args=["prepare", "--no-demo"])
    assert "数据库" not in again.output
    with app.app_context():
        db.engine.dispose()


def test_the_newest_migration_is_the_one_alembic_knows() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [newest_migration()]


def test_a_database_that_is_behind_is_said_so(tmp_path: Path) -> None:
    app = create_app(make_config(f"sqlite:///{tmp_path}/new.db", tmp_path))
    app.test_cli_runner().invoke(args=["prepare", "--no-demo"])
    engine = create_engine(f"sqlite:///{tmp_path}/new.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()
    shown = app.test_client().get("/healthz")
    assert (shown.status_code, shown.get_json()["status"]) == (503, "behind")
    with app.app_context():
        db.engine.dispose()


def test_a_second_start_has_nothing_to_load(tmp_path: Path) -> None:
    """`python -m volunteer.cli.ready` says so without the application: that is its whole point."""
    config = make_config(f"sqlite:///{tmp_path}/new.db", tmp_path)
    assert not is_ready(config, FRIDAY, demo=False), "there is no database yet"
    app = create_app(config)
    app.test_cli_runner().invoke(args=["prepare", "--no-demo"])
    assert is_ready(config, FRIDAY, demo=False)
    assert not is_ready(config, FRIDAY, demo=True), "there is no demo in it"
    with app.app_context():
        record_chapter(LAST_CHAPTER, now=FRIDAY)
        assert not is_ready(config, FRIDAY, demo=True), "there is no event of today in it"
        town = Town(app)
        midnight = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
        tomorrow = midnight + timedelta(days=1)
        town.event(town.activity(OPEN_DAY), starts_at=midnight, ends_at=tomorrow)
        db.engine.dispose()
    assert is_ready(config, FRIDAY, demo=True)
    assert not is_ready(config, tomorrow, demo=True), "tomorrow needs an event of its own"


def test_what_a_second_start_loads_first_is_small() -> None:
    heavy = "{'flask', 'sqlalchemy', 'click', 'werkzeug'} & set(sys.modules)"
    command = f"import sys, volunteer.cli.ready; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def test_a_web_server_never_loads_alembic() -> None:
    command = "import sys, app; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def test_a_loaded_application_is_frozen_and_garbage_is_collected_again() -> None:
    command = "import gc, app; sys.exit(gc.get_freeze_count() < 100_000 or not gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", f"import sys; {command}"], check=False)
    assert done.returncode == 0


def test_migrations_by_hand(tmp_path: Path) -> None:
    environ = os.environ | {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/new.db",
    }
    for command in ("upgrade", "current", "check"):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", "db", command],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["ledger", "verify"],
        ["boards", "rebuild"],
        ["jobs", "list"],
        ["jobs", "run"],
        ["set-password", "--phone", "13900000001", "--password", "nine-plum-trees"],
    ],
    ids=" ".join,
)
def test_a_database_that_is_not_ready_is_said_in_words(tmp_path: Path, command: list[str]) -> None:
    app = create_app(make_config(f"sqlite:///{tmp_path}/new.db", tmp_path))
    refused = app.test_cli_runner().invoke(args=command)
    assert (refused.exit_code, "prepare" in refused.output) == (1, True)
    with app.app_context():
        db.engine.dispose()
