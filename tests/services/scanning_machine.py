"""A state machine that runs a community's events, beside a small model of what must come of it.

The model shares no rule with the app: it predicts for every row whether it counts, works every
attendance out anew from its set of scans, and keeps its own passbooks. After each step the books
are audited twice (tests/auditor.py and ``flask ledger verify``) and compared with the model.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.auditor import audit
from tests.scanning import as_device, as_leader, as_self, new_id, scan_row
from tests.town import STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.ledger import Transfer
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.scans import Batch, Recorder, Scan, Verdict
from volunteer.queries.verify import read_report
from volunteer.services import opening_balances, walk_ins
from volunteer.services.auto_close import close_forgotten
from volunteer.services.event_end import end_event
from volunteer.services.opening_balances import Written
from volunteer.services.reversal import reverse_transfer
from volunteer.services.scans import record_together
from volunteer.store import models as m
from volunteer.store.award import Posting, annul_attendance
from volunteer.store.database import Tx, db
from volunteer.store.event_facts import load_event
from volunteer.store.ledger import lock_passbooks, post, read_system_accounts

MINUTE = timedelta(minutes=1)
TEN = 10 * MINUTE
ENDS = ("leader_end", "auto_close")
CLOSES = timedelta(minutes=120)
LATE = timedelta(hours=72)
Pair = tuple[int, int]
WHO = st.sampled_from([0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 6])
EVENT = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
ROW = st.tuples(
    st.sampled_from(["in", "in", "in", "out", "out", "undo", "again", "reused"]),
    WHO,
    EVENT,
    st.integers(-70, 200),
    st.integers(0, 30),
)
MINUTES = st.integers(0, 118)
BY = st.sampled_from([0, 0, 1, 2, 3, 4])
PEOPLE = st.lists(WHO, min_size=1, max_size=3)
TAMPERING = (
    "UPDATE entry SET amount_points = amount_points + 1",
    "DELETE FROM entry",
    "UPDATE transfer SET amount_minutes = 600",
    "DELETE FROM transfer",
    "UPDATE scan SET verdict = 'accepted'",
    "DELETE FROM scan",
    "UPDATE account SET balance_points = held_points - 1 WHERE kind = 'passbook'",
    "UPDATE account SET total_minutes = -1 WHERE kind = 'passbook'",
    "UPDATE account SET balance_points = 1 WHERE kind = 'issued'",
    "UPDATE attendance SET minutes = 1000000000001",
)

_example = itertools.count(1)


@dataclass(frozen=True)
class Counted:
    """A scan that counts, as the model keeps it."""

    id: UUID
    direction: str
    at: datetime
    received: datetime
    provenance: str
    recorder: str
    undoes: UUID | None = None


@dataclass
class ModelEvent:
    id: int
    starts: datetime
    ends: datetime
    fixed: int = 0
    hourly: int = 0
    factor: int = 100
    cap_event: int | None = None
    cap_day: int | None = None
    earns_minutes: bool = True
    guests: bool = False
    capacity: int | None = None
    default_minutes: int | None = None
    ended: datetime | None = None
    ended_how: str | None = None
    leaders: dict[int, bool] = field(default_factory=dict)

    @property
    def day(self) -> date:
        return (self.starts + timedelta(hours=8)).date()

    @property
    def window_end(self) -> datetime:
        return max(self.ends, self.ended or self.ends)

    @property
    def closes(self) -> datetime:
        return min(self.ends, self.ended or self.ends)

    @property
    def default_end(self) -> datetime:
        if self.default_minutes is None:
            return self.ends
        return min(self.starts + self.default_minutes * MINUTE, self.ends)


@dataclass(frozen=True)
class Came:
    """An attendance as the model works it out."""

    into: datetime | None = None
    out: datetime | None = None
    how: str | None = None
    check_in_points: int = 0
    check_out_points: int = 0
    minutes: int = 0
    served: int = field(default=0, compare=False)
    """Minutes inside the window, also where they earn only points; no column keeps them."""

    @property
    def parts(self) -> list[tuple[int, int]]:
        return [(self.check_in_points, 0), (self.check_out_points, self.minutes)]

    @property
    def points(self) -> int:
        return self.check_in_points + self.check_out_points


@dataclass
class Book:
    balance: int = 0
    held: int = 0
    owed: int = 0
    minutes: int = 0

    def award(self, points: int, minutes: int) -> None:
        repaid = min(points, self.owed)
        self.balance += points - repaid
        self.owed -= repaid
        self.minutes += minutes

    def take_back(self, points: int, minutes: int) -> None:
        lent = max(points - (self.balance - self.held), 0)
        self.balance += lent - points
        self.owed += lent
        self.minutes -= minutes


@dataclass(frozen=True)
class Sender:
    """Who uploads: the app's recorder, whom it is barred from, and whom alone it may send for."""

    recorder: Recorder
    barred: frozenset[int] = frozenset()
    only: frozenset[int] | None = None


