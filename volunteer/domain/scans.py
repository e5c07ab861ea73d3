"""What a batch of scans is made of: the rows, who records them, what is known, the answers."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from volunteer.domain.access import Scope
from volunteer.domain.attendance import AcceptedScan
from volunteer.domain.points import PointsRule
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.tokens import Keys, Presented

LONGEST_BATCH = 500
FUTURE_MINUTES = 5

Direction = Literal["in", "out", "undo"]
PARTS = ("check_in", "check_out")
"""Of an attendance: check_in carries fixed points, check_out minutes and hourly points."""
SELF_PROVENANCES = frozenset({"rotating_code", "poster_code"})


@dataclass(frozen=True)
class Scan:
    """One row as it came in, parsed. Whom it is for is either in ``presented`` (a card's code or
    number, an event code) or given as ``resident_id`` (ticked on a list, or signed in)."""

    client_id: UUID
    direction: Direction
    provenance: str
    scanned_at: datetime
    corrected_at: datetime
    body_hash: bytes = field(repr=False)
    event_id: int | None = None
    presented: Presented | None = None
    resident_id: int | None = None
    undoes: UUID | None = None
    fault: Code | None = None
    """A field that could not be read: the row is kept, and refused with this."""

    @property
    def order(self) -> tuple[datetime, int, bytes]:
        """Batches are folded in this order: by time, in before out before undo, then by id."""
        return self.corrected_at, ("in", "out", "undo").index(self.direction), self.client_id.bytes


@dataclass(frozen=True)
class Recorder:
    """Who presents the rows: a device, a leader, a resident for themself and theirs, or the job."""

    login_id: int | None = None
    device_id: int | None = None
    is_self: bool = False
    """A resident checking in themself or somebody they act for."""
    acts_for: frozenset[int] = frozenset()
    own_resident_ids: frozenset[int] = frozenset()
    runs_community_ids: frozenset[int] = frozenset()
    runs_event_ids: frozenset[int] = frozenset()

    @property
    def key(self) -> str:
        if self.device_id is not None:
            return f"device:{self.device_id}"
        return f"login:{self.login_id}" if self.login_id is not None else "job"

    def runs(self, event: EventFacts) -> bool:
        return event.community_id in self.runs_community_ids or event.id in self.runs_event_ids


JOB = Recorder()


@dataclass(frozen=True)
class Batch:
    """What one call presents: rows, who presents them, when, and which communities they may see."""

    scans: Sequence[Scan]
    recorder: Recorder
    now: datetime
    keys: Keys
    scope: Scope
    community_id: int | None = None
    """Whose books keep the rows that name no event; the device's or the person's own."""

    def sees(self, event: EventFacts) -> bool:
        """A resident who stands before an event's code may be anybody's neighbour; everyone else
        sees the events of their scope."""
        return self.recorder.is_self or self.scope.sees(event.community_id)


@dataclass(frozen=True)
class Row:
    """A scan with the batch it came in: several batches may be decided together."""

    scan: Scan
    batch: Batch


@dataclass(frozen=True)
class Verdict:
    """The answer to one row. ``facts`` are numbers and ids and are stored; names are not."""

    client_id: UUID | None
    verdict: Literal["accepted", "already", "waiting", "refused"]
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    resident_id: int | None = None
    resident_name: str | None = None
    """For whoever recorded it: staff at work, or who acts for the resident."""
    public_name: str | None = None
    """For a screen that anybody reads; see ``domain.public_names``."""

    @classmethod
    def refused(
        cls, client_id: UUID | None, refusal: Refusal, resident_id: int | None = None
    ) -> Self:
        return cls(client_id, "refused", refusal.code, refusal.facts, resident_id)


@dataclass(frozen=True)
class EventFacts:
    """An event with what its activity, rule and community say about it."""

    id: int
    community_id: int
    activity_id: int
    youth_group_id: int | None
    measure: str
    takes_guests: bool
    rule: PointsRule
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    state: str
    local_date: date
    day_ends_at: datetime
    """Midnight after the event's day in the community's zone."""
    capacity: int | None
    poster_on: bool
    code_epoch: int
    opens_minutes: int
    closes_minutes: int
    auto_close_minutes: int
    late_scan_hours: int
    issued_account_id: int
    debts_account_id: int

    @property
    def opens_at(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.opens_minutes)

    @property
    def closes_at(self) -> datetime:
        end = self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)
        return end + timedelta(minutes=self.closes_minutes)

    @property
    def check_out_closes_at(self) -> datetime:
        return self.window_ends_at + timedelta(minutes=self.auto_close_minutes)

    @property
    def takes_scans_until(self) -> datetime:
        return self.ends_at + timedelta(hours=self.late_scan_hours)

    @property
    def window_ends_at(self) -> datetime:
        """Time counts until the planned end, or the end that the leader gave if that was later."""
        return self.ends_at if self.ended_at is None else max(self.ends_at, self.ended_at)


@dataclass(frozen=True)
class Station:
    """Whether a device takes scans of an event, and between which times of the event's day."""

    takes_activity: bool
    from_at: datetime
    to_at: datetime

    def takes(self, at: datetime) -> bool:
        return self.takes_activity and self.from_at <= at <= self.to_at


