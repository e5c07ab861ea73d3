"""Events that recur, and public holidays as a community wrote them down.

Lock: none on existing rows; PostgreSQL holds what the new tables refer to for the moment of a
catalogue change.
Way back: events stay, and no longer know that they belong together; holidays written down are gone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    _create_event_series()
    _create_series_event()
    _create_holiday_year()


def downgrade() -> None:
    for table in ("holiday_year", "series_event", "event_series"):
        op.drop_table(table)


def _in_community(table: str, **pointing: str) -> list[sa.Constraint]:
    """The keys of a community's table; ``pointing``: which column leads to which table."""
    return [
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["community_id", column],
                [f"{other}.community_id", f"{other}.id"],
                name=op.f(f"fk_{table}_community_id_{column}"),
            )
            for column, other in pointing.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("community_id", "id", name=op.f(f"uq_{table}_community_id_id")),
    ]


def _by_login(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["login.id"], name=op.f(f"fk_{table}_{column}"))


def _keys(*names: str) -> list[sa.Column]:
    return [sa.Column(name, BigId, nullable=False) for name in ("id", "community_id", *names)]


def _whole(table: str, column: str, low: int, high: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} BETWEEN {low} AND {high} AND {column} = CAST({column} AS BIGINT)",
        name=op.f(f"ck_{table}_{column}_whole"),
    )


def _create_event_series() -> None:
    table = "event_series"
    op.create_table(
        table,
        *_keys("activity_id"),
        sa.Column("rhythm", sa.String(40), nullable=False),
        sa.Column("weekdays", sa.String(40), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("skips_holidays", sa.Boolean(), nullable=False),
        sa.Column("skips_workdays", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId),
        sa.CheckConstraint(
            "rhythm IN ('weekly', 'fortnightly', 'monthly')",
            name=op.f(f"ck_{table}_rhythm_known"),
        ),
        *_in_community(table, activity_id="activity"),
        _by_login(table, "created_by_login_id"),
    )
    op.create_index("ix_event_series_activity", table, ["community_id", "activity_id"])


def _create_series_event() -> None:
    table = "series_event"
    op.create_table(
        table,
        *_keys("series_id", "event_id"),
        sa.Column("site", sa.Integer(), nullable=False),
        _whole(table, "site", 1, 100),
        *_in_community(table, series_id="event_series", event_id="event"),
        sa.UniqueConstraint("event_id", name=op.f(f"uq_{table}_event_id")),
    )
    op.create_index("ix_series_event_series", table, ["series_id", "site"])


def _create_holiday_year() -> None:
    table = "holiday_year"
    op.create_table(
        table,
        *_keys(),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("changed_by_login_id", BigId),
        _whole(table, "year", 2000, 2199),
        *_in_community(table),
        _by_login(table, "changed_by_login_id"),
        sa.UniqueConstraint("community_id", "year", name=op.f(f"uq_{table}_community_id_year")),
    )
