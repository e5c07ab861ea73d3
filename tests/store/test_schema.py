"""What the tables themselves refuse, whoever asks: to forget, and to point at another community."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, insert, inspect, text
from sqlalchemy.exc import DBAPIError

from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.store import models as m
from volunteer.store.append_only import ONLY_GROW, trigger_statements
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx, db
from volunteer.store.models.base import Base

COMMUNITY_KEY = "community_id"


def filled(town: Town) -> None:
    """A row in every table that only grows."""
    resident_id = town.resident()
    town.consent(resident_id)
    event_id = town.event(town.activity())
    record(town, as_device(town.device()), scan_row(event_id, town.card(resident_id)[1]))

    def work(tx: Tx) -> None:
        of_resident = text("SELECT id FROM account WHERE resident_id = :id")
        hold = m.Hold(
            community_id=town.community_id,
            account_id=tx.run(of_resident, id=resident_id).scalar_one(),
            purpose="booking",
            amount_points=1,
            created_at=FRIDAY,
            idempotency_key="hold",
        )
        tx.add(hold)
        tx.flush()
        tx.add(
            m.HoldEnd(community_id=town.community_id, hold_id=hold.id, how="void", ended_at=FRIDAY)
        )
        tx.add(
            m.Seal(
                community_id=town.community_id,
                sealed_on=FRIDAY.date(),
                passbooks=1,
                merkle_root=b"\1" * 32,
                signature=b"\2" * 64,
                check_code="7K2M9Q",
                sealed_at=FRIDAY,
            )
        )
        record_audit(
            tx,
            now=FRIDAY,
            action="card_replaced",
            subject_kind="card",
            subject_id=1,
            community_id=town.community_id,
            login_id=None,
        )

    town.write(work)


@contextmanager
def undone() -> Iterator[Connection]:
    """A connection whose changes are taken back."""
    db.session.remove()
    with db.engine.connect() as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()


def attempts(table: str) -> list[str]:
    """Ways to make ``table`` forget."""
    upsert = "ON CONFLICT (id) DO UPDATE SET community_id = excluded.community_id"
    found = [
        f"UPDATE {table} SET community_id = community_id",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE id = (SELECT MAX(id) FROM {table})",
    ]
    if db.engine.dialect.name == "sqlite":
        return [
            *found,
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
            f"REPLACE INTO {table} SELECT * FROM {table}",
            f"UPDATE OR REPLACE {table} SET id = id + 1",
            f"INSERT INTO {table} SELECT * FROM {table} WHERE true {upsert}",
        ]
    return [
        *found,
        f"TRUNCATE {table} CASCADE",
        f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table} {upsert}",
        f"MERGE INTO {table} USING {table} AS o ON {table}.id = o.id WHEN MATCHED THEN DELETE",
    ]


def test_what_only_grows_never_forgets(both_town: Town) -> None:
    filled(both_town)
    for table in ONLY_GROW:
        for statement in attempts(table):
            with undone() as connection, pytest.raises(DBAPIError, match="only grows"):
                connection.execute(text(statement))


def test_without_its_trigger_a_table_forgets(both_town: Town) -> None:
    """The negative control, where no other table's rows stand in the way as well."""
    filled(both_town)
    of_table = " ON {}" if db.engine.dialect.name == "postgresql" else ""
    for table in ONLY_GROW:
        with undone() as connection:
            for verb in ("update", "delete"):
                drop = f"DROP TRIGGER {table}_no_{verb}{of_table.format(table)}"
                connection.execute(text(drop))
            changed = connection.execute(text(f"UPDATE {table} SET community_id = community_id"))
            assert changed.rowcount > 0
            if table not in {"points_rule", "scan", "transfer", "hold"}:
                assert connection.execute(text(f"DELETE FROM {table}")).rowcount > 0


def test_a_migrated_database_has_the_triggers_that_the_code_names(both_app: Flask) -> None:
    """A migration keeps its own frozen copy of them."""
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if db.engine.dialect.name == "postgresql":
        named = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with undone() as connection:
        found = set(connection.execute(text(named)).scalars())
    statements = list(trigger_statements(db.engine.dialect.name))
    wanted = {one.split()[2] for one in statements if one.startswith("CREATE TRIGGER")}
    assert found == wanted


# --- community by community ---------------------------------------------------------------


