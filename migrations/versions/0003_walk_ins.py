"""Walk-ins: people who are there before anybody has confirmed them.

A provisional resident's attendance is marked, so that it earns nothing and is on no board until staff
confirm; who is rejected gets a state of their own; how somebody came in is a table.

Lock: PostgreSQL holds attendance and resident for the moment of a catalogue change, then reads all
residents for the new CHECK. SQLite copies the table resident (foreign keys are off while it does).
Way back: provisional attendances are annulled, for nobody would ever confirm them; rejected people
are provisional again; how people came in is lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = "'provisional', 'active', 'moved_away', 'merged', 'deceased'"
AFTER = f"{BEFORE}, 'rejected'"
PROVISIONAL = sa.text("state = 'provisional'")
EARNS_NOTHING = "NOT provisional OR (check_in_points = 0 AND check_out_points = 0 AND minutes = 0)"


def upgrade() -> None:
    _change_states(BEFORE, AFTER)
    # As one statement: SQLite takes a CHECK with a new column and never without.
    op.execute(
        f"ALTER TABLE attendance ADD COLUMN provisional BOOLEAN DEFAULT {_false()} NOT NULL "
        f"CONSTRAINT ck_attendance_provisional_earns_nothing CHECK ({EARNS_NOTHING})"
    )
    op.create_index(
        "ix_resident_provisional",
        "resident",
        ["community_id", "created_at"],
        sqlite_where=PROVISIONAL,
        postgresql_where=PROVISIONAL,
    )
    _create_walk_in()


def downgrade() -> None:
    op.drop_table("walk_in")
    op.drop_index("ix_resident_provisional", "resident")
    op.execute(
        "UPDATE attendance SET annulled_at = coalesce(checked_in_at, "
        "(SELECT starts_at FROM event WHERE event.id = attendance.event_id)) WHERE provisional"
    )
    op.execute("ALTER TABLE attendance DROP COLUMN provisional")
    op.execute("UPDATE resident SET state = 'provisional' WHERE state = 'rejected'")
    _change_states(AFTER, BEFORE)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _false() -> str:
    return "0" if _is_sqlite() else "false"


def _change_states(before: str, after: str) -> None:
    if _is_sqlite():
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


def _create_walk_in() -> None:
    big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "walk_in",
        sa.Column("id", big_id, nullable=False),
        sa.Column("community_id", big_id, nullable=False),
        sa.Column("resident_id", big_id, nullable=False),
        sa.Column("event_id", big_id, nullable=False),
        sa.Column("how", sa.String(40), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("unnamed", sa.Boolean(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(32)),
        sa.Column("browser_hash", sa.LargeBinary(32)),
        sa.Column("recorded_by", sa.String(120)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(40)),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by_login_id", big_id),
        sa.CheckConstraint(
            "how IN ('self', 'leader', 'blank_card')", name=op.f("ck_walk_in_how_known")
        ),
        sa.CheckConstraint(
            "outcome IN ('confirmed', 'rejected')", name=op.f("ck_walk_in_outcome_known")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_walk_in_decided_when_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_walk_in_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_walk_in_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "event_id"],
            ["event.community_id", "event.id"],
            name=op.f("fk_walk_in_community_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_login_id"], ["login.id"], name=op.f("fk_walk_in_decided_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_in")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_walk_in_community_id_id")),
        sa.UniqueConstraint(
            "community_id", "resident_id", name=op.f("uq_walk_in_community_id_resident_id")
        ),
        sa.UniqueConstraint(
            "community_id", "visit_id", name=op.f("uq_walk_in_community_id_visit_id")
        ),
    )
    op.create_index("ix_walk_in_event", "walk_in", ["community_id", "event_id"])
    op.create_index("ix_walk_in_browser", "walk_in", ["browser_hash", "created_at"])
