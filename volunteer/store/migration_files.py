"""The newest migration there is, read from the files themselves.

Importing Alembic costs a third of a second, and a start that has nothing to migrate should not pay
for it; this module needs nothing but the standard library.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "migrations" / "versions"
_REVISION = re.compile(r"""^revision(?:\s*:\s*str)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_DOWN = re.compile(r"""^down_revision(?:\s*:[^=]*)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)


def newest_migration() -> str:
    """The one revision that no other follows."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")]
    revisions = {found[1] for one in texts if (found := _REVISION.search(one))}
    replaced = {found[1] for one in texts if (found := _DOWN.search(one))}
    heads = revisions - replaced
    assert len(heads) == 1, f"the migrations have {len(heads)} heads"
    return heads.pop()
