"""Many at once, on both databases: one effect, one answer, one seat, one end, one reversal.

Every race is run once more with what decides it taken away, and must then be lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.auditor import audit
from tests.faults.volume import FULL, volume
from tests.scanning import as_device, as_leader, as_self, new_id, record, scan_row
from tests.services.racing import (
    Course,
    Outcome,
    Racer,
    approve,
    end,
    merge,
    race,
    racing_processes,
    reverse,
    scan,
    undo_merge,
)
from tests.services.test_scans import board, passbook
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.queries.verify import read_report
from volunteer.services.auto_close import close_forgotten
from volunteer.services.boards import rebuild_boards
from volunteer.store import models as m
from volunteer.store.database import db

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600 if FULL else 240)]

THREADS = 50 if FULL else 20
MINUTE = timedelta(minutes=1)
LATER = FRIDAY + timedelta(days=1)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with racing_processes() as made:
        yield made


@dataclass(frozen=True)
class Ground:
    """A community, and the processes that race in it."""

    town: Town
    pool: ProcessPoolExecutor
    url: str
    folder: Path

    def race(self, racers: Sequence[Racer], without: str | None = None) -> list[Outcome]:
        db.session.remove()
        course = Course(self.url, self.folder, self.town.community_id, without=without)
        return race(self.pool, course, racers)

    def count(self, model: type[m.Base], *where: object) -> int:
        found = select(func.count()).select_from(model).where(*where)  # type: ignore[arg-type]
        return self.town.write(lambda tx: tx.execute(found).scalar_one())

    def faults(self) -> list[str]:
        db.session.remove()
        with db.engine.connect() as connection:
            return audit(connection, self.town.community_id)


@pytest.fixture
def ground(both_town: Town, pool: ProcessPoolExecutor, database_url: str, tmp_path: Path) -> Ground:
    return Ground(both_town, pool, database_url, tmp_path)


def wrongs(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.wrong for outcome in outcomes if outcome.wrong]


def lost(attempt: Callable[[], list[str]], tries: int = 10) -> bool:
    """Whether a race is lost in one of several tries: what is not locked may still go well."""
    return any(attempt() for _ in range(tries))


# --- everybody scans everybody -----------------------------------------------------------


def duplicates(ground: Ground, people: int, without: str | None = None) -> list[str]:
    """Every thread scans every person, one by one and once more as a batch, in its own order.

    Two threads that go down one list side by side meet at each person: enough to lose the race.
    """
    town, dice = ground.town, Random(20)
    building_id = town.building(f"{new_id()}")
    event_id = town.event(town.activity())
    residents = [town.resident(building_id=building_id) for _ in range(people)]
    numbers = [town.card(resident_id)[1] for resident_id in residents]
    device = as_device(town.device(token=str(new_id())))
    racers = []
    threads = 2 if without else THREADS
    for _ in range(threads):
        alone, together = dice.sample(numbers, people), dice.sample(numbers, people)
        if without:
            alone = numbers
        calls = [scan([scan_row(event_id, number)], device) for number in alone]
        batch = scan([scan_row(event_id, number) for number in together], device)
        calls.insert(len(calls) if without else dice.randrange(people), batch)
        racers.append(Racer(tuple(calls)))
    outcomes = ground.race(racers, without)
    verdicts = [one for outcome in outcomes for one in outcome.result or ()]
    attended = ground.count(m.Attendance, m.Attendance.event_id == event_id)
    awards = ground.count(m.Transfer, m.Transfer.code == "award")
    earned = [passbook(town, resident_id)[0] for resident_id in residents]
    said = Counter(one.verdict for one in verdicts)
    faults = wrongs(outcomes) + ground.faults()
    if (attended, earned) != (people, [10] * people):
        faults.append(f"{attended} attendances, balances {earned}")
    if not without and awards != people:
        faults.append(f"{awards} awards")
    if said != {"accepted": people, "already": people * (2 * threads - 1)}:
        faults.append(f"told {said}")
    return faults


def test_everybody_is_scanned_at_once(ground: Ground) -> None:
    assert duplicates(ground, 20 if FULL else 4) == []


def test_without_locks_and_second_tries_it_goes_wrong(ground: Ground) -> None:
    assert lost(lambda: duplicates(ground, 10, without="locks and second tries"))


# --- one id ------------------------------------------------------------------------------


def one_id(ground: Ground, keys: int, without: str | None = None) -> list[str]:
    """All threads send the same scans: known cards and unknown ones, which no passbook guards."""
    town, dice = ground.town, Random(50)
    event_id = town.event(town.activity())
    device = as_device(town.device(token=str(new_id())))
    known = [scan_row(event_id, town.card(town.resident())[1]) for _ in range(keys)]
    unknown = [scan_row(event_id, "2" * 20) for _ in range(keys)]
    rows = known + unknown
    orders = [dice.sample(rows, len(rows)) for _ in range(THREADS)]
    racers = [Racer(tuple(scan([row], device) for row in order)) for order in orders]
    outcomes = ground.race(racers, without)
    answers: dict[object, set[str]] = {row.client_id: set() for row in rows}
    for outcome in outcomes:
        for verdict in outcome.result or ():
            answers[verdict.client_id].add(repr(sorted(vars_of(verdict).items())))
    faults = wrongs(outcomes) + ground.faults()
    faults += [f"{one} answers" for one in map(len, answers.values()) if one != 1]
    stored = ground.count(m.Scan, m.Scan.event_id == event_id)
    attended = ground.count(m.Attendance, m.Attendance.event_id == event_id)
    if (stored, attended) != (len(rows), keys):
        faults.append(f"{stored} scans of {len(rows)}, {attended} attendances of {keys}")
    return faults


def vars_of(verdict: object) -> dict[str, object]:
    """A verdict's fields, its facts in one order."""
    values = {name: getattr(verdict, name) for name in verdict.__dataclass_fields__}  # type: ignore[attr-defined]
    return values | {"code": str(values["code"]), "facts": sorted(values["facts"].items())}


