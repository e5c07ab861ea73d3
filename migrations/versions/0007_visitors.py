"""Visiting teams and their people, and blank cards that wait for a guardian.

Lock: none on existing rows; PostgreSQL holds what the new tables refer to for the moment of a
catalogue change.
Way back: teams and who was in them are lost, and cards wait no more; people and what they attended
stay in their passbooks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
WAITS = sa.text("outcome IS NULL")


def upgrade() -> None:
    _create_visiting_team()
    _create_team_member()
    _create_team_event()
    _create_waiting_card()


def downgrade() -> None:
    for table in ("waiting_card", "team_event", "team_member", "visiting_team"):
        op.drop_table(table)


def _in_community(table: str, **pointing: str) -> list[sa.Constraint]:
    """The keys of a community's table; ``pointing``: which column leads to which table."""
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
            for column, other in pointing.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("community_id", "id", name=op.f(f"uq_{table}_community_id_id")),
    ]


def _by_login(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["login.id"], name=op.f(f"fk_{table}_{column}"))


def _keys(*names: str) -> list[sa.Column]:
    return [sa.Column(name, BigId, nullable=False) for name in ("id", "community_id", *names)]


def _create_visiting_team() -> None:
    table = "visiting_team"
    op.create_table(
        table,
        *_keys("kind_id"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_en", sa.String(120)),
        sa.Column("contact", sa.String(50)),
        sa.Column("contact_phone", sa.String(20)),
        sa.Column("expected", sa.Integer()),
        sa.Column("has_minors", sa.Boolean(), nullable=False),
        sa.Column("consent_by", sa.String(50)),
        sa.Column("consent_text_version", sa.String(40)),
        sa.Column("consent_at", Time),
        sa.Column("consent_recorded_by_login_id", BigId),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId),
        sa.Column("deactivated_at", Time),
        sa.CheckConstraint(
            "expected BETWEEN 1 AND 200 AND expected = CAST(expected AS BIGINT)",
            name=op.f(f"ck_{table}_expected_whole"),
        ),
        sa.CheckConstraint(
            "(consent_by IS NULL) = (consent_at IS NULL)", name=op.f(f"ck_{table}_consent_dated")
        ),
        sa.CheckConstraint(
            "(consent_by IS NULL) = (consent_text_version IS NULL)",
            name=op.f(f"ck_{table}_consent_has_text"),
        ),
        *_in_community(table, kind_id="organisation_kind"),
        _by_login(table, "consent_recorded_by_login_id"),
        _by_login(table, "created_by_login_id"),
        sa.UniqueConstraint("community_id", "name", name=op.f(f"uq_{table}_community_id_name")),
    )


def _create_team_member() -> None:
    table = "team_member"
    op.create_table(
        table,
        *_keys("team_id", "resident_id"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f(f"ck_{table}_dates_in_order")
        ),
        *_in_community(table, team_id="visiting_team", resident_id="resident"),
        sa.UniqueConstraint("team_id", "resident_id", name=op.f(f"uq_{table}_team_id_resident_id")),
    )
    op.create_index("ix_team_member_resident", table, ["resident_id", "community_id"])


def _create_team_event() -> None:
    table = "team_event"
    op.create_table(
        table,
        *_keys("team_id", "event_id"),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId),
        *_in_community(table, team_id="visiting_team", event_id="event"),
        _by_login(table, "created_by_login_id"),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{table}_ref")),
        sa.UniqueConstraint("team_id", "event_id", name=op.f(f"uq_{table}_team_id_event_id")),
    )
    op.create_index("ix_team_event_event", table, ["community_id", "event_id"])


def _create_waiting_card() -> None:
    table = "waiting_card"
    op.create_table(
        table,
        *_keys("card_id", "event_id"),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", Time, nullable=False),
        sa.Column("recorded_by", sa.String(120), nullable=False),
        sa.Column("outcome", sa.String(40)),
        sa.Column("decided_at", Time),
        sa.Column("decided_by_login_id", BigId),
        sa.CheckConstraint(
            "outcome IN ('named', 'returned')", name=op.f(f"ck_{table}_outcome_known")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_at IS NULL)",
            name=op.f(f"ck_{table}_decided_when_outcome"),
        ),
        *_in_community(table, card_id="card", event_id="event"),
        _by_login(table, "decided_by_login_id"),
        sa.UniqueConstraint(
            "community_id", "visit_id", name=op.f(f"uq_{table}_community_id_visit_id")
        ),
    )
    op.create_index(
        "uq_waiting_card_waits",
        table,
        ["card_id", "event_id"],
        unique=True,
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )
    op.create_index("ix_waiting_card_event", table, ["community_id", "event_id"])