@dataclass(frozen=True)
class Person:
    """A resident as the rules see them."""

    resident_id: int
    community_id: int
    name: str
    state: str
    birth_date: date | None
    age_band: str | None
    home_resident_id: int | None = None
    """Of a guest: who they are in their own community, where consents and logins are kept."""
    merges: int = 0
    """How often the row took part in a merge when it was read; its passbook must say the same."""
    guardian_consent: bool = False
    record_consent: bool | None = None
    """Whether they agreed to the record, as with the receipt for their card; None while nobody has
    asked, False once it was taken back."""
    residences: tuple[tuple[date, date | None, int], ...] = ()
    """(from, to, building) where the person lives or lived."""
    memberships: tuple[tuple[date, date | None, int], ...] = ()
    """(from, to, youth group), oldest first."""
    self_login_ids: frozenset[int] = frozenset()
    guardian_login_ids: frozenset[int] = frozenset()

    def building_on(self, day: date) -> int | None:
        return next((place for since, to, place in self.residences if _holds(since, to, day)), None)

    def youth_group_on(self, day: date, host_id: int | None) -> int | None:
        """The hosting group if the person is a member, else their oldest membership."""
        groups = [group for since, to, group in self.memberships if _holds(since, to, day)]
        if host_id in groups:
            return host_id
        return groups[0] if groups else None


def _holds(since: date, to: date | None, day: date) -> bool:
    return since <= day and (to is None or day <= to)


@dataclass(frozen=True)
class CardFacts:
    card_id: int | None
    """None when a passbook number was typed."""
    community_id: int
    state: str
    ended_on: date | None
    resident_id: int | None


@dataclass(frozen=True)
class Attendance:
    """One resident at one event, as stored."""

    event_id: int
    resident_id: int
    local_date: date
    state: str = "undone"
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None
    ended_how: str | None = None
    provenance: str = ""
    on_duty: bool = False
    is_leader: bool = False
    building_id: int | None = None
    youth_group_id: int | None = None
    revision: int = 0
    check_in_points: int = 0
    check_out_points: int = 0
    minutes: int = 0
    annulled_at: datetime | None = None
    provisional: bool = False
    """Its resident is not confirmed yet: it is there, but earns nothing until then."""
    joined: bool = False
    """Annulled because its resident's other passbook was at the event too; that one counts."""
    override: str | None = None
    override_by: str | None = None
    id: int | None = None

    @property
    def points(self) -> int:
        return self.check_in_points + self.check_out_points

    def worth(self, part: str) -> tuple[int, int]:
        """(points, minutes) that a part carries; each part earns one award."""
        if part == "check_in":
            return self.check_in_points, 0
        return self.check_out_points, self.minutes

    @property
    def counts(self) -> bool:
        """Whether it earns and is on the boards: present, not at work, not taken back, and by
        somebody whom staff have confirmed."""
        here = self.state != "undone" and self.annulled_at is None
        return here and not self.on_duty and not self.provisional


