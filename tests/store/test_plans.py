"""The scan path finds what it needs along indexes, however large a community grows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.bench.village import open_events, settle
from tests.scanning import as_device, record, scan_row
from tests.town import FRIDAY, Town
from volunteer.store.database import db

# What has one row for each person, card, scan or line.
GROWING = frozenset(
    [
        "account",
        "attendance",
        "board_participation",
        "board_total",
        "card",
        "consent",
        "entry",
        "login_resident",
        "membership",
        "residence",
        "resident",
        "scan",
        "transfer",
    ]
)
ALL_OF_AN_EVENT = re.compile(r"^(?!.*resident_id).*event_id")
PEOPLE = 300


@pytest.fixture
def statements(both_town: Town) -> list[tuple[str, Any]]:
    """What uploads of in, out and undo send to the database."""
    codes, _ = settle(both_town, PEOPLE, 6)
    event_id = both_town.event(both_town.activity(rule={"fixed_points": 10}))
    open_events(both_town, 3)
    device = as_device(both_town.device("a device's token"))
    for code in codes[:50]:
        record(both_town, device, scan_row(event_id, code))
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    stays, leaves = codes[60:62]
    mistaken = scan_row(event_id, leaves)
    verdicts = record(both_town, device, scan_row(event_id, stays), mistaken)
    later = FRIDAY + timedelta(minutes=5)
    out = scan_row(event_id, stays, direction="out", at=later)
    undo = scan_row(event_id, leaves, direction="undo", undoes=mistaken.client_id, at=later)
    verdicts += record(both_town, device, out, undo, now=later)
    assert [verdict.verdict for verdict in verdicts] == ["accepted"] * 4
    event.remove(db.engine, "before_cursor_execute", note)
    return sent


def searched_whole(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    """Growing tables that the database would read from end to end."""
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        for row in plan:
            words = row.detail.split()
            if words[0] == "SCAN" and words[1] in GROWING:
                yield row.detail
            # An index used for the community or the event alone reads all that it has.
            alone = words[0] == "SEARCH" and row.detail.endswith(
                ("(community_id=?)", "(community_id=? AND event_id=?)", "(event_id=?)")
            )
            if alone and words[1] in GROWING:
                yield row.detail
        return
    # These tables are small; what is asked is whether an index could serve when they are not.
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET enable_{way} = off")
    found: list[Any] = connection.exec_driver_sql(
        f"EXPLAIN (FORMAT JSON) {statement}", parameters
    ).scalar_one()
    for node in nodes(found[0]["Plan"]):
        reads = node["Node Type"] in ("Seq Scan", "Index Scan", "Index Only Scan")
        if node.get("Relation Name") in GROWING and reads and "Index Cond" not in node:
            yield f"{node['Node Type']} {node['Relation Name']}"
        condition = node.get("Index Cond", "")
        if node.get("Relation Name") == "scan" and ALL_OF_AN_EVENT.search(condition):
            yield f"all scans of an event: {condition}"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan["Node Type"] != "ModifyTable":
        yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def test_no_statement_of_a_scan_reads_a_growing_table_whole(
    statements: list[tuple[str, Any]],
) -> None:
    assert len(statements) >= 26
    with db.engine.connect() as connection:
        found = [
            f"{whole}: {statement[:200]}"
            for statement, parameters in statements
            for whole in searched_whole(connection, statement, parameters)
        ]
    assert not found, "\n".join(found)


def test_a_search_without_an_index_is_noticed(both_town: Town) -> None:
    settle(both_town, PEOPLE, 6)
    with db.engine.connect() as connection:
        statement = "SELECT ref FROM resident WHERE age_band = 'x'"
        assert list(searched_whole(connection, statement, {}))
        assert not list(searched_whole(connection, "SELECT ref FROM resident WHERE id = 1", {}))
