"""An attendance worked out anew, beside others of its day: what is posted keeps its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.attendance import AcceptedScan
from volunteer.domain.event_end import moves_own_out
from volunteer.domain.folding import recompute
from volunteer.domain.points import PointsRule, parts_of
from volunteer.domain.scans import Attendance, EventFacts, Facts

START = datetime(2026, 11, 20, 1, tzinfo=UTC)
DAY = date(2026, 11, 20)
MINUTE = timedelta(minutes=1)
WHO = 7
rules = st.builds(
    PointsRule,
    id=st.just(1),
    version=st.just(1),
    fixed_points=st.integers(0, 20),
    points_per_hour=st.integers(0, 40),
    cap_event_points=st.none() | st.integers(0, 60),
    cap_day_points=st.none() | st.integers(0, 60),
)
minutes = st.integers(0, 180)
measures = st.sampled_from(["service", "participation"])


def an_event(rule: PointsRule, measure: str = "service", id_: int = 1) -> EventFacts:
    return EventFacts(
        id=id_, community_id=1, activity_id=1, youth_group_id=None, measure=measure,
        takes_guests=False, rule=rule, starts_at=START, ends_at=START + 120 * MINUTE,
        ended_at=None, state="planned", local_date=DAY, day_ends_at=START + 900 * MINUTE,
        capacity=None, poster_on=True, code_epoch=1, opens_minutes=60, closes_minutes=60,
        auto_close_minutes=120, late_scan_hours=72, issued_account_id=1, debts_account_id=2,
    )  # fmt: skip


def scans(came: int, left: int | None) -> list[AcceptedScan]:
    times = [("in", came), ("out", left)]
    return [
        AcceptedScan(
            client_id=UUID(int=minute * 2 + (direction == "out")),
            direction=direction,  # type: ignore[arg-type]
            corrected_at=START + minute * MINUTE,
            received_at=START + minute * MINUTE,
            provenance="card_scan",
            recorder="device:1",
            undoes=None,
        )
        for direction, minute in times
        if minute is not None
    ]


def other(points: int) -> Facts:
    """The day's facts with one other event of it, worth ``points``."""
    elsewhere = Attendance(2, WHO, DAY, state="present", check_in_points=points)
    return Facts(attendances={(2, WHO): elsewhere})


NEW = Attendance(1, WHO, DAY)


@given(rules, measures, minutes, minutes, st.integers(0, 80), st.integers(0, 80))
def test_who_does_not_move_is_not_valued_anew(
    rule: PointsRule, measure: str, came: int, stayed: int, had: int, has: int
) -> None:
    """Whatever was posted or taken back elsewhere since, and however often it is worked out."""
    event = an_event(rule, measure)
    counting = scans(came, came + stayed)
    posted = recompute(NEW, counting, event, other(had))
    assert recompute(posted, counting, event, other(has)) == posted
    assert recompute(posted, counting, event, other(0)) == posted


@given(rules, minutes, minutes, minutes, st.integers(0, 80), st.integers(0, 80))
def test_points_posted_later_push_nothing_out_and_no_cap_is_outgrown(
    rule: PointsRule, came: int, stayed: int, stays: int, had: int, later: int
) -> None:
    event = an_event(rule)
    posted = recompute(NEW, scans(came, came + stayed), event, other(had))
    after = recompute(posted, scans(came, came + stays), event, other(had + later))
    alone = replace(rule, cap_day_points=None)
    raw = parts_of(alone, after.minutes, is_leader=False, earns_minutes=True, had_that_day=0)
    due = raw.check_in_points + raw.check_out_points
    assert after.points >= min(posted.points, due), "pushed out"
    if rule.cap_day_points is not None:
        assert after.points <= max(posted.points, rule.cap_day_points - had - later, 0)


@given(rules, minutes, minutes, st.integers(0, 80))
def test_the_out_leaves_what_the_in_earned(
    rule: PointsRule, came: int, stayed: int, later: int
) -> None:
    event = an_event(rule)
    present = recompute(NEW, scans(came, None), event, other(0))
    complete = recompute(present, scans(came, came + stayed), event, other(later))
    assert complete.check_in_points == present.check_in_points


@given(rules, minutes, minutes, st.integers(0, 80))
def test_what_was_taken_back_has_no_place_any_more(
    rule: PointsRule, came: int, stayed: int, had: int
) -> None:
    event, counting = an_event(rule), scans(came, came + stayed)
    posted = recompute(NEW, counting, event, other(0))
    undone = recompute(posted, [], event, other(had))
    assert undone.points == undone.minutes == 0
    again = recompute(undone, counting, event, other(had))
    assert again.points == recompute(NEW, counting, event, other(had)).points


@given(minutes, st.none() | minutes, minutes)
def test_an_end_concerns_an_own_out_where_other_time_counts(
    left: int, ended: int | None, new_end: int
) -> None:
    event = an_event(PointsRule(1, 1, 0, 60))
    ends = [START + end * MINUTE if end is not None else None for end in (ended, new_end)]
    earned = [
        recompute(NEW, scans(0, left), replace(event, ended_at=at), Facts()).minutes for at in ends
    ]
    out = START + left * MINUTE
    moves = moves_own_out(out, event.ends_at, ends[0], START + new_end * MINUTE)
    assert moves == (earned[0] != earned[1])
