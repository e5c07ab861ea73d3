"""The first tables: places, people, logins, cards, activities, scans, ledger, boards.

Lock: none that matters, the database is empty.
Way back: drops every table with everything in it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

LIMIT = 1_000_000_000_000
ONLY_GROW = (
    "audit_event",
    "consent",
    "entry",
    "hold",
    "hold_end",
    "points_rule",
    "scan",
    "seal",
    "transfer",
)


def _whole(table: str, column: str, low: int, high: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} BETWEEN {low} AND {high} AND {column} = CAST({column} AS BIGINT)",
        name=op.f(f"ck_{table}_{column}_whole"),
    )


def _make_only_grow(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )
        return
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )


def upgrade() -> None:
    op.create_table(
        "demo_chapter",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("loaded_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_demo_chapter")),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("taken_by", sa.String(length=120), nullable=True),
        sa.Column("beat_at", Time, nullable=True),
        sa.Column("last_run_at", Time, nullable=True),
        sa.Column("last_result", Json, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
    )
    op.create_table(
        "login",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("passbook_number", sa.String(length=8), nullable=True),
        sa.Column("secret_kind", sa.String(length=40), nullable=False),
        sa.Column("secret_hash", sa.String(length=255), nullable=True),
        sa.Column("locale", sa.String(length=40), nullable=True),
        sa.Column("elder_mode", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.CheckConstraint("locale IN ('zh_Hans_CN', 'en')", name=op.f("ck_login_locale_known")),
        sa.CheckConstraint(
            "secret_kind IN ('password', 'pin')", name=op.f("ck_login_secret_kind_known")
        ),
        sa.CheckConstraint(
            "phone IS NOT NULL OR passbook_number IS NOT NULL", name=op.f("ck_login_identified")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
        sa.UniqueConstraint("passbook_number", name=op.f("uq_login_passbook_number")),
        sa.UniqueConstraint("phone", name=op.f("uq_login_phone")),
    )
    op.create_table(
        "sign_in_throttle",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("tried_at", Time, nullable=False),
        sa.Column("blocked_until", Time, nullable=True),
        _whole("sign_in_throttle", "failures", 0, LIMIT),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in_throttle")),
    )
    op.create_index("ix_sign_in_throttle_tried_at", "sign_in_throttle", ["tried_at"], unique=False)
    op.create_table(
        "sub_district",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("district", sa.String(length=120), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sub_district")),
    )
    op.create_table(
        "community",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sub_district_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("telephone", sa.String(length=40), nullable=True),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("volunteer_word", sa.String(length=40), nullable=False),
        sa.Column("check_in_opens_minutes", sa.Integer(), nullable=False),
        sa.Column("check_in_closes_minutes", sa.Integer(), nullable=False),
        sa.Column("auto_close_minutes", sa.Integer(), nullable=False),
        sa.Column("late_scan_hours", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.CheckConstraint(
            "volunteer_word IN ('volunteer', 'yigong')",
            name=op.f("ck_community_volunteer_word_known"),
        ),
        _whole("community", "auto_close_minutes", 0, 4320),
        _whole("community", "check_in_closes_minutes", 0, 1440),
        _whole("community", "check_in_opens_minutes", 0, 1440),
        _whole("community", "late_scan_hours", 0, 720),
        sa.ForeignKeyConstraint(
            ["sub_district_id"], ["sub_district.id"], name=op.f("fk_community_sub_district_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sa.UniqueConstraint(
            "sub_district_id", "name", name=op.f("uq_community_sub_district_id_name")
        ),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", BigId, nullable=False),
        sa.Column("login_id", BigId, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser", sa.String(length=120), nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("last_seen_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("revoked_at", Time, nullable=True),
        sa.ForeignKeyConstraint(
            ["login_id"], ["login.id"], name=op.f("fk_sign_in_session_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
    )
    op.create_index("ix_sign_in_session_login", "sign_in_session", ["login_id"], unique=False)
    op.create_table(
        "area",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.CheckConstraint(
            "kind IN ('estate', 'urban_village_block', 'office_building', 'dormitory', 'other')",
            name=op.f("ck_area_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_area_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_area_community_id_id")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_area_community_id_name")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=True),
        sa.Column("happened_at", Time, nullable=False),
        sa.Column("login_id", BigId, nullable=True),
        sa.Column("on_behalf_of_resident_id", BigId, nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", BigId, nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_audit_event_community_id")
        ),
        sa.ForeignKeyConstraint(["login_id"], ["login.id"], name=op.f("fk_audit_event_login_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_community", "audit_event", ["community_id", "id"], unique=False)
    op.create_index(
        "ix_audit_event_subject", "audit_event", ["subject_kind", "subject_id"], unique=False
    )
    op.create_table(
        "board_participation",
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("board", sa.String(length=40), nullable=False),
        sa.Column("period_kind", sa.String(length=40), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("attendances", BigId, nullable=False),
        sa.CheckConstraint(
            "board IN ('building', 'youth_group')", name=op.f("ck_board_participation_board_known")
        ),
        sa.CheckConstraint(
            "period_kind IN ('day', 'week', 'month', 'year', 'all')",
            name=op.f("ck_board_participation_period_kind_known"),
        ),
        _whole("board_participation", "attendances", 0, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_board_participation_community_id")
        ),
        sa.PrimaryKeyConstraint(
            "community_id",
            "board",
            "period_kind",
            "period_start",
            "subject_id",
            "resident_id",
            name=op.f("pk_board_participation"),
        ),
    )
    op.create_table(
        "board_total",
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("board", sa.String(length=40), nullable=False),
        sa.Column("period_kind", sa.String(length=40), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("points", BigId, nullable=False),
        sa.Column("minutes", BigId, nullable=False),
        sa.Column("attendances", BigId, nullable=False),
        sa.Column("participants", BigId, nullable=False),
        sa.CheckConstraint(
            "board IN ('building', 'youth_group')", name=op.f("ck_board_total_board_known")
        ),
        sa.CheckConstraint(
            "period_kind IN ('day', 'week', 'month', 'year', 'all')",
            name=op.f("ck_board_total_period_kind_known"),
        ),
        _whole("board_total", "attendances", 0, LIMIT),
        _whole("board_total", "minutes", -LIMIT, LIMIT),
        _whole("board_total", "participants", 0, LIMIT),
        _whole("board_total", "points", -LIMIT, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_board_total_community_id")
        ),
        sa.PrimaryKeyConstraint(
            "community_id",
            "board",
            "period_kind",
            "period_start",
            "subject_id",
            name=op.f("pk_board_total"),
        ),
    )
    op.create_table(
        "device",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("all_activities", sa.Boolean(), nullable=False),
        sa.Column("daily_from_minute", sa.Integer(), nullable=False),
        sa.Column("daily_to_minute", sa.Integer(), nullable=False),
        sa.Column("starts_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("revoked_at", Time, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        _whole("device", "daily_from_minute", 0, 1440),
        sa.CheckConstraint(
            "daily_to_minute > daily_from_minute", name=op.f("ck_device_hours_in_order")
        ),
        _whole("device", "daily_to_minute", 0, 1440),
        sa.CheckConstraint("expires_at > starts_at", name=op.f("ck_device_expires_after_start")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_device_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"], ["login.id"], name=op.f("fk_device_created_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_device_community_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    op.create_table(
        "household",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_household_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_household_community_id_id")),
    )
    op.create_table(
        "organisation_kind",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_organisation_kind_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_kind")),
        sa.UniqueConstraint(
            "community_id", "code", name=op.f("uq_organisation_kind_community_id_code")
        ),
        sa.UniqueConstraint(
            "community_id", "id", name=op.f("uq_organisation_kind_community_id_id")
        ),
    )
    op.create_table(
        "resident",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("passbook_number", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("name_en", sa.String(length=50), nullable=True),
        sa.Column("pinyin", sa.String(length=300), nullable=False),
        sa.Column("initials", sa.String(length=50), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("age_band", sa.String(length=40), nullable=True),
        sa.Column("merged_into_id", BigId, nullable=True),
        sa.Column("home_community_id", BigId, nullable=True),
        sa.Column("home_resident_id", BigId, nullable=True),
        sa.Column("seal_nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)",
            name=op.f("ck_resident_merged_names_its_target"),
        ),
        sa.CheckConstraint(
            "age_band IN ('under_14', '14_17', '18_plus')", name=op.f("ck_resident_age_band_known")
        ),
        sa.CheckConstraint(
            "state IN ('provisional', 'active', 'moved_away', 'merged', 'deceased')",
            name=op.f("ck_resident_state_known"),
        ),
        sa.CheckConstraint(
            "birth_date IS NOT NULL OR age_band IS NOT NULL",
            name=op.f("ck_resident_birth_date_or_age_band"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "merged_into_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_resident_community_id_merged_into_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_resident_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["home_community_id", "home_resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_resident_home_community_id_home_resident_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
        sa.UniqueConstraint(
            "community_id",
            "home_resident_id",
            name=op.f("uq_resident_community_id_home_resident_id"),
        ),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_resident_community_id_id")),
        sa.UniqueConstraint("passbook_number", name=op.f("uq_resident_passbook_number")),
        sa.UniqueConstraint("ref", name=op.f("uq_resident_ref")),
    )
    op.create_index(
        "ix_resident_community_id_initials", "resident", ["community_id", "initials"], unique=False
    )
    op.create_index(
        "ix_resident_community_id_name", "resident", ["community_id", "name"], unique=False
    )
    op.create_index(
        "ix_resident_community_id_pinyin", "resident", ["community_id", "pinyin"], unique=False
    )
    op.create_index(
        "ix_resident_home", "resident", ["home_community_id", "home_resident_id"], unique=False
    )
    op.create_table(
        "reward",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("price_points", BigId, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.CheckConstraint(
            "kind IN ('goods', 'service', 'benefit')", name=op.f("ck_reward_kind_known")
        ),
        _whole("reward", "price_points", 1, 1000000),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_reward_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_reward_community_id_id")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", BigId, nullable=False),
        sa.Column("login_id", BigId, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("community_id", BigId, nullable=True),
        sa.Column("sub_district_id", BigId, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", Time, nullable=True),
        sa.Column("granted_by_login_id", BigId, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.CheckConstraint(
            "(role = 'sub_district_admin') = (sub_district_id IS NOT NULL)",
            name=op.f("ck_role_grant_scope_fits_role"),
        ),
        sa.CheckConstraint(
            "role IN ('organizer', 'counter_staff', 'community_admin', 'auditor', 'sub_district_admin')",
            name=op.f("ck_role_grant_role_known"),
        ),
        sa.CheckConstraint(
            "(community_id IS NULL) <> (sub_district_id IS NULL)",
            name=op.f("ck_role_grant_one_scope"),
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_role_grant_dates_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_role_grant_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_login_id"], ["login.id"], name=op.f("fk_role_grant_granted_by_login_id")
        ),
        sa.ForeignKeyConstraint(["login_id"], ["login.id"], name=op.f("fk_role_grant_login_id")),
        sa.ForeignKeyConstraint(
            ["sub_district_id"], ["sub_district.id"], name=op.f("fk_role_grant_sub_district_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index("ix_role_grant_login", "role_grant", ["login_id"], unique=False)
    op.create_table(
        "seal",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("sealed_on", sa.Date(), nullable=False),
        sa.Column("passbooks", sa.Integer(), nullable=False),
        sa.Column("merkle_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("check_code", sa.String(length=40), nullable=False),
        sa.Column("sealed_at", Time, nullable=False),
        _whole("seal", "passbooks", 0, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_seal_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_seal_community_id_id")),
        sa.UniqueConstraint(
            "community_id", "sealed_on", name=op.f("uq_seal_community_id_sealed_on")
        ),
    )
    op.create_table(
        "task",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("arguments", Json, nullable=False),
        sa.Column("result", Json, nullable=True),
        sa.Column("done_steps", sa.Integer(), nullable=False),
        sa.Column("total_steps", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.String(length=120), nullable=True),
        sa.Column("beat_at", Time, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_task_state_known")
        ),
        _whole("task", "done_steps", 0, LIMIT),
        _whole("task", "total_steps", 0, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_task_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"], ["login.id"], name=op.f("fk_task_created_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_task_community_id_id")),
    )
    op.create_index("ix_task_state", "task", ["state", "id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("resident_id", BigId, nullable=True),
        sa.Column("balance_points", BigId, nullable=False),
        sa.Column("held_points", BigId, nullable=False),
        sa.Column("owed_points", BigId, nullable=False),
        sa.Column("total_minutes", BigId, nullable=False),
        sa.Column("last_entry_no", BigId, nullable=False),
        sa.Column("head_hash", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint(
            "(kind = 'passbook') = (head_hash IS NOT NULL)",
            name=op.f("ck_account_passbook_chained"),
        ),
        sa.CheckConstraint(
            "(kind = 'passbook') = (resident_id IS NOT NULL)",
            name=op.f("ck_account_passbook_owned"),
        ),
        sa.CheckConstraint(
            "kind = 'passbook' OR (balance_points = 0 AND held_points = 0 AND owed_points = 0 AND total_minutes = 0 AND last_entry_no = 0)",
            name=op.f("ck_account_system_account_keeps_no_balance"),
        ),
        sa.CheckConstraint(
            "kind IN ('passbook', 'issued', 'redeemed', 'debts', 'care_pool', 'clearing')",
            name=op.f("ck_account_kind_known"),
        ),
        sa.CheckConstraint(
            "balance_points - held_points >= 0", name=op.f("ck_account_available_not_negative")
        ),
        _whole("account", "balance_points", 0, LIMIT),
        _whole("account", "held_points", 0, LIMIT),
        _whole("account", "last_entry_no", 0, LIMIT),
        _whole("account", "owed_points", 0, LIMIT),
        _whole("account", "total_minutes", 0, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_account_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_account_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_account_community_id_id")),
        sa.UniqueConstraint(
            "resident_id", "community_id", name=op.f("uq_account_resident_id_community_id")
        ),
    )
    op.create_index(
        "uq_account_system",
        "account",
        ["community_id", "kind"],
        unique=True,
        sqlite_where=sa.text("kind <> 'passbook'"),
        postgresql_where=sa.text("kind <> 'passbook'"),
    )
    op.create_table(
        "activation_code",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("used_at", Time, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('card_strip', 'staff')", name=op.f("ck_activation_code_purpose_known")
        ),
        _whole("activation_code", "tries", 0, 5),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_activation_code_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_activation_code_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"],
            ["login.id"],
            name=op.f("fk_activation_code_created_by_login_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activation_code")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_activation_code_community_id_id")),
    )
    op.create_index(
        "ix_activation_code_resident",
        "activation_code",
        ["community_id", "resident_id"],
        unique=False,
    )
    op.create_table(
        "building",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("area_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("grid", sa.String(length=40), nullable=True),
        sa.Column("estimated_residents", sa.Integer(), nullable=True),
        sa.Column("estimated_on", sa.Date(), nullable=True),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.CheckConstraint(
            "(estimated_residents IS NULL) = (estimated_on IS NULL)",
            name=op.f("ck_building_estimate_dated"),
        ),
        _whole("building", "estimated_residents", 1, 100000),
        sa.ForeignKeyConstraint(
            ["community_id", "area_id"],
            ["area.community_id", "area.id"],
            name=op.f("fk_building_community_id_area_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_building_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sa.UniqueConstraint(
            "community_id", "area_id", "name", name=op.f("uq_building_community_id_area_id_name")
        ),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_building_community_id_id")),
    )
    op.create_table(
        "card",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=True),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("issued_at", Time, nullable=False),
        sa.Column("ended_at", Time, nullable=True),
        sa.CheckConstraint(
            "(state = 'active') = (ended_at IS NULL)", name=op.f("ck_card_ended_when_not_active")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'replaced', 'revoked')", name=op.f("ck_card_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_card_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_card_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_card_code_hash")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_card_community_id_id")),
        sa.UniqueConstraint("number", name=op.f("uq_card_number")),
    )
    op.create_index("ix_card_resident", "card", ["community_id", "resident_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.String(length=40), nullable=False),
        sa.Column("given_by", sa.String(length=120), nullable=False),
        sa.Column("recorded_by_login_id", BigId, nullable=True),
        sa.Column("given_at", Time, nullable=False),
        sa.CheckConstraint(
            "what IN ('guardian_consent', 'keep_record', 'named_board')",
            name=op.f("ck_consent_what_known"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_consent_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_consent_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_login_id"], ["login.id"], name=op.f("fk_consent_recorded_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_consent_community_id_id")),
    )
    op.create_index(
        "ix_consent_resident",
        "consent",
        ["resident_id", "community_id", "what", "id"],
        unique=False,
    )
    op.create_table(
        "external_number",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_external_number_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_external_number_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_number")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_external_number_community_id_id")),
        sa.UniqueConstraint(
            "resident_id", "system", name=op.f("uq_external_number_resident_id_system")
        ),
    )
    op.create_table(
        "household_member",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on",
            name=op.f("ck_household_member_dates_in_order"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "household_id"],
            ["household.community_id", "household.id"],
            name=op.f("fk_household_member_community_id_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_household_member_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_household_member_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_member")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_household_member_community_id_id")),
    )
    op.create_table(
        "login_resident",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("login_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", Time, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.CheckConstraint(
            "relation IN ('self', 'guardian', 'helper')",
            name=op.f("ck_login_resident_relation_known"),
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_login_resident_dates_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_login_resident_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_login_resident_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["login_id"], ["login.id"], name=op.f("fk_login_resident_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_resident")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_login_resident_community_id_id")),
    )
    op.create_index("ix_login_resident_login", "login_resident", ["login_id"], unique=False)
    op.create_index(
        "ix_login_resident_resident",
        "login_resident",
        ["resident_id", "community_id"],
        unique=False,
    )
    op.create_table(
        "organisation",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("kind_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id", "kind_id"],
            ["organisation_kind.community_id", "organisation_kind.id"],
            name=op.f("fk_organisation_community_id_kind_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_organisation_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_organisation_community_id_id")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_organisation_community_id_name")),
    )
    op.create_table(
        "stock_lot",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("reward_id", BigId, nullable=False),
        sa.Column("donor", sa.String(length=120), nullable=True),
        sa.Column("best_before", sa.Date(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("handed_over", sa.Integer(), nullable=False),
        sa.Column("written_off", sa.Integer(), nullable=False),
        sa.Column("received_at", Time, nullable=False),
        _whole("stock_lot", "handed_over", 0, 1000000),
        _whole("stock_lot", "held", 0, 1000000),
        sa.CheckConstraint(
            "received - held - handed_over - written_off >= 0",
            name=op.f("ck_stock_lot_stock_not_negative"),
        ),
        _whole("stock_lot", "received", 0, 1000000),
        _whole("stock_lot", "written_off", 0, 1000000),
        sa.ForeignKeyConstraint(
            ["community_id", "reward_id"],
            ["reward.community_id", "reward.id"],
            name=op.f("fk_stock_lot_community_id_reward_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_stock_lot_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lot")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_stock_lot_community_id_id")),
    )
    op.create_table(
        "building_alias",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("building_id", BigId, nullable=False),
        sa.Column("alias", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "building_id"],
            ["building.community_id", "building.id"],
            name=op.f("fk_building_alias_community_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_building_alias_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building_alias")),
        sa.UniqueConstraint(
            "community_id", "alias", name=op.f("uq_building_alias_community_id_alias")
        ),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_building_alias_community_id_id")),
    )
    op.create_table(
        "hold",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("amount_points", BigId, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=True),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.CheckConstraint("purpose IN ('booking', 'dispute')", name=op.f("ck_hold_purpose_known")),
        _whole("hold", "amount_points", 1, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id", "account_id"],
            ["account.community_id", "account.id"],
            name=op.f("fk_hold_community_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_hold_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_hold_community_id_id")),
        sa.UniqueConstraint(
            "community_id", "idempotency_key", name=op.f("uq_hold_community_id_idempotency_key")
        ),
    )
    op.create_index("ix_hold_account", "hold", ["community_id", "account_id"], unique=False)
    op.create_table(
        "residence",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("building_id", BigId, nullable=True),
        sa.Column("room", sa.String(length=40), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('lives', 'works', 'guest')", name=op.f("ck_residence_kind_known")
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_residence_dates_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "area_id"],
            ["area.community_id", "area.id"],
            name=op.f("fk_residence_community_id_area_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "building_id"],
            ["building.community_id", "building.id"],
            name=op.f("fk_residence_community_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_residence_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_residence_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residence")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_residence_community_id_id")),
    )
    op.create_index(
        "ix_residence_building", "residence", ["community_id", "building_id"], unique=False
    )
    op.create_index(
        "ix_residence_resident", "residence", ["resident_id", "community_id"], unique=False
    )
    op.create_table(
        "youth_group",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("organisation_id", BigId, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id", "organisation_id"],
            ["organisation.community_id", "organisation.id"],
            name=op.f("fk_youth_group_community_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_youth_group_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_youth_group")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_youth_group_community_id_id")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_youth_group_community_id_name")),
    )
    op.create_table(
        "activity",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("youth_group_id", BigId, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("ending", sa.String(length=40), nullable=False),
        sa.Column("default_minutes", sa.Integer(), nullable=True),
        sa.Column("takes_guests", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        sa.Column("deactivated_at", Time, nullable=True),
        sa.CheckConstraint(
            "ending IN ('leader_ends', 'each_checks_out', 'planned_length')",
            name=op.f("ck_activity_ending_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('environment', 'safety', 'patrol', 'outreach', 'care', 'health', 'culture', 'council', 'emergency', 'other')",
            name=op.f("ck_activity_kind_known"),
        ),
        sa.CheckConstraint(
            "measure IN ('service', 'participation')", name=op.f("ck_activity_measure_known")
        ),
        _whole("activity", "default_minutes", 0, 1440),
        sa.ForeignKeyConstraint(
            ["community_id", "organisation_id"],
            ["organisation.community_id", "organisation.id"],
            name=op.f("fk_activity_community_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "youth_group_id"],
            ["youth_group.community_id", "youth_group.id"],
            name=op.f("fk_activity_community_id_youth_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_activity_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"], ["login.id"], name=op.f("fk_activity_created_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_activity_community_id_id")),
    )
    op.create_index("ix_activity_name", "activity", ["community_id", "name"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("youth_group_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_membership_dates_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_membership_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "youth_group_id"],
            ["youth_group.community_id", "youth_group.id"],
            name=op.f("fk_membership_community_id_youth_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_membership_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_membership_community_id_id")),
    )
    op.create_index(
        "ix_membership_resident", "membership", ["resident_id", "community_id"], unique=False
    )
    op.create_table(
        "redemption",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("reward_id", BigId, nullable=False),
        sa.Column("stock_lot_id", BigId, nullable=True),
        sa.Column("hold_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("price_points", BigId, nullable=False),
        sa.Column("recorded_by_login_id", BigId, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.CheckConstraint(
            "state IN ('held', 'handed_over', 'cancelled', 'expired', 'returned')",
            name=op.f("ck_redemption_state_known"),
        ),
        _whole("redemption", "price_points", 1, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id", "hold_id"],
            ["hold.community_id", "hold.id"],
            name=op.f("fk_redemption_community_id_hold_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_redemption_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "reward_id"],
            ["reward.community_id", "reward.id"],
            name=op.f("fk_redemption_community_id_reward_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "stock_lot_id"],
            ["stock_lot.community_id", "stock_lot.id"],
            name=op.f("fk_redemption_community_id_stock_lot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_redemption_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_login_id"], ["login.id"], name=op.f("fk_redemption_recorded_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_redemption_community_id_id")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_redemption_hold_id")),
    )
    op.create_index(
        "ix_redemption_resident", "redemption", ["community_id", "resident_id"], unique=False
    )
    op.create_table(
        "device_activity",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("device_id", BigId, nullable=False),
        sa.Column("activity_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "activity_id"],
            ["activity.community_id", "activity.id"],
            name=op.f("fk_device_activity_community_id_activity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "device_id"],
            ["device.community_id", "device.id"],
            name=op.f("fk_device_activity_community_id_device_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_device_activity_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_activity")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_device_activity_community_id_id")),
        sa.UniqueConstraint(
            "device_id", "activity_id", name=op.f("uq_device_activity_device_id_activity_id")
        ),
    )
    op.create_table(
        "points_rule",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("activity_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fixed_points", sa.Integer(), nullable=False),
        sa.Column("points_per_hour", sa.Integer(), nullable=False),
        sa.Column("leader_factor_percent", sa.Integer(), nullable=False),
        sa.Column("cap_event_points", sa.Integer(), nullable=True),
        sa.Column("cap_day_points", sa.Integer(), nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        _whole("points_rule", "cap_day_points", 0, 100000),
        _whole("points_rule", "cap_event_points", 0, 100000),
        _whole("points_rule", "fixed_points", 0, 10000),
        _whole("points_rule", "leader_factor_percent", 100, 1000),
        _whole("points_rule", "points_per_hour", 0, 10000),
        _whole("points_rule", "version", 1, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id", "activity_id"],
            ["activity.community_id", "activity.id"],
            name=op.f("fk_points_rule_community_id_activity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_points_rule_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"], ["login.id"], name=op.f("fk_points_rule_created_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_rule")),
        sa.UniqueConstraint(
            "activity_id", "version", name=op.f("uq_points_rule_activity_id_version")
        ),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_points_rule_community_id_id")),
    )
    op.create_table(
        "event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("activity_id", BigId, nullable=False),
        sa.Column("points_rule_id", BigId, nullable=False),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("place_en", sa.String(length=120), nullable=True),
        sa.Column("starts_at", Time, nullable=False),
        sa.Column("ends_at", Time, nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("ended_at", Time, nullable=True),
        sa.Column("ended_how", sa.String(length=40), nullable=True),
        sa.Column("ended_by_login_id", BigId, nullable=True),
        sa.Column("cancelled_reason", sa.String(length=120), nullable=True),
        sa.Column("poster_on", sa.Boolean(), nullable=False),
        sa.Column("code_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_login_id", BigId, nullable=True),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_event_ended_has_time")
        ),
        sa.CheckConstraint(
            "ended_how IN ('leader', 'auto')", name=op.f("ck_event_ended_how_known")
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'ended', 'cancelled')", name=op.f("ck_event_state_known")
        ),
        sa.CheckConstraint(
            "(ended_how IS NULL) = (ended_at IS NULL)", name=op.f("ck_event_ended_has_how")
        ),
        _whole("event", "capacity", 1, 100000),
        _whole("event", "code_epoch", 0, LIMIT),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_event_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["community_id", "activity_id"],
            ["activity.community_id", "activity.id"],
            name=op.f("fk_event_community_id_activity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "area_id"],
            ["area.community_id", "area.id"],
            name=op.f("fk_event_community_id_area_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "points_rule_id"],
            ["points_rule.community_id", "points_rule.id"],
            name=op.f("fk_event_community_id_points_rule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_event_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_login_id"], ["login.id"], name=op.f("fk_event_created_by_login_id")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_login_id"], ["login.id"], name=op.f("fk_event_ended_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_event_community_id_id")),
    )
    op.create_index(
        "ix_event_activity", "event", ["community_id", "activity_id", "starts_at"], unique=False
    )
    op.create_index("ix_event_starts_at", "event", ["community_id", "starts_at"], unique=False)
    op.create_table(
        "attendance",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("checked_in_at", Time, nullable=True),
        sa.Column("checked_out_at", Time, nullable=True),
        sa.Column("ended_how", sa.String(length=40), nullable=True),
        sa.Column("provenance", sa.String(length=40), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("building_id", BigId, nullable=True),
        sa.Column("youth_group_id", BigId, nullable=True),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("check_in_points", sa.Integer(), nullable=False),
        sa.Column("check_out_points", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("annulled_at", Time, nullable=True),
        sa.Column("override", sa.String(length=40), nullable=True),
        sa.Column("override_by", sa.String(length=120), nullable=True),
        sa.CheckConstraint(
            "(state = 'complete') = (checked_out_at IS NOT NULL)",
            name=op.f("ck_attendance_out_known"),
        ),
        sa.CheckConstraint(
            "(state = 'undone') = (checked_in_at IS NULL)", name=op.f("ck_attendance_in_known")
        ),
        sa.CheckConstraint(
            "ended_how IN ('own', 'leader', 'auto')", name=op.f("ck_attendance_ended_how_known")
        ),
        sa.CheckConstraint(
            "provenance IN ('rotating_code', 'poster_code', 'card_scan', 'roll_call', 'paper_sheet', 'claim', 'leader_end', 'auto_close')",
            name=op.f("ck_attendance_provenance_known"),
        ),
        sa.CheckConstraint(
            "state IN ('present', 'complete', 'undone')", name=op.f("ck_attendance_state_known")
        ),
        sa.CheckConstraint(
            "(override IS NULL) = (override_by IS NULL)",
            name=op.f("ck_attendance_override_by_whom"),
        ),
        sa.CheckConstraint(
            "NOT on_duty OR (check_in_points = 0 AND check_out_points = 0 AND minutes = 0)",
            name=op.f("ck_attendance_on_duty_earns_nothing"),
        ),
        _whole("attendance", "check_in_points", 0, LIMIT),
        _whole("attendance", "check_out_points", 0, LIMIT),
        _whole("attendance", "minutes", 0, LIMIT),
        _whole("attendance", "revision", 1, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id", "building_id"],
            ["building.community_id", "building.id"],
            name=op.f("fk_attendance_community_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "event_id"],
            ["event.community_id", "event.id"],
            name=op.f("fk_attendance_community_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_attendance_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "youth_group_id"],
            ["youth_group.community_id", "youth_group.id"],
            name=op.f("fk_attendance_community_id_youth_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_attendance_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_attendance_community_id_id")),
        sa.UniqueConstraint(
            "event_id", "resident_id", name=op.f("uq_attendance_event_id_resident_id")
        ),
    )
    op.create_index(
        "ix_attendance_resident_day",
        "attendance",
        ["community_id", "resident_id", "local_date"],
        unique=False,
    )
    op.create_table(
        "event_leader",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("at_work", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "event_id"],
            ["event.community_id", "event.id"],
            name=op.f("fk_event_leader_community_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_event_leader_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_event_leader_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_leader")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_event_leader_community_id_id")),
        sa.UniqueConstraint(
            "event_id", "resident_id", name=op.f("uq_event_leader_event_id_resident_id")
        ),
    )
    op.create_index(
        "ix_event_leader_resident", "event_leader", ["community_id", "resident_id"], unique=False
    )
    op.create_table(
        "scan",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("resident_id", BigId, nullable=True),
        sa.Column("card_id", BigId, nullable=True),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("device_id", BigId, nullable=True),
        sa.Column("recorded_by_login_id", BigId, nullable=True),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("provenance", sa.String(length=40), nullable=False),
        sa.Column("scanned_at", Time, nullable=False),
        sa.Column("received_at", Time, nullable=False),
        sa.Column("corrected_at", Time, nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("override", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "direction IN ('in', 'out', 'undo')", name=op.f("ck_scan_direction_known")
        ),
        sa.CheckConstraint(
            "provenance IN ('rotating_code', 'poster_code', 'card_scan', 'roll_call', 'paper_sheet', 'claim', 'leader_end', 'auto_close')",
            name=op.f("ck_scan_provenance_known"),
        ),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'already', 'waiting', 'refused')",
            name=op.f("ck_scan_verdict_known"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "card_id"],
            ["card.community_id", "card.id"],
            name=op.f("fk_scan_community_id_card_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "device_id"],
            ["device.community_id", "device.id"],
            name=op.f("fk_scan_community_id_device_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "event_id"],
            ["event.community_id", "event.id"],
            name=op.f("fk_scan_community_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_scan_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_scan_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_login_id"], ["login.id"], name=op.f("fk_scan_recorded_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
        sa.UniqueConstraint(
            "client_id", "community_id", name=op.f("uq_scan_client_id_community_id")
        ),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_scan_community_id_id")),
    )
    op.create_index("ix_scan_device", "scan", ["community_id", "device_id", "id"], unique=False)
    op.create_index(
        "ix_scan_event_resident", "scan", ["community_id", "event_id", "resident_id"], unique=False
    )
    op.create_index("ix_scan_undoes", "scan", ["community_id", "undoes"], unique=False)
    op.create_table(
        "shift",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("starts_at", Time, nullable=False),
        sa.Column("ends_at", Time, nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("factor_percent", sa.Integer(), nullable=False),
        _whole("shift", "capacity", 1, 100000),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shift_ends_after_start")),
        _whole("shift", "factor_percent", 100, 1000),
        sa.ForeignKeyConstraint(
            ["community_id", "event_id"],
            ["event.community_id", "event.id"],
            name=op.f("fk_shift_community_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_shift_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_shift_community_id_id")),
    )
    op.create_table(
        "sign_up",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("shift_id", BigId, nullable=True),
        sa.Column("resident_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.CheckConstraint(
            "state IN ('place', 'waiting', 'cancelled', 'no_show')",
            name=op.f("ck_sign_up_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "event_id"],
            ["event.community_id", "event.id"],
            name=op.f("fk_sign_up_community_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resident_id"],
            ["resident.community_id", "resident.id"],
            name=op.f("fk_sign_up_community_id_resident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "shift_id"],
            ["shift.community_id", "shift.id"],
            name=op.f("fk_sign_up_community_id_shift_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_sign_up_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_sign_up_community_id_id")),
        sa.UniqueConstraint(
            "event_id",
            "shift_id",
            "resident_id",
            name=op.f("uq_sign_up_event_id_shift_id_resident_id"),
        ),
    )
    op.create_table(
        "transfer",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("debit_account_id", BigId, nullable=False),
        sa.Column("credit_account_id", BigId, nullable=False),
        sa.Column("amount_points", BigId, nullable=False),
        sa.Column("amount_minutes", BigId, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("attendance_id", BigId, nullable=True),
        sa.Column("points_rule_id", BigId, nullable=True),
        sa.Column("reverses_id", BigId, nullable=True),
        sa.Column("recorded_by_login_id", BigId, nullable=True),
        sa.Column("recorded_by_device_id", BigId, nullable=True),
        sa.Column("approved_by_login_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.Column("occurred_at", Time, nullable=False),
        sa.Column("posted_at", Time, nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(code = 'reversal') = (reverses_id IS NOT NULL)", name=op.f("ck_transfer_reversal_of")
        ),
        sa.CheckConstraint(
            "amount_minutes = 0 OR code IN ('award', 'adjustment', 'reversal', 'opening_balance', 'merge')",
            name=op.f("ck_transfer_minutes_never_spent"),
        ),
        sa.CheckConstraint(
            "code <> 'award' OR attendance_id IS NOT NULL", name=op.f("ck_transfer_award_for")
        ),
        sa.CheckConstraint(
            "code IN ('award', 'adjustment', 'reversal', 'opening_balance', 'redemption', 'debt', 'debt_recovery', 'gift', 'lapse', 'merge', 'move')",
            name=op.f("ck_transfer_code_known"),
        ),
        _whole("transfer", "amount_minutes", 0, LIMIT),
        sa.CheckConstraint(
            "amount_points > 0 OR amount_minutes > 0", name=op.f("ck_transfer_moves_something")
        ),
        _whole("transfer", "amount_points", 0, LIMIT),
        sa.CheckConstraint(
            "debit_account_id <> credit_account_id", name=op.f("ck_transfer_two_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by_login_id"], ["login.id"], name=op.f("fk_transfer_approved_by_login_id")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "attendance_id"],
            ["attendance.community_id", "attendance.id"],
            name=op.f("fk_transfer_community_id_attendance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "credit_account_id"],
            ["account.community_id", "account.id"],
            name=op.f("fk_transfer_community_id_credit_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "debit_account_id"],
            ["account.community_id", "account.id"],
            name=op.f("fk_transfer_community_id_debit_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "points_rule_id"],
            ["points_rule.community_id", "points_rule.id"],
            name=op.f("fk_transfer_community_id_points_rule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "recorded_by_device_id"],
            ["device.community_id", "device.id"],
            name=op.f("fk_transfer_community_id_recorded_by_device_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "reverses_id"],
            ["transfer.community_id", "transfer.id"],
            name=op.f("fk_transfer_community_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_transfer_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_login_id"], ["login.id"], name=op.f("fk_transfer_recorded_by_login_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_transfer_community_id_id")),
        sa.UniqueConstraint(
            "community_id", "idempotency_key", name=op.f("uq_transfer_community_id_idempotency_key")
        ),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_transfer_reverses_id")),
    )
    op.create_index(
        "ix_transfer_attendance", "transfer", ["attendance_id", "community_id"], unique=False
    )
    op.create_index(
        "ix_transfer_posted_at", "transfer", ["community_id", "posted_at"], unique=False
    )
    op.create_table(
        "entry",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("transfer_id", BigId, nullable=False),
        sa.Column("entry_no", BigId, nullable=False),
        sa.Column("amount_points", BigId, nullable=False),
        sa.Column("amount_minutes", BigId, nullable=False),
        sa.Column("balance_after_points", BigId, nullable=False),
        sa.Column("total_after_minutes", BigId, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        _whole("entry", "amount_minutes", -LIMIT, LIMIT),
        _whole("entry", "amount_points", -LIMIT, LIMIT),
        _whole("entry", "balance_after_points", 0, LIMIT),
        _whole("entry", "entry_no", 1, LIMIT),
        _whole("entry", "total_after_minutes", 0, LIMIT),
        sa.ForeignKeyConstraint(
            ["community_id", "account_id"],
            ["account.community_id", "account.id"],
            name=op.f("fk_entry_community_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "transfer_id"],
            ["transfer.community_id", "transfer.id"],
            name=op.f("fk_entry_community_id_transfer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_entry_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("account_id", "entry_no", name=op.f("uq_entry_account_id_entry_no")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_entry_community_id_id")),
        sa.UniqueConstraint(
            "transfer_id", "account_id", name=op.f("uq_entry_transfer_id_account_id")
        ),
    )
    op.create_table(
        "hold_end",
        sa.Column("id", BigId, nullable=False),
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("hold_id", BigId, nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("transfer_id", BigId, nullable=True),
        sa.Column("ended_at", Time, nullable=False),
        sa.CheckConstraint(
            "(how = 'posted') = (transfer_id IS NOT NULL)",
            name=op.f("ck_hold_end_posted_by_transfer"),
        ),
        sa.CheckConstraint(
            "how IN ('posted', 'void', 'expired')", name=op.f("ck_hold_end_how_known")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "hold_id"],
            ["hold.community_id", "hold.id"],
            name=op.f("fk_hold_end_community_id_hold_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "transfer_id"],
            ["transfer.community_id", "transfer.id"],
            name=op.f("fk_hold_end_community_id_transfer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_hold_end_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_end")),
        sa.UniqueConstraint("community_id", "id", name=op.f("uq_hold_end_community_id_id")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_hold_end_hold_id")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = '23514'; END $$"
        )
    for table in ONLY_GROW:
        _make_only_grow(table)


def downgrade() -> None:
    op.drop_table("hold_end")
    op.drop_table("entry")
    op.drop_table("transfer")
    op.drop_table("sign_up")
    op.drop_table("shift")
    op.drop_table("scan")
    op.drop_table("event_leader")
    op.drop_table("attendance")
    op.drop_table("event")
    op.drop_table("points_rule")
    op.drop_table("device_activity")
    op.drop_table("redemption")
    op.drop_table("membership")
    op.drop_table("activity")
    op.drop_table("youth_group")
    op.drop_table("residence")
    op.drop_table("hold")
    op.drop_table("building_alias")
    op.drop_table("stock_lot")
    op.drop_table("organisation")
    op.drop_table("login_resident")
    op.drop_table("household_member")
    op.drop_table("external_number")
    op.drop_table("consent")
    op.drop_table("card")
    op.drop_table("building")
    op.drop_table("activation_code")
    op.drop_table("account")
    op.drop_table("task")
    op.drop_table("seal")
    op.drop_table("role_grant")
    op.drop_table("reward")
    op.drop_table("resident")
    op.drop_table("organisation_kind")
    op.drop_table("household")
    op.drop_table("device")
    op.drop_table("board_total")
    op.drop_table("board_participation")
    op.drop_table("audit_event")
    op.drop_table("area")
    op.drop_table("sign_in_session")
    op.drop_table("community")
    op.drop_table("sub_district")
    op.drop_table("sign_in_throttle")
    op.drop_table("login")
    op.drop_table("job")
    op.drop_table("demo_chapter")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION only_grows()")
