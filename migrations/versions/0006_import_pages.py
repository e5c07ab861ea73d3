"""Imports on pages: what an update changes, headers that are remembered, imports taken back.

Lock: PostgreSQL holds import_batch, import_row and external_number for the moment of a catalogue
change and two small indexes; the first two are only used by imports. SQLite adds columns without
touching rows.
Way back: imports that were taken back stay so; what staff chose for a building is an alias since.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.drop_column("import_batch", "places")
    op.add_column("import_batch", sa.Column("header_key", sa.LargeBinary(32)))
    op.add_column("import_batch", sa.Column("applied_at", Time))
    op.add_column("import_batch", sa.Column("undone_at", Time))
    op.add_column("import_row", sa.Column("changes", Json))
    op.add_column(
        "import_row", sa.Column("undone", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_import_batch_header_key", "import_batch", ["community_id", "header_key"])
    op.create_index("ix_external_number_number", "external_number", ["community_id", "number"])


def downgrade() -> None:
    op.drop_index("ix_external_number_number", "external_number")
    op.drop_index("ix_import_batch_header_key", "import_batch")
    op.drop_column("import_row", "undone")
    op.drop_column("import_row", "changes")
    for name in ("undone_at", "applied_at", "header_key"):
        op.drop_column("import_batch", name)
    op.add_column(
        "import_batch",
        sa.Column("places", Json, nullable=False, server_default=sa.text("'{}'")),
    )
