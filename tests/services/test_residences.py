"""Moving never rewrites history."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.scanning import as_device, record, scan_row
from tests.services.test_scans import board
from tests.town import ENDS_AT, FRIDAY, SINCE, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.people import Home
from volunteer.domain.refusals import Code, Refused
from volunteer.services import residences as service
from volunteer.store import models as m
from volunteer.store.database import db

TODAY = date(2026, 11, 20)


class Moves:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.old, self.new = town.building("1栋"), town.building("2栋")
        self.resident = town.resident(building_id=self.old)
        self.who = {"by": town.login(), "now": FRIDAY, "scope": Scope.of(town.community_id)}

    def add(self, **more: object) -> int:
        home = Home(**({"starts_on": TODAY, "building_id": self.new} | more))  # type: ignore[arg-type]
        return service.add_residence(self.resident, home, **self.who)  # type: ignore[arg-type]

    def refused(self, call: object) -> Code:
        with pytest.raises(Refused) as caught:
            call()  # type: ignore[operator]
        return caught.value.refusal.code

    def rows(self) -> list[tuple[int | None, str, date, date | None]]:
        db.session.remove()
        found = db.session.scalars(select(m.Residence).order_by(m.Residence.id))
        return [(one.building_id, one.kind, one.starts_on, one.ends_on) for one in found]


@pytest.fixture
def moves(both_town: Town) -> Moves:
    return Moves(both_town)


def test_the_home_before_ends_the_day_before(moves: Moves) -> None:
    moves.add(room="402")
    assert moves.rows() == [
        (moves.old, "lives", SINCE, date(2026, 11, 19)),
        (moves.new, "lives", TODAY, None),
    ]


def test_work_and_visits_stand_beside_the_home(moves: Moves) -> None:
    moves.add(kind="works")
    moves.add(kind="guest", building_id=None, area_id=moves.town.area_id)
    assert [(kind, ends_on) for _, kind, _, ends_on in moves.rows()] == [
        ("lives", None),
        ("works", None),
        ("guest", None),
    ]


def test_what_a_move_may_not_be(moves: Moves) -> None:
    assert moves.refused(lambda: moves.add(starts_on=SINCE)) is Code.DATES_REVERSED
    assert moves.refused(lambda: moves.add(kind="haunts")) is Code.CHOICE_MISSING
    assert moves.refused(lambda: moves.add(room="4" * 41)) is Code.TEXT_TOO_LONG
    assert moves.refused(lambda: moves.add(building_id=4711)) is Code.NOT_FOUND
    other = moves.town.community("景华社区")
    area = moves.town._add(m.Area, community_id=other, kind="estate", name="怡枫园")
    elsewhere = lambda: moves.add(building_id=None, area_id=area)  # noqa: E731
    assert moves.refused(elsewhere) is Code.NOT_FOUND
    assert len(moves.rows()) == 1


def test_a_last_day_and_a_slip_of_the_pen(moves: Moves) -> None:
    home_id = moves.add()
    end = lambda day: lambda: service.end_residence(home_id, day, **moves.who)  # type: ignore[arg-type]  # noqa: E731
    assert moves.refused(end(date(2026, 11, 19))) is Code.DATES_REVERSED
    end(date(2026, 12, 31))()

    def correct(**more: object) -> None:
        home = Home(**({"starts_on": TODAY, "building_id": moves.old} | more))  # type: ignore[arg-type]
        service.correct_residence(home_id, home, **moves.who)  # type: ignore[arg-type]

    late = lambda: correct(starts_on=date(2027, 1, 1))  # noqa: E731
    assert moves.refused(late) is Code.DATES_REVERSED
    correct(room="101")
    assert moves.rows()[1] == (moves.old, "lives", TODAY, date(2026, 12, 31))
    moves.who["scope"] = Scope.of(moves.town.community("景华社区"))
    assert moves.refused(correct) is Code.NOT_FOUND


def test_a_move_is_written_down_a_year_ahead_at_most(moves: Moves) -> None:
    last = FRIDAY.date() + timedelta(days=366)
    moves.add(starts_on=last)
    next_day = last + timedelta(days=1)
    assert moves.refused(lambda: moves.add(starts_on=next_day)) is Code.DATE_INVALID


def test_what_was_earned_before_a_move_stays_the_old_building_s(moves: Moves) -> None:
    """A scan counts for where the person lived that day, whenever it is sent; a correction of what
    was attended before does not take it along to the new home."""
    town = moves.town
    number = town.card(moves.resident)[1]
    device = as_device(town.device())
    activity = town.activity()
    week = timedelta(days=7)
    before = town.event(activity, starts_at=STARTS_AT - week, ends_at=ENDS_AT - week)
    today = town.event(activity)
    record(town, device, scan_row(before, number, at=STARTS_AT - week), now=STARTS_AT - week)
    moves.add()
    out = scan_row(before, number, direction="out", at=ENDS_AT - week)
    record(town, device, out, now=ENDS_AT - week)
    record(town, device, scan_row(today, number))
    assert board(town, moves.old)[2:] == (1, 1)
    assert board(town, moves.new)[2:] == (1, 1)
