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

from sqlalchemy import ARRAY, ColumnElement, CursorResult, Dialect, SelectBase, Table, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import (
    JSON,
    NULLTYPE,
    Boolean,
    Date,
    DateTime,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    TypeEngine,
    Uuid,
)

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
    if tx.dialect != "sqlite" and "id" in rows[0]:
        # PostgreSQL takes any recordset for a hundred rows, and would rather read all passbooks of
        # a community than look a hundred up.
        match += f" AND {table.name}.id = ANY (ARRAY (SELECT id FROM {columns} AS named))"
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
    # A guard's or a delta's column is none of the table's, and always a whole number.
    return name in table.c and _is_type(table.c[name].type, *types)


def _is_type(kind: Any, *types: type) -> bool:
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
    return _encode_for_sqlite(rows) if dialect == "sqlite" else _encode_for_postgresql(rows)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _utc(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} in a row")


def _plain_on_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return _utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")
    return _plain(value)


# json.dumps() with options makes an encoder for every call, and a check-in encodes 25 parameters.
_encode_for_postgresql = json.JSONEncoder(default=_plain, ensure_ascii=False).encode
_encode_for_sqlite = json.JSONEncoder(default=_plain_on_sqlite, ensure_ascii=False).encode


def _utc(value: datetime) -> datetime:
    assert value.tzinfo is not None, f"naive time {value!r}"
    return value if value.tzinfo is UTC else value.astimezone(UTC)


class _ListOf(TypeDecorator[Sequence[Any]]):
    """Any number of values of one type as one parameter: an array, on SQLite a JSON list."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        listed: TypeEngine[Any] = Text() if dialect.name == "sqlite" else ARRAY(self.kind)
        return dialect.type_descriptor(listed)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return _encode_for_sqlite(value) if dialect.name == "sqlite" else value


class among(FunctionElement[Any]):  # noqa: N801 - reads as a function in a statement
    """``among(column, "ids")``: the column's value is in the list given as parameter ``ids``.

    Unlike ``column.in_()`` its text is the same for any number of values, so a statement is
    compiled once and PostgreSQL prepares it once.
    """

    # No Boolean: SQLite has none, so SQLAlchemy would write "… = 1" behind it, and no index serves
    # that.
    type = NULLTYPE
    inherit_cache = True
    name = "among"

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=_ListOf(column.type)))


@compiles(among)
def _in_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(values, **options)})"


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    value = "unhex(value)" if _is_type(column.type, LargeBinary) else "value"
    listed = f"SELECT {value} FROM json_each({compiler.process(values, **options)})"
    return f"{compiler.process(column, **options)} IN ({listed})"


class among_found(FunctionElement[Any]):  # noqa: N801 - reads as a function in a statement
    """``among_found(column, select(…))``: the column's value is one that the select finds.

    PostgreSQL runs the select first and looks its few values up; given a join or ``IN (SELECT …)``
    it may read everything that the other conditions leave instead.
    """

    type = NULLTYPE
    inherit_cache = True
    name = "among_found"

    def __init__(self, column: Any, found: SelectBase) -> None:
        super().__init__(column, found.scalar_subquery())


@compiles(among_found)
def _in_found_array(element: among_found, compiler: SQLCompiler, **options: Any) -> str:
    column, found = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY (ARRAY{found})"


@compiles(among_found, "sqlite")
def _in_found(element: among_found, compiler: SQLCompiler, **options: Any) -> str:
    column, found = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN {found}"
