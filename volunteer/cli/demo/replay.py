"""Playing the demo's history through the corridor: event, scans, end, each at its own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from uuid import UUID, uuid5

from volunteer.cli.demo.founding import EVERYWHERE, e164, residents_in_order
from volunteer.cli.demo.history import ZONE, Present, Session
from volunteer.cli.demo.logins import GUARDIAN, LEADER, ORGANIZER, RESIDENT
from volunteer.cli.demo.people import YOUNG_HOSTS
from volunteer.cli.demo.plan import MEIFU, DemoPlan, coming_events
from volunteer.cli.demo.visitors import invite_team
from volunteer.domain.events import EventPlan, LeaderPlan
from volunteer.domain.scans import Recorder, Scan, body_hash_of
from volunteer.domain.tokens import CardNumber, EventCode, Keys, poster_code, rotating_code
from volunteer.queries.demo import (
    DemoEvent,
    DemoResident,
    read_activities,
    read_demo_communities,
    read_events,
    read_login_ids,
)
from volunteer.services.event_end import end_event
from volunteer.services.events import add_event
from volunteer.services.scans import record_scans

_IDS = UUID("5b0e9c1e-6f0a-4c56-9c55-0d3a5a8f2b11")
"""Namespace of the demo's scan ids."""

LIVE = timedelta(days=35)
"""So many days before the first start are played the way a day goes today."""