def test_every_key_between_rows_of_a_community_holds_the_community(both_app: Flask) -> None:
    """Asked of the migrated database, not of the models."""
    own = {table.name for table in Base.metadata.sorted_tables if COMMUNITY_KEY in table.c}
    inspector = inspect(db.engine)
    loose = []
    for table in sorted(own):
        assert {COMMUNITY_KEY} <= {column["name"] for column in inspector.get_columns(table)}
        for key in inspector.get_foreign_keys(table):
            pairs = dict(zip(key["constrained_columns"], key["referred_columns"], strict=True))
            if key["referred_table"] in own and pairs.get(COMMUNITY_KEY) != COMMUNITY_KEY:
                loose.append(f"{table}({', '.join(pairs)}) → {key['referred_table']}")
    # A guest's passbook knows whose it is at home.
    assert loose == ["resident(home_community_id, home_resident_id) → resident"]


def accounts_of(town: Town, community_id: int) -> dict[str, int]:
    found = text(
        "SELECT kind, id FROM account WHERE community_id = :id AND kind IN ('passbook', 'issued')"
    )
    rows = town.write(lambda tx: tx.run(found, id=community_id).all())
    return {row.kind: row.id for row in rows}


def two_communities(town: Town) -> dict[str, dict[str, int]]:
    """Rows of ours and of a neighbour, by the column that points at them."""
    found = {}
    for which in ("ours", "theirs"):
        ours = which == "ours"
        community_id = town.community_id if ours else town.community("景华社区")
        resident_id = town.resident(community_id=community_id)
        more: dict[str, Any] = {"community_id": community_id}
        if not ours:
            more["organisation_id"] = town.organisation("邻居", community_id)
        event_id = town.event(town.activity(**more))
        ids = accounts_of(town, community_id)
        found[which] = {
            "community_id": community_id,
            "resident_id": resident_id,
            "event_id": event_id,
            "account_id": ids["passbook"],
            "credit_account_id": ids["passbook"],
            "debit_account_id": ids["issued"],
        }
    return found


def rows_of(town: Town, ours: dict[str, int]) -> list[tuple[type[Base], dict[str, Any]]]:
    """Rows that our community takes."""
    here = {"community_id": ours["community_id"]}
    building_id = town.building("12栋")
    return [
        (
            m.Residence,
            here
            | {
                "resident_id": ours["resident_id"],
                "kind": "lives",
                "building_id": building_id,
                "starts_on": FRIDAY.date(),
            },
        ),
        (
            m.Attendance,
            here
            | {
                "event_id": ours["event_id"],
                "resident_id": ours["resident_id"],
                "state": "present",
                "checked_in_at": FRIDAY,
                "provenance": "card_scan",
                "local_date": FRIDAY.date(),
                "revision": 1,
            },
        ),
        (
            m.EventLeader,
            here | {"event_id": ours["event_id"], "resident_id": ours["resident_id"]},
        ),
        (
            m.Consent,
            here
            | {
                "resident_id": ours["resident_id"],
                "what": "guardian_consent",
                "given": True,
                "text_version": "1",
                "given_by": "家长",
                "given_at": FRIDAY,
            },
        ),
        (
            m.Hold,
            here
            | {
                "account_id": ours["account_id"],
                "purpose": "booking",
                "amount_points": 1,
                "created_at": FRIDAY,
                "idempotency_key": "hold",
            },
        ),
        (
            m.Transfer,
            here
            | {
                "debit_account_id": ours["debit_account_id"],
                "credit_account_id": ours["credit_account_id"],
                "amount_points": 1,
                "amount_minutes": 0,
                "code": "adjustment",
                "reason": "测试",
                "facts": {},
                "occurred_at": FRIDAY,
                "posted_at": FRIDAY + timedelta(minutes=1),
                "idempotency_key": "transfer",
            },
        ),
    ]


def test_no_row_points_into_another_community(both_town: Town) -> None:
    """L8 among them. Each row is taken as it is; with any one of its neighbours another
    community's it is refused."""
    two = two_communities(both_town)
    tried = 0
    for model, values in rows_of(both_town, two["ours"]):
        with undone() as connection:
            connection.execute(insert(model).values(**values))
        for column in values.keys() & two["theirs"].keys():
            wrong = values | {column: two["theirs"][column]}
            with undone() as connection, pytest.raises(DBAPIError, match=r"(?i)foreign key"):
                connection.execute(insert(model).values(**wrong))
            tried += 1
    assert tried >= 15
