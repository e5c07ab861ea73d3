"""Addresses to come back to: only ever a path of our own."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 500


def local_path(wanted: str | None) -> str | None:
    """``wanted`` if it is a path of this site, else None.

    Browsers read a backslash as a slash and skip control characters, so ``/\\evil.example`` and
    ``/<tab>/evil.example`` would leave the site; both are refused like ``//evil.example``.
    """
    if not wanted or len(wanted) > LONGEST or not wanted.startswith("/"):
        return None
    if wanted.startswith("//") or "\\" in wanted or any(ord(sign) < 33 for sign in wanted):
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    return wanted if not parts.scheme and not parts.netloc else None