def test_one_id_from_everywhere_is_one_scan(ground: Ground) -> None:
    assert one_id(ground, 20 if FULL else 4) == []


def test_without_second_tries_one_id_goes_wrong(ground: Ground) -> None:
    assert lost(lambda: one_id(ground, 2, without="locks and second tries"))


# --- the last place ----------------------------------------------------------------------


def last_places(ground: Ground, events: int, without: str | None = None) -> list[str]:
    """Four people check themselves in at each event, which has one place."""
    town, dice = ground.town, Random(1)
    activity_id = town.activity()
    event_ids = [town.event(activity_id, capacity=1) for _ in range(events)]
    racers = []
    for _ in range(4):
        resident_id = town.resident()
        recorder = as_self(town.login(acts_for={resident_id: "self"}), resident_id)
        row = scan_row(None, provenance="rotating_code", resident_id=resident_id)
        calls = [
            scan([replace(row, client_id=new_id(), event_id=event_id)], recorder)
            for event_id in (event_ids if without else dice.sample(event_ids, events))
        ]
        racers.append(Racer(tuple(calls)))
    outcomes = ground.race(racers, without)
    faults = wrongs(outcomes) + ground.faults()
    codes: dict[int, Counter[str]] = {event_id: Counter() for event_id in event_ids}
    for outcome in outcomes:
        for verdict in outcome.result or ():
            codes[outcome.call.values["rows"][0].event_id][str(verdict.code)] += 1
    faults += [
        f"event {event_id}: {said}"
        for event_id, said in codes.items()
        if said != {"ok_in": 1, "event_full": 3}
    ]
    for event_id in event_ids:
        if (inside := ground.count(m.Attendance, m.Attendance.event_id == event_id)) != 1:
            faults.append(f"event {event_id}: {inside} in")
    return faults


def test_two_people_and_one_place(ground: Ground) -> None:
    assert last_places(ground, 20 if FULL else 5) == []


def test_without_locks_the_place_is_given_twice(ground: Ground) -> None:
    assert lost(lambda: last_places(ground, 8, without="locks"))


def staff_and_self(ground: Ground, events: int, without: str | None = None) -> list[str]:
    """Two people check themselves in at each event, which has one place, while a device scans two
    cards: staff let people in beyond the places, but every one beyond them is marked so."""
    town = ground.town
    activity_id = town.activity()
    device = as_device(town.device(token=str(new_id())))
    event_ids = [town.event(activity_id, capacity=1) for _ in range(events)]
    racers = []
    for number in range(4):
        resident_id = town.resident()
        if number % 2:
            recorder, row = device, scan_row(None, town.card(resident_id)[1])
        else:
            recorder = as_self(town.login(acts_for={resident_id: "self"}), resident_id)
            row = scan_row(None, provenance="rotating_code", resident_id=resident_id)
        calls = [
            scan([replace(row, client_id=new_id(), event_id=event_id)], recorder)
            for event_id in event_ids
        ]
        racers.append(Racer(tuple(calls)))
    outcomes = ground.race(racers, without)
    faults = wrongs(outcomes) + ground.faults()
    for event_id in event_ids:
        here = m.Attendance.event_id == event_id
        inside = ground.count(m.Attendance, here)
        marked = ground.count(m.Attendance, here, m.Attendance.override == "over_capacity")
        scans = ground.count(m.Scan, m.Scan.event_id == event_id, m.Scan.override.is_not(None))
        if inside not in (2, 3) or (marked, scans) != (inside - 1, inside - 1):
            faults.append(f"event {event_id}: {inside} in, {marked} marked, {scans} said so")
    return faults


