"""What a resident's state may become.

Provisional people were taken up without staff looking (a walk-in, a name at the door): staff
confirm them, and what they did is awarded, or reject them, and it is annulled. Rejected, merged and
moved on are for ever: annulled attendances do not come back, and the other row, here or in another
community, carries on. The rest can be
taken back: people return, and a wrong row is ticked now and then.
"""

from volunteer.domain.refusals import Code, Refusal

_MAY_BECOME: dict[str, frozenset[str]] = {
    "provisional": frozenset({"active", "rejected"}),
    "active": frozenset({"moved_away", "deceased"}),
    "moved_away": frozenset({"active", "deceased"}),
    "deceased": frozenset({"active"}),
    "merged": frozenset(),
    "rejected": frozenset(),
    "moved_on": frozenset(),
}
STATES = tuple(_MAY_BECOME)


def decide_state_change(before: str, after: str) -> Refusal | None:
    """Refuses `changed_meanwhile`: a form offers only what was possible when it was opened."""
    if after in _MAY_BECOME.get(before, frozenset()):
        return None
    return Refusal(Code.CHANGED_MEANWHILE)
