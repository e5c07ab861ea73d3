"""Age in whole years, and what follows from it.

Under 14 a guardian's consent is needed before anything is kept of a child's attendance (PIPL
art. 31). Who gives no birth date gives an age band, which does not grow: staff renew it.
"""

from datetime import date
from enum import StrEnum

from volunteer.domain.refusals import Code, Refusal

CONSENT_AGE = 14
ADULT_AGE = 18
OLDEST = 130


class AgeBand(StrEnum):
    UNDER_14 = "under_14"
    FROM_14_TO_17 = "14_17"
    ADULT = "18_plus"


def age_on(birth_date: date, day: date) -> int:
    """Whole years on `day`; a birthday on 29 February is kept on 1 March in other years."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def age_band_on(birth_date: date | None, age_band: str | None, day: date) -> AgeBand:
    """The band on `day`: the birth date's when there is one, else the one written down."""
    if birth_date is None:
        assert age_band is not None, "neither birth date nor age band"
        return AgeBand(age_band)
    age = age_on(birth_date, day)
    if age < CONSENT_AGE:
        return AgeBand.UNDER_14
    return AgeBand.FROM_14_TO_17 if age < ADULT_AGE else AgeBand.ADULT


def needs_guardian_consent(birth_date: date | None, age_band: str | None, day: date) -> bool:
    """Whether a guardian has to agree before this person attends on `day`."""
    return age_band_on(birth_date, age_band, day) is AgeBand.UNDER_14


def is_minor(birth_date: date | None, age_band: str | None, day: date) -> bool:
    return age_band_on(birth_date, age_band, day) is not AgeBand.ADULT


def decide_birth(birth_date: date | None, age_band: str | None, today: date) -> Refusal | None:
    """Whether what a form says of somebody's age may be kept.

    Refuses `birth_date_in_future`, `date_invalid` (before anybody alive was born) and
    `birth_date_or_age_band_required`.
    """
    if birth_date is not None:
        if birth_date > today:
            return Refusal(Code.BIRTH_DATE_IN_FUTURE)
        if age_on(birth_date, today) > OLDEST:
            return Refusal(Code.DATE_INVALID)
        return None
    if age_band not in tuple(AgeBand):
        return Refusal(Code.BIRTH_DATE_OR_AGE_BAND_REQUIRED)
    return None
