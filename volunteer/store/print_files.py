"""Pages that wait to be printed: one file each in DATA_DIR, under a random name, for a day.

Not in the database: the pages hold activation codes, of which its tables keep hashes only, so that
a copy of the database binds nobody's phone. The folder lies beside the secret key, from which all
of these codes can be made anyway.
"""

from __future__ import annotations

import os
import re
import secrets
from datetime import datetime
from pathlib import Path

FOLDER = "prints"
_NAME = re.compile(r"[A-Za-z0-9_-]{43}")


def write_print(data_dir: Path, community_id: int, content: bytes) -> str:
    """Keep a PDF; gives its name. It is there whole, or not at all."""
    folder = data_dir / FOLDER / str(community_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_urlsafe(32)
    unfinished = folder / f"{name}.part"
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / f"{name}.pdf")
    return name


def read_print(data_dir: Path, community_id: int, name: str) -> bytes | None:
    """The PDF, or None when it is deleted."""
    try:
        return _path(data_dir, community_id, name).read_bytes()
    except FileNotFoundError:
        return None


def has_print(data_dir: Path, community_id: int, name: str) -> bool:
    return _path(data_dir, community_id, name).exists()


def delete_print(data_dir: Path, community_id: int, name: str) -> None:
    _path(data_dir, community_id, name).unlink(missing_ok=True)


def delete_old_prints(data_dir: Path, before: datetime) -> int:
    """Delete what was written before this, finished or not; gives how many files."""
    deleted = 0
    for path in (data_dir / FOLDER).glob("*/*"):
        try:
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                deleted += 1
        except FileNotFoundError:  # another runner, or somebody who is done printing
            continue
    return deleted


def _path(data_dir: Path, community_id: int, name: str) -> Path:
    assert _NAME.fullmatch(name), "a name that write_print() gave"
    return data_dir / FOLDER / str(community_id) / f"{name}.pdf"
