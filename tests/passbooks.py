"""Passbooks with lines in them, for the tests of what shows them: posted through the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event as listening
from sqlalchemy import select

from tests.town import FRIDAY, Town
from volunteer.domain.ledger import Transfer
from volunteer.store import models as m
from volunteer.store.database import Tx, db
from volunteer.store.ledger import lock_passbooks, post, read_system_accounts

EARLY = datetime(2025, 1, 10, 8, 0, tzinfo=UTC)


def attendance(town: Town, event_id: int, resident_id: int, **more: Any) -> int:
    """A complete attendance from the event's start to its end, by rotating code."""

    def work(tx: Tx) -> int:
        event = tx.execute(select(m.Event).where(m.Event.id == event_id)).scalar_one()
        row = m.Attendance(
            **{
                "community_id": event.community_id,
                "event_id": event_id,
                "resident_id": resident_id,
                "state": "complete",
                "checked_in_at": event.starts_at,
                "checked_out_at": event.ends_at,
                "ended_how": "leader",
                "provenance": "rotating_code",
                "local_date": event.local_date,
                "revision": 1,
                "check_in_points": 10,
            }
            | more
        )
        tx.add(row)
        tx.flush()
        return row.id

    return town.write(work)


def post_lines(town: Town, resident_id: int, lines: list[dict[str, Any]]) -> None:
    """Post one transfer for each of ``lines``: points (negative: spent), minutes, code, at, …"""

    def work(tx: Tx) -> None:
        book = lock_passbooks(tx, [resident_id])[resident_id]
        system = read_system_accounts(tx, book.community_id)
        transfers = []
        for number, line in enumerate(lines, start=book.last_entry_no + 1):
            values = dict(line)
            points = values.pop("points", 0)
            other = system.redeemed if values.get("code") == "redemption" else system.issued
            at = values.pop("at", FRIDAY)
            transfers.append(
                Transfer(
                    **{
                        "community_id": book.community_id,
                        "debit_account_id": other if points >= 0 else book.account_id,
                        "credit_account_id": book.account_id if points >= 0 else other,
                        "amount_points": abs(points),
                        "amount_minutes": values.pop("minutes", 0),
                        "code": "award",
                        "idempotency_key": f"test:{resident_id}:{number}",
                        "occurred_at": at,
                        "posted_at": at,
                    }
                    | values
                )
            )
        post(tx, transfers, [book], system.debts)

    town.write(work)


def award_lines(town: Town, resident_id: int, count: int, **more: Any) -> int:
    """``count`` awards of 10 points, a day apart from ``EARLY`` on; gives the attendance's id."""
    event_id = town.event(town.activity(name_en="Clean-up Friday"))
    attendance_id = attendance(town, event_id, resident_id)
    facts = {
        "part": "check_in",
        "rule_version": 1,
        "factor_percent": 100,
        "fixed_points": 10,
        "points_before_cap": 10,
        "provenance": "rotating_code",
    }
    post_lines(
        town,
        resident_id,
        [
            {
                "points": 10,
                "attendance_id": attendance_id,
                "facts": facts,
                "at": EARLY + timedelta(days=number),
            }
            | more
            for number in range(count)
        ],
    )
    return attendance_id


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements sent to the database meanwhile; BEGIN and COMMIT are not among them."""
    seen: list[str] = []

    def see(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    listening.listen(db.engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        listening.remove(db.engine, "before_cursor_execute", see)
