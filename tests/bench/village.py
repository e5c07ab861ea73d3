"""A community large enough to measure in, written with as few statements as possible."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from sqlalchemy import text

from tests.town import Town
from volunteer.domain.access import Scope
from volunteer.domain.passbook_number import card_number, passbook_number_from
from volunteer.domain.tokens import card_code, card_code_hash
from volunteer.store import models as m
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx, db, transact
from volunteer.store.ledger import open_passbooks
from volunteer.store.models.base import table_of

TOKEN = "bench-device-token"


def settle(town: Town, people: int, buildings: int) -> tuple[list[str], list[int]]:
    """``people`` with passbook, home and card, spread over ``buildings``; card codes, buildings."""
    building_ids = [town.building(f"{number}栋") for number in range(1, buildings + 1)]
    codes: list[str] = []

    def work(tx: Tx) -> None:
        numbers = [passbook_number_from(7919 * n) for n in range(1, people + 1)]
        rows = insert_rows(
            tx,
            table_of(m.Resident),
            [
                {
                    "community_id": town.community_id,
                    "ref": f"b{number}",
                    "passbook_number": number,
                    "state": "active",
                    "name": "陈秀英",
                    "pinyin": "chen xiu ying",
                    "initials": "cxy",
                    "age_band": "18_plus",
                    "seal_nonce": secrets.token_bytes(32),
                    "created_at": datetime.now(UTC),
                }
                for number in numbers
            ],
            "RETURNING id, passbook_number",
        )
        ids = {row.passbook_number: row.id for row in rows}
        open_passbooks(tx, town.community_id, list(ids.values()))
        _house(tx, town.community_id, list(ids.values()), building_ids)
        codes.extend(_print_cards(tx, town, ids))

    town.write(work)
    return codes, building_ids


def _house(tx: Tx, community_id: int, people: Sequence[int], buildings: Sequence[int]) -> None:
    rows = [
        {
            "community_id": community_id,
            "resident_id": resident_id,
            "kind": "lives",
            "building_id": buildings[place % len(buildings)],
            "starts_on": date(2024, 1, 1),
        }
        for place, resident_id in enumerate(people)
    ]
    insert_rows(tx, table_of(m.Residence), rows)


def _print_cards(tx: Tx, town: Town, ids: dict[str, int]) -> list[str]:
    cards = []
    for passbook_number, resident_id in ids.items():
        number = card_number(passbook_number, 1)
        code = card_code(town.keys.card_code, number)
        cards.append((resident_id, number, code))
    rows = [
        {
            "community_id": town.community_id,
            "resident_id": resident_id,
            "number": number,
            "code_hash": card_code_hash(code),
            "state": "active",
            "issued_at": datetime.now(UTC),
        }
        for resident_id, number, code in cards
    ]
    insert_rows(tx, table_of(m.Card), rows)
    return [code for _, _, code in cards]


def analyse(app: Flask) -> None:
    """What PostgreSQL's autovacuum does by itself within a minute of the first writes."""
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            transact(lambda tx: tx.run_text("ANALYZE"), Scope.everything())
        db.engine.dispose()


def open_events(town: Town, count: int) -> list[int]:
    """Events that are going on now, ten points for being there."""
    activity = town.activity()
    now = datetime.now(UTC)
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=6)}
    town.device(TOKEN, starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=1))
    return [town.event(activity, **times) for _ in range(count)]


def remember(town: Town, attendances: int, buildings: Sequence[int]) -> None:
    """A history of ``attendances`` by 300 people a building as the boards hold it: one row for
    each building and period, and participations beside it."""
    days = 365 * 2
    each = max(attendances // len(buildings), 1)

    def work(tx: Tx) -> None:
        rows = [
            {
                "community_id": town.community_id,
                "board": "building",
                "period_kind": kind,
                "period_start": start,
                "subject_id": building,
                "points": each * 10,
                "minutes": each * 60,
                "attendances": each,
                "participants": min(each, 300),
            }
            for building in buildings
            for kind, start in _periods(days)
        ]
        insert_rows(tx, table_of(m.BoardTotal), rows)
        _remember_participations(tx, town.community_id, attendances, buildings)

    town.write(work)
    analyse(town.app)


def _periods(days: int) -> list[tuple[str, date]]:
    today = datetime.now(UTC).date()
    found = {("all", date(1, 1, 1))}
    for back in range(days):
        day = today - timedelta(days=back)
        found |= {
            ("day", day),
            ("week", day - timedelta(days=day.weekday())),
            ("month", day.replace(day=1)),
            ("year", day.replace(month=1, day=1)),
        }
    return sorted(found)


def _remember_participations(
    tx: Tx, community_id: int, count: int, buildings: Sequence[int]
) -> None:
    """``count`` rows of who took part, made inside the database."""
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
        " SELECT :community, 'building', 'day', "
        + (
            "date('2020-01-01', (i % 2000) || ' days')"
            if tx.dialect == "sqlite"
            else "DATE '2020-01-01' + (i % 2000)"
        )
        + ", :first + i % :buildings, 1000000 + i, 1 FROM n"
    )
    tx.run(
        text(
            "INSERT INTO board_participation (community_id, board, period_kind, period_start,"
            f" subject_id, resident_id, attendances) {numbers}"
        ),
        count=count,
        community=community_id,
        first=min(buildings),
        buildings=len(buildings),
    )