@dataclass
class Replay:
    """Plays sessions. What it looks up once holds for the whole load."""

    plan: DemoPlan
    keys: Keys
    _events: dict[tuple[int, datetime, str], DemoEvent] = field(default_factory=dict)

    def play(self, sessions: Sequence[Session], step: Callable[[int], None]) -> None:
        """One month of sessions, oldest first; those that are there and ended are left alone."""
        since, until = sessions[0].starts_at, sessions[-1].starts_at + timedelta(seconds=1)
        self._events = read_events(self.community_id, since, until, EVERYWHERE)
        live_from = self.plan.first_start - LIVE
        for day, group in groupby(sessions, key=lambda one: one.local_date):
            today = list(group)
            if day < live_from:
                self._play_uploaded(today)
            else:
                for session in today:
                    self._play_live(session)
            step(len(today))

    def plan_ahead(self) -> None:
        """What the calendar shows next."""
        day = self.plan.first_start
        midnight = datetime.combine(day, time(), ZONE).astimezone(UTC)
        until = midnight + timedelta(days=14)
        there = read_events(self.community_id, midnight, until, EVERYWHERE)
        leader = LeaderPlan(self.people[self.leader].resident_id)
        for coming in coming_events(day):
            activity_id = self.activities[coming.activity]
            if (activity_id, coming.starts_at, coming.place) not in there:
                plan = EventPlan(
                    place=coming.place,
                    place_en=coming.place_en,
                    starts_at=coming.starts_at,
                    ends_at=coming.ends_at,
                    leaders=(leader,),
                    capacity=coming.capacity,
                )
                by = self.organizer_id
                add_event(activity_id, plan, by=by, now=midnight, scope=EVERYWHERE)
        first = coming_events(day)[0]
        there = read_events(self.community_id, midnight, until, EVERYWHERE)
        key = (self.activities[first.activity], first.starts_at, first.place)
        invite_team(
            self.community_id,
            there[key].event_id,
            self.organizer,
            keys=self.keys,
            now=midnight,
            today=day,
        )

    # --- one session ------------------------------------------------------------------------

    def _play_uploaded(self, sessions: Sequence[Session]) -> None:
        """A day long ago: the leaders scanned cards coming and going and sent them in the evening,
        all sites in one batch. Five times as quick as playing it live."""
        running = []
        for session in sessions:
            event_id, state = self._event(session)
            if state == "planned":
                running.append((event_id, session))
        scans = [
            scan for event_id, session in running for scan in self._in_and_out(event_id, session)
        ]
        last = max((session.ends_at for _, session in running), default=None)
        if last is not None:
            self._record(scans, last + timedelta(minutes=5))
        for event_id, session in running:
            self._end(event_id, session, {})

    def _play_live(self, session: Session) -> None:
        """A day not long ago: people with phones check in alone, the leader ends it for all."""
        event_id, state = self._event(session)
        if state != "planned":
            return
        alone = [one for one in session.present if one.person in self.own_recorders]
        others = [one for one in session.present if one.person not in self.own_recorders]
        scans = [self._scan(event_id, one, "in", one.checked_in_at) for one in others]
        self._record(scans, session.starts_at + timedelta(minutes=20))
        for one in alone:
            self._check_in_alone(event_id, one)
        self._end(event_id, session, self._left_early(session))

    def _in_and_out(self, event_id: int, session: Session) -> Iterator[Scan]:
        for one in session.present:
            yield self._scan(event_id, one, "in", one.checked_in_at)
            if session.activity != YOUNG_HOSTS:  # its planned length counts, so nobody checks out
                yield self._scan(event_id, one, "out", one.left_at or session.ends_at)

    def _end(self, event_id: int, session: Session, left_at: Mapping[int, datetime]) -> None:
        end_event(
            event_id,
            ended_at=session.ends_at,
            left_at=left_at,
            recorder=self.organizer,
            now=session.ends_at + timedelta(minutes=6),
            scope=EVERYWHERE,
            keys=self.keys,
        )

    def _event(self, session: Session) -> tuple[int, str]:
        activity_id = self.activities[session.activity]
        found = self._events.get((activity_id, session.starts_at, session.place))
        if found is not None:
            return found.event_id, found.state
        plan = EventPlan(
            place=session.place,
            place_en=session.place_en,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            leaders=(LeaderPlan(self.people[session.leader].resident_id),),
        )
        planned_at = session.starts_at - timedelta(days=3)
        by = self.organizer_id
        return add_event(activity_id, plan, by=by, now=planned_at, scope=EVERYWHERE), "planned"

    def _record(self, scans: Sequence[Scan], now: datetime) -> None:
        """The organizer's scans: cards, and names ticked on the list."""
        verdicts = record_scans(scans, self.organizer, now=now, scope=EVERYWHERE, keys=self.keys)
        wrong = [verdict for verdict in verdicts if verdict.verdict not in ("accepted", "already")]
        assert not wrong, f"the demo's own scans were refused: {wrong[:3]}"

    def _scan(self, event_id: int, one: Present, direction: str, at: datetime) -> Scan:
        resident = self.people[one.person]
        by_card = one.provenance == "card_scan"
        row = {"event": event_id, "code": resident.card_number, "direction": direction}
        return Scan(
            client_id=uuid5(_IDS, f"{event_id}:{resident.resident_id}:{direction}"),
            direction=direction,  # type: ignore[arg-type]
            provenance=one.provenance,
            scanned_at=at,
            corrected_at=at,
            body_hash=body_hash_of(row | {"scanned_at": at}),
            event_id=event_id,
            presented=CardNumber(resident.card_number) if by_card else None,
            resident_id=None if by_card else resident.resident_id,
        )

    def _check_in_alone(self, event_id: int, one: Present) -> None:
        """Somebody with a phone scans the screen, or the poster one time in three."""
        now = one.checked_in_at
        if now.second % 3:
            code = rotating_code(self.keys.rotating_code, event_id, now).code
            provenance = "rotating_code"
        else:
            code = poster_code(self.keys.poster_code, event_id, 0)
            provenance = "poster_code"
        resident = self.people[one.person]
        row = {"event": event_id, "code": code, "direction": "in"}
        scan = Scan(
            client_id=uuid5(_IDS, f"{event_id}:{resident.resident_id}:in"),
            direction="in",
            provenance=provenance,
            scanned_at=now,
            corrected_at=now,
            body_hash=body_hash_of(row | {"scanned_at": now}),
            event_id=event_id,
            presented=EventCode(code, event_id),
            resident_id=resident.resident_id,
        )
        recorder = self.own_recorders[one.person]
        record_scans([scan], recorder, now=now, scope=EVERYWHERE, keys=self.keys)

    def _left_early(self, session: Session) -> dict[int, datetime]:
        return {
            self.people[one.person].resident_id: one.left_at
            for one in session.present
            if one.left_at is not None
        }

    # --- looked up once ---------------------------------------------------------------------

    @cached_property
    def community_id(self) -> int:
        return read_demo_communities(EVERYWHERE)[MEIFU].community_id

    @cached_property
    def activities(self) -> dict[str, int]:
        return read_activities(self.community_id, EVERYWHERE)

    @cached_property
    def people(self) -> list[DemoResident]:
        return residents_in_order(self.plan, self.community_id)

    @cached_property
    def logins(self) -> dict[str, int]:
        return read_login_ids([e164(one) for one in (ORGANIZER, RESIDENT, GUARDIAN, LEADER)])

    @property
    def organizer_id(self) -> int:
        return self.logins[e164(ORGANIZER)]

    @cached_property
    def organizer(self) -> Recorder:
        return Recorder(
            login_id=self.organizer_id, runs_community_ids=frozenset({self.community_id})
        )

    @cached_property
    def leader(self) -> int:
        names = [person.name for person in self.plan.meifu.people]
        return names.index(LEADER.name)

    @cached_property
    def own_recorders(self) -> dict[int, Recorder]:
        """Who checks in with a phone of their own, by person: three logins and two children."""
        recorders = {}
        for login in (RESIDENT, GUARDIAN, LEADER):
            own = [
                (number, person)
                for number, person in enumerate(self.plan.meifu.people)
                if login.name in (person.name, person.consent_by)
            ]
            ids = frozenset(self.people[number].resident_id for number, _ in own)
            self_ids = frozenset(
                self.people[number].resident_id for number, one in own if one.name == login.name
            )
            recorder = Recorder(
                login_id=self.logins[e164(login)],
                is_self=True,
                acts_for=ids,
                own_resident_ids=self_ids,
            )
            recorders.update(dict.fromkeys((number for number, _ in own), recorder))
        return recorders