def worked_out(
    scans: list[Counted], event: ModelEvent, who: int, elsewhere: int, old: Came
) -> Came:
    """What a set of scans adds up to; ``elsewhere``: points from other events of the day. Who has
    points keeps them while their time does not change, and as a place among the day's points."""
    by_id = {scan.id: scan for scan in scans}
    gone: set[UUID] = set()
    for undo in scans:
        named = by_id.get(undo.undoes) if undo.undoes else None
        if undo.direction == "undo" and named is not None and reaches(undo, named):
            for scan in scans:
                up_to = max(undo.at, named.at)
                if scan.direction == named.direction and reaches(undo, scan) and scan.at <= up_to:
                    gone.add(scan.id)
    left = [scan for scan in scans if scan.id not in gone]
    into = min((scan.at for scan in left if scan.direction == "in"), default=None)
    if into is None:
        return Came()
    outs = [scan for scan in left if scan.direction == "out" and scan.at >= into]
    own = [scan.at for scan in outs if scan.provenance not in ENDS]
    out, how = (max(own), "own") if own else (None, None)
    if not own and outs:
        newest = max(outs, key=lambda scan: (scan.received, scan.id.bytes))
        out, how = newest.at, {"leader_end": "leader", "auto_close": "auto"}[newest.provenance]
    at_work = event.leaders.get(who)
    if at_work:
        return Came(into, out, how)
    factor = event.factor if at_work is False else 100
    first = event.fixed * factor // 100
    window_end = event.ends if at_work is False else event.window_end
    served = 0
    if out is not None:
        seconds = (min(out, window_end) - max(into, event.starts)).total_seconds()
        served = max(int(seconds) // 60, 0)
    if (into, out, served) == (old.into, old.out, old.served):
        return replace(old, how=how)
    check_in = within(first, event, 0, elsewhere, old.points)
    hourly = served // 15 * event.hourly * factor // 400
    more = within(hourly, event, check_in, elsewhere, old.points)
    minutes = served if event.earns_minutes else 0
    return Came(into, out, how, check_in, more, minutes, served)


def reaches(undo: Counted, scan: Counted) -> bool:
    near = abs(undo.at - scan.at) <= TEN
    return undo.recorder == scan.recorder and scan.provenance not in ENDS and near


def within(points: int, event: ModelEvent, here: int, elsewhere: int, kept: int) -> int:
    rooms = [points]
    if event.cap_event is not None:
        rooms.append(event.cap_event - here)
    if event.cap_day is not None:
        rooms.append(max(event.cap_day - elsewhere, kept) - here)
    return max(min(rooms), 0)


class ScanningMachine(RuleBasedStateMachine):
    """Give it an app with a migrated database: ``type("M", (ScanningMachine,), {"app": app})``.

    Every example works in a community of its own.
    """

    app: Flask

    # --- the community -------------------------------------------------------------------

    @initialize()
    def open_community(self) -> None:
        self.town = Town(self.app)
        self.town._serial = itertools.count(next(_example) * 100)
        town = self.town
        self.scope = Scope.of(town.community_id)
        building, group = town.building("12栋"), town.youth_group("梅富小主人先锋队")
        home = town.community("景华社区")
        adult = town.resident(building_id=building)
        ward = town.resident("小明", youth_group_id=group, birth_date=date(2011, 5, 1))
        leader = town.resident("黄叔", building_id=building)
        worker = town.resident("林主任")
        child = town.resident("小红", birth_date=date(2018, 5, 1), building_id=building)
        visitor = town.resident("王来", community_id=home)
        passer_by = town.resident("路过", building_id=building, state="provisional")
        self.people = [adult, ward, leader, worker, child, visitor, passer_by]
        self.passer_by, self.standing = passer_by, "provisional"
        self.staff = town.login(roles=("organizer",))
        self.admin = town.login(roles=("community_admin",))
        self.brought: dict[int, tuple[int, int]] = {}
        self.child, self.visitor, self.guest = child, visitor, None
        self.numbers = {who: town.card(who)[1] for who in self.people if who != visitor}
        self.numbers[visitor] = town.card(visitor, community_id=home)[1]
        self._open_events(leader, worker)
        self._open_senders(adult, ward, leader)
        self.now = STARTS_AT + 250 * MINUTE
        self.sent: dict[UUID, tuple[Scan, Verdict]] = {}
        self.senders_of: dict[UUID, Sender] = {}
        self.counted: dict[Pair, list[Counted]] = {}
        self.came: dict[Pair, Came] = {}
        self.annulled: set[Pair] = set()
        self.books = {who: Book() for who in self.people}
        self.holds: list[tuple[int, int]] = []
        self.serial = itertools.count()

    def _open_events(self, leader: int, worker: int) -> None:
        town, hour = self.town, timedelta(hours=1)
        by_hour = {"fixed_points": 10, "points_per_hour": 10, "leader_factor_percent": 120}
        plans: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
            (by_hour | {"cap_event_points": 25}, {}, {"leaders": {leader: False, worker: True}}),
            ({"fixed_points": 7}, {"takes_guests": True}, {"capacity": 2}),
            (
                {"points_per_hour": 20, "cap_day_points": 22},
                {"measure": "participation", "default_minutes": 45},
                {"starts_at": STARTS_AT + hour, "ends_at": STARTS_AT + 3 * hour},
            ),
            (
                {"fixed_points": 3, "points_per_hour": 8},
                {},
                {"starts_at": STARTS_AT - 24 * hour, "ends_at": STARTS_AT - 22 * hour},
            ),
        ]
        self.events: dict[int, ModelEvent] = {}
        for rule_, activity, more in plans:
            id_ = town.event(town.activity(rule=rule_, **activity), **more)
            self.events[id_] = ModelEvent(
                id_,
                more.get("starts_at", STARTS_AT),
                more.get("ends_at", STARTS_AT + 2 * hour),
                rule_.get("fixed_points", 0),
                rule_.get("points_per_hour", 0),
                rule_.get("leader_factor_percent", 100),
                rule_.get("cap_event_points"),
                rule_.get("cap_day_points"),
                activity.get("measure") != "participation",
                activity.get("takes_guests", False),
                more.get("capacity"),
                activity.get("default_minutes"),
                leaders=more.get("leaders", {}),
            )

    def _open_senders(self, adult: int, ward: int, leader: int) -> None:
        town = self.town
        lead = town.login(acts_for={leader: "self", ward: "guardian"})
        self.leader = as_leader(town, lead, leader)
        alone = town.login(acts_for={adult: "self"})
        guardian = town.login(acts_for={leader: "helper", ward: "guardian", adult: "helper"})
        family = frozenset({leader, ward})
        tokens = [f"{town.community_id}-{name}" for name in ("gate", "square")]
        self.senders = [
            Sender(as_device(town.device(tokens[0]))),
            Sender(as_device(town.device(tokens[1]))),
            Sender(self.leader, barred=family),
            Sender(as_self(alone, adult), only=frozenset({adult})),
            Sender(as_self(guardian, adult, ward, leader), only=frozenset({adult, ward, leader})),
        ]

    # --- scans ---------------------------------------------------------------------------

    @rule(by=BY, people=PEOPLE, event=EVENT, minute=MINUTES, ticked=st.booleans())
    def come(self, by: int, people: list[int], event: int, minute: int, ticked: bool) -> None:
        self._go_through("in", by, people, event, minute, ticked=ticked)

    @rule(by=BY, people=PEOPLE, event=EVENT, minute=MINUTES, ticked=st.booleans())
    def go(self, by: int, people: list[int], event: int, minute: int, ticked: bool) -> None:
        self._go_through("out", by, people, event, minute, ticked=ticked)

    def _go_through(
        self, direction: str, by: int, people: list[int], event: int, minute: int, *, ticked: bool
    ) -> None:
        sender = self.senders[by]
        rows = [
            self._row(sender, direction, who, event, minute, 0, ticked=ticked) for who in people
        ]
        self._send((sender, rows))

    @rule(by=BY, who=WHO, event=EVENT, minute=MINUTES, stayed=st.integers(0, 130))
    def visit(self, by: int, who: int, event: int, minute: int, stayed: int) -> None:
        """In and out in one upload, the out first."""
        sender = self.senders[by]
        out = self._row(sender, "out", who, event, minute + stayed, 0, ticked=False)
        into = self._row(sender, "in", who, event, minute, 0, ticked=False)
        self._send((sender, [out, into]))

    @precondition(lambda self: self.senders_of)
    @rule(back=st.integers(0, 4), other=st.integers(0, 9), minute=st.integers(0, 12))
    def take_back(self, back: int, other: int, minute: int) -> None:
        """Undo one of the last scans; now and then from another phone, or too late."""
        ids = list(self.senders_of)
        named = ids[-1 - back % len(ids)]
        scan = self.sent[named][0]
        sender = self.senders[other] if other < 2 else self.senders_of[named]
        at = min(scan.corrected_at + minute * MINUTE, self.now)
        more = {"direction": "undo", "undoes": named, "at": at}
        more["client_id"] = self._id(next(self.serial))
        self._send((sender, [scan_row(scan.event_id, **more)]))

    @rule(
        uploads=st.lists(
            st.tuples(st.integers(0, 4), st.lists(ROW, min_size=1, max_size=8)),
            min_size=1,
            max_size=3,
        ),
        ticked=st.booleans(),
        random=st.randoms(use_true_random=False),
    )
    def upload(
        self,
        uploads: list[tuple[int, list[tuple[str, int, int, int, int]]]],
        ticked: bool,
        random: Any,
    ) -> None:
        """One upload, or up to three at the same moment, perhaps of the same people."""
        sent = []
        for sender, rows in uploads:
            by = self.senders[sender]
            scans = [self._row(by, *row, ticked=ticked) for row in rows]
            random.shuffle(scans)
            sent.append((by, scans))
        self._send(*sent)

    def _row(
        self, by: Sender, kind: str, who: int, event: int, offset: int, back: int, *, ticked: bool
    ) -> Scan:
        ids = list(self.sent)
        if kind == "again" and ids:
            return self.sent[ids[-1 - back % len(ids)]][0]
        resident = self.people[who]
        if by.only is not None and back < 25:
            resident = sorted(by.only)[who % len(by.only)]
        found = list(self.events.values())[event]
        at = min(found.starts + offset * MINUTE, self.now + 6 * MINUTE)
        more: dict[str, Any] = {"direction": kind if kind in ("out", "undo") else "in", "at": at}
        if kind == "reused" and ids:
            more["client_id"] = ids[-1 - back % len(ids)]
            more["at"] = at + timedelta(seconds=1)  # another body
        else:
            more["client_id"] = self._id(next(self.serial))
        if kind == "undo":
            # Of a scan sent before, or of the one that will be sent next.
            named = ids[-1 - back % len(ids)] if ids and back < 20 else None
            more["undoes"] = named or self._id(int(str(self.serial)[6:-1]) + back % 3)
            more["at"] = min(self.sent[named][0].corrected_at if named else at, self.now)
            more["at"] += (back % 5) * MINUTE
        if by.only is not None:
            return scan_row(found.id, resident_id=resident, provenance="rotating_code", **more)
        if ticked and by.recorder.login_id and kind != "undo":
            return scan_row(found.id, resident_id=resident, provenance="roll_call", **more)
        return scan_row(found.id, self.numbers[resident], **more)

    def _id(self, number: int) -> UUID:
        return new_id(f"{self.town.community_id}/{number}")

    def _send(self, *sent: tuple[Sender, list[Scan]]) -> None:
        """Record one upload, or several that came at the same moment and share a transaction."""
        batches = [
            Batch(
                scans,
                by.recorder,
                self.now,
                self.town.keys,
                self.scope,
                self.town.community_id,
            )
            for by, scans in sent
        ]
        answers = record_together(lambda: batches)
        fresh: dict[UUID, tuple[Scan, Verdict, Sender]] = {}
        for (by, scans), verdicts in zip(sent, answers, strict=True):
            assert [verdict.client_id for verdict in verdicts] == [scan.client_id for scan in scans]
            for scan, verdict in zip(scans, verdicts, strict=True):
                first = self.sent.get(scan.client_id) or fresh.get(scan.client_id)
                if first is None:
                    fresh[scan.client_id] = (scan, verdict, by)
                elif first[0].body_hash == scan.body_hash:
                    assert verdict == first[1], (
                        f"L6: a retry gets the first answer, {first[1]}, not {verdict}"
                    )
                else:
                    assert verdict.code == "scan_id_reused", "L6: another body under the same id"
        before = dict(self.came)
        for scan, verdict, by in sorted(fresh.values(), key=lambda one: one[0].order):
            self.sent[scan.client_id] = (scan, verdict)
            if scan.direction != "undo":
                self.senders_of[scan.client_id] = by
            if scan.direction == "undo":
                self._expect_undo(by, scan, verdict)
            else:
                self._expect(by, scan, verdict)
        self._settle(before)

    def _expect(self, by: Sender, scan: Scan, verdict: Verdict) -> None:
        assert scan.event_id is not None
        event = self.events[scan.event_id]
        who = self._meant(scan)
        counts = self._may(by, scan, event, who)
        assert (verdict.verdict != "refused") == counts, (scan, verdict)
        if not counts:
            return
        self._learn_guest(who, verdict)
        pair = (event.id, verdict.resident_id or 0)
        self._count(pair, scan, by, verdict)

    def _expect_undo(self, by: Sender, scan: Scan, verdict: Verdict) -> None:
        known = self.sent.get(scan.undoes or UUID(int=0))
        found = known and known[1].verdict != "refused" and known[0]
        if verdict.verdict == "refused":
            return
        pair = (verdict.facts["event_id"], verdict.resident_id or 0)
        event = self.events[pair[0]]
        assert scan.corrected_at <= self.now + 5 * MINUTE
        assert self.now <= event.ends + LATE
        if verdict.verdict == "accepted":
            assert found, "an undo of nothing"
            target = next(one for one in self.counted[pair] if one.id == scan.undoes)
            undo = self._as_counted(scan, by)
            assert reaches(undo, target), "L7: nobody undoes another's scan, or an old one"
        self._count(pair, scan, by, verdict)

    def _meant(self, scan: Scan) -> int:
        if scan.resident_id is not None:
            return scan.resident_id
        number = scan.presented.number  # type: ignore[union-attr]
        return next(who for who, own in self.numbers.items() if own == number)

    def _learn_guest(self, who: int, verdict: Verdict) -> None:
        if who == self.visitor:
            assert verdict.resident_id not in self.people, "a guest has a passbook of the host"
            assert self.guest in (None, verdict.resident_id), "and only one"
            self.guest = verdict.resident_id
            self.books.setdefault(verdict.resident_id or 0, Book())

    def _may(self, by: Sender, scan: Scan, event: ModelEvent, who: int) -> bool:
        """Whether the rules let this in or out count: A5, A6 and the rest."""
        pair = (event.id, (self.guest or 0) if who == self.visitor else who)
        if who in by.barred or (by.only is not None and who not in by.only):
            return False
        if who == self.child or not self._in_time(scan, event) or pair in self.annulled:
            return False
        if who == self.passer_by and self.standing == "rejected":
            return False
        if who == self.visitor and (not event.guests or scan.resident_id is not None):
            return False  # ticked: by their id at home, which the host's leader cannot see
        came = self.came.get(pair, Came())
        entering = scan.direction == "in" and came.into is None and by.only is not None
        return not (entering and event.capacity) or self._seats(event) < (event.capacity or 0)

    def _in_time(self, scan: Scan, event: ModelEvent) -> bool:
        at = scan.corrected_at
        midnight = datetime.combine(event.day, time(16), UTC)  # of Shanghai
        if scan.provenance == "roll_call" and self.now > midnight:
            return False
        closes = event.closes if scan.direction == "in" else event.window_end + CLOSES
        in_window = event.starts - 60 * MINUTE <= at <= closes
        return in_window and at <= self.now + 5 * MINUTE and self.now <= event.ends + LATE

    def _seats(self, event: ModelEvent) -> int:
        return sum(came.into is not None for pair, came in self.came.items() if pair[0] == event.id)

    def _as_counted(self, scan: Scan, by: Sender) -> Counted:
        return Counted(
            scan.client_id,
            scan.direction,
            scan.corrected_at,
            self.now,
            scan.provenance,
            by.recorder.key,
            scan.undoes,
        )

    def _count(self, pair: Pair, scan: Scan, by: Sender, verdict: Verdict) -> None:
        counted = self._as_counted(scan, by)
        self.counted.setdefault(pair, []).append(counted)
        came = self.came.get(pair, Came())
        if verdict.verdict != "waiting":
            self._work_out(pair)
            return
        after = worked_out(self.counted[pair], self.events[pair[0]], pair[1], 0, came)
        assert (after.into, after.out) == (came.into, came.out), "what waits changes nothing"

    def _work_out(self, pair: Pair) -> None:
        event = self.events[pair[0]]
        elsewhere = sum(
            came.points
            for other, came in self.came.items()
            if other[1] == pair[1] and other != pair and self.events[other[0]].day == event.day
        )
        old = self.came.get(pair, Came())
        came = worked_out(self.counted[pair], event, pair[1], elsewhere, old)
        if pair[1] == self.passer_by and self.standing == "provisional":
            came = replace(came, check_in_points=0, check_out_points=0, minutes=0)
        self.came[pair] = came

    def _settle(self, before: dict[Pair, Came]) -> None:
        """Post in the model what the attendances earn now: all awards, then what they replace."""
        moved = [
            (pair[1], old, new)
            for pair, came in self.came.items()
            for old, new in zip(before.get(pair, Came()).parts, came.parts, strict=True)
            if old != new
        ]
        for who, _, new in moved:
            if any(new):
                self.books[who].award(*new)
        for who, old, _ in moved:
            if any(old):
                self.books[who].take_back(*old)

    # --- the leader, the job, and time ----------------------------------------------------

    @rule(
        event=EVENT,
        minutes=st.sampled_from([-5, 20, 60, 90, 110, 119, 120, 130, 150, 200, 310]),
        early=st.dictionaries(st.integers(0, 5), st.integers(0, 140), max_size=2),
    )
    def end(self, event: int, minutes: int, early: dict[int, int]) -> None:
        found = list(self.events.values())[event]
        ended_at = found.starts + minutes * MINUTE
        left_at = {self.people[who]: found.starts + m * MINUTE for who, m in early.items()}
        refused = (
            self.now < found.starts
            or self.now > found.ends + LATE
            or not found.starts <= ended_at <= min(self.now, found.ends + 180 * MINUTE)
        )

        def work() -> list[Verdict]:
            return end_event(
                found.id,
                ended_at=ended_at,
                left_at=left_at,
                recorder=self.leader,
                now=self.now,
                scope=self.scope,
                keys=self.town.keys,
            )

        if refused:
            with pytest.raises(Refused):
                work()
            return
        there = {
            pair[1]: came.into
            for pair, came in self.came.items()
            if pair[0] == found.id and pair not in self.annulled and came.into is not None
            if came.how != "own" or self._cut_otherwise(found, pair[1], came, ended_at)
        }
        outs = {}
        for who, into in there.items():
            out = min(left_at.get(who, ended_at), ended_at)
            if who in self.senders[2].barred:
                out = min(out, found.ends)
            outs[who] = max(out, into)
        found.ended, found.ended_how = ended_at, "leader"
        self._expect_outs(found, outs, "leader_end", self.leader.key, work())

    def _cut_otherwise(self, event: ModelEvent, who: int, came: Came, ended_at: datetime) -> bool:
        """Whether this end counts other time of somebody who went by themselves."""
        ends = (event.window_end, max(event.ends, ended_at))
        return who not in event.leaders and len({min(came.out or end, end) for end in ends}) > 1

    @rule()
    def close(self) -> None:
        due: list[tuple[ModelEvent, dict[int, datetime]]] = []
        for event in self.events.values():
            if event.ends + CLOSES > self.now:
                continue
            left_open = [
                (pair[1], came.into)
                for pair, came in self.came.items()
                if pair[0] == event.id and pair not in self.annulled and came.into is not None
                if came.how != "own" and (event.ended is None or came.out is None)
            ]
            at = event.default_end
            if event.ended_how == "leader" and event.ended is not None:
                at = min(event.ended, event.ends)
            if event.ended is None or left_open:
                due.append((event, {who: max(at, into) for who, into in left_open if into}))
        closed = close_forgotten(now=self.now, scope=self.scope, keys=self.town.keys)
        assert closed == len(due)
        for event, outs in due:
            if event.ended is None:
                event.ended, event.ended_how = event.ends, "auto"
            self._expect_outs(event, outs, "auto_close", "job", None)

    def _expect_outs(
        self,
        event: ModelEvent,
        outs: dict[int, datetime],
        provenance: str,
        recorder: str,
        verdicts: list[Verdict] | None,
    ) -> None:
        if verdicts is not None:
            assert sorted(verdict.resident_id or 0 for verdict in verdicts) == sorted(outs)
            assert all(verdict.verdict != "refused" for verdict in verdicts)
        before = dict(self.came)
        for number, (who, at) in enumerate(sorted(outs.items())):
            # Every end's outs are newer than the last's, so their ids never decide.
            made_up = new_id(f"{provenance} {event.id} {who} {self.now} {number} {at}")
            known = {one.id for one in self.counted[event.id, who]}
            if made_up not in known:
                one = Counted(made_up, "out", at, self.now, provenance, recorder)
                self.counted[event.id, who].append(one)
        for who in sorted(outs, key=lambda who: (outs[who], who)):
            self._work_out((event.id, who))
        self._settle(before)
        self.now += MINUTE / 60

    # --- the books -----------------------------------------------------------------------

    @precondition(lambda self: len(self.annulled) < 2 and self.came)
    @rule(which=st.integers(0, 20))
    def annul(self, which: int) -> None:
        pairs = [
            pair for pair, came in self.came.items() if came.into and pair not in self.annulled
        ]
        if not pairs:
            return
        event_id, who = pair = sorted(pairs)[which % len(pairs)]

        def work(tx: Tx) -> None:
            book = lock_passbooks(tx, [who])[who]
            wanted = select(m.Attendance.id).where(
                m.Attendance.event_id == event_id, m.Attendance.resident_id == who
            )
            attendance_id = tx.execute(wanted).scalar_one()
            posting = Posting(self.leader, self.now, "登记错误")
            annul_attendance(tx, attendance_id, load_event(tx, event_id), book, posting)

        self.town.write(work)
        before = dict(self.came)
        came = self.came[pair]
        self.came[pair] = replace(came, check_in_points=0, check_out_points=0, minutes=0)
        self.annulled.add(pair)
        self._settle(before)

    @precondition(lambda self: self.standing == "provisional")
    @rule(rejects=st.sampled_from([False, False, True]))
    def confirm(self, rejects: bool) -> None:
        """Staff say that the passer-by exists, or that nobody was there."""
        decide = walk_ins.reject if rejects else walk_ins.confirm
        people = [self.passer_by, self.people[0]]
        more = {"by": self.staff, "now": self.now, "scope": self.scope}
        assert decide(self.town.community_id, people, **more) == 1
        self.standing = "rejected" if rejects else "active"
        before = dict(self.came)
        own = [pair for pair in self.came if pair[1] == self.passer_by]
        waiting = [pair for pair in own if pair not in self.annulled]
        if rejects:
            self.annulled.update(waiting)
        else:
            for pair in sorted(waiting, key=self._order_of_coming):
                self.came.pop(pair)  # nothing of it is posted yet
                self._work_out(pair)
        self._settle(before)

    def _order_of_coming(self, pair: Pair) -> tuple[date, str, int]:
        row = m.Attendance
        wanted = select(row.id).where(row.event_id == pair[0], row.resident_id == pair[1])
        id_ = self.town.write(lambda tx: tx.execute(wanted).scalar_one())
        return self.events[pair[0]].day, str(self.came[pair].into or ""), id_

    @rule(who=WHO, points=st.sampled_from([3, 10, 999, 999]), keep=st.booleans())
    def spend(self, who: int, points: int, keep: bool) -> None:
        """Spend points, or hold them for a booking, as far as they are there."""
        resident = self.people[who]
        book = self.books[resident]
        points = min(points, book.balance - book.held)
        if points <= 0:
            return
        key = f"{self.town.community_id}/spent/{next(self.serial)}"
        if keep:
            self.town.write(lambda tx: self._hold(tx, resident, points, key))
            book.held += points
            return
        self.town.write(lambda tx: self._spend(tx, resident, points, key))
        book.balance -= points

    @rule(who=WHO, points=st.sampled_from([0, 40]))
    def bring_forward(self, who: int, points: int) -> None:
        """The old passbook, by two people; what stands there already is taken back."""
        resident = self.people[who]
        more = {"now": self.now, "scope": self.scope}
        if resident in self.brought:
            transfer_id, before = self.brought.pop(resident)
            reverse_transfer(transfer_id, reason="抄错了", by=self.admin, **more)
            self.books[resident].take_back(before, 90)
            return
        outsider = {self.visitor: Code.NOT_FOUND}
        if self.standing != "active":
            provisional = self.standing == "provisional"
            code = Code.CONFIRM_FIRST if provisional else Code.RESIDENT_INACTIVE
            outsider[self.passer_by] = code
        written = Written(str(points), "1.5")
        if resident in outsider:
            with pytest.raises(Refused) as refused:
                opening_balances.propose(resident, written, by=self.staff, **more)
            assert refused.value.refusal.code == outsider[resident]
            return
        opening_balances.propose(resident, written, by=self.staff, **more)
        row, here = m.OpeningBalance, self.town.community_id
        mine = select(row.id).where(row.resident_id == resident, row.state == "proposed")
        [opening] = self.town.write(lambda tx: tx.execute(mine).scalars().all())
        own = opening_balances.approve(here, [opening], by=self.staff, **more)
        assert (own.posted, own.refused) == (0, {Code.SECOND_PERSON_NEEDED: 1})
        assert opening_balances.approve(here, [opening], by=self.admin, **more).posted == 1
        posted = select(row.transfer_id).where(row.id == opening)
        transfer_id = self.town.write(lambda tx: tx.execute(posted).scalar_one())
        self.brought[resident] = transfer_id, points
        self.books[resident].balance += points  # theirs already: it repays nothing here
        self.books[resident].minutes += 90

    def _spend(self, tx: Tx, resident: int, points: int, key: str) -> None:
        book = lock_passbooks(tx, [resident])[resident]
        system = read_system_accounts(tx, book.community_id)
        spent = Transfer(
            book.community_id,
            book.account_id,
            system.redeemed,
            points,
            0,
            "redemption",
            key,
            self.now,
            self.now,
        )
        post(tx, [spent], [book], system.debts)

    def _hold(self, tx: Tx, resident: int, points: int, key: str) -> None:
        book = lock_passbooks(tx, [resident])[resident]
        hold = m.Hold(
            community_id=book.community_id,
            account_id=book.account_id,
            purpose="booking",
            amount_points=points,
            created_at=self.now,
            idempotency_key=key,
        )
        tx.add(hold)
        tx.flush()
        tx.execute(
            text("UPDATE account SET held_points = held_points + :points WHERE id = :id"),
            {"points": points, "id": book.account_id},
        )
        self.holds.append((hold.id, resident))

    @rule(what=st.sampled_from(["release", "wait 1", "wait 20", "wait 240", *TAMPERING]))
    def otherwise(self, what: str) -> None:
        if what.startswith("wait"):
            self.now += int(what.split()[1]) * MINUTE
        elif what != "release":
            self._tamper(what)
        elif self.holds:
            self._release(*self.holds.pop())

    def _release(self, hold_id: int, resident: int) -> None:
        def work(tx: Tx) -> int:
            points = tx.get(m.Hold, hold_id).amount_points  # type: ignore[union-attr]
            tx.add(
                m.HoldEnd(
                    community_id=self.town.community_id,
                    hold_id=hold_id,
                    how="void",
                    ended_at=self.now,
                )
            )
            tx.flush()
            tx.execute(
                text("UPDATE account SET held_points = held_points - :n WHERE resident_id = :id"),
                {"n": points, "id": resident},
            )
            return points

        self.books[resident].held -= self.town.write(work)

    def _tamper(self, statement: str) -> None:
        """L3, L4, L5: what the tables refuse, whoever asks."""
        here = f"{statement} {'AND' if 'WHERE' in statement else 'WHERE'} community_id = :here"
        table = statement.removeprefix("DELETE FROM ").removeprefix("UPDATE ").split()[0]
        rows = text(f"SELECT COUNT(*) FROM {table} WHERE community_id = :here")
        values = {"here": self.town.community_id}
        if not self.town.write(lambda tx: tx.execute(rows, values).scalar_one()):
            return
        with pytest.raises(DBAPIError):
            self.town.write(lambda tx: tx.execute(text(here), values))

    # --- what must hold after every step ---------------------------------------------------

    @invariant()
    def books_are_whole(self) -> None:
        report = read_report(self.scope)
        with db.engine.connect() as connection:
            faults = audit(connection, self.town.community_id)
        assert faults == []
        assert report.is_whole, report.findings

    @invariant()
    def passbooks_say_what_the_model_says(self) -> None:
        account = m.Account
        wanted = select(
            account.resident_id,
            account.balance_points,
            account.held_points,
            account.owed_points,
            account.total_minutes,
        ).where(account.community_id == self.town.community_id, account.kind == "passbook")
        with db.engine.connect() as connection:
            found = {row[0]: Book(*row[1:]) for row in connection.execute(wanted)}
        expected = {who: book for who, book in self.books.items() if who != self.visitor}
        # A guest passbook may be opened by a scan that is then refused; it stays empty.
        assert {who: found[who] for who in expected} == expected
        assert all(found[who] == Book() for who in found.keys() - expected.keys())

    @invariant()
    def attendances_say_what_the_model_says(self) -> None:
        row = m.Attendance
        wanted = select(
            row.event_id,
            row.resident_id,
            row.checked_in_at,
            row.checked_out_at,
            row.ended_how,
            row.check_in_points,
            row.check_out_points,
            row.minutes,
        ).where(row.community_id == self.town.community_id)
        with db.engine.connect() as connection:
            found = {(row[0], row[1]): Came(*row[2:]) for row in connection.execute(wanted)}
        assert {pair: came for pair, came in found.items() if came.into} == {
            pair: came for pair, came in self.came.items() if came.into
        }

    @invariant()
    def every_answer_is_kept(self) -> None:
        """A4, in number here; a retry compares each with what was answered."""
        scans = (
            select(func.count(m.Scan.id))
            .where(m.Scan.community_id == self.town.community_id)
            .where(m.Scan.provenance.not_in(ENDS))
        )
        with db.engine.connect() as connection:
            assert connection.execute(scans).scalar_one() == len(self.sent)


def machine_for(app: Flask) -> Callable[[], ScanningMachine]:
    return type("Scanning", (ScanningMachine,), {"app": app, "TestCase": None})
