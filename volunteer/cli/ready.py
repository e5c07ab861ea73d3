"""``python -m volunteer.cli.ready [--demo]``: is there anything to prepare?

Exit status 0, with the welcome printed, when an SQLite database is migrated and, for the demo, has
all of it and an event that is open now; 1 when ``flask prepare`` must look closer. It takes a
twentieth of a second, where loading the whole application takes one: that is what keeps a second
start under two. It only reads, and needs nothing but the standard library.
"""

from __future__ import annotations

import sqlite3
import sys
from datetime import datetime

from volunteer import clock
from volunteer.cli.demo import LAST_CHAPTER
from volunteer.cli.welcome import welcome_lines
from volunteer.config import Config, ConfigError, load_config
from volunteer.jobs.open_day import OPEN_DAY
from volunteer.store.migration_files import newest_migration


def is_ready(config: Config, now: datetime, *, demo: bool) -> bool:
    """Whether ``flask prepare`` would have nothing to do."""
    path = config.sqlite_path
    if path is None or not path.exists():
        return False
    try:
        # Not mode=ro: reading a WAL database may have to make its -shm file.
        connection = sqlite3.connect(path)
        try:
            if _first(connection, "SELECT version_num FROM alembic_version") != newest_migration():
                return False
            return not demo or _has_demo(connection, now)
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _has_demo(connection: sqlite3.Connection, now: datetime) -> bool:
    moment = now.strftime("%Y-%m-%d %H:%M:%S.%f")  # as the tables have it
    loaded = "SELECT name FROM demo_chapter WHERE name = ?"
    open_now = (
        "SELECT activity.name FROM event JOIN activity ON activity.id = event.activity_id"
        " WHERE activity.name = ? AND event.state = 'planned'"
        " AND event.starts_at <= ? AND event.ends_at > ?"
    )
    return (
        _first(connection, loaded, LAST_CHAPTER) is not None
        and _first(connection, open_now, OPEN_DAY, moment, moment) is not None
    )


def _first(connection: sqlite3.Connection, statement: str, *values: str) -> str | None:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


def main(arguments: list[str]) -> int:
    demo = "--demo" in arguments
    try:
        config = load_config()
    except ConfigError:
        return 1  # flask prepare says it in words
    if not is_ready(config, clock.now(), demo=demo):
        return 1
    sys.stdout.write("\n".join(welcome_lines(config, demo=demo)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
