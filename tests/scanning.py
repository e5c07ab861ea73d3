"""Making scans in tests: rows, recorders, and a short way to record them."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from tests.conftest import HOST
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.domain.scans import Recorder, Scan, Verdict, body_hash_of
from volunteer.domain.tokens import parse_presented
from volunteer.services.scans import record_scans

_SPACE = UUID("7d2f9a34-0d5d-4f0e-9d5e-3f1b7f0c0a11")
_serial = itertools.count()


def new_id(name: str | None = None) -> UUID:
    return uuid5(_SPACE, name or f"scan {next(_serial)}")


def scan_row(
    event_id: int | None,
    code: str | None = None,
    *,
    direction: str = "in",
    at: datetime = FRIDAY,
    client_id: UUID | None = None,
    provenance: str = "card_scan",
    **more: Any,
) -> Scan:
    body = {"event": event_id, "code": code, "direction": direction, "scanned_at": at.isoformat()}
    return Scan(
        client_id=client_id or new_id(),
        direction=direction,  # type: ignore[arg-type]
        provenance=provenance,
        scanned_at=at,
        corrected_at=at,
        body_hash=body_hash_of(body | {"undoes": more.get("undoes")}),
        event_id=event_id,
        presented=parse_presented(code, HOST) if code else None,
        **more,
    )


def as_device(device_id: int) -> Recorder:
    return Recorder(device_id=device_id)


def as_leader(town: Town, login_id: int, *own: int) -> Recorder:
    return Recorder(
        login_id=login_id,
        acts_for=frozenset(own),
        own_resident_ids=frozenset(own),
        runs_community_ids=frozenset({town.community_id}),
    )


def as_self(login_id: int, own: int, *others: int) -> Recorder:
    return Recorder(
        login_id=login_id,
        is_self=True,
        acts_for=frozenset({own, *others}),
        own_resident_ids=frozenset({own}),
    )


def record(town: Town, recorder: Recorder, *scans: Scan, now: datetime = FRIDAY) -> list[Verdict]:
    return record_scans(
        scans,
        recorder,
        now=now,
        scope=Scope.of(town.community_id),
        keys=town.keys,
        community_id=town.community_id if recorder.device_id else None,
    )
