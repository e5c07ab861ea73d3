"""``python -m volunteer.cli.ready [--demo]``: is there anything to prepare?

Exit status 0, with the welcome printed, when an SQLite database is migrated and has its demo; 1
when ``flask prepare`` must look closer. It takes a twentieth of a second, where loading the whole
application takes one: that is what keeps a second start under two. It only reads, and needs nothing
but the standard library.
"""

from __future__ import annotations

import sqlite3
import sys

from volunteer.cli.demo import LAST_CHAPTER
from volunteer.cli.welcome import welcome_lines
from volunteer.config import Config, ConfigError, load_config
from volunteer.store.migration_files import newest_migration


def is_ready(config: Config, *, demo: bool) -> bool:
    """Whether ``flask prepare`` would have nothing to do but add today's event."""
    path = config.sqlite_path
    if path is None or not path.exists():
        return False
    try:
        # Not mode=ro: reading a WAL database may have to make its -shm file.
        connection = sqlite3.connect(path)
        try:
            if _first(connection, "SELECT version_num FROM alembic_version") != newest_migration():
                return False
            loaded = "SELECT name FROM demo_chapter WHERE name = ?"
            return not demo or _first(connection, loaded, LAST_CHAPTER) == LAST_CHAPTER
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _first(connection: sqlite3.Connection, statement: str, *values: str) -> str | None:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


def main(arguments: list[str]) -> int:
    demo = "--demo" in arguments
    try:
        config = load_config()
    except ConfigError:
        return 1  # flask prepare says it in words
    if not is_ready(config, demo=demo):
        return 1
    sys.stdout.write("\n".join(welcome_lines(config, demo=demo)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
