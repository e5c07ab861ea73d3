"""Scanning devices at the door of an event: they send cards, note every answer they get, and send
again what nobody answered, with the same id and the same body."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.bench.village import TOKEN

DEVICES = 8
PATIENCE_SECONDS = 30.0
"""How long a device goes on with one body that nobody answers."""


@dataclass(frozen=True)
class Body:
    """One request as it goes over the wire, again and again if need be."""

    text: bytes
    ids: tuple[str, ...]


@dataclass
class Notes:
    """What the devices know. ``answers``: the verdicts of a body as they were first read, and
    ``refusals`` every answer that was none: its status, and 0 where the connection broke."""

    answers: dict[Body, bytes] = field(default_factory=dict)
    refusals: Counter[int] = field(default_factory=Counter)
    longest_seconds: float = 0.0
    given_up: list[Body] = field(default_factory=list)
    seen_down: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def acknowledged(self) -> int:
        """Scans, not requests."""
        with self.lock:
            return sum(len(body.ids) for body in self.answers)

    def accepted(self) -> list[dict[str, Any]]:
        return [one for one in self.verdicts().values() if one["verdict"] == "accepted"]

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """Every acknowledged scan by its id."""
        found = {}
        for body, answer in self.answers.items():
            for client_id, verdict in zip(body.ids, json.loads(answer), strict=True):
                assert verdict["id"] == client_id
                found[client_id] = verdict
        return found


def bodies_for(events: Sequence[int], codes: Sequence[str], dice: Random) -> list[Body]:
    """Everybody at every event, in any order; every fifth body is a batch, and every tenth scan
    is made a second time by another device."""
    pairs = [(event_id, code) for event_id in events for code in codes]
    pairs += dice.sample(pairs, len(pairs) // 10)
    dice.shuffle(pairs)
    found = []
    while pairs:
        count = 5 if dice.randrange(5) == 0 else 1
        found.append(body_of(pairs[:count]))
        pairs = pairs[count:]
    return found


def body_of(pairs: Sequence[tuple[int, str]]) -> Body:
    now = datetime.now(UTC).isoformat()
    rows = [
        {
            "id": str(uuid.uuid4()),
            "event": event_id,
            "code": code,
            "direction": "in",
            "scanned_at": now,
        }
        for event_id, code in pairs
    ]
    text = json.dumps({"device": "door", "sent_at": now, "scans": rows}).encode()
    return Body(text, tuple(str(row["id"]) for row in rows))


def scan_all(port: int, bodies: Iterable[Body], notes: Notes) -> list[threading.Thread]:
    """Start the devices; each takes the next body and sends it until it is answered."""
    remaining = iter(bodies)

    def work() -> None:
        device = Device(port, notes)
        while True:
            with notes.lock:
                body = next(remaining, None)
            if body is None:
                break
            device.send(body)
        device.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(DEVICES)]
    for thread in threads:
        thread.start()
    return threads


class Device:
    """One device: one connection that is kept while it lasts."""

    def __init__(self, port: int, notes: Notes) -> None:
        self._port = port
        self._notes = notes
        self._connection: http.client.HTTPConnection | None = None

    def send(self, body: Body) -> None:
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_SECONDS:
            status, headers, answer = self.post(body)
            if status == 200:
                with self._notes.lock:
                    self._notes.answers[body] = verdicts_in(answer)
                    took = time.monotonic() - began
                    self._notes.longest_seconds = max(self._notes.longest_seconds, took)
                return
            with self._notes.lock:
                self._notes.refusals[status] += 1
                if status:
                    self._notes.seen_down.append((status, headers, answer))
            time.sleep(0.05)
        with self._notes.lock:
            self._notes.given_up.append(body)

    def post(self, body: Body) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content of the answer; status 0 where there was none."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            self._connection.request("POST", "/api/v1/scans", body.text, headers)
            response = self._connection.getresponse()
            return response.status, dict(response.headers), response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, {}, b""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def verdicts_in(answer: bytes) -> bytes:
    """The verdicts as they came over the wire; before them stands when the answer was made."""
    _, found, verdicts = answer.partition(b'"verdicts":')
    assert found, answer
    return verdicts.removesuffix(b"}")
