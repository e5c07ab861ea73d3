"""A3: an attendance is a pure function of its set of accepted scans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.attendance import NOBODY, AcceptedScan, interval_of, service_minutes

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
END = START + timedelta(hours=2)


def scan(number: int, direction: str, minute: float, **more: object) -> AcceptedScan:
    values: dict[str, object] = {
        "client_id": UUID(int=number),
        "direction": direction,
        "corrected_at": START + timedelta(minutes=minute),
        "received_at": START + timedelta(minutes=minute),
        "provenance": "card_scan",
        "recorder": "device:1",
    }
    return AcceptedScan(**values | more)  # type: ignore[arg-type]


@st.composite
def scan_sets(draw: st.DrawFn) -> list[AcceptedScan]:
    count = draw(st.integers(0, 8))
    scans = []
    for number in range(1, count + 1):
        direction = draw(st.sampled_from(["in", "out", "undo"]))
        provenances = ["card_scan", "rotating_code"]
        if direction == "out":
            provenances += ["leader_end", "auto_close"]
        scans.append(
            scan(
                number,
                direction,
                draw(st.integers(0, 30)),
                provenance=draw(st.sampled_from(provenances)),
                recorder=draw(st.sampled_from(["device:1", "login:2"])),
                undoes=UUID(int=draw(st.integers(1, 8))) if direction == "undo" else None,
            )
        )
    return scans


@given(scan_sets(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(scans: list[AcceptedScan], random) -> None:  # type: ignore[no-untyped-def]
    again = scans + random.choices(scans, k=3) if scans else []
    random.shuffle(again)
    assert interval_of(again) == interval_of(scans)


@given(scan_sets())
def test_an_interval_never_ends_before_it_begins(scans: list[AcceptedScan]) -> None:
    interval = interval_of(scans)
    if interval.checked_out_at is not None:
        assert interval.checked_in_at is not None
        assert interval.checked_in_at <= interval.checked_out_at
    assert 0 <= service_minutes(interval, START, END) <= 120


def test_earliest_in_to_latest_own_out() -> None:
    scans = [scan(1, "in", 5), scan(2, "in", 1), scan(3, "out", 60), scan(4, "out", 90)]
    interval = interval_of(scans)
    assert service_minutes(interval, START, END) == 89
    assert interval.ended_how == "own"


def test_the_persons_own_out_comes_before_the_leaders_and_the_jobs() -> None:
    entered = scan(1, "in", 0)
    leader = scan(2, "out", 120, provenance="leader_end")
    job = scan(3, "out", 110, provenance="auto_close", received_at=END + timedelta(hours=2))
    own = scan(4, "out", 60)
    assert interval_of([entered, leader]).ended_how == "leader"
    assert interval_of([entered, leader, job]).ended_how == "auto"  # the newest of the two
    assert interval_of([entered, leader, job, own]).ended_how == "own"


def test_an_out_before_every_in_waits() -> None:
    assert interval_of([scan(1, "out", 10)]) == NOBODY
    assert interval_of([scan(1, "out", 10), scan(2, "in", 20)]).state == "present"
    both = [scan(1, "out", 10), scan(2, "in", 20), scan(3, "out", 50, provenance="leader_end")]
    assert interval_of(both).ended_how == "leader"
    assert interval_of([scan(1, "out", 10), scan(2, "in", 5)]).state == "complete"


def test_an_undo_needs_its_own_recorder_and_ten_minutes() -> None:
    entered = scan(1, "in", 0)
    undo = {"undoes": UUID(int=1)}
    assert interval_of([entered, scan(2, "undo", 3, **undo)]) == NOBODY
    assert interval_of([entered, scan(2, "undo", 11, **undo)]).state == "present"
    other = scan(2, "undo", 3, recorder="login:9", **undo)
    assert interval_of([entered, other]).state == "present"


def test_an_undo_takes_a_card_shown_twice_but_not_a_later_return() -> None:
    twice = [scan(1, "in", 0), scan(2, "in", 1), scan(3, "undo", 2, undoes=UUID(int=1))]
    assert interval_of(twice) == NOBODY
    assert interval_of([*twice, scan(4, "in", 5)]).state == "present"


def test_time_counts_inside_the_window_only() -> None:
    interval = interval_of([scan(1, "in", -30), scan(2, "out", 150)])
    assert service_minutes(interval, START, END) == 120
