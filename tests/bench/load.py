"""A load of single requests over 16 connections, bounded in count and time."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

CONNECTIONS = 16


@dataclass(frozen=True)
class Load:
    """What came back: requests a second, p50 and p99 in milliseconds, requests that failed."""

    per_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    failed: int


def run(port: int, requests: Iterator[tuple[bytes, bytes]], seconds: float) -> Load:
    """Send (request, what its answer must contain) pairs for ``seconds`` or until they run out."""
    lock = threading.Lock()
    times: list[float] = []
    failures = [0]
    stop_at = time.perf_counter() + seconds

    def work() -> None:
        while time.perf_counter() < stop_at:
            with lock:
                pair = next(requests, None)
            if pair is None:
                return
            began = time.perf_counter()
            answer = _once(port, pair[0])
            took = time.perf_counter() - began
            with lock:
                times.append(took)
                failures[0] += pair[1] not in answer

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    quantiles = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return Load(
        len(times) / elapsed, quantiles[49] * 1000, quantiles[98] * 1000, len(times), failures[0]
    )


def _once(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def get(path: str, cookie: str = "") -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    return (head + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n").encode()


def post_json(path: str, body: bytes, token: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
