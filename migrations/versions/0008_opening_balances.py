"""Opening balances: what stood in the paper passbooks, proposed by one person, approved by another.

Lock: none; a new table. PostgreSQL looks at the tables it points to for a moment.
Way back: proposals are gone; what was posted stays in the passbooks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('proposed', 'posted')")
TABLE = "opening_balance"
CHECKS = {
    "state_known": "state IN ('proposed', 'posted', 'sent_back', 'withdrawn', 'reversed')",
    "points_whole": "points BETWEEN 0 AND 100000 AND points = CAST(points AS BIGINT)",
    "minutes_whole": "minutes BETWEEN 0 AND 1200000 AND minutes = CAST(minutes AS BIGINT)",
    "brings_something": "points > 0 OR minutes > 0",
    "posted_as": "(state IN ('posted', 'reversed')) = (transfer_id IS NOT NULL)",
    "two_people": (
        "state NOT IN ('posted', 'reversed') OR decided_by_login_id <> proposed_by_login_id"
    ),
    "decided_when": "(state = 'proposed') = (decided_at IS NULL)",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("import_batch_id", BigId),
        sa.Column("import_row_number", sa.Integer()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("proposed_at", Time, nullable=False),
        sa.Column("proposed_by_login_id", BigId, nullable=False),
        sa.Column("decided_at", Time),
        sa.Column("decided_by_login_id", BigId),
        sa.Column("reason", sa.String(120)),
        sa.Column("transfer_id", BigId),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}"))
            for name, condition in CHECKS.items()
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f(f"fk_{TABLE}_community_id")
        ),
        _in_community("resident_id", "resident"),
        _in_community("import_batch_id", "import_batch"),
        _in_community("transfer_id", "transfer"),
        _by_login("proposed_by_login_id"),
        _by_login("decided_by_login_id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("community_id", "id", name=op.f(f"uq_{TABLE}_community_id_id")),
        sa.UniqueConstraint("transfer_id", name=op.f(f"uq_{TABLE}_transfer_id")),
    )
    op.create_index("ix_opening_balance_state", TABLE, ["community_id", "state", "id"])
    op.create_index("ix_opening_balance_resident", TABLE, ["resident_id", "id"])
    op.create_index("ix_opening_balance_batch", TABLE, ["import_batch_id"])
    op.create_index(
        "uq_opening_balance_live",
        TABLE,
        ["community_id", "resident_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def downgrade() -> None:
    op.drop_table(TABLE)


def _in_community(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", column],
        [f"{table}.community_id", f"{table}.id"],
        name=op.f(f"fk_{TABLE}_community_id_{column}"),
    )


def _by_login(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["login.id"], name=op.f(f"fk_{TABLE}_{column}"))
