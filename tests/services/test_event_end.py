"""Ending an event: by the leader, again to correct it, and by the job that tidies up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.scanning import as_device, as_leader, record, scan_row
from tests.services.test_scans import board, passbook
from tests.statements import statements
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.scans import Recorder, Verdict
from volunteer.services import auto_close
from volunteer.services.auto_close import close_forgotten
from volunteer.services.boards import rebuild_boards
from volunteer.services.event_end import end_event
from volunteer.store import models as m
from volunteer.store.database import Tx
from volunteer.store.event_ends import End

MINUTE = timedelta(minutes=1)


def end(town: Town, event: int, recorder: Recorder, **more) -> list[Verdict]:  # type: ignore[no-untyped-def]
    values = {
        "ended_at": ENDS_AT,
        "left_at": {},
        "recorder": recorder,
        "now": ENDS_AT,
        "scope": Scope.of(town.community_id),
        "keys": town.keys,
    } | more
    return end_event(event, **values)  # type: ignore[arg-type]


def attendances(town: Town) -> dict[int, tuple[int, str | None]]:
    """(minutes, ended how) by resident."""
    rows = select(m.Attendance.resident_id, m.Attendance.minutes, m.Attendance.ended_how)
    return {
        row.resident_id: (row.minutes, row.ended_how)
        for row in town.write(lambda tx: tx.execute(rows).all())
    }


@pytest.fixture
def friday(both_town: Town) -> tuple[Town, int, list[int]]:
    """An event with three people there since the start."""
    town = both_town
    event = town.event(town.activity(rule={"points_per_hour": 10}))
    building = town.building("12栋")
    people = [town.resident(building_id=building) for _ in range(3)]
    rows = [scan_row(event, town.card(who)[1], at=STARTS_AT) for who in people]
    record(town, as_device(town.device()), *rows, now=STARTS_AT)
    return town, event, people


def test_one_tap_checks_everybody_out(friday: tuple[Town, int, list[int]]) -> None:
    town, event, (first, early, own) = friday
    _, number, _ = town.card(own, 2)
    leader = as_leader(town, town.login(roles=("organizer",)))
    at = STARTS_AT + 30 * MINUTE
    record(town, leader, scan_row(event, number, direction="out", at=at), now=at)
    verdicts = end(town, event, leader, left_at={early: STARTS_AT + 60 * MINUTE})
    assert [verdict.verdict for verdict in verdicts] == ["accepted", "accepted"]
    assert attendances(town) == {first: (120, "leader"), early: (60, "leader"), own: (30, "own")}
    assert passbook(town, first) == (20, 120, 1)
    state = town.write(lambda tx: tx.execute(select(m.Event.state, m.Event.ended_how)).one())
    assert tuple(state) == ("ended", "leader")


def test_ending_again_corrects_and_the_newest_end_wins(friday: tuple[Town, int, list[int]]) -> None:
    town, event, people = friday
    leader = as_leader(town, town.login(roles=("organizer",)))
    end(town, event, leader)
    end(town, event, leader, ended_at=STARTS_AT + 90 * MINUTE, now=ENDS_AT + MINUTE)
    assert set(attendances(town).values()) == {(90, "leader")}
    assert passbook(town, people[0])[:2] == (15, 90)


def test_a_later_end_counts_but_never_for_the_leader_and_family(both_town: Town) -> None:
    town = both_town
    leads, child, other = town.resident(), town.resident(age_band="14_17"), town.resident()
    login = town.login(acts_for={leads: "self", child: "guardian"})
    event = town.event(town.activity(rule={"points_per_hour": 10}), leaders={leads: False})
    rows = [scan_row(event, town.card(who)[1], at=STARTS_AT) for who in (leads, child, other)]
    record(town, as_device(town.device()), *rows, now=STARTS_AT)
    recorder = Recorder(
        login_id=login,
        acts_for=frozenset({leads, child}),
        own_resident_ids=frozenset({leads}),
        runs_event_ids=frozenset({event}),
    )
    late = ENDS_AT + 30 * MINUTE
    end(town, event, recorder, ended_at=late, now=late)
    assert attendances(town) == {
        leads: (120, "leader"),
        child: (120, "leader"),
        other: (150, "leader"),
    }


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"now": STARTS_AT - MINUTE}, Code.EVENT_NOT_STARTED),
        ({"ended_at": ENDS_AT + MINUTE}, Code.END_IN_FUTURE),
        ({"ended_at": STARTS_AT - MINUTE}, Code.END_BEFORE_START),
        (
            {"ended_at": ENDS_AT + 181 * MINUTE, "now": ENDS_AT + timedelta(hours=4)},
            Code.EVENT_TOO_LONG,
        ),
        ({"now": ENDS_AT + timedelta(hours=73)}, Code.LATE_SCAN),
        ({"scope": Scope.of(999)}, Code.NOT_FOUND),
        ({"recorder": Recorder(login_id=None)}, Code.NOT_YOUR_EVENT),
    ],
)
def test_refusals(friday: tuple[Town, int, list[int]], more, code) -> None:  # type: ignore[no-untyped-def]
    town, event, _ = friday
    with pytest.raises(Refused) as refused:
        end(town, event, **{"recorder": as_leader(town, town.login())} | more)
    assert refused.value.refusal.code == code
    assert {how for _, how in attendances(town).values()} == {None}


def test_a_planned_length_is_confirmed_after_its_end(both_town: Town) -> None:
    town = both_town
    event = town.event(town.activity(ending="planned_length"))
    leader = as_leader(town, town.login())
    with pytest.raises(Refused) as refused:
        end(town, event, leader, now=FRIDAY, ended_at=FRIDAY)
    assert refused.value.refusal.code == Code.EVENT_NOT_ENDED
    assert end(town, event, leader) == []


def test_the_job_closes_what_was_forgotten_once(friday: tuple[Town, int, list[int]]) -> None:
    town, _event, people = friday
    everywhere = Scope.everything()
    early = ENDS_AT + 119 * MINUTE
    assert close_forgotten(now=early, scope=everywhere, keys=town.keys) == 0
    late = ENDS_AT + timedelta(days=5)
    assert close_forgotten(now=late, scope=everywhere, keys=town.keys) == 1
    assert set(attendances(town).values()) == {(120, "auto")}
    assert close_forgotten(now=late, scope=everywhere, keys=town.keys) == 0
    assert passbook(town, people[0]) == (20, 120, 1)


def test_a_forgotten_end_counts_the_activitys_default(both_town: Town) -> None:
    town = both_town
    event = town.event(town.activity(default_minutes=45))
    who = town.resident()
    scan = scan_row(event, town.card(who)[1], at=STARTS_AT)
    record(town, as_device(town.device()), scan, now=STARTS_AT)
    close_forgotten(now=ENDS_AT + timedelta(hours=3), scope=Scope.everything(), keys=town.keys)
    assert attendances(town) == {who: (45, "auto")}


def test_rebuilt_boards_are_the_same(friday: tuple[Town, int, list[int]]) -> None:
    town, event, _ = friday
    end(town, event, as_leader(town, town.login()))
    building = town.write(lambda tx: tx.execute(select(m.Building.id)).scalar_one())
    before = [board(town, building, kind) for kind in ("day", "week", "month", "year", "all")]
    assert before[0] == (60, 360, 3, 3)
    town.write(lambda tx: tx.execute(m.BoardTotal.__table__.delete()))  # type: ignore[attr-defined]
    assert board(town, building) == (0, 0, 0, 0)
    rebuild_boards(Scope.everything())
    after = [board(town, building, kind) for kind in ("day", "week", "month", "year", "all")]
    assert after == before


@pytest.mark.parametrize("who", ["leader", "job"])
def test_an_end_locks_passbooks_before_the_event(
    friday: tuple[Town, int, list[int]], who: str
) -> None:
    """As a self check-in to a capped event does: the other way round the two wait in a ring."""
    town, event, _ = friday
    leader = as_leader(town, town.login())
    with statements() as seen:
        if who == "leader":
            end(town, event, leader)
        else:
            later = ENDS_AT + timedelta(hours=3)
            close_forgotten(now=later, scope=Scope.everything(), keys=town.keys)
    locks = [one for one in seen if one.startswith("UPDATE event") or "account.head_hash" in one]
    assert [one[:6] for one in locks[:2]] == ["SELECT", "UPDATE"]


def test_the_job_leaves_an_event_alone_that_was_ended_meanwhile(
    friday: tuple[Town, int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, event, people = friday
    leader = as_leader(town, town.login())
    due = auto_close._load_due

    def load_due(tx: Tx, now: datetime) -> list[Any]:
        return [row for row in due(tx, now) if row.state == "planned"]

    later = ENDS_AT + timedelta(hours=3)
    looked = town.write(lambda tx: load_due(tx, later))
    end(town, event, leader, ended_at=ENDS_AT - 30 * MINUTE)
    monkeypatch.setattr(auto_close, "_load_due", lambda *_: looked)
    close_forgotten(now=later, scope=Scope.everything(), keys=town.keys)
    assert set(attendances(town).values()) == {(90, "leader")}
    assert passbook(town, people[0]) == (10 * 6 // 4, 90, 1)


def test_an_event_that_cannot_be_closed_keeps_no_other_open(
    friday: tuple[Town, int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, broken, _ = friday
    other = town.event(town.activity("邻里守望"))
    record_end = auto_close.record_end

    def stumble(tx: Tx, ending: End, *more: Any) -> Any:
        assert ending.event_id != broken, "a mistake of our own"
        return record_end(tx, ending, *more)

    monkeypatch.setattr(auto_close, "record_end", stumble)
    with pytest.raises(ExceptionGroup, match="1 of 2 events"):
        close_forgotten(now=ENDS_AT + timedelta(hours=3), scope=Scope.everything(), keys=town.keys)
    states = town.write(lambda tx: dict(tx.execute(select(m.Event.id, m.Event.state)).all()))  # type: ignore[arg-type]
    assert states == {broken: "planned", other: "ended"}
