"""Boards of honour: periods, ranking, and what must not be shown.

A subject is a building or a youth group. Fewer than five participants would let a neighbour work
out who they are, so such subjects are shown only as one sum, and only where two or more of them
have five or more people together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Self

FEWEST_PARTICIPANTS = 5
FEWEST_OTHERS = 2
ALL_TIME_STARTS_ON = date(1970, 1, 1)


class BoardKind(StrEnum):
    BUILDING = "building"
    YOUTH_GROUP = "youth_group"


class PeriodKind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


class Measure(StrEnum):
    POINTS = "points"
    MINUTES = "minutes"
    ATTENDANCES = "attendances"
    PARTICIPANTS = "participants"
    PARTICIPATION_RATE = "participation_rate"


@dataclass(frozen=True, order=True)
class Period:
    """A day, a week from Monday, a month, a year, or all time; `starts_on` is its first day."""

    kind: PeriodKind
    starts_on: date

    @classmethod
    def holding(cls, kind: PeriodKind, day: date) -> Self:
        """The period of that kind that local `day` lies in."""
        match kind:
            case PeriodKind.WEEK:
                return cls(kind, day - timedelta(days=day.weekday()))
            case PeriodKind.MONTH:
                return cls(kind, day.replace(day=1))
            case PeriodKind.YEAR:
                return cls(kind, day.replace(month=1, day=1))
            case PeriodKind.ALL:
                return cls(kind, ALL_TIME_STARTS_ON)
        return cls(kind, day)

    @property
    def last_day(self) -> date:
        if self.kind is PeriodKind.ALL:
            return date.max
        return self.next.starts_on - timedelta(days=1)

    @property
    def next(self) -> Self:
        """The period after this one; all time has none but itself."""
        match self.kind:
            case PeriodKind.DAY:
                after = self.starts_on + timedelta(days=1)
            case PeriodKind.WEEK:
                after = self.starts_on + timedelta(days=7)
            case PeriodKind.MONTH:
                after = (self.starts_on + timedelta(days=31)).replace(day=1)
            case PeriodKind.YEAR:
                after = self.starts_on.replace(year=self.starts_on.year + 1)
            case PeriodKind.ALL:
                return self
        return type(self)(self.kind, after)

    @property
    def previous(self) -> Self:
        """The period before this one; all time has none but itself."""
        if self.kind is PeriodKind.ALL:
            return self
        return self.holding(self.kind, self.starts_on - timedelta(days=1))


@lru_cache(maxsize=64)
def periods_of(day: date) -> tuple[Period, ...]:
    """The five periods that an event on local `day` counts in."""
    return tuple(Period.holding(kind, day) for kind in PeriodKind)


@dataclass(frozen=True)
class BoardRow:
    """What one building or youth group did in a period."""

    subject_id: int
    points: int
    minutes: int
    attendances: int
    participants: int
    estimated_residents: int | None = None

    @property
    def participation_rate(self) -> Fraction | None:
        """Participants per resident; None where staff entered no number of residents."""
        if not self.estimated_residents:
            return None
        return Fraction(self.participants, self.estimated_residents)

    def measured(self, measure: Measure) -> int | Fraction | None:
        match measure:
            case Measure.POINTS:
                return self.points
            case Measure.MINUTES:
                return self.minutes
            case Measure.ATTENDANCES:
                return self.attendances
            case Measure.PARTICIPANTS:
                return self.participants
        return self.participation_rate


@dataclass(frozen=True)
class Standing:
    """A row and its place; `rank` is None where the measure is not known."""

    rank: int | None
    row: BoardRow


@dataclass(frozen=True)
class Others:
    """The sum of the subjects that are too small to be shown one by one."""

    subjects: int
    points: int
    minutes: int
    attendances: int
    participants: int


@dataclass(frozen=True)
class Board:
    """`others` is None when there is nothing small, or so little that its sum would tell on it."""

    standings: tuple[Standing, ...]
    others: Others | None


def decide_board(rows: Iterable[BoardRow], measure: Measure) -> Board:
    """The board that may be shown of these rows, best first; nobody took part: not shown."""
    taking_part = [row for row in rows if row.participants > 0]
    shown = [row for row in taking_part if row.participants >= FEWEST_PARTICIPANTS]
    small = [row for row in taking_part if row.participants < FEWEST_PARTICIPANTS]
    return Board(rank(shown, measure), _sum_of_others(small))


def rank(rows: Sequence[BoardRow], measure: Measure) -> tuple[Standing, ...]:
    """Places by one measure: equals share a place and the next place counts them (1, 1, 3).

    Rows whose measure is not known come last without a place.
    """
    known = [(value, row) for row in rows if (value := row.measured(measure)) is not None]
    known.sort(key=lambda pair: (-pair[0], pair[1].subject_id))
    standings: list[Standing] = []
    for place, (value, row) in enumerate(known, start=1):
        tied = place > 1 and value == known[place - 2][0]
        standings.append(Standing(standings[-1].rank if tied else place, row))
    unknown = [row for row in rows if row.measured(measure) is None]
    return (*standings, *(Standing(None, row) for row in unknown))


def _sum_of_others(small: list[BoardRow]) -> Others | None:
    """Someone who moved may be counted in two buildings; five is then fewer, but never one."""
    participants = sum(row.participants for row in small)
    if len(small) < FEWEST_OTHERS or participants < FEWEST_PARTICIPANTS:
        return None
    return Others(
        subjects=len(small),
        points=sum(row.points for row in small),
        minutes=sum(row.minutes for row in small),
        attendances=sum(row.attendances for row in small),
        participants=participants,
    )
