"""What a resident's state may become.

Provisional people were taken up by somebody else's word (a walk-in, a sheet) and are confirmed by
staff. Merged is for ever: the other row carries on. The rest can be taken back: people return, and
a wrong row is ticked now and then.
"""

from volunteer.domain.refusals import Code, Refusal

_MAY_BECOME: dict[str, frozenset[str]] = {
    "provisional": frozenset({"active", "moved_away", "deceased"}),
    "active": frozenset({"moved_away", "deceased"}),
    "moved_away": frozenset({"active", "deceased"}),
    "deceased": frozenset({"active"}),
    "merged": frozenset(),
}
STATES = tuple(_MAY_BECOME)


def decide_state_change(before: str, after: str) -> Refusal | None:
    """Refuses `changed_meanwhile`: a form offers only what was possible when it was opened."""
    if after in _MAY_BECOME.get(before, frozenset()):
        return None
    return Refusal(Code.CHANGED_MEANWHILE)
