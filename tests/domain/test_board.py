from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.board import (
    BoardRow,
    Measure,
    Others,
    Period,
    PeriodKind,
    decide_board,
    periods_of,
    rank,
)

days = st.dates(date(1990, 1, 1), date(2200, 1, 1))
kinds = st.sampled_from(PeriodKind)
boards = st.lists(
    st.builds(
        BoardRow,
        subject_id=st.integers(1, 10**6),
        points=st.integers(0, 50),
        minutes=st.integers(0, 500),
        attendances=st.integers(0, 20),
        participants=st.integers(0, 9),
        estimated_residents=st.none() | st.integers(1, 50),
    ),
    max_size=30,
    unique_by=lambda row: row.subject_id,
)


def row(subject_id, participants=10, points=0, **more):
    return BoardRow(subject_id, points, more.pop("minutes", 0), participants, participants, **more)


class TestPeriods:
    @pytest.mark.parametrize(
        ("kind", "day", "starts_on", "last_day"),
        [
            (PeriodKind.DAY, date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 23)),
            (PeriodKind.WEEK, date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 29)),
            (PeriodKind.WEEK, date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 22)),
            (PeriodKind.WEEK, date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3)),
            (PeriodKind.MONTH, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
            (PeriodKind.YEAR, date(2026, 12, 31), date(2026, 1, 1), date(2026, 12, 31)),
        ],
    )
    def test_a_period_holds_its_days(self, kind, day, starts_on, last_day):
        period = Period.holding(kind, day)
        assert (period.starts_on, period.last_day) == (starts_on, last_day)

    @given(kinds, days)
    def test_periods_of_a_kind_follow_each_other_without_gap(self, kind, day):
        period = Period.holding(kind, day)
        assert period.starts_on <= day <= period.last_day
        if kind is PeriodKind.ALL:
            assert period.next == period.previous == period
        else:
            assert period.next.previous == period
            assert period.next.starts_on == period.last_day + timedelta(days=1)
            assert Period.holding(kind, period.last_day) == period

    @given(days)
    def test_a_day_counts_in_one_period_of_each_kind(self, day):
        assert [period.kind for period in periods_of(day)] == list(PeriodKind)


class TestRanking:
    def test_equals_share_a_place_and_the_next_place_counts_them(self):
        rows = [row(1, points=5), row(2, points=9), row(3, points=5), row(4, points=1)]
        places = [(one.rank, one.row.subject_id) for one in rank(rows, Measure.POINTS)]
        assert places == [(1, 2), (2, 1), (2, 3), (4, 4)]

    def test_the_rate_needs_a_number_of_residents(self):
        rows = [row(1, 30), row(2, 10, estimated_residents=40), row(3, 10, estimated_residents=20)]
        places = [(one.rank, one.row.subject_id) for one in rank(rows, Measure.PARTICIPATION_RATE)]
        assert places == [(1, 3), (2, 2), (None, 1)]
        assert rows[1].participation_rate == Fraction(1, 4)
        assert rows[0].participation_rate is None

    @given(boards, st.sampled_from(Measure))
    def test_a_place_is_one_more_than_the_number_of_those_ahead(self, rows, measure):
        standings = rank(rows, measure)
        assert {one.row for one in standings} == set(rows)
        for one in standings:
            value = one.row.measured(measure)
            others = [other.measured(measure) for other in rows]
            if value is None:
                assert one.rank is None
            else:
                ahead = [other for other in others if other is not None and other > value]
                assert one.rank == 1 + len(ahead)


class TestWhatMustNotBeShown:
    @given(boards, st.sampled_from(Measure))
    def test_no_subject_under_five_participants_stands_alone(self, rows, measure):
        board = decide_board(rows, measure)
        assert all(one.row.participants >= 5 for one in board.standings)
        small = [one for one in rows if 0 < one.participants < 5]
        if board.others is None:
            assert len(small) < 2 or sum(one.participants for one in small) < 5
        else:
            assert board.others.subjects == len(small) >= 2
            assert board.others.participants >= 5
            assert board.others.points == sum(one.points for one in small)

    def test_small_ones_are_summed(self):
        rows = [row(1, 4, points=3, minutes=60), row(2, 3, points=2), row(3, 5)]
        board = decide_board(rows, Measure.POINTS)
        assert [one.row.subject_id for one in board.standings] == [3]
        assert board.others == Others(2, points=5, minutes=60, attendances=7, participants=7)

    @pytest.mark.parametrize(
        "rows",
        [
            [row(1, 4)],
            [row(1, 2), row(2, 2)],
            # An empty building would leave the only other one open to view.
            [row(1, 4), row(2, 0)],
            [row(2, 0)],
            [],
        ],
    )
    def test_a_sum_that_would_tell_on_few_people_is_not_shown(self, rows):
        assert decide_board(rows, Measure.POINTS).others is None
        assert decide_board(rows, Measure.POINTS).standings == ()
