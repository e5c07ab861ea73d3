"""Rights by age: the day before and the day of a 14th and an 18th birthday."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.access import Relation
from volunteer.domain.age import AgeBand, age_on
from volunteer.domain.consents import Consent
from volunteer.domain.family import consents_to_answer, decide_link, link_holds, may_end_link
from volunteer.domain.refusals import Code

BORN = date(2012, 11, 28)
SELF, GUARDIAN, HELPER = Relation.SELF, Relation.GUARDIAN, Relation.HELPER


@pytest.mark.parametrize(
    ("day", "holding"),
    [
        (date(2026, 11, 27), {GUARDIAN, HELPER}),
        (date(2026, 11, 28), {SELF, GUARDIAN, HELPER}),
        (date(2030, 11, 27), {SELF, GUARDIAN, HELPER}),
        (date(2030, 11, 28), {SELF, HELPER}),
    ],
)
def test_rights_change_on_the_birthday(day: date, holding: set[Relation]) -> None:
    assert {one for one in Relation if link_holds(one, BORN, None, day)} == holding


def test_born_on_29_february() -> None:
    """Of age on 1 March where the year has no 29 February."""
    born = date(2012, 2, 29)
    assert link_holds(GUARDIAN, born, None, date(2030, 2, 28))
    assert not link_holds(GUARDIAN, born, None, date(2030, 3, 1))


@pytest.mark.parametrize(
    ("band", "holding"),
    [
        (AgeBand.UNDER_14, {GUARDIAN, HELPER}),
        (AgeBand.FROM_14_TO_17, {SELF, GUARDIAN, HELPER}),
        (AgeBand.ADULT, {SELF, HELPER}),
    ],
)
def test_a_band_holds_until_staff_renew_it(band: AgeBand, holding: set[Relation]) -> None:
    for day in (date(2026, 1, 1), date(2046, 1, 1)):
        assert {one for one in Relation if link_holds(one, None, band.value, day)} == holding


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 40_000))
def test_there_is_always_somebody_who_may_act(born: date, days: int) -> None:
    """A guardian or the person themself, at 14 to 17 both; and no right comes back once lost."""
    day = born + timedelta(days=days)
    own, guardian = (link_holds(one, born, None, day) for one in (SELF, GUARDIAN))
    assert own or guardian
    assert (own and guardian) == (14 <= age_on(born, day) <= 17)
    later = day + timedelta(days=400)
    assert link_holds(SELF, born, None, later) >= own
    assert link_holds(GUARDIAN, born, None, later) <= guardian


def test_a_link_that_would_open_nothing_is_not_made() -> None:
    refusal = decide_link(GUARDIAN, BORN, None, date(2030, 11, 28))
    assert refusal is not None
    assert refusal.code is Code.GUARDIAN_OF_ADULT
    refusal = decide_link(SELF, BORN, None, date(2026, 11, 27))
    assert refusal is not None
    assert refusal.code is Code.OWN_LOGIN_TOO_YOUNG
    assert decide_link(HELPER, BORN, None, date(2026, 11, 27)) is None


def test_who_may_end_what() -> None:
    assert may_end_link(HELPER, HELPER, is_mine=True)
    assert may_end_link(GUARDIAN, GUARDIAN, is_mine=True)
    assert not may_end_link(SELF, SELF, is_mine=True), "that is staff's, with the phone"
    for mine in (SELF, GUARDIAN):
        assert may_end_link(mine, HELPER, is_mine=False)
        assert not may_end_link(mine, GUARDIAN, is_mine=False), "neither child nor other parent"
    assert not may_end_link(HELPER, HELPER, is_mine=False)
    assert not may_end_link(None, HELPER, is_mine=False)


def test_who_answers_for_whom() -> None:
    under, young, grown = AgeBand.UNDER_14, AgeBand.FROM_14_TO_17, AgeBand.ADULT
    assert consents_to_answer(GUARDIAN, under) == {Consent.GUARDIAN, Consent.KEEP_RECORD}
    assert consents_to_answer(GUARDIAN, grown) == set()
    assert consents_to_answer(SELF, young) == {Consent.KEEP_RECORD}
    assert consents_to_answer(SELF, grown) == {Consent.KEEP_RECORD, Consent.NAMED_BOARD}
    for band in AgeBand:
        assert consents_to_answer(HELPER, band) == set()
        if band is not grown:
            answers = consents_to_answer(SELF, band) | consents_to_answer(GUARDIAN, band)
            assert Consent.NAMED_BOARD not in answers, "no minor's name on any board"
