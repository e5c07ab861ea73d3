"""People who leave: moves to another community, and the points of those who died.

A state for who went on in another community's books, the two sides of such a move, and proposals for
the points of somebody who died.

Lock: PostgreSQL holds resident for the moment of a catalogue change, then reads it for the new CHECK.
SQLite copies the table resident (foreign keys are off while it does).
Way back: who went on elsewhere is somebody moved away with an empty passbook; what is on its way
between two communities stays in the clearing accounts, so finish those moves first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
LIMIT = 1_000_000_000_000
BEFORE = "'provisional', 'active', 'moved_away', 'merged', 'deceased', 'rejected'"
AFTER = f"{BEFORE}, 'moved_on'"
RUNS_OUT = sa.text("side = 'out' AND state = 'waiting'")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    _change_states(BEFORE, AFTER)
    _create_community_move()
    _create_bequest()


def downgrade() -> None:
    op.drop_table("bequest")
    op.drop_table("community_move")
    op.execute("UPDATE resident SET state = 'moved_away' WHERE state = 'moved_on'")
    _change_states(AFTER, BEFORE)


def _change_states(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _copy_resident(before, after)
        return
    op.drop_constraint(op.f("ck_resident_state_known"), "resident", type_="check")
    op.create_check_constraint(op.f("ck_resident_state_known"), "resident", f"state IN ({after})")


def _copy_resident(before: str, after: str) -> None:
    """SQLite changes no CHECK: a table with the new one takes the rows over and the name."""
    bind = op.get_bind()
    made, indexes = "", []
    for kind, text in bind.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'resident' AND sql IS NOT NULL"
    ):
        if kind == "table":
            made = text
        else:
            indexes.append(text)
    assert f"state IN ({before})" in made
    made = made.replace(f"state IN ({before})", f"state IN ({after})")
    made = made.replace("CREATE TABLE resident", "CREATE TABLE resident_new", 1)
    made = made.replace('CREATE TABLE "resident"', "CREATE TABLE resident_new", 1)
    bind.exec_driver_sql(made)
    bind.exec_driver_sql("INSERT INTO resident_new SELECT * FROM resident")
    bind.exec_driver_sql("DROP TABLE resident")
    bind.exec_driver_sql("ALTER TABLE resident_new RENAME TO resident")
    for text in indexes:
        bind.exec_driver_sql(text)


def _check(table: str, name: str, text: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(text, name=op.f(f"ck_{table}_{name}"))


def _whole(table: str, column: str) -> sa.CheckConstraint:
    text = f"{column} BETWEEN 0 AND {LIMIT} AND {column} = CAST({column} AS BIGINT)"
    return _check(table, f"{column}_whole", text)


def _of_resident(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", column],
        ["resident.community_id", "resident.id"],
        name=op.f(f"fk_{table}_community_id_{column}"),
    )


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _keys(table: str) -> list[sa.Constraint]:
    return [
        _to(table, "community_id", "community.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("community_id", "id", name=op.f(f"uq_{table}_community_id_id")),
    ]


def _create_community_move() -> None:
    table = "community_move"
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("side", sa.String(40), nullable=False),
        sa.Column("move_key", sa.Uuid(), nullable=False),
        sa.Column("follows_key", sa.Uuid()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("other_community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId),
        sa.Column("moved_points", BigId, nullable=False),
        sa.Column("moved_owed_points", BigId, nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("asked_by_login_id", BigId),
        sa.Column("decided_at", Time),
        sa.Column("decided_by_login_id", BigId),
        _check(table, "side_known", "side IN ('out', 'in')"),
        _check(
            table,
            "state_known",
            "state IN ('waiting', 'accepted', 'left', 'done', 'withdrawn', 'declined')",
        ),
        _check(table, "two_communities", "community_id <> other_community_id"),
        _check(table, "somebody_leaves", "side = 'in' OR resident_id IS NOT NULL"),
        _check(table, "accepted_on_arrival", "side = 'in' OR state <> 'accepted'"),
        _check(table, "left_on_departure", "side = 'out' OR state <> 'left'"),
        _whole(table, "moved_points"),
        _whole(table, "moved_owed_points"),
        *_keys(table),
        _of_resident(table, "resident_id"),
        _to(table, "other_community_id", "community.id"),
        _to(table, "asked_by_login_id", "login.id"),
        _to(table, "decided_by_login_id", "login.id"),
        sa.UniqueConstraint(
            "community_id", "move_key", name=op.f(f"uq_{table}_community_id_move_key")
        ),
    )
    op.create_index(
        "uq_community_move_waiting",
        table,
        ["resident_id"],
        unique=True,
        sqlite_where=RUNS_OUT,
        postgresql_where=RUNS_OUT,
    )
    op.create_index("ix_community_move_resident", table, ["resident_id", "id"])
    op.create_index("ix_community_move_state", table, ["state", "side", "community_id"])
    op.create_index("ix_community_move_key", table, ["move_key"])


def _create_bequest() -> None:
    table = "bequest"
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("to_resident_id", BigId),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("amount_points", BigId, nullable=False),
        sa.Column("proposed_at", Time, nullable=False),
        sa.Column("proposed_by_login_id", BigId, nullable=False),
        sa.Column("decided_at", Time),
        sa.Column("decided_by_login_id", BigId),
        _check(table, "state_known", "state IN ('waiting', 'approved', 'withdrawn')"),
        _check(table, "decided_when", "(state = 'waiting') = (decided_at IS NULL)"),
        _check(
            table,
            "two_people",
            "state <> 'approved' OR decided_by_login_id <> proposed_by_login_id",
        ),
        _check(table, "to_somebody_else", "resident_id <> to_resident_id"),
        _whole(table, "amount_points"),
        *_keys(table),
        _of_resident(table, "resident_id"),
        _of_resident(table, "to_resident_id"),
        _to(table, "proposed_by_login_id", "login.id"),
        _to(table, "decided_by_login_id", "login.id"),
    )
    op.create_index(
        "uq_bequest_waiting",
        table,
        ["resident_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_bequest_resident", table, ["resident_id", "id"])
    op.create_index("ix_bequest_community_id_state", table, ["community_id", "state"])
