"""`make bench`: prints every figure beside hello-world's."""

from __future__ import annotations

import platform
import sqlite3
from datetime import UTC, datetime

from tests.bench import scans


def show_scans() -> None:
    print("\nOne check-in over HTTP: POST /api/v1/scans, one card, device token, 16 connections\n")
    measured = scans.measure()
    hello = measured.pop("hello-world")
    row = "{:<24} {:>9} {:>12} {:>12} {:>8} {:>8} {:>8} {:>7} {:>8}"
    print(
        row.format(
            "", "a second", "÷ hello", "CPU ÷ hello", "p50 ms", "p99 ms", "p99/p50", "failed", "MB"
        )
    )
    for name, one in {"hello-world": hello, **measured}.items():
        print(
            row.format(
                name,
                f"{one.per_second:.0f}",
                f"{one.per_second / hello.per_second:.3f}",
                f"{one.cpu_ms / hello.cpu_ms:.1f}",
                f"{one.p50_ms:.1f}",
                f"{one.p99_ms:.1f}",
                f"{one.p99_ms / max(one.p50_ms, 0.01):.1f}",
                one.failed,
                f"{one.memory_megabytes:.0f}" if one.memory_megabytes else "",
            )
        )
    for kind in ("sqlite", "postgresql"):
        print(f"statements on {kind}: {scans.count_statements(kind)}")


def main() -> None:
    print(
        f"{datetime.now(UTC):%Y-%m-%d}  {platform.machine()}  Python {platform.python_version()}",
        end="",
    )
    print(f"  SQLite {sqlite3.sqlite_version}")
    show_scans()


main()
