"""The dates of what recurs, and the holidays they keep clear of."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.holidays import (
    NOTICES,
    DayKind,
    Holidays,
    SpecialDay,
    holidays_of,
    parse_notice,
    write_notice,
)
from volunteer.domain.recurrence import (
    MOST_EVENTS,
    Recurrence,
    Rhythm,
    kept_dates,
    occurrences,
)
from volunteer.domain.refusals import Code, Refused

FRIDAY = frozenset({4})
KNOWN = holidays_of({})
NOTHING = Holidays({}, frozenset())


def kept(
    wanted: Recurrence, holidays: Holidays = KNOWN, left_out: tuple[date, ...] = ()
) -> list[str]:
    found = occurrences(wanted, holidays, left_out)
    return [one.on.isoformat()[5:] for one in found if one.is_kept]


def code_of(wanted: Recurrence, sites: int = 1) -> Code:
    with pytest.raises(Refused) as refused:
        kept_dates(occurrences(wanted, NOTHING), sites)
    return refused.value.refusal.code


def test_every_friday_but_on_public_holidays() -> None:
    autumn = Recurrence(date(2026, 9, 14), date(2026, 10, 16), FRIDAY)
    assert kept(autumn) == ["09-18", "10-09", "10-16"]
    found = occurrences(autumn, KNOWN)
    out = [(one.on, one.special and one.special.name) for one in found if one.falls_out]
    assert out == [(date(2026, 9, 25), "中秋节"), (date(2026, 10, 2), "国庆节")]
    always = Recurrence(date(2026, 9, 14), date(2026, 10, 16), FRIDAY, skips_holidays=False)
    assert kept(always) == ["09-18", "09-25", "10-02", "10-09", "10-16"]
    assert kept(autumn, left_out=(date(2026, 10, 9),)) == ["09-18", "10-16"]


def test_a_weekend_that_is_worked_falls_out_when_asked() -> None:
    saturdays = Recurrence(date(2026, 2, 14), date(2026, 3, 7), frozenset({5}), skips_workdays=True)
    assert kept(saturdays) == ["03-07"]  # 14 and 28 February are worked, 21 is the festival
    both = Recurrence(date(2026, 2, 14), date(2026, 3, 7), frozenset({5}))
    assert kept(both) == ["02-14", "02-28", "03-07"]


def test_fortnights_and_months_count_from_the_first_date() -> None:
    fortnights = Recurrence(
        date(2026, 11, 21), date(2026, 12, 31), FRIDAY, rhythm=Rhythm.FORTNIGHTLY
    )
    assert kept(fortnights) == ["11-27", "12-11", "12-25"]
    second = Recurrence(date(2026, 3, 10), date(2026, 6, 30), FRIDAY, rhythm=Rhythm.MONTHLY)
    assert kept(second) == ["03-13", "04-10", "05-08", "06-12"]
    last = Recurrence(date(2026, 5, 29), date(2026, 8, 31), FRIDAY, rhythm=Rhythm.MONTHLY)
    assert kept(last) == ["05-29", "06-26", "07-31", "08-28"]


def test_what_is_no_series_is_refused() -> None:
    day = date(2026, 11, 20)
    assert code_of(Recurrence(day, day - timedelta(days=1), FRIDAY)) == Code.DATES_REVERSED
    assert code_of(Recurrence(day, day, frozenset())) == Code.WEEKDAY_MISSING
    assert code_of(Recurrence(day, day, frozenset({0}))) == Code.SERIES_EMPTY
    ten_years = Recurrence(day, date(2036, 11, 20), FRIDAY)
    assert code_of(ten_years) == Code.SERIES_TOO_LONG
    assert code_of(Recurrence(day, date(2099, 1, 1), frozenset(range(7)))) == Code.SERIES_TOO_LONG
    two_years = Recurrence(day, date(2028, 11, 17), FRIDAY)
    assert code_of(two_years, sites=5) == Code.SERIES_TOO_LONG
    assert len(kept_dates(occurrences(two_years, NOTHING), 4)) * 4 <= MOST_EVENTS


def test_the_years_nobody_knows_are_named() -> None:
    assert KNOWN.unknown_years(date(2026, 11, 1), date(2028, 2, 1)) == [2027, 2028]
    own = holidays_of({2027: parse_notice(2027, "元旦：1月1日放假。")})
    assert own.unknown_years(date(2026, 11, 1), date(2027, 2, 1)) == []
    fridays = Recurrence(date(2026, 12, 25), date(2027, 1, 8), FRIDAY)
    assert kept(fridays, own) == ["12-25", "01-08"]


@given(
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    st.integers(0, 400),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from(Rhythm),
    st.booleans(),
    st.booleans(),
)
def test_every_date_is_what_was_asked_for(
    first_on: date,
    days: int,
    weekdays: frozenset[int],
    rhythm: Rhythm,
    skips_holidays: bool,
    skips_workdays: bool,
) -> None:
    last_on = first_on + timedelta(days=days)
    wanted = Recurrence(first_on, last_on, weekdays, rhythm, skips_holidays, skips_workdays)
    found = occurrences(wanted, KNOWN)
    on = [one.on for one in found]
    assert on == sorted(set(on))
    assert all(first_on <= one <= last_on and one.weekday() in weekdays for one in on)
    for one in found:
        kind = one.special.kind if one.special else None
        skipped = {DayKind.HOLIDAY: skips_holidays, DayKind.WORKDAY: skips_workdays}
        assert one.is_kept is not (kind is not None and skipped[kind])
    every = [first_on + timedelta(days=n) for n in range(days + 1)]
    of_the_week = [one for one in every if one.weekday() in weekdays]
    assert set(on) <= set(of_the_week)
    if rhythm is Rhythm.WEEKLY:
        assert on == of_the_week
    elif of_the_week:
        assert on[0] == of_the_week[0]


PASTED = """
国务院办公厅关于2026年部分节假日安排的通知
一、元旦:1月1日(周四)至3日(周六)放假调休,共3天。1月4日(周日)上班。
二、春节:2月15日(农历腊月二十八、周日)至23日(农历正月初七、周一)放假调休,共9天。2月14日(周六)、2月28日(周六)上班。
三、清明节:4月4日(周六)至6日(周一)放假,共3天。
四、劳动节:5月1日(周五)至5日(周二)放假调休,共5天。5月9日(周六)上班。
五、端午节:6月19日(周五)至21日(周日)放假,共3天。
六、中秋节:9月25日(周五)至27日(周日)放假,共3天。
七、国庆节:10月1日(周四)至7日(周三)放假调休,共7天。9月20日(周日)、10月10日(周六)上班。
鼓励单位和个人结合落实带薪年休假等制度。
2025年11月4日
"""


def test_the_notice_is_read_as_it_is_published() -> None:
    days = parse_notice(2026, PASTED)
    assert days == parse_notice(2026, NOTICES[2026])
    off = [day for day, one in days.items() if one.kind is DayKind.HOLIDAY]
    assert len(off) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    worked = [day.isoformat()[5:] for day, one in days.items() if one.kind is DayKind.WORKDAY]
    assert worked == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert all(day.weekday() >= 5 for day in days if days[day].kind is DayKind.WORKDAY)
    assert days[date(2026, 2, 17)] == SpecialDay(DayKind.HOLIDAY, "春节")


@pytest.mark.parametrize(
    "line",
    [
        "元旦：1月1日",
        "1月1日放假。",
        "元旦：2月30日放假。",
        "元旦：1月3日至1日放假。",
        "节：1月1日放假。5月上班。",
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_notice(2026, line)
    assert refused.value.refusal.code == Code.HOLIDAYS_UNREADABLE
    assert refused.value.refusal.facts["line"] == line


@given(
    st.dictionaries(
        st.dates(date(2027, 1, 1), date(2027, 12, 31)),
        st.builds(SpecialDay, st.sampled_from(DayKind), st.sampled_from(("元旦", "春节"))),
        max_size=40,
    )
)
def test_what_is_written_is_read_back(days: dict[date, SpecialDay]) -> None:
    assert parse_notice(2027, write_notice(days)) == days
