"""Of each kind of consent the newest answer counts."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.consents import TEXT_VERSIONS, Consent, ConsentGiven, standing_consents

WHEN = datetime(2026, 11, 20, tzinfo=UTC)


def _rows(answers: list[tuple[Consent, bool]]) -> list[ConsentGiven]:
    return [ConsentGiven(place, what, given_, WHEN) for place, (what, given_) in enumerate(answers)]


def test_a_consent_taken_back_does_not_stand() -> None:
    rows = _rows([(Consent.GUARDIAN, True), (Consent.NAMED_BOARD, True), (Consent.GUARDIAN, False)])
    assert standing_consents(rows) == {Consent.NAMED_BOARD}


@given(st.lists(st.tuples(st.sampled_from(list(Consent)), st.booleans())), st.randoms())
def test_the_order_rows_are_read_in_does_not_matter(answers, random) -> None:  # type: ignore[no-untyped-def]
    rows = _rows(answers)
    shuffled = random.sample(rows, len(rows))
    assert standing_consents(shuffled) == standing_consents(rows)
    assert standing_consents(rows) == {
        what
        for what in Consent
        if [given_ for kind, given_ in answers if kind is what][-1:] == [True]
    }


def test_every_consent_has_a_text_version() -> None:
    assert set(TEXT_VERSIONS) == set(Consent)
