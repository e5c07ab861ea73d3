"""A row on its way to its verdict, and the verdict as it will be stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from volunteer.domain.attendance import AcceptedScan
from volunteer.domain.scans import Batch, EventFacts, Person, Recorder, Scan, Verdict


@dataclass
class Case:
    """A row, and what has been found out about it while it is decided."""

    scan: Scan
    batch: Batch
    event: EventFacts | None = None
    person: Person | None = None
    card_id: int | None = None
    override: str | None = None
    provenance: str = ""

    @property
    def recorder(self) -> Recorder:
        return self.batch.recorder

    @property
    def now(self) -> datetime:
        return self.batch.now


@dataclass
class Decided:
    """A new scan with its verdict, as it will be stored."""

    scan: Scan
    batch: Batch
    verdict: Verdict
    event_id: int | None
    resident_id: int | None
    card_id: int | None
    override: str | None


def accepted_scan(scan: Scan, batch: Batch) -> AcceptedScan:
    return AcceptedScan(
        client_id=scan.client_id,
        direction=scan.direction,
        corrected_at=scan.corrected_at,
        received_at=batch.now,
        provenance=scan.provenance,
        recorder=batch.recorder.key,
        undoes=scan.undoes,
    )
