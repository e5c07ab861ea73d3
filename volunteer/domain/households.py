"""Households: people who agreed to be one. Never derived from a room: behind one door of an urban
village live tenants who do not know each other."""

from volunteer.domain.access import Relation
from volunteer.domain.age import AgeBand

MOST_MEMBERS = 20
"""Members and open questions together: a household is no club."""


def may_speak_for(relation: Relation | None, band: AgeBand) -> bool:
    """Whether whoever stands to a person as `relation` may agree to a household for them, or leave
    it: a grown-up for themself, a guardian for a child."""
    wanted = Relation.SELF if band is AgeBand.ADULT else Relation.GUARDIAN
    return relation is wanted
