"""Indexes that begin with what is asked for.

Cards, codes and led events are looked for by their resident, over communities. A transfer's hold is
looked for when the transfer is written. A resident signs up once for an event without shifts.

Lock: PostgreSQL keeps writers of each table waiting while its index is built, seconds for a city.
Way back: the indexes as they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BY_RESIDENT = (
    ("ix_activation_code_resident", "activation_code"),
    ("ix_card_resident", "card"),
    ("ix_event_leader_resident", "event_leader"),
)
WITHOUT_SHIFT = sa.text("shift_id IS NULL")


def upgrade() -> None:
    for name, table in BY_RESIDENT:
        op.drop_index(name, table)
        op.create_index(name, table, ["resident_id", "community_id"])
    op.create_index("ix_hold_end_transfer", "hold_end", ["community_id", "transfer_id"])
    op.create_index(
        "uq_sign_up_event_resident",
        "sign_up",
        ["event_id", "resident_id"],
        unique=True,
        sqlite_where=WITHOUT_SHIFT,
        postgresql_where=WITHOUT_SHIFT,
    )


def downgrade() -> None:
    op.drop_index("uq_sign_up_event_resident", "sign_up")
    op.drop_index("ix_hold_end_transfer", "hold_end")
    for name, table in BY_RESIDENT:
        op.drop_index(name, table)
        op.create_index(name, table, ["community_id", "resident_id"])
