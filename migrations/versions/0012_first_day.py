"""The first day of a community: what it left out, when it was over, and the points it begins with.

Lock: PostgreSQL holds community for the moment of a catalogue change; its few rows are read for the
new CHECK. SQLite adds columns without touching rows.
Way back: new activities begin with the built-in numbers again; the checklist is gone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column(
        "community",
        sa.Column("first_day", Json, nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column("community", sa.Column("first_day_ended_at", Time))
    # As one statement: SQLite takes a CHECK with a new column and never without.
    op.execute(
        "ALTER TABLE community ADD COLUMN points_preset VARCHAR(40) "
        "CONSTRAINT ck_community_points_preset_known CHECK "
        "(points_preset IN ('hourly', 'fixed', 'both'))"
    )
    # Whoever holds events already is past the first day.
    op.execute(
        "UPDATE community SET first_day_ended_at = created_at WHERE EXISTS "
        "(SELECT 1 FROM event WHERE event.community_id = community.id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE community DROP COLUMN points_preset")
    op.drop_column("community", "first_day_ended_at")
    op.drop_column("community", "first_day")
