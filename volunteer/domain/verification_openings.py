"""Proving what was brought forward: every such line was approved by a second person, as it stands,
once a passbook (A6, A7). Pure, as ``verification`` is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from volunteer.domain.findings import Fault, Finding


@dataclass(frozen=True)
class Said:
    """What is brought forward, for whom, by whom: as a line says it, or as a proposal does.

    ``proposer`` and ``approver`` are logins.
    """

    resident_id: int | None
    points: int
    minutes: int
    proposer: int | None
    approver: int | None
    is_reversed: bool


@dataclass(frozen=True)
class Opening:
    """A transfer of this kind and the proposal it stands for; None where there is none."""

    transfer_id: int | None
    opening_id: int | None
    posted: Said | None
    proposed: Said | None


def check_openings(openings: Iterable[Opening]) -> Iterator[Finding]:
    """A6 and A7, one after the other."""
    for one in openings:
        if one.posted is None:
            yield Finding(Fault.OPENING_UNPOSTED, {"opening": one.opening_id})
            continue
        where = {"transfer": one.transfer_id}
        people = {one.posted.proposer, one.posted.approver}
        if one.proposed is None or None in people or len(people) < 2:
            yield Finding(Fault.OPENING_UNAPPROVED, where)
        elif one.posted != one.proposed:
            yield Finding(Fault.OPENING_DIFFERS, where | {"opening": one.opening_id})
