"""Merging two passbooks of one person.

How often a row took part in a merge, on resident and account; an attendance that another one counts
for; the merges themselves, and pairs of people who only look alike.

Lock: PostgreSQL holds resident, account and attendance for the moment of a catalogue change, then
reads them for the new CHECKs. SQLite adds columns without touching rows.
Way back: merges stay merged and can no longer be undone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MERGED = sa.text("merged_into_id IS NOT NULL")
LIMIT = 1_000_000_000_000


def upgrade() -> None:
    # As one statement: SQLite takes a CHECK with a new column and never without.
    for table in ("resident", "account"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN merges INTEGER DEFAULT 0 NOT NULL "
            f"CONSTRAINT ck_{table}_merges_whole CHECK "
            f"(merges BETWEEN 0 AND {LIMIT} AND merges = CAST(merges AS BIGINT))"
        )
    op.execute(
        f"ALTER TABLE attendance ADD COLUMN joined BOOLEAN DEFAULT {_false()} NOT NULL "
        "CONSTRAINT ck_attendance_joined_is_annulled CHECK "
        "(NOT joined OR annulled_at IS NOT NULL)"
    )
    op.create_index(
        "ix_resident_merged_into",
        "resident",
        ["merged_into_id"],
        sqlite_where=MERGED,
        postgresql_where=MERGED,
    )
    _create_resident_merge()
    _create_different_people()


def downgrade() -> None:
    op.drop_table("different_people")
    op.drop_table("resident_merge")
    op.drop_index("ix_resident_merged_into", "resident")
    op.execute("ALTER TABLE attendance DROP COLUMN joined")
    for table in ("account", "resident"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN merges")


def _false() -> str:
    return "0" if op.get_bind().dialect.name == "sqlite" else "false"


def _whole(table: str, column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} BETWEEN 0 AND {LIMIT} AND {column} = CAST({column} AS BIGINT)",
        name=op.f(f"ck_{table}_{column}_whole"),
    )


def _in_community(table: str, *residents: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["community_id", column],
                ["resident.community_id", "resident.id"],
                name=op.f(f"fk_{table}_community_id_{column}"),
            )
            for column in residents
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("community_id", "id", name=op.f(f"uq_{table}_community_id_id")),
    ]


def _by_login(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["login.id"], name=op.f(f"fk_{table}_{column}"))


def _create_resident_merge() -> None:
    table = "resident_merge"
    figures = ("moved_points", "moved_minutes", "moved_owed_points", "merged_entry_no")
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("kept_id", BigId, nullable=False),
        sa.Column("merged_id", BigId, nullable=False),
        sa.Column("merged_state", sa.String(40), nullable=False),
        *(sa.Column(name, BigId, nullable=False) for name in figures),
        sa.Column("facts", Json, nullable=False),
        sa.Column("merged_at", Time, nullable=False),
        sa.Column("merged_by_login_id", BigId),
        sa.Column("undone_at", Time),
        sa.Column("undone_by_login_id", BigId),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f(f"ck_{table}_two_residents")),
        sa.CheckConstraint(
            "undone_by_login_id IS NULL OR undone_at IS NOT NULL",
            name=op.f(f"ck_{table}_undone_when"),
        ),
        *(_whole(table, name) for name in figures),
        *_in_community(table, "kept_id", "merged_id"),
        _by_login(table, "merged_by_login_id"),
        _by_login(table, "undone_by_login_id"),
    )
    op.create_index("ix_resident_merge_kept", table, ["kept_id", "id"])
    op.create_index("ix_resident_merge_merged", table, ["merged_id", "id"])


def _create_different_people() -> None:
    table = "different_people"
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("low_id", BigId, nullable=False),
        sa.Column("high_id", BigId, nullable=False),
        sa.Column("said_at", Time, nullable=False),
        sa.Column("said_by_login_id", BigId),
        sa.CheckConstraint("low_id < high_id", name=op.f(f"ck_{table}_in_order")),
        *_in_community(table, "low_id", "high_id"),
        _by_login(table, "said_by_login_id"),
        sa.UniqueConstraint("low_id", "high_id", name=op.f(f"uq_{table}_low_id_high_id")),
    )
