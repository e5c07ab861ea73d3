"""Many rows in one statement, the same statement for one row and for five hundred.

The rows travel as one JSON parameter and are unfolded by the database (``json_each`` on SQLite,
``jsonb_to_recordset`` on PostgreSQL), so the text of a statement never changes and the number of
statements does not grow with the batch. Names in the text come from our own tables, never from
outside. ``insert().values([...])`` is compiled anew for every
length (1.3 to 1.6 times slower on the scan path), and an executemany with RETURNING is many.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BindParameter, CursorResult, Table, bindparam
from sqlalchemy.types import JSON, Boolean, Date, DateTime, LargeBinary, String, TypeDecorator, Uuid

if TYPE_CHECKING:
    from volunteer.store.database import Tx

Rows = Sequence[Mapping[str, Any]]


def insert_rows(tx: Tx, table: Table, rows: Rows, tail: str = "") -> CursorResult[Any]:
    """INSERT ``rows``, which all have the same keys. ``tail``: ON CONFLICT … RETURNING …"""
    statement = _insert(tx.dialect, table, tuple(rows[0]), tail)
    return tx.run_text(statement, rows=_encode(rows, tx.dialect))


def update_rows(
    tx: Tx, table: Table, rows: Rows, changes: str, match: str, tail: str = ""
) -> CursorResult[Any]:
    """``UPDATE table SET changes FROM rows r WHERE match tail``.

    ``changes`` and ``match`` are SQL that call the incoming row ``r`` and the table by its name;
    ``tail`` may be a RETURNING. The result's ``rowcount`` is the number of rows changed.
    """
    columns = _unfold(tx.dialect, table, tuple(rows[0]))
    statement = f"UPDATE {table.name} SET {changes} FROM {columns} AS r WHERE {match} {tail}"
    return tx.run_text(statement, rows=_encode(rows, tx.dialect))


@lru_cache(maxsize=256)
def _insert(dialect: str, table: Table, columns: tuple[str, ...], tail: str) -> str:
    names = ", ".join(columns)
    source = _unfold(dialect, table, columns)
    # "WHERE true" keeps SQLite from reading ON CONFLICT as a join's ON. Conflicting rows of
    # several transactions are met in the order sent, which the caller sorts.
    return f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source} AS r WHERE true {tail}"


@lru_cache(maxsize=256)
def _unfold(dialect: str, table: Table, columns: tuple[str, ...]) -> str:
    if dialect == "sqlite":
        picked = ", ".join(f"{_sqlite(table, name)} AS {name}" for name in columns)
        return f"(SELECT {picked} FROM json_each(:rows) ORDER BY key)"
    picked = ", ".join(
        f"decode({name}, 'hex') AS {name}" if _is(table, name, LargeBinary) else name
        for name in columns
    )
    types = ", ".join(f"{name} {_postgresql(table, name)}" for name in columns)
    return f"(SELECT {picked} FROM jsonb_to_recordset(CAST(%(rows)s AS jsonb)) AS x({types}))"


def _is(table: Table, name: str, *types: type) -> bool:
    if name not in table.c:  # a guard's or a delta's column, always a whole number
        return False
    kind: Any = table.c[name].type
    while isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return isinstance(kind, types)


def _sqlite(table: Table, name: str) -> str:
    value = f"json_extract(value, '$.{name}')"
    return f"unhex({value})" if _is(table, name, LargeBinary) else value


def _postgresql(table: Table, name: str) -> str:
    kinds: tuple[tuple[tuple[type, ...], str], ...] = (
        ((LargeBinary, String), "text"),
        ((Uuid,), "uuid"),
        ((DateTime,), "timestamptz"),
        ((Date,), "date"),
        ((Boolean,), "boolean"),
        ((JSON,), "jsonb"),
    )
    return next((sql for types, sql in kinds if _is(table, name, *types)), "bigint")


def _encode(rows: Rows, dialect: str) -> str:
    time_format = "%Y-%m-%d %H:%M:%S.%f" if dialect == "sqlite" else "%Y-%m-%dT%H:%M:%S.%f+00:00"

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            assert value.tzinfo is not None, f"naive time {value!r}"
            return value.astimezone(UTC).strftime(time_format)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, UUID | bytes):
            return value.hex if isinstance(value, UUID) else value.hex()
        raise TypeError(f"{type(value).__name__} in a row")

    return json.dumps([dict(row) for row in rows], default=plain, ensure_ascii=False)


def many(name: str) -> BindParameter[Any]:
    """A list of any length as one parameter of a statement that is built once."""
    return bindparam(name, expanding=True)