def test_staff_and_somebody_for_one_place(ground: Ground) -> None:
    assert staff_and_self(ground, 40 if FULL else 10) == []


def test_without_locks_somebody_beyond_the_places_is_not_marked(ground: Ground) -> None:
    assert lost(lambda: staff_and_self(ground, 8, without="locks"))


# --- the end and a scan ------------------------------------------------------------------


def ends_and_scans(ground: Ground, events: int, without: str | None = None) -> list[str]:
    """The leader ends each event while somebody leaves, and somebody else comes, by card."""
    town = ground.town
    activity_id = town.activity(rule={"fixed_points": 5, "points_per_hour": 10})
    device = as_device(town.device(token=str(new_id())))
    leader = as_leader(town, town.login(roles=("organizer",)))
    now = ENDS_AT - 5 * MINUTE
    ends, leaves, comes = [], [], []
    residents = []
    for _ in range(events):
        event_id = town.event(activity_id)
        present, late = town.resident(), town.resident()
        residents += [present, late]
        number = town.card(present)[1]
        record(town, device, scan_row(event_id, number, at=STARTS_AT), now=STARTS_AT)
        ends.append(end(event_id, leader, now))
        out = scan_row(event_id, number, direction="out", at=now - MINUTE)
        leaves.append(scan([out], device, now))
        came = scan_row(event_id, town.card(late)[1], at=now - 2 * MINUTE)
        comes.append(scan([came], device, now))
    outcomes = ground.race([Racer(tuple(calls)) for calls in (ends, leaves, comes)], without)
    # Whose in crossed the end is checked out by the job, at the end that the leader gave.
    close_forgotten(
        now=ENDS_AT + timedelta(hours=3), scope=Scope.of(town.community_id), keys=town.keys
    )
    faults = wrongs(outcomes) + ground.faults()
    faults += [f"refused: {one.refused}" for one in outcomes if one.refused]
    verdicts = [one for outcome in outcomes for one in outcome.result or ()]
    faults += [f"{one.verdict} {one.code}" for one in verdicts if one.verdict == "refused"]
    here = m.Attendance.resident_id.in_(residents)
    still_open = ground.count(m.Attendance, here, m.Attendance.state != "complete")
    if still_open or ground.count(m.Attendance, here) != 2 * events:
        faults.append(f"{still_open} still there")
    # The one who left did so a minute before the end, whichever came first.
    minutes = {passbook(town, resident_id)[1] for resident_id in residents[::2]}
    if minutes != {114}:
        faults.append(f"counted {minutes} minutes")
    return faults


def test_an_end_races_those_who_leave_and_come(ground: Ground) -> None:
    assert ends_and_scans(ground, volume(60)) == []


def test_without_locks_and_second_tries_an_end_goes_wrong(ground: Ground) -> None:
    assert lost(lambda: ends_and_scans(ground, 8, without="locks and second tries"))


# --- one line taken back -----------------------------------------------------------------


def reversals(ground: Ground, lines: int, without: str | None = None) -> list[str]:
    """Two people take back the same lines, in the same order."""
    town = ground.town
    event_id = town.event(town.activity())
    device = as_device(town.device(token=str(new_id())))
    residents = [town.resident() for _ in range(lines)]
    rows = [scan_row(event_id, town.card(resident_id)[1]) for resident_id in residents]
    record(town, device, *rows)
    account = select(m.Account.id).where(m.Account.resident_id.in_(residents))
    awards = select(m.Transfer.id).where(m.Transfer.credit_account_id.in_(account))
    transfer_ids = town.write(lambda tx: list(tx.execute(awards).scalars()))
    racers = [
        Racer(tuple(reverse(transfer_id, by, LATER) for transfer_id in transfer_ids))
        for by in (town.login(roles=("community_admin",)) for _ in range(2))
    ]
    outcomes = ground.race(racers, without)
    faults = wrongs(outcomes) + ground.faults()
    refused = Counter(outcome.refused for outcome in outcomes if not outcome.wrong)
    if refused != {None: lines, "already_reversed": lines}:
        faults.append(f"refused: {refused}")
    faults += [
        f"passbook {resident_id}: {book}"
        for resident_id in residents
        if (book := passbook(town, resident_id)) != (0, 0, 2)
    ]
    return faults


