"""Who may be named where strangers look: nobody but grown-ups who have signed for it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.age import AgeBand
from volunteer.domain.consents import Consent
from volunteer.domain.public_names import Seen, may_appear, public_name

TODAY = date(2026, 11, 20)
ALL = frozenset(Consent)
STATES = ("provisional", "active", "moved_away", "merged", "deceased", "rejected")


def seen(**more: object) -> Seen:
    values = {"name": "陈秀英", "state": "active", "birth_date": None, "age_band": "18_plus"}
    return Seen(**{**values, "consents": ALL, **more})  # type: ignore[arg-type]


def test_a_grown_up_who_has_signed_is_seen_by_a_first_character() -> None:
    assert public_name(seen(), TODAY) == "陈*"
    assert public_name(seen(consents={Consent.KEEP_RECORD}), TODAY) == "陈*"


@pytest.mark.parametrize(
    "more",
    [
        {"consents": ALL - {Consent.KEEP_RECORD}},
        {"consents": ()},
        {"age_band": "14_17"},
        {"age_band": "under_14"},
        {"birth_date": date(2008, 11, 21)},
        {"state": "provisional"},
        {"state": "moved_away"},
        {"state": "deceased"},
    ],
)
def test_nobody_else_is(more: dict[str, object]) -> None:
    assert public_name(seen(**more), TODAY) is None


@given(
    st.sampled_from(STATES),
    st.none() | st.dates(date(1930, 1, 1), date(2026, 11, 20)),
    st.sampled_from(list(AgeBand)),
    st.frozensets(st.sampled_from(list(Consent))),
)
def test_no_consent_outweighs_childhood_or_silence(
    state: str, birth_date: date | None, band: AgeBand, consents: frozenset[Consent]
) -> None:
    person = seen(state=state, birth_date=birth_date, age_band=band.value, consents=consents)
    if may_appear(person, TODAY):
        assert state == "active"
        assert Consent.KEEP_RECORD in consents
        assert birth_date is None or birth_date <= date(2008, 11, 20)
        assert birth_date is not None or band is AgeBand.ADULT
        assert "秀英" not in (public_name(person, TODAY) or "")
