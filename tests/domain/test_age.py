from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.age import (
    AgeBand,
    age_band_on,
    age_on,
    decide_birth,
    is_minor,
    needs_guardian_consent,
)
from volunteer.domain.refusals import Code, Refusal

TODAY = date(2026, 11, 23)
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2012, 11, 23), date(2026, 11, 22), 13),
        (date(2012, 11, 23), date(2026, 11, 23), 14),
        (date(2012, 2, 29), date(2026, 2, 28), 13),
        (date(2012, 2, 29), date(2026, 3, 1), 14),
        (date(2026, 11, 23), date(2026, 11, 23), 0),
    ],
)
def test_age_changes_on_the_birthday(born, day, age):
    assert age_on(born, day) == age


@given(days, days, days)
def test_nobody_grows_younger(born, one, other):
    earlier, later = sorted((one, other))
    assert age_on(born, earlier) <= age_on(born, later)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2012, 11, 24), AgeBand.UNDER_14),
        (date(2012, 11, 23), AgeBand.FROM_14_TO_17),
        (date(2008, 11, 24), AgeBand.FROM_14_TO_17),
        (date(2008, 11, 23), AgeBand.ADULT),
    ],
)
def test_the_band_follows_from_the_birth_date(born, band):
    assert age_band_on(born, None, TODAY) is band
    assert age_band_on(born, "18_plus", TODAY) is band
    assert needs_guardian_consent(born, None, TODAY) == (band is AgeBand.UNDER_14)
    assert is_minor(born, None, TODAY) == (band is not AgeBand.ADULT)


@pytest.mark.parametrize("band", AgeBand)
def test_without_a_birth_date_the_band_is_the_one_written_down(band):
    assert age_band_on(None, band.value, TODAY) is band
    assert needs_guardian_consent(None, band.value, TODAY) == (band is AgeBand.UNDER_14)


def test_somebody_without_date_and_band_is_our_bug():
    with pytest.raises(AssertionError):
        age_band_on(None, None, TODAY)


def test_a_form_needs_a_birth_date_or_a_band():
    assert decide_birth(TODAY, None, TODAY) is None
    assert decide_birth(None, "14_17", TODAY) is None
    assert decide_birth(date(2026, 11, 24), None, TODAY) == Refusal(Code.BIRTH_DATE_IN_FUTURE)
    assert decide_birth(date(1800, 1, 1), None, TODAY) == Refusal(Code.DATE_INVALID)
    for band in (None, "", "under_15"):
        assert decide_birth(None, band, TODAY) == Refusal(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED)
