"""``flask --app app …``: what an operator types.

Each command parses, makes one call and prints the answer; its exit status is the result.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register every command."""
