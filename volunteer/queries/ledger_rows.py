"""Rows of the ledger, read with care: what is stored may have been written behind the app's back.

A time may hold any text and facts may be no JSON; what cannot be read stands for itself and fails
its check, instead of ending the report.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, type_coerce

from volunteer.domain.ledger import Transfer
from volunteer.domain.verification import Side
from volunteer.store import models as m
from volunteer.store.models.base import table_of

UNREADABLE = datetime.min.replace(tzinfo=UTC)
"""Stands for a time that is no time; no hash was ever made over it."""

TRANSFER = table_of(m.Transfer)

_BODY = tuple(column for column in TRANSFER.c if column.name not in ("id", "community_id"))


def transfer_columns(dialect: str) -> list[ColumnElement[Any]]:
    """A transfer's columns as ``t_…``; raw on SQLite, where a time can hold any text."""
    raw = dialect == "sqlite"
    return [TRANSFER.c.community_id.label("t_community_id")] + [
        (type_coerce(column, String) if raw and column.name in _CAREFUL else column).label(
            f"t_{column.name}"
        )
        for column in _BODY
    ]


def side_of(is_passbook: bool, lines: list[Any]) -> Side:
    points = sum((row.amount_points for row in lines[1:]), lines[0].amount_points if lines else 0)
    minutes = sum(
        (row.amount_minutes for row in lines[1:]), lines[0].amount_minutes if lines else 0
    )
    return Side(is_passbook, len(lines), points, minutes)


def part_of(idempotency_key: str) -> str:
    """``award:<attendance>:<part>:<revision>``"""
    pieces = idempotency_key.split(":")
    return pieces[2] if len(pieces) == 4 else idempotency_key


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return UNREADABLE


def _facts(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {"unreadable": value}
    return value if isinstance(value, dict) else {"unreadable": value}


_CAREFUL: dict[str, Callable[[Any], Any]] = {
    "occurred_at": _moment,
    "posted_at": _moment,
    "facts": _facts,
}


def transfer_of(row: Row[Any]) -> Transfer:
    values = row._mapping
    body = {
        column.name: _CAREFUL.get(column.name, _as_it_is)(values[f"t_{column.name}"])
        for column in _BODY
    }
    return Transfer(community_id=values["t_community_id"], **body)


def _as_it_is(value: Any) -> Any:
    return value


def bytes_of(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""
