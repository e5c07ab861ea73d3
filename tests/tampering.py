"""Changing a database behind the app: triggers and keys switched off, one row edited, dropped,
slipped in or swapped. Every change is one the app could not have made."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from volunteer.store.database import db

TABLES = ("entry", "transfer", "account", "attendance", "board_total")
COPIED = (*TABLES, "opening_balance")
KEYS = {
    "board_total": ("community_id", "board", "period_kind", "period_start", "subject_id"),
}
EDITED = {
    "entry": (
        "account_id",
        "transfer_id",
        "entry_no",
        "amount_points",
        "amount_minutes",
        "balance_after_points",
        "total_after_minutes",
        "prev_hash",
        "hash",
    ),
    "transfer": (
        "id",
        "debit_account_id",
        "credit_account_id",
        "amount_points",
        "amount_minutes",
        "code",
        "attendance_id",
        "points_rule_id",
        "recorded_by_login_id",
        "recorded_by_device_id",
        "approved_by_login_id",
        "reason",
        "facts",
        "occurred_at",
        "posted_at",
        "idempotency_key",
    ),
    "account": (
        "balance_points",
        "owed_points",
        "held_points",
        "total_minutes",
        "last_entry_no",
        "head_hash",
    ),
    "attendance": ("check_in_points", "check_out_points", "minutes", "building_id", "resident_id"),
    "board_total": ("points", "minutes", "attendances", "participants"),
}
SWAPPED = {
    "entry": ("account_id", "transfer_id", "entry_no", "amount_points", "hash"),
    "transfer": ("credit_account_id", "amount_points", "facts", "occurred_at", "attendance_id"),
    "account": ("balance_points", "resident_id", "head_hash"),
}
_TIMES = ("occurred_at", "posted_at")


@dataclass(frozen=True)
class Tampering:
    """One change, with words to find it again by when it was not found."""

    words: str


@contextmanager
def behind_the_app() -> Iterator[Connection]:
    """A connection to copies of the tables, under their names, that no trigger, key or check
    holds back; the tables themselves are put back afterwards."""
    # A pooled connection to SQLite may still know the tables by their names of before.
    db.engine.dispose()
    with db.engine.connect() as raw:
        for table in COPIED:
            raw.execute(text(f"ALTER TABLE {table} RENAME TO kept_{table}"))
            raw.execute(text(f"CREATE TABLE {table} AS SELECT * FROM kept_{table}"))
        raw.commit()
        try:
            yield raw
        finally:
            raw.rollback()
            for table in COPIED:
                raw.execute(text(f"DROP TABLE {table}"))
                raw.execute(text(f"ALTER TABLE kept_{table} RENAME TO {table}"))
            raw.commit()


def restore(raw: Connection) -> None:
    """As it was before the last change."""
    for table in COPIED:
        raw.execute(text(f"DELETE FROM {table}"))
        raw.execute(text(f"INSERT INTO {table} SELECT * FROM kept_{table}"))
    raw.commit()


def tamper(raw: Connection, random: Random) -> Tampering | None:
    """One change; None when the dice fell on one that changes nothing."""
    way = random.choice((_edit, _drop, _insert, _swap))
    done: Tampering | None = way(raw, random)
    raw.commit()
    return done


def _keys(table: str) -> tuple[str, ...]:
    return KEYS.get(table, ("id",))


def _pick(raw: Connection, table: str, random: Random, where: str = "true") -> dict[str, Any]:
    rows = (
        raw.execute(text(f"SELECT * FROM {table} WHERE {where} ORDER BY {', '.join(_keys(table))}"))
        .mappings()
        .all()
    )
    return dict(random.choice(rows))


def _where(table: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    clause = " AND ".join(f"{key} = :k_{key}" for key in _keys(table))
    return clause, {f"k_{key}": row[key] for key in _keys(table)}


def _of_interest(table: str) -> str:
    """Rows whose change matters: a system account keeps nothing, and a total may be all zeros."""
    return {
        "account": "kind = 'passbook' AND last_entry_no > 0",
        "attendance": "check_in_points + check_out_points + minutes > 0",
        "board_total": "attendances > 0",
    }.get(table, "true")


def _edit(raw: Connection, random: Random) -> Tampering | None:
    table = random.choice(TABLES)
    row = _pick(raw, table, random, _of_interest(table))
    column = random.choice(EDITED[table])
    value = _other(raw, table, column, row[column], random)
    if value == row[column]:
        return None
    where, keys = _where(table, row)
    raw.execute(
        text(f"UPDATE {table} SET {column} = {_cast(raw, column)} WHERE {where}"),
        {"value": value} | keys,
    )
    return Tampering(f"edit {table}.{column} {row[column]!r} -> {value!r}")


def _cast(raw: Connection, column: str) -> str:
    if raw.dialect.name == "postgresql":
        if column in _TIMES:
            return "CAST(:value AS timestamptz)"
        if column == "facts":
            return "CAST(:value AS jsonb)"
    return ":value"


def _other(raw: Connection, table: str, column: str, value: Any, random: Random) -> Any:  # noqa: PLR0911
    if column in {"prev_hash", "hash", "head_hash"}:
        return random.randbytes(32)
    if column == "facts":
        return '{"part": "check_in", "fixed_points": 9999}'
    if column in _TIMES:
        return f"2020-01-{random.randint(1, 28):02d} 08:00:00.000000"
    if column in {"code", "idempotency_key", "reason"}:
        return "adjustment" if column == "code" else f"changed {random.randint(0, 99)}"
    if column in {"resident_id", "building_id"}:
        ids = raw.execute(text(f"SELECT id FROM {column[:-3]} ORDER BY id")).scalars().all()
        return random.choice(ids)
    if value is None:
        return random.randint(1, 9)
    return max(0, int(value) + random.choice((-5, -1, 1, 7, 100_000)))


def _drop(raw: Connection, random: Random) -> Tampering:
    table = random.choice(TABLES)
    row = _pick(raw, table, random, _of_interest(table))
    where, keys = _where(table, row)
    raw.execute(text(f"DELETE FROM {table} WHERE {where}"), keys)
    return Tampering(f"drop {table} {keys}")


def _insert(raw: Connection, random: Random) -> Tampering:
    """A made-up row: a line, a transfer, an attendance with points, a board's total."""
    table = random.choice(("entry", "transfer", "attendance", "board_total"))
    row = _pick(raw, table, random, _of_interest(table))
    if table == "board_total":
        row["subject_id"] += 1_000
    else:
        row["id"] += 1_000_000
    if table == "transfer":
        row["idempotency_key"] = f"made up {secrets.token_hex(4)}"
    if table == "entry" and random.random() < 0.5:
        row["entry_no"] += random.choice((1, 50))
    names = ", ".join(row)
    values = ", ".join(
        f"CAST(:{name} AS jsonb)" if name == "facts" and _is_postgresql(raw) else f":{name}"
        for name in row
    )
    if _is_postgresql(raw) and "facts" in row:
        import json

        row["facts"] = json.dumps(row["facts"])
    raw.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    return Tampering(f"insert {table} {row}")


def _swap(raw: Connection, random: Random) -> Tampering | None:
    table = random.choice(tuple(SWAPPED))
    one, other = (_pick(raw, table, random, _of_interest(table)) for _ in range(2))
    column = random.choice(SWAPPED[table])
    if one["id"] == other["id"] or one[column] == other[column]:
        return None
    if table == "transfer" and column == "attendance_id" and one["code"] != "award":
        return None
    kept = raw.execute(
        text(f"SELECT id, {column} FROM kept_{table} WHERE id IN (:a, :b)"),
        {"a": one["id"], "b": other["id"]},
    ).all()
    assert len(kept) == 2
    for row, source in ((one, other), (other, one)):
        raw.execute(
            text(
                f"UPDATE {table} SET {column} ="
                f" (SELECT {column} FROM kept_{table} WHERE id = :source) WHERE id = :id"
            ),
            {"id": row["id"], "source": source["id"]},
        )
    return Tampering(f"swap {table}.{column} of {one['id']} and {other['id']}")


def _is_postgresql(raw: Connection) -> bool:
    return raw.dialect.name == "postgresql"
