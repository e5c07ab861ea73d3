"""Rows of the registers (places, people, roles): read one to write it, add one.

The registers are small and changed by hand, so plain statements do; the scan path has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from volunteer.domain.refusals import Code, refuse
from volunteer.store.bulk import insert_rows
from volunteer.store.database import Tx
from volunteer.store.models import Base, Community
from volunteer.store.models.base import table_of


def load_row(tx: Tx, model: type[Base], row_id: int) -> Row[Any]:
    """All columns of one community row, locked. Raises Refused: ``not_found``, also when it
    belongs to a community that the caller may not see."""
    table = table_of(model)
    row = tx.run(select(table).where(table.c.id == row_id).with_for_update()).first()
    if row is None or not tx.scope.sees(row.community_id):
        raise refuse(Code.NOT_FOUND)
    return row


def record_row(tx: Tx, model: type[Base], values: Mapping[str, Any]) -> int:
    """Add one row and give its id. Raises Refused: ``already_exists`` when a unique key is taken
    (asked of the database in the same statement, so two people adding at once cannot both)."""
    inserted = insert_rows(
        tx, table_of(model), [values], "ON CONFLICT DO NOTHING RETURNING id"
    ).scalar_one_or_none()
    if inserted is None:
        raise refuse(Code.ALREADY_EXISTS)
    return int(inserted)


def require_unique(tx: Tx, model: type[Base], row_id: int, values: Mapping[str, Any]) -> None:
    """Raises Refused ``already_exists`` when another row than ``row_id`` has these values."""
    table = table_of(model)
    same = [table.c[name] == value for name, value in values.items()]
    if tx.run(select(table.c.id).where(table.c.id != row_id, *same).limit(1)).first():
        raise refuse(Code.ALREADY_EXISTS)


def require_seen(tx: Tx, community_id: int) -> None:
    """Raises Refused ``not_found`` for a community outside the caller's scope."""
    if not tx.scope.sees(community_id):
        raise refuse(Code.NOT_FOUND)


def require_in_community(tx: Tx, model: type[Base], row_id: int | None, community_id: int) -> None:
    """Raises Refused ``not_found`` when ``row_id`` is not a row of this community; None is fine."""
    if row_id is None:
        return
    table = table_of(model)
    fitting = select(table.c.id).where(table.c.id == row_id, table.c.community_id == community_id)
    if tx.run(fitting).first() is None:
        raise refuse(Code.NOT_FOUND)


def load_today(tx: Tx, community_id: int, now: datetime) -> date:
    """The calendar day of ``now`` in the community."""
    zone = tx.run(select(Community.time_zone).where(Community.id == community_id)).scalar_one()
    return now.astimezone(ZoneInfo(str(zone))).date()
