"""``./run``: starts both processes, passes signals on, ends both when either ends."""

from __future__ import annotations

import os
import signal
import socket
import urllib.error
from pathlib import Path

import pytest

from tests.started import children, health, one_of, started, wait_until_up


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
