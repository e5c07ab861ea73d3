"""Requests to act for somebody, and households that their members agreed to.

Nothing ever wrote a household before, so both its tables are made anew.

Lock: none but on tables that are empty.
Way back: requests and agreements are gone; links and consents that came of them stay.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_family_request()
    op.drop_table("household_member")
    op.drop_table("household")
    op.create_table(
        "household",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        *_in_community("household"),
    )
    _create_household_member()


def downgrade() -> None:
    op.drop_table("household_member")
    op.drop_table("household")
    op.create_table(
        "household",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        *_in_community("household"),
    )
    op.create_table(
        "household_member",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on",
            name=op.f("ck_household_member_dates_in_order"),
        ),
        *_in_community("household_member", household_id="household", resident_id="resident"),
    )
    op.drop_table("family_request")


def _in_community(table: str, **neighbours: str) -> list[sa.Constraint]:
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
            for column, other in neighbours.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("community_id", "id", name=op.f(f"uq_{table}_community_id_id")),
    ]


def _by_login(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["login.id"], name=op.f(f"fk_{table}_{column}"))


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def _create_family_request() -> None:
    table = "family_request"
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("login_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("card_id", BigId, nullable=False),
        sa.Column("relation", sa.String(40), nullable=False),
        sa.Column("text_version", sa.String(40)),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("decided_at", Time),
        sa.Column("decided_by_login_id", BigId),
        sa.CheckConstraint(
            "relation IN ('guardian', 'helper')", name=op.f(f"ck_{table}_relation_known")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'returned', 'withdrawn')",
            name=op.f(f"ck_{table}_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL)",
            name=op.f(f"ck_{table}_decided_unless_waiting"),
        ),
        sa.CheckConstraint(
            "(state = 'returned') = (reason IS NOT NULL)",
            name=op.f(f"ck_{table}_returned_with_reason"),
        ),
        *_in_community(table, resident_id="resident", card_id="card"),
        _by_login(table, "login_id"),
        _by_login(table, "decided_by_login_id"),
    )
    op.create_index("ix_family_request_login", table, ["login_id"])
    op.create_index("ix_family_request_resident", table, ["resident_id", "community_id"])
    waiting = "state = 'waiting'"
    _index("uq_family_request_waiting", table, ["login_id", "resident_id"], waiting, unique=True)
    _index("ix_family_request_waiting", table, ["community_id", "created_at"], waiting)


def _create_household_member() -> None:
    table = "household_member"
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("asked_by_login_id", BigId),
        sa.Column("answered_at", Time),
        sa.Column("answered_by_login_id", BigId),
        sa.Column("answered_how", sa.String(40)),
        sa.Column("left_at", Time),
        sa.CheckConstraint(
            "state IN ('asked', 'agreed', 'declined', 'left')",
            name=op.f(f"ck_{table}_state_known"),
        ),
        sa.CheckConstraint(
            "answered_how IN ('self', 'guardian', 'paper')",
            name=op.f(f"ck_{table}_answered_how_known"),
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (answered_at IS NULL)",
            name=op.f(f"ck_{table}_answered_unless_asked"),
        ),
        *_in_community(table, household_id="household", resident_id="resident"),
        _by_login(table, "asked_by_login_id"),
        _by_login(table, "answered_by_login_id"),
    )
    op.create_index("ix_household_member_household", table, ["household_id", "community_id"])
    op.create_index("ix_household_member_resident", table, ["resident_id", "community_id"])
    agreed, open_ones = "state = 'agreed'", "state IN ('asked', 'agreed')"
    _index("uq_household_member_agreed", table, ["resident_id"], agreed, unique=True)
    _index(
        "uq_household_member_asked",
        table,
        ["household_id", "resident_id"],
        open_ones,
        unique=True,
    )
