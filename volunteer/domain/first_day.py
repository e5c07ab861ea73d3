"""The first day of a community: what there is to do before the first event, and what is done.

Nothing is ticked by hand: a step is done when what it is for is there. What does not apply (no
paper book, no printed cards) is marked as not for us, and can be taken up again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from volunteer.domain.activities import RuleNumbers


class Step(StrEnum):
    """In the order in which they go well together."""

    PLACES = "places"
    ORGANISATIONS = "organisations"
    PEOPLE = "people"
    OPENING_BALANCES = "opening_balances"
    CARDS = "cards"
    POINTS_RULE = "points_rule"
    STAFF = "staff"
    FIRST_EVENT = "first_event"


SKIPPABLE = frozenset(Step) - {Step.ORGANISATIONS, Step.FIRST_EVENT}
"""Every activity names its host, and without an event there is nothing to begin with."""

MINUTES = {
    Step.PLACES: 5,
    Step.ORGANISATIONS: 2,
    Step.PEOPLE: 10,
    Step.OPENING_BALANCES: 10,
    Step.CARDS: 10,
    Step.POINTS_RULE: 1,
    Step.STAFF: 5,
    Step.FIRST_EVENT: 2,
}
"""About how long each takes somebody who does it for the first time."""


class Preset(StrEnum):
    """What new activities of a community give unless their organizer says otherwise."""

    HOURLY = "hourly"
    FIXED = "fixed"
    BOTH = "both"


LEADERS_PERCENT = 120
PRESETS = {
    Preset.HOURLY: RuleNumbers(0, 10, LEADERS_PERCENT),
    Preset.FIXED: RuleNumbers(10, 0, LEADERS_PERCENT),
    Preset.BOTH: RuleNumbers(5, 10, LEADERS_PERCENT),
}


@dataclass(frozen=True)
class Founded:
    """How much of everything a community has.

    ``openings_waiting``: old passbooks that nobody has approved; ``approvers``: how many people may
    be the second person; ``staff``: how many have any role, the first admin among them.
    """

    buildings: int = 0
    organisations: int = 0
    residents: int = 0
    openings_posted: int = 0
    openings_waiting: int = 0
    cards_printed: int = 0
    preset: str | None = None
    activities: int = 0
    staff: int = 0
    approvers: int = 0
    events: int = 0


@dataclass(frozen=True)
class StepState:
    """``is_now``: the first one that is open, where to go on."""

    step: Step
    is_done: bool
    is_skipped: bool
    is_now: bool = False

    @property
    def is_open(self) -> bool:
        return not self.is_done and not self.is_skipped


def decide_steps(founded: Founded, skipped: Collection[str]) -> list[StepState]:
    """Every step with how it stands. One that is done is never skipped as well."""
    done = {
        Step.PLACES: founded.buildings > 0,
        Step.ORGANISATIONS: founded.organisations > 0,
        Step.PEOPLE: founded.residents > 0,
        Step.OPENING_BALANCES: founded.openings_posted > 0 and not founded.openings_waiting,
        Step.CARDS: founded.cards_printed > 0,
        # Whoever made an activity by hand has decided what it gives.
        Step.POINTS_RULE: founded.preset is not None or founded.activities > 0,
        Step.STAFF: founded.staff > 1,
        Step.FIRST_EVENT: founded.events > 0,
    }
    states = []
    goes_on = True
    for step in Step:
        left_out = step in skipped and step in SKIPPABLE and not done[step]
        is_now = goes_on and not done[step] and not left_out
        goes_on = goes_on and not is_now
        states.append(StepState(step, done[step], left_out, is_now))
    return states
