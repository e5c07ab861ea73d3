"""Spreadsheets of residents: batches with their rows, and phones that others wrote down.

Lock: none that matters, the tables are new.
Way back: drops them; whoever was imported stays.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _whole(table: str, column: str, low: int, high: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} BETWEEN {low} AND {high} AND {column} = CAST({column} AS BIGINT)",
        name=op.f(f"ck_{table}_{column}_whole"),
    )


def upgrade() -> None:
    op.create_table(
        "contact_phone",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("noted_at", Time, nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_contact_phone_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_contact_phone_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_phone")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_contact_phone_community_id_id")),
        sa.UniqueConstraint(
            "community_id", "resident_id", name=op.f("uq_contact_phone_community_id_resident_id")
        ),
    )
    op.create_index(
        "ix_contact_phone_phone", "contact_phone", ["community_id", "phone"], unique=False
    )
    op.create_table(
        "import_batch",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("header_place", sa.Integer(), nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("notes", Json, nullable=False),
        sa.Column("default_age_band", sa.String(length=40), nullable=True),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("task_id", BigId, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        sa.CheckConstraint(
            "default_age_band IN ('under_14', '14_17', '18_plus')",
            name=op.f("ck_import_batch_default_age_band_known"),
        ),
        sa.CheckConstraint(
            "state IN ('uploading', 'uploaded', 'checked', 'applying', 'applied')",
            name=op.f("ck_import_batch_state_known"),
        ),
        _whole("import_batch", "header_place", 0, 100000),
        _whole("import_batch", "total_rows", 0, 100000),
        sa.ForeignKeyConstraint(
            ["community_id", "task_id"],
            ["task.community_id", "task.id"],
            name=op.f("fk_import_batch_community_id_task_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_import_batch_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"], ["login.id"], name=op.f("fk_import_batch_created_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_import_batch_community_id_id")),
    )
    op.create_index(
        "ix_import_batch_file_hash", "import_batch", ["community_id", "file_hash"], unique=False
    )
    op.create_table(
        "import_row",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.Column("fate", sa.String(length=40), nullable=True),
        sa.Column("reading", Json, nullable=True),
        sa.Column("chosen_by_staff", sa.Boolean(), nullable=False),
        sa.Column("resident_id", BigId, nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.CheckConstraint(
            "fate IN ('new', 'update', 'ask', 'error', 'skip')",
            name=op.f("ck_import_row_fate_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('added', 'updated', 'unchanged', 'skipped')",
            name=op.f("ck_import_row_outcome_known"),
        ),
        _whole("import_row", "place", 0, 100000),
        sa.ForeignKeyConstraint(
            ["community_id", "batch_id"],
            ["import_batch.community_id", "import_batch.id"],
            name=op.f("fk_import_row_community_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_import_row_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_import_row_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("batch_id", "place", name=op.f("uq_import_row_batch_id_place")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_import_row_community_id_id")),
    )
    op.create_index("ix_import_row_fate", "import_row", ["batch_id", "fate", "place"], unique=False)
    op.create_index(
        "ix_import_row_resident", "import_row", ["community_id", "resident_id"], unique=False
    )


def downgrade() -> None:
    for table in ("import_row", "import_batch", "contact_phone"):
        op.drop_table(table)
