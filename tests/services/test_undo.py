"""Taking a scan back: whose, how far, how late, and in whatever order the two arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.scanning import as_device, as_leader, record, scan_row
from tests.services.test_event_end import attendances, end
from tests.services.test_scans import passbook
from tests.town import ENDS_AT, STARTS_AT, Town
from volunteer.domain.refusals import Code
from volunteer.domain.scans import Recorder, Scan, Verdict
from volunteer.store import models as m

MINUTE = timedelta(minutes=1)


class AtTheDoor:
    """One resident of a building with a card, one event, one device."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.resident = town.resident(building_id=town.building("12栋"))
        self.number = town.card(self.resident)[1]
        self.event = town.event(town.activity(rule={"fixed_points": 10, "points_per_hour": 10}))
        self.device = as_device(town.device())

    def card(self, direction: str = "in", minutes: int = 0) -> Scan:
        at = STARTS_AT + minutes * MINUTE
        return scan_row(self.event, self.number, direction=direction, at=at)

    def undo(self, scan: Scan, minutes: int = 0) -> Scan:
        at = STARTS_AT + minutes * MINUTE
        return scan_row(self.event, self.number, direction="undo", undoes=scan.client_id, at=at)

    def send(self, *scans: Scan, by: Recorder | None = None) -> list[Verdict]:
        now = max(scan.corrected_at for scan in scans)
        return record(self.town, by or self.device, *scans, now=now)

    @property
    def passbook(self) -> tuple[int, int, int]:
        return passbook(self.town, self.resident)


def attendance_rows(town: Town) -> int:
    return town.write(lambda tx: tx.execute(select(func.count(m.Attendance.id))).scalar_one())


def test_an_out_that_waited_can_be_undone(both_town: Town) -> None:
    door = AtTheDoor(both_town)
    out = door.card("out", 30)
    assert door.send(out)[0].verdict == "waiting"
    (undone,) = door.send(door.undo(out, 31))
    assert (undone.verdict, undone.code) == ("accepted", "undone")
    assert attendance_rows(both_town) == 0, "nobody came"
    assert door.send(door.card("in", 32))[0].verdict == "accepted"
    assert attendances(both_town) == {door.resident: (0, None)}


@pytest.mark.parametrize("together", [True, False])
def test_an_undo_that_came_first_takes_its_scan_back(both_town: Town, together: bool) -> None:
    door = AtTheDoor(both_town)
    scan = door.card("in", 2)
    undo = door.undo(scan, 1)  # the undoing phone's clock is slow
    verdicts = door.send(undo, scan) if together else door.send(undo) + door.send(scan)
    assert [verdict.verdict for verdict in verdicts] == ["waiting", "accepted"]
    assert [verdict.code for verdict in verdicts] == ["undo_before_scan", "undone"]
    assert attendance_rows(both_town) == 0
    assert door.passbook == (0, 0, 0)


def test_undoing_a_card_shown_again_keeps_who_came_an_hour_ago(town: Town) -> None:
    door = AtTheDoor(town)
    door.send(door.card("in", 0))
    again = door.card("in", 60)
    assert door.send(again)[0].verdict == "already"
    (undone,) = door.send(door.undo(again, 61))
    assert (undone.verdict, undone.facts["points"]) == ("accepted", 0)
    assert door.passbook == (10, 0, 1)


def test_an_undo_months_later_is_too_late_whatever_time_it_claims(town: Town) -> None:
    door = AtTheDoor(town)
    scan = door.card("in", 0)
    door.send(scan)
    late = record(town, door.device, door.undo(scan, 1), now=ENDS_AT + timedelta(hours=73))
    assert late[0].code == Code.LATE_SCAN
    future = record(town, door.device, door.undo(scan, 9), now=STARTS_AT)
    assert future[0].code == Code.SCAN_IN_FUTURE
    assert door.passbook == (10, 0, 1)


def test_undoing_a_card_does_not_take_back_the_leaders_end(town: Town) -> None:
    door = AtTheDoor(town)
    leader = as_leader(town, town.login())
    door.send(door.card("in", 0))
    (ended,) = end(town, door.event, leader)
    out = door.card("out", 122)
    door.send(out, by=leader)
    door.send(door.undo(out, 123), by=leader)
    assert attendances(town) == {door.resident: (120, "leader")}
    assert ended.client_id is not None
    named = scan_row(door.event, direction="undo", undoes=ended.client_id, at=ENDS_AT)
    assert record(town, leader, named, now=ENDS_AT)[0].code == Code.UNDO_NOT_YOURS


def test_what_was_annulled_is_not_undone(town: Town) -> None:
    door = AtTheDoor(town)
    scan = door.card("in", 0)
    door.send(scan)
    town.write(
        lambda tx: tx.run(
            m.Attendance.__table__.update().values(annulled_at=STARTS_AT)  # type: ignore[attr-defined]
        )
    )
    assert door.send(door.undo(scan, 1))[0].code == Code.ATTENDANCE_ANNULLED
