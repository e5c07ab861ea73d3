"""The tables that only grow, and the triggers that see to it on both databases.

Migrations carry their own frozen copy of these statements; a test compares what a migrated
database has with what this file says.
"""

from __future__ import annotations

from collections.abc import Iterator

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


def trigger_statements(dialect: str, tables: tuple[str, ...] = ONLY_GROW) -> Iterator[str]:
    """The statements that make ``tables`` refuse UPDATE and DELETE (and TRUNCATE)."""
    if dialect == "sqlite":
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                yield (
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
                )
        return
    yield (
        "CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = '23514'; END $$"
    )
    for table in tables:
        for verb in ("UPDATE", "DELETE", "TRUNCATE"):
            yield (
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
            )