def test_two_people_take_one_line_back(ground: Ground) -> None:
    assert reversals(ground, volume(100)) == []


def test_without_locks_and_second_tries_taking_back_goes_wrong(ground: Ground) -> None:
    assert lost(lambda: reversals(ground, 8, without="locks and second tries"))


# --- one old passbook approved by two -----------------------------------------------------


def approvals(ground: Ground, people: int, without: str | None = None) -> list[str]:
    """Two admins approve the same proposals, in the same order."""
    town = ground.town
    residents = [town.resident() for _ in range(people)]
    clerk = town.login(roles=("organizer",))
    waiting = [town.opening_balance(resident_id, by=clerk) for resident_id in residents]
    racers = [
        Racer(tuple(approve(opening_id, by, LATER) for opening_id in waiting))
        for by in (town.login(roles=("community_admin",)) for _ in range(2))
    ]
    outcomes = ground.race(racers, without)
    faults = wrongs(outcomes) + ground.faults()
    faults += [one.fault for one in read_report(Scope.of(town.community_id)).findings]
    posted = Counter(outcome.result for outcome in outcomes if not outcome.wrong)
    if posted != {1: people, 0: people}:
        faults.append(f"posted: {posted}")
    books = {passbook(town, resident_id) for resident_id in residents}
    return faults if books == {(120, 750, 1)} else [*faults, f"passbooks {books}"]


def test_two_people_approve_one_old_passbook(ground: Ground) -> None:
    assert approvals(ground, volume(100)) == []


def test_without_locks_and_second_tries_approving_goes_wrong(ground: Ground) -> None:
    assert lost(lambda: approvals(ground, 8, without="locks and second tries"))


# --- a merge and the scans of both cards --------------------------------------------------


def merges_and_scans(ground: Ground, pairs: int, without: str | None = None) -> list[str]:
    """Somebody with two cards is scanned with both at two events each while staff merge the two,
    undo it and merge again. Whatever comes first: in the end the person was at each event once."""
    town = ground.town
    activity_id = town.activity()
    device = as_device(town.device(token=str(new_id())))
    admin = town.login(roles=("community_admin",))
    building_id = town.building(f"{new_id()}")
    event_ids = [town.event(activity_id), town.event(activity_id)]
    kept_scans, merged_scans, merging, people = [], [], [], []
    for _ in range(pairs):
        kept, merged = (town.resident(building_id=building_id) for _ in range(2))
        people.append((kept, merged))
        numbers = town.card(kept)[1], town.card(merged)[1]
        for event_id in event_ids:
            kept_scans.append(scan([scan_row(event_id, numbers[0])], device))
            merged_scans.append(scan([scan_row(event_id, numbers[1])], device))
        merging += [
            merge(kept, merged, admin, LATER),
            undo_merge(kept, admin, LATER),
            merge(kept, merged, admin, LATER),
        ]
    racers = [Racer(tuple(calls)) for calls in (kept_scans, merged_scans, merging)]
    outcomes = ground.race(racers, without)
    faults = wrongs(outcomes) + ground.faults()
    faults += [
        f"{one.verdict} {one.code}" for one in verdicts_of(outcomes) if one.verdict == "refused"
    ]
    refused = {outcome.refused for outcome in outcomes} - {None}
    # The undo may find that a scan came in between; then the two are merged already.
    faults += [f"refused: {one}" for one in refused - {"merge_changed", "merge_of_gone"}]
    faults += [f.fault for f in read_report(Scope.of(town.community_id)).findings]
    for kept, merged in people:
        books = passbook(town, kept)[:2], passbook(town, merged)[:2]
        if books != ((20, 0), (0, 0)):
            faults.append(f"passbooks {books}")
    before = board(town, building_id)
    rebuild_boards(Scope.of(town.community_id))
    if before != board(town, building_id) or before != (20 * pairs, 0, 2 * pairs, pairs):
        faults.append(f"board {before}")
    return faults


def verdicts_of(outcomes: Sequence[Outcome]) -> list[Any]:
    scans = [outcome for outcome in outcomes if outcome.call.what == "scan"]
    return [one for outcome in scans for one in outcome.result or ()]


def test_two_passbooks_become_one_while_both_are_scanned(ground: Ground) -> None:
    assert merges_and_scans(ground, volume(60)) == []


def test_without_a_second_look_a_merge_goes_wrong(ground: Ground) -> None:
    if db.engine.dialect.name == "sqlite":
        # One writer at a time finds people under the lock already: nothing else can be taken away.
        assert lost(lambda: merges_and_scans(ground, 8, without="locks and second tries"))
    else:
        assert lost(lambda: merges_and_scans(ground, 20, without="a second look"))
