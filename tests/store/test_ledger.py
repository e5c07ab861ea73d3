"""Posting on both databases: lines, chain, debts, idempotency, and what the schema refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.town import FRIDAY, Town
from volunteer.domain.ledger import Passbook, Transfer
from volunteer.store.database import TryAgain, Tx
from volunteer.store.ledger import lock_passbooks, post, read_system_accounts


def give(town: Town, resident_id: int, points: int, key: str, code: str = "adjustment") -> Passbook:
    def work(tx: Tx) -> Passbook:
        book = lock_passbooks(tx, [resident_id])[resident_id]
        system = read_system_accounts(tx, town.community_id)
        transfer = Transfer(
            community_id=town.community_id,
            debit_account_id=system.issued if points > 0 else book.account_id,
            credit_account_id=book.account_id if points > 0 else system.issued,
            amount_points=abs(points),
            amount_minutes=0,
            code=code,
            idempotency_key=key,
            occurred_at=FRIDAY,
            posted_at=FRIDAY + timedelta(minutes=1),
            facts={"why": "测试"},
        )
        return post(tx, [transfer], [book], system.debts)[book.account_id]

    return town.write(work)


def test_each_posting_prints_one_chained_line(both_town: Town) -> None:
    resident_id = both_town.resident()
    first = give(both_town, resident_id, 10, "a")
    second = give(both_town, resident_id, -4, "b")
    assert (first.balance_points, first.last_entry_no) == (10, 1)
    assert (second.balance_points, second.last_entry_no) == (6, 2)
    rows = both_town.write(
        lambda tx: tx.execute(
            text("SELECT prev_hash, hash, balance_after_points FROM entry ORDER BY id")
        ).all()
    )
    assert bytes(rows[1][0]) == bytes(rows[0][1]) == first.head_hash
    assert [row[2] for row in rows] == [10, 6]


def test_a_key_posted_meanwhile_asks_to_try_again(both_town: Town) -> None:
    resident_id = both_town.resident()
    give(both_town, resident_id, 10, "a")
    with pytest.raises(TryAgain):
        give(both_town, resident_id, 10, "a")
    assert give(both_town, resident_id, 1, "b").balance_points == 11


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount_points = 1000",
        "DELETE FROM entry",
        "UPDATE transfer SET amount_points = 1000",
        "DELETE FROM transfer",
        "UPDATE account SET balance_points = -1 WHERE kind = 'passbook'",
        "UPDATE account SET held_points = 11 WHERE kind = 'passbook'",
        "UPDATE account SET balance_points = 5 WHERE kind = 'issued'",
        "UPDATE account SET balance_points = 2000000000000 WHERE kind = 'passbook'",
        "INSERT INTO entry SELECT * FROM entry",
    ],
)
def test_the_schema_refuses(both_town: Town, statement: str) -> None:
    give(both_town, both_town.resident(), 10, "a")
    with pytest.raises(DBAPIError):
        both_town.write(lambda tx: tx.execute(text(statement)))


def test_sqlite_refuses_replace_and_what_is_no_whole_number(town: Town) -> None:
    give(town, town.resident(), 10, "a")
    for statement in (
        "INSERT OR REPLACE INTO entry SELECT * FROM entry",
        "UPDATE account SET balance_points = 5.5 WHERE kind = 'passbook'",
        "UPDATE account SET balance_points = 'ten' WHERE kind = 'passbook'",
        "UPDATE account SET balance_points = x'05' WHERE kind = 'passbook'",
        "UPDATE account SET balance_points = 9223372036854775807 + 1 WHERE kind = 'passbook'",
    ):
        with pytest.raises(DBAPIError):
            town.write(lambda tx, statement=statement: tx.execute(text(statement)))


def test_postgresql_refuses_truncate(both_town: Town) -> None:
    if both_town.write(lambda tx: tx.dialect) == "sqlite":
        return  # SQLite has no TRUNCATE; its DELETE is refused above
    with pytest.raises(DBAPIError):
        both_town.write(lambda tx: tx.execute(text("TRUNCATE entry CASCADE")))