@dataclass(frozen=True)
class StoredScan:
    """A scan as it was answered, in this batch or long ago."""

    scan: AcceptedScan
    body_hash: bytes
    verdict: Verdict
    event_id: int | None
    resident_id: int | None
    """Whose it is now: who was merged since is whoever they were merged into."""

    @property
    def counts(self) -> bool:
        """Refused scans are kept but never count; the other three belong to the set."""
        return self.verdict.verdict != "refused"


@dataclass
class Facts:
    """All that rows need to be decided, loaded before the first decision. The fold writes to it."""

    events: dict[int, EventFacts] = field(default_factory=dict)
    stations: dict[tuple[int, int], Station] = field(default_factory=dict)
    """By (event, device)."""
    people: dict[int, Person] = field(default_factory=dict)
    cards: dict[Presented, CardFacts] = field(default_factory=dict)
    event_codes: dict[UUID, str | Refusal] = field(default_factory=dict)
    """Provenance of the event code that a scan presents, or why it is not taken."""
    guests: dict[tuple[int, int], int] = field(default_factory=dict)
    """Guest resident by (host community, resident at home)."""
    stored: dict[UUID, StoredScan] = field(default_factory=dict)
    attendances: dict[tuple[int, int], Attendance] = field(default_factory=dict)
    """By (event, resident): those of the rows' pairs and of the same people's same days."""
    moved_by: dict[tuple[int, int, str], Batch] = field(default_factory=dict)
    """Whose scan gave a part of an attendance what it is worth, by (event, resident, part): its
    award is posted in their name."""
    leaders: dict[tuple[int, int], bool] = field(default_factory=dict)
    """At work or not, by (event, resident)."""
    seats_taken: dict[int, int] = field(default_factory=dict)
    balances: dict[int, tuple[int, int]] = field(default_factory=dict)
    """(balance, owed) points by resident, moved along as rows are decided."""
    guardian_login_ids: dict[int, frozenset[int]] = field(default_factory=dict)
    """Logins of the guardians of a recorder's own resident, by that resident."""
    _counting: defaultdict[tuple[int | None, int | None], list[AcceptedScan]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Scans that count by (event, resident): each row of a batch of 500 looks its own up."""

    def keep(self, client_id: UUID, stored: StoredScan) -> None:
        """Remember an answered scan, of long ago or of this batch; each id once."""
        self.stored[client_id] = stored
        if stored.counts:
            self._counting[stored.event_id, stored.resident_id].append(stored.scan)

    def family_login_ids(self, recorder: Recorder) -> frozenset[int]:
        """Logins of the guardians of the recorder's own residents."""
        known = (self.guardian_login_ids.get(one) for one in recorder.own_resident_ids)
        return frozenset().union(*(logins for logins in known if logins))

    def counting(self, event_id: int, resident_id: int) -> list[AcceptedScan]:
        return self._counting.get((event_id, resident_id), [])

    def points_that_day(self, attendance: Attendance) -> int:
        """Points the resident has from other events of the same local day."""
        return sum(
            other.points
            for other in self.attendances.values()
            if other.resident_id == attendance.resident_id
            and other.local_date == attendance.local_date
            and other.event_id != attendance.event_id
        )


def body_hash_of(row: Mapping[str, Any]) -> bytes:
    """SHA-256 of what a row says besides its id: tells a retry from another scan with its id."""
    said = {key: row.get(key) for key in ("event", "code", "direction", "undoes", "scanned_at")}
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).digest()


def first_of_each_id(rows: Sequence[Row]) -> list[Row]:
    """The rows without those that repeat the id of one before them."""
    return list({row.scan.client_id: row for row in reversed(rows)}.values())


def answer_again(scan: Scan, stored: StoredScan) -> Verdict:
    """The first answer for ever; another body under the same id is told so and changes nothing."""
    if scan.body_hash == stored.body_hash:
        return stored.verdict
    return Verdict.refused(scan.client_id, Refusal(Code.SCAN_ID_REUSED))
