"""The system as ``./run serve`` starts it, for the tests that need its real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 90
OUR_SETTINGS = frozenset(
    {"DATABASE_URL", "MIGRATION_DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "HOST"}
)


@contextmanager
def started(
    data_dir: Path, *, port: int | None = None, **settings: str
) -> Iterator[tuple[Any, str]]:
    """The script and its address: an empty system, unless ``settings`` name a database. Whatever
    is left is ended."""
    port = port or free_port()
    environ = {name: value for name, value in os.environ.items() if name not in OUR_SETTINGS}
    environ |= {"PORT": str(port), "DATA_DIR": str(data_dir)} | settings
    with (data_dir / "log").open("wb") as log:
        process = subprocess.Popen(
            ["./run", "serve"],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=40)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def wait_until_up(address: str, *, with_jobs: bool = False) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            found = health(address)
            if found["job_runner_beat_at"] or not with_jobs:
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.2)
    raise AssertionError("it did not come up")


def children(process_id: int) -> dict[int, str]:
    """What the script started, by process id."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [line.split(None, 2) for line in listed]
    return {int(row[0]): row[2] for row in rows if int(row[1]) == process_id}


def one_of(found: dict[int, str], word: str) -> int:
    return next(process_id for process_id, words in found.items() if word in words)
