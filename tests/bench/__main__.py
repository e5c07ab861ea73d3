"""`make bench`: prints every figure beside hello-world's; `tests/run bench scans` only scans."""

from __future__ import annotations

import platform
import sqlite3
import sys
from datetime import UTC, datetime

from tests.bench import cards, importing, reading, scans


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
        for rows in (1, 500):
            one_upload = scans.upload(kind, rows)
            print(
                f"an upload of {rows} on {kind}: {one_upload.statements} statements,"
                f" {one_upload.seconds:.3f} s"
            )


def show_reading() -> None:
    for kind in ("sqlite", "postgresql"):
        sizes = reading.boards(kind)
        words = ", ".join(f"{one.rows:,} attendances {one.milliseconds:.2f} ms" for one in sizes)
        print(f"\nboard by building on {kind}: {words}")
        print(f"  largest over smallest: {sizes[-1].milliseconds / sizes[0].milliseconds:.2f}")
        sizes = reading.passbooks(kind)
        words = ", ".join(f"{one.rows:,} lines {one.milliseconds:.1f} ms" for one in sizes)
        print(f"CPU of the passbook page on {kind}: {words}")
        print(f"  longest over shortest: {sizes[-1].milliseconds / sizes[0].milliseconds:.2f}")
    share, cpu = reading.board_page()
    print(f"\nboard page over HTTP: {share:.3f} of hello-world, CPU {cpu:.1f} times hello-world's")
    print("CPU of a page in a community of 3,000, SQLite, milliseconds:")
    for path, milliseconds in reading.pages().items():
        print(f"  {path:<24} {milliseconds:.1f}")
    print(f"a code for the screen: {reading.qr_milliseconds():.1f} ms")


def show_cards() -> None:
    for kind in ("sqlite", "postgresql"):
        one = cards.a_thousand(kind, read=kind == "sqlite")
        print(
            f"a thousand cards on {kind}: {one.seconds:.1f} s, longest chunk {one.longest_ms:.0f}"
            f" ms, {one.megabytes:.1f} MB" + (f", {one.read} codes read" if one.read else "")
        )


def show_importing() -> None:
    for kind in ("sqlite", "postgresql"):
        one = importing.measure(kind)
        print(f"\nimport of {one.rows:,} residents on {kind}:")
        print(f"  upload {one.upload_seconds:.1f} s,", end="")
        print(f" dry run {one.dry_run_seconds:.1f} s, writing down {one.write_seconds:.1f} s")
        print(f"  before:    {one.quiet}\n  meanwhile: {one.meanwhile}")


def main() -> None:
    print(
        f"{datetime.now(UTC):%Y-%m-%d}  {platform.machine()}  Python {platform.python_version()}",
        end="",
    )
    print(f"  SQLite {sqlite3.sqlite_version}")
    wanted = sys.argv[1:] or ["scans", "reading", "cards", "importing"]
    if "scans" in wanted:
        show_scans()
    if "reading" in wanted:
        show_reading()
    if "cards" in wanted:
        show_cards()
    if "importing" in wanted:
        show_importing()


main()
