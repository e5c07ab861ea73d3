"""What every table shares: naming, column types, checks, and the community key.

Every row of a community carries ``community_id``, has UNIQUE (community_id, id), and points at its
neighbours by composite foreign keys: no row can refer to another community's, and the tables can
later be spread over machines by that column.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry

LIMIT = 1_000_000_000_000
"""Bound of every ledger integer: far above any real figure, far below 2^53."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. A naive value is our bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, f"naive time {value!r}"
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

Id = Annotated[int, mapped_column(BigId, primary_key=True)]
Ref = Annotated[int, mapped_column(BigId)]
Name = Annotated[str, mapped_column(String(50))]
Title = Annotated[str, mapped_column(String(120))]
Words = Annotated[str, mapped_column(String(500))]
Word = Annotated[str, mapped_column(String(40))]
Digest = Annotated[bytes, mapped_column(LargeBinary(32))]


_METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    # Spelled out: Flask-SQLAlchemy copies this class, and a copied type_annotation_map is refused.
    registry = registry(
        metadata=_METADATA,
        type_annotation_map={
            datetime: UtcDateTime(),
            date: Date(),
            dict[str, Any]: Json,
            bytes: LargeBinary(),
        },
    )
    metadata = _METADATA


def table_of(model: type[Base]) -> Table:
    """A model's table, for the Core statements of the hot paths."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def in_community(*more: Any) -> tuple[Any, ...]:
    """Table arguments of a community's table: its key for composite foreign keys, then ``more``."""
    return (
        ForeignKeyConstraint(["community_id"], ["community.id"]),
        UniqueConstraint("community_id", "id"),
        *more,
    )


def same_community(column: str, table: str) -> ForeignKeyConstraint:
    """``column`` points at a row of ``table`` in the same community."""
    return ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"])


def one_of(column: str, words: Sequence[str]) -> CheckConstraint:
    """``column`` holds one of ``words``; kept as text, so a new word needs only a new CHECK."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def whole(column: str, low: int = 0, high: int = LIMIT) -> CheckConstraint:
    """``column`` is a whole number from ``low`` to ``high``.

    SQLite keeps fractions, text and blobs in an integer column if they come: the cast finds the
    fractions, the range the others (they sort above every number). On PostgreSQL the cast is idle.
    """
    return CheckConstraint(
        f"{column} BETWEEN {low} AND {high} AND {column} = CAST({column} AS BIGINT)",
        name=f"{column}_whole",
    )


def dates_in_order() -> CheckConstraint:
    return CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates_in_order")
