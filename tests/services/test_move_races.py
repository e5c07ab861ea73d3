"""People are scanned while they leave for another community: every point is in one passbook."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.faults.volume import FULL, volume
from tests.scanning import as_device, new_id, scan_row
from tests.services.racing import Racer, carry_on, racing_processes, scan
from tests.services.test_races import Ground, lost, verdicts_of, wrongs
from tests.services.test_scans import passbook
from tests.town import FRIDAY, Town
from volunteer.domain.access import Scope
from volunteer.queries.verify import read_report
from volunteer.services import moves
from volunteer.services.moves import NewHome, accept_move, ask_to_move
from volunteer.store.database import db
from volunteer.store.models import CommunityMove

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600 if FULL else 240)]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with racing_processes() as made:
        yield made


@pytest.fixture
def ground(both_town: Town, pool: ProcessPoolExecutor, database_url: str, tmp_path: Path) -> Ground:
    return Ground(both_town, pool, database_url, tmp_path)


def scans_and_moves(ground: Ground, people: int, without: str | None = None) -> list[str]:
    """Two devices scan everybody while they are moved: a scan is before the move, and its points go
    along, or after it, and the card is replaced."""
    town = ground.town
    there = town.community(f"{new_id()}")
    staff = town.login(roles=("organizer",))
    town.grant(staff, "organizer", there)
    event_ids = [town.event(town.activity()) for _ in range(2)]
    devices = [as_device(town.device(token=str(new_id()))) for _ in event_ids]
    scanning: list[list[object]] = [[], []]
    moving, who = [], {}
    for _ in range(people):
        resident_id = town.resident()
        number = town.card(resident_id)[1]
        scope = Scope.of(town.community_id)
        key = ask_to_move(resident_id, there, by=staff, now=FRIDAY, scope=scope)
        moves.carry_on(key, keys=town.keys, now=FRIDAY)
        accept_move(key, NewHome(), by=staff, now=FRIDAY, scope=Scope.of(there))
        who[resident_id] = key
        for calls, event_id, device in zip(scanning, event_ids, devices, strict=True):
            calls.append(scan([scan_row(event_id, number)], device))
        moving.append(carry_on(key, FRIDAY))
    racers = [Racer(tuple(calls)) for calls in (*scanning, moving)]  # type: ignore[arg-type]
    outcomes = ground.race(racers, without)
    faults = wrongs(outcomes) + ground.faults()
    verdicts = verdicts_of(outcomes)
    faults += [
        f"{one.verdict} {one.code}"
        for one in verdicts
        if one.verdict == "refused" and one.code != "card_replaced"
    ]
    faults += [finding.fault for finding in read_report(Scope.everything()).findings]
    earned = dict.fromkeys(who, 0)
    for one in verdicts:
        if one.verdict == "accepted":
            earned[one.resident_id] += 10
    for resident_id, key in who.items():
        new_id_there = _arrived(town, key)
        books = passbook(town, resident_id)[0], passbook(town, new_id_there)[0]
        if books != (0, earned[resident_id]):
            faults.append(f"passbooks {books} of {earned[resident_id]}")
    return faults


def _arrived(town: Town, key: object) -> int:
    found = select(CommunityMove.resident_id).where(
        CommunityMove.move_key == key, CommunityMove.side == "in"
    )
    return int(town.write(lambda tx: tx.execute(found).scalar_one()))  # type: ignore[arg-type]


def test_people_leave_while_they_are_scanned(ground: Ground) -> None:
    assert scans_and_moves(ground, volume(60)) == []


def test_without_a_second_look_points_stay_behind(ground: Ground) -> None:
    if db.engine.dialect.name == "sqlite":
        # One writer at a time finds people under the lock already: nothing else can be taken away.
        assert lost(lambda: scans_and_moves(ground, 8, without="locks and second tries"))
    else:
        assert lost(lambda: scans_and_moves(ground, 20, without="a second look"))
