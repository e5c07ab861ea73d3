"""What is done on the first day, what is left out, and where to go on."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.activities import decide_rule, preview
from volunteer.domain.first_day import (
    MINUTES,
    PRESETS,
    SKIPPABLE,
    Founded,
    Preset,
    Step,
    decide_steps,
)

EVERYTHING = Founded(1, 1, 1, 1, 0, 1, "hourly", 1, 2, 2, 1)


def done(founded: Founded) -> set[Step]:
    return {state.step for state in decide_steps(founded, ()) if state.is_done}


def test_a_new_community_has_everything_before_it() -> None:
    states = decide_steps(Founded(staff=1, approvers=1), ())
    assert [state.step for state in states if state.is_open] == list(Step)
    assert [state.step for state in states if state.is_now] == [Step.PLACES]


def test_each_step_ticks_by_what_it_is_for() -> None:
    assert done(EVERYTHING) == set(Step)
    for changes, step in (
        ({"buildings": 0}, Step.PLACES),
        ({"organisations": 0}, Step.ORGANISATIONS),
        ({"residents": 0}, Step.PEOPLE),
        ({"openings_posted": 0}, Step.OPENING_BALANCES),
        ({"openings_waiting": 3}, Step.OPENING_BALANCES),
        ({"cards_printed": 0}, Step.CARDS),
        ({"preset": None, "activities": 0}, Step.POINTS_RULE),
        ({"staff": 1}, Step.STAFF),
        ({"events": 0}, Step.FIRST_EVENT),
    ):
        assert done(replace(EVERYTHING, **changes)) == set(Step) - {step}
    assert Step.POINTS_RULE in done(replace(EVERYTHING, preset=None))


@given(st.sets(st.sampled_from([*Step, "unheard_of"])), st.integers(0, 2))
def test_what_is_left_out_is_passed_over_and_ticks_all_the_same(
    skipped: set[str], buildings: int
) -> None:
    states = decide_steps(Founded(buildings=buildings), skipped)
    for state in states:
        assert not (state.is_done and state.is_skipped)
        assert not state.is_skipped or state.step in SKIPPABLE
    still_open = [state.step for state in states if state.is_open]
    assert [state.step for state in states if state.is_now] == still_open[:1]


def test_presets_are_rules_and_every_step_says_how_long_it_takes() -> None:
    assert set(PRESETS) == set(Preset)
    assert set(MINUTES) == set(Step)
    gives = {
        preset: preview(decide_rule(rule), 120, is_leader=False).points
        for preset, rule in PRESETS.items()
    }
    assert gives == {Preset.HOURLY: 20, Preset.FIXED: 10, Preset.BOTH: 25}
