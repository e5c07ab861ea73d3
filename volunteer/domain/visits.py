"""A visit: somebody stood before an event's code, and checks in with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from volunteer.domain.scans import Direction, Scan, body_hash_of


@dataclass(frozen=True)
class Visit:
    """A verified event code, seen at a time; kept until whoever saw it has said who is here."""

    event_id: int
    community_id: int
    provenance: str
    seen_at: datetime
    visit_id: UUID

    def scan_id(self, resident_id: int) -> UUID:
        """One scan a resident and visit, so that a second tap is the same scan."""
        return uuid5(self.visit_id, str(resident_id))

    def scan(self, resident_id: int, direction: Direction = "in") -> Scan:
        """The time is when the code was seen: signing in may have taken a while since."""
        body = {
            "event": self.event_id,
            "code": f"resident:{resident_id}",
            "direction": direction,
            "scanned_at": self.seen_at,
        }
        return Scan(
            client_id=self.scan_id(resident_id),
            direction=direction,
            provenance=self.provenance,
            scanned_at=self.seen_at,
            corrected_at=self.seen_at,
            body_hash=body_hash_of(body),
            event_id=self.event_id,
            resident_id=resident_id,
        )
