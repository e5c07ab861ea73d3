"""People leave and come back; a merged row stays merged."""

import pytest

from volunteer.domain.refusals import Code
from volunteer.domain.resident_states import STATES, decide_state_change
from volunteer.store.models.people import RESIDENT_STATES


def test_the_states_are_those_of_the_table() -> None:
    assert set(STATES) == set(RESIDENT_STATES)


@pytest.mark.parametrize("after", ["moved_away", "deceased"])
def test_whoever_is_here_may_leave_and_come_back(after: str) -> None:
    assert decide_state_change("active", after) is None
    assert decide_state_change(after, "active") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "active"), ("merged", "active"), ("active", "merged"), ("nonsense", "active")],
)
def test_everything_else_is_refused(before: str, after: str) -> None:
    refusal = decide_state_change(before, after)
    assert refusal
    assert refusal.code is Code.CHANGED_MEANWHILE
