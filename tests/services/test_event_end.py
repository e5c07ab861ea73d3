"""Ending an event: by the leader, again to correct it, and by the job that tidies up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.scanning import as_device, as_leader, record, scan_row
from tests.services.test_scans import board, passbook
from tests.statements import statements
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.domain.access import Scope
from volunteer.domain.refusals import Code, Refused
from volunteer.domain.scans import Recorder, Verdict
from volunteer.services import auto_close, event_end
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


# --- what is posted keeps its place: an end values no interval anew that it does not move ---------


def card_of(town: Town, who: int) -> str:
    number = select(m.Resident.passbook_number).where(m.Resident.id == who)
    return town.write(lambda tx: tx.execute(number).scalar_one())


def visit(town: Town, event: int, who: int, start: datetime, end_: datetime) -> None:
    number = card_of(town, who)
    rows = [scan_row(event, number, at=start), scan_row(event, number, direction="out", at=end_)]
    record(town, as_leader(town, town.login()), *rows, now=end_)


def lines(town: Town) -> list[tuple[str, int]]:
    rows = select(m.Transfer.code, m.Transfer.amount_points).order_by(m.Transfer.id)
    return [tuple(row) for row in town.write(lambda tx: tx.execute(rows).all())]


def revisions(town: Town, event: int) -> list[int]:
    rows = select(m.Attendance.revision).where(m.Attendance.event_id == event)
    return list(town.write(lambda tx: tx.execute(rows).scalars()))


@pytest.fixture
def overrun(both_town: Town) -> tuple[Town, int, int]:
    """Somebody left a capped event after its planned end, with 15 points, and has had 40 more of
    another event since: together beyond the day's cap. (town, event, resident)"""
    town = both_town
    rule = {"points_per_hour": 10, "cap_day_points": 20}
    event = town.event(town.activity(rule=rule, measure="participation"))
    who = town.resident()
    visit(town, event, who, STARTS_AT + 30 * MINUTE, ENDS_AT + 10 * MINUTE)
    other = town.activity(rule={"fixed_points": 40})
    later = town.event(other, starts_at=ENDS_AT, ends_at=ENDS_AT + 60 * MINUTE)
    visit(town, later, who, ENDS_AT + 20 * MINUTE, ENDS_AT + 50 * MINUTE)
    assert passbook(town, who)[0] == 55
    return town, event, who


def test_the_job_leaves_those_alone_who_checked_out(overrun: tuple[Town, int, int]) -> None:
    town, event, _ = overrun
    before = lines(town), revisions(town, event)
    close_forgotten(
        now=ENDS_AT + timedelta(hours=4), scope=Scope.of(town.community_id), keys=town.keys
    )
    assert (lines(town), revisions(town, event)) == before
    outs = select(m.Scan.id).where(m.Scan.provenance == "auto_close", m.Scan.event_id == event)
    assert not town.write(lambda tx: tx.execute(outs).all())


def test_points_of_later_events_push_nothing_out_of_the_cap(
    overrun: tuple[Town, int, int],
) -> None:
    town, event, who = overrun
    leader = as_leader(town, town.login())
    at_end = lines(town)
    end(town, event, leader, now=ENDS_AT + 60 * MINUTE)  # as planned: moves nobody
    assert lines(town) == at_end
    assert revisions(town, event) == [1]
    end(town, event, leader, ended_at=ENDS_AT + 5 * MINUTE, now=ENDS_AT + 61 * MINUTE)
    assert passbook(town, who)[0] == 55  # five minutes more, no quarter of an hour: 15 stay 15
    number = card_of(town, who)
    early = scan_row(event, number, at=STARTS_AT)
    record(town, as_leader(town, town.login()), early, now=ENDS_AT + 62 * MINUTE)
    assert passbook(town, who)[0] == 55  # half an hour more, but the day's points are used up
    end(town, event, leader, now=ENDS_AT + 63 * MINUTE)
    assert lines(town) == at_end


def test_an_out_keeps_what_the_in_earned(both_town: Town) -> None:
    """Between the in and the out another event filled the day's cap."""
    town, who = both_town, both_town.resident()
    rule = {"fixed_points": 10, "points_per_hour": 10, "cap_day_points": 25}
    event = town.event(town.activity(rule=rule))
    number = card_of(town, who)
    leader = as_leader(town, town.login())
    record(town, leader, scan_row(event, number, at=STARTS_AT), now=STARTS_AT)
    other = town.event(town.activity(rule={"fixed_points": 40}))
    visit(town, other, who, STARTS_AT + 5 * MINUTE, STARTS_AT + 50 * MINUTE)
    out = scan_row(event, number, direction="out", at=ENDS_AT)
    record(town, as_leader(town, town.login()), out, now=ENDS_AT)
    assert lines(town) == [("award", 10), ("award", 40), ("award", 0), ("award", 0)]
    assert passbook(town, who)[:2] == (50, 165)


def test_points_that_came_free_are_not_given_to_who_did_not_move(both_town: Town) -> None:
    """The day's cap left 5 of 20; the other event's points are taken back later."""
    town, who = both_town, both_town.resident()
    other = town.event(town.activity(rule={"fixed_points": 15}))
    number = card_of(town, who)
    device = as_leader(town, town.login())
    first = scan_row(other, number, at=STARTS_AT)
    record(town, device, first, now=STARTS_AT)
    rule = {"points_per_hour": 10, "cap_day_points": 20}
    event = town.event(town.activity(rule=rule))
    rows = [scan_row(event, number, at=STARTS_AT + MINUTE)]
    rows.append(scan_row(event, number, direction="out", at=STARTS_AT + 119 * MINUTE))
    record(town, device, *rows, now=ENDS_AT)
    undo = scan_row(other, direction="undo", undoes=first.client_id, at=STARTS_AT + 9 * MINUTE)
    record(town, device, undo, now=ENDS_AT)
    assert passbook(town, who)[0] == 5
    again = scan_row(event, number, direction="out", at=STARTS_AT + 100 * MINUTE)
    record(town, device, again, now=ENDS_AT + MINUTE)
    assert (passbook(town, who)[0], revisions(town, event)) == (5, [1])
    longer = scan_row(event, number, direction="out", at=ENDS_AT)
    record(town, device, longer, now=ENDS_AT + MINUTE)
    assert passbook(town, who)[0] == 17, "who moved is valued by what is free now"


def test_an_end_that_somebody_else_gave_meanwhile_is_looked_at_again(
    friday: tuple[Town, int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose own out an end concerns depends on the end before it."""
    town, event, people = friday
    number = card_of(town, people[0])
    at = ENDS_AT + 40 * MINUTE
    out = scan_row(event, number, direction="out", at=at)
    record(town, as_leader(town, town.login()), out, now=at)
    leader, later = as_leader(town, town.login()), ENDS_AT + 60 * MINUTE
    load, tries = event_end.load_present, []

    def slow(*args):  # type: ignore[no-untyped-def]
        found = load(*args)
        tries.append(1)
        if len(tries) == 1:
            args[0].execute(update(m.Event).values(ended_at=ENDS_AT))
        return found

    end(town, event, leader, ended_at=at, now=later)
    assert attendances(town)[people[0]] == (160, "own")
    monkeypatch.setattr(event_end, "load_present", slow)
    end(town, event, leader, ended_at=ENDS_AT, now=later + MINUTE)
    assert len(tries) == 2
    assert attendances(town)[people[0]] == (120, "own")
