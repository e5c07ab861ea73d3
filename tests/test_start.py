"""``./run``: starts both processes, passes signals on, ends both when either ends."""

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

import pytest

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 90


@contextmanager
def started(data_dir: Path, *, port: int | None = None) -> Iterator[tuple[Any, str]]:
    """The script serving an empty system, and its address; whatever is left is ended."""
    port = port or free_port()
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "HOST"}
    }
    environ |= {"PORT": str(port), "DATA_DIR": str(data_dir)}
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


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_both_run_and_a_signal_ends_both(tmp_path: Path) -> None:
    with started(tmp_path) as (process, address):
        found = wait_until_up(address, with_jobs=True)
        assert found["status"] == "ok"
        assert (tmp_path / "volunteer.db").exists()
        running = children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
    assert "http://127.0.0.1" in (tmp_path / "log").read_text()
    for process_id in (one_of(running, "gunicorn"), one_of(running, "jobs run")):
        with pytest.raises(ProcessLookupError):
            os.kill(process_id, 0)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("which", ["jobs run", "gunicorn"])
def test_either_one_ends_the_other(tmp_path: Path, which: str) -> None:
    with started(tmp_path) as (process, address):
        wait_until_up(address, with_jobs=True)
        os.kill(one_of(children(process.pid), which), signal.SIGTERM)
        assert process.wait(timeout=40) != 0
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            health(address)


@pytest.mark.timeout(120)
def test_a_port_that_is_taken_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with started(tmp_path, port=taken.getsockname()[1]) as (process, _):
            assert process.wait(timeout=60) == 1
    assert "端口" in (tmp_path / "log").read_text()
