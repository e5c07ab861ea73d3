"""When a card was printed and handed over, and which of a card's strips a code stands on.

Lock: PostgreSQL holds card and activation_code for the moment of a catalogue change, then reads the
latter for its new CHECK. SQLite adds columns without touching rows.
Way back: which cards were handed over is forgotten; strips that were printed since bind no phone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
LIMIT = 1_000_000_000_000


def upgrade() -> None:
    op.add_column("card", sa.Column("printed_at", Time))
    op.add_column("card", sa.Column("received_at", Time))
    # As one statement: SQLite takes a CHECK with a new column and never without.
    op.execute(
        "ALTER TABLE activation_code ADD COLUMN printing INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_activation_code_printing_whole CHECK "
        f"(printing BETWEEN 0 AND {LIMIT} AND printing = CAST(printing AS BIGINT))"
    )


def downgrade() -> None:
    # A code of a later printing could be mistaken for the first one's.
    op.execute("DELETE FROM activation_code WHERE printing > 0")
    op.execute("ALTER TABLE activation_code DROP COLUMN printing")
    op.drop_column("card", "received_at")
    op.drop_column("card", "printed_at")
