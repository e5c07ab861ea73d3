"""Servers to measure, as processes of their own, and the CPU time they use."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def gunicorn(app: str, environ: Mapping[str, str], *options: str) -> Iterator[tuple[int, int]]:
    """Run ``app``; gives (port, process id) and ends it afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, app]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | dict(environ), stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_it_listens(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait_until_it_listens(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def cpu_seconds(*roots: int) -> float:
    """User and system time of these processes and their children, so far."""
    return sum(_cpu_of(pid) for pid in _family(set(roots)))


def _family(roots: set[int]) -> set[int]:
    found = set(roots)
    parents = {int(path.name): _stat(path)[1] for path in Path("/proc").glob("[0-9]*")}
    growing = True
    while growing:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        found |= children
        growing = bool(children)
    return found


def _cpu_of(pid: int) -> float:
    utime, _ = _stat(Path(f"/proc/{pid}"))
    return utime


def _stat(path: Path) -> tuple[float, int]:
    """(CPU seconds, parent) of a process; of one that has gone, nothing."""
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0
    return (int(fields[11]) + int(fields[12])) / TICKS, int(fields[1])


def memory_megabytes(*roots: int) -> float:
    """The largest resident memory of one of these processes or their children."""
    largest = 0.0
    for pid in _family(set(roots)):
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            line = next(line for line in lines if line.startswith("VmRSS"))
            largest = max(largest, int(line.split()[1]) / 1024)
    return largest
