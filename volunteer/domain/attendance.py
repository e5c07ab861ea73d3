"""An attendance is a pure function of its *set* of accepted scans.

In any order and any repetition the same scans give the same attendance: the earliest accepted in
to the latest accepted own out. An out by the leader's end or by the job counts only where there
is no own one, and of those the newest recorded wins.

An undo takes back what its recorder scanned: the scan it names and that person's other scans of
the same direction by the same leader or device up to then, so that a card shown twice and undone
once is undone. It reaches ten minutes back, and only its own recorder's scans; the outs of an end
are no scans of a card, an end is corrected by ending again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

UNDO_MINUTES = 10
SKEW_TO_LOOK_AT = timedelta(minutes=5)
"""A scanner's clock that is further off than this is worth a word; its scans count all the same."""

OWN, LEADER, AUTO = "own", "leader", "auto"
_ENDED_HOW = {"leader_end": LEADER, "auto_close": AUTO}
ORGANIZERS_PROVENANCES = frozenset(_ENDED_HOW)
"""Outs that the leader or the job records for everybody; the person's own out comes before them."""


@dataclass(frozen=True)
class AcceptedScan:
    """A scan that counts for one resident at one event, waiting ones included."""

    client_id: UUID
    direction: str
    """in, out or undo."""
    corrected_at: datetime
    received_at: datetime
    provenance: str
    recorder: str
    """device:ID, login:ID or job."""
    undoes: UUID | None = None

    def may_undo(self, target: AcceptedScan) -> bool:
        """Whether this undo reaches ``target``: its own recorder's, within ten minutes."""
        return self.scanned_by_recorder_of(target) and self.in_time_to_undo(target)

    def scanned_by_recorder_of(self, target: AcceptedScan) -> bool:
        return self.recorder == target.recorder and target.provenance not in ORGANIZERS_PROVENANCES

    def in_time_to_undo(self, target: AcceptedScan) -> bool:
        return abs(self.corrected_at - target.corrected_at) <= timedelta(minutes=UNDO_MINUTES)


@dataclass(frozen=True)
class Interval:
    """What the scans add up to. ``checked_in_at`` is None when no in counts (yet, or any more)."""

    checked_in_at: datetime | None
    checked_out_at: datetime | None
    ended_how: str | None
    provenance: str | None

    @property
    def state(self) -> str:
        if self.checked_in_at is None:
            return "undone"
        return "present" if self.checked_out_at is None else "complete"


NOBODY = Interval(None, None, None, None)


def interval_of(scans: Iterable[AcceptedScan]) -> Interval:
    """Fold a set of accepted scans of one resident at one event."""
    every = {scan.client_id: scan for scan in scans}
    undone = undone_ids(every.values())
    counted = [scan for scan in every.values() if scan.client_id not in undone]
    ins = [scan for scan in counted if scan.direction == "in"]
    if not ins:
        return NOBODY
    first = min(ins, key=lambda scan: (scan.corrected_at, scan.client_id.bytes))
    # An out before every in belongs to no interval; it waits for an earlier in.
    outs = [scan for scan in counted if scan.direction == "out"]
    out = _last_out([scan for scan in outs if scan.corrected_at >= first.corrected_at])
    if out is None:
        return Interval(first.corrected_at, None, None, first.provenance)
    ended_how = _ENDED_HOW.get(out.provenance, OWN)
    return Interval(first.corrected_at, out.corrected_at, ended_how, first.provenance)


def undone_ids(scans: Iterable[AcceptedScan]) -> set[UUID]:
    """The scans of one resident at one event that an undo among them takes back."""
    every = {scan.client_id: scan for scan in scans}
    undone: set[UUID] = set()
    for undo in every.values():
        target = every.get(undo.undoes) if undo.undoes else None
        if undo.direction == "undo" and target and undo.may_undo(target):
            undone |= {
                scan.client_id
                for scan in every.values()
                if scan.direction == target.direction
                and undo.may_undo(scan)
                and scan.corrected_at <= max(undo.corrected_at, target.corrected_at)
            }
    return undone


def _last_out(outs: list[AcceptedScan]) -> AcceptedScan | None:
    own = [scan for scan in outs if scan.provenance not in _ENDED_HOW]
    if own:
        return max(own, key=lambda scan: (scan.corrected_at, scan.client_id.bytes))
    if outs:
        return max(outs, key=lambda scan: (scan.received_at, scan.client_id.bytes))
    return None


def service_minutes(
    interval: Interval, window_starts_at: datetime, window_ends_at: datetime
) -> int:
    """Whole minutes of the interval inside the event's window, ≥ 0; to the second, so that a roll
    call repeated a moment after an undo costs nobody a minute."""
    if interval.checked_in_at is None or interval.checked_out_at is None:
        return 0
    start = max(interval.checked_in_at.replace(microsecond=0), window_starts_at)
    end = min(interval.checked_out_at, window_ends_at)
    return max(int((end - start).total_seconds()) // 60, 0)
