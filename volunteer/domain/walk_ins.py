"""Walk-ins: people who are taken up at an event without staff looking at them.

They are there, so the head-count has them at once; what they earn waits until staff confirm that
they exist. Limits stop a flood of invented people. They are counted in the database, because
several web workers serve one square, and generous by address, because the phones of an event share
one.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from volunteer.domain.refusals import Code, Refusal

MOST_BY_EVENT = 200
"""People who wrote themselves down at one event; the leader may add more by name."""
MOST_BY_ADDRESS = 60
"""… from one network address at that event."""
MOST_BY_BROWSER = 5
"""… with one phone, whatever the event, within ``BROWSER_WINDOW``."""
MOST_BY_LEADER = 100
"""… added by one leader or device of an event."""
BROWSER_WINDOW = timedelta(hours=24)
LEFT_OVER_AFTER = timedelta(days=30)
"""Who is not confirmed by then is listed for cleaning."""


class How(StrEnum):
    """Who wrote a person down."""

    SELF = "self"
    LEADER = "leader"
    BLANK_CARD = "blank_card"


@dataclass(frozen=True)
class WalkInCounts:
    """How many were taken up already: at the event, from this address there, with this browser in
    the last day."""

    by_event: int = 0
    by_address: int = 0
    by_browser: int = 0


def decide_walk_in(counts: WalkInCounts) -> Refusal | None:
    """Refuses `walk_ins_full` with the fact `by`, or lets one more person in by themselves."""
    limits = (
        ("browser", counts.by_browser, MOST_BY_BROWSER),
        ("address", counts.by_address, MOST_BY_ADDRESS),
        ("event", counts.by_event, MOST_BY_EVENT),
    )
    for by, count, most in limits:
        if count >= most:
            return Refusal(Code.WALK_INS_FULL, {"by": by, "most": most})
    return None


def decide_added_by_leader(added: int) -> Refusal | None:
    """Refuses `walk_ins_full` when one leader has added as many to this event as may be."""
    if added >= MOST_BY_LEADER:
        return Refusal(Code.WALK_INS_FULL, {"by": "leader", "most": MOST_BY_LEADER})
    return None
