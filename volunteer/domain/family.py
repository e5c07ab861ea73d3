"""What one person may do for another, by the other's age on the day.

Under 14 a guardian acts and agrees, and there is no sign-in of one's own. From 14 to 17 there is,
and the guardian still sees the passbook. On the 18th birthday the guardian's link ends by itself;
who goes on helping does so as a helper, by the grown-up's own word. Of somebody who gave an age
band only, staff renew the band, and the rights follow it. A helper's link knows no age.
"""

from collections.abc import Mapping
from datetime import date

from volunteer.domain.access import Relation
from volunteer.domain.age import AgeBand, age_band_on
from volunteer.domain.consents import Consent
from volunteer.domain.refusals import Code, Refusal


def link_holds(
    relation: Relation, birth_date: date | None, age_band: str | None, day: date
) -> bool:
    """Whether a link of this kind to a person of this age opens anything on `day`."""
    if relation is Relation.HELPER:
        return True
    band = age_band_on(birth_date, age_band, day)
    if relation is Relation.GUARDIAN:
        return band is not AgeBand.ADULT
    return band is not AgeBand.UNDER_14


def decide_link(
    relation: Relation, birth_date: date | None, age_band: str | None, day: date
) -> Refusal | None:
    """Whether such a link may be made. Refuses `guardian_of_adult` and `own_login_too_young`."""
    if link_holds(relation, birth_date, age_band, day):
        return None
    guardian = relation is Relation.GUARDIAN
    return Refusal(Code.GUARDIAN_OF_ADULT if guardian else Code.OWN_LOGIN_TOO_YOUNG)


def may_end_link(mine: Relation | None, theirs: Relation, *, is_mine: bool) -> bool:
    """Whether whoever stands to the person as `mine` may take away a link of the kind `theirs`.

    Everybody may lay down what they do for another. A helper is sent away by the person helped, or
    by the child's guardian. A guardian by staff only: neither by the child nor by the other parent.
    """
    if is_mine:
        return theirs is not Relation.SELF
    return theirs is Relation.HELPER and mine in (Relation.SELF, Relation.GUARDIAN)


_BY_ONESELF: Mapping[AgeBand, frozenset[Consent]] = {
    AgeBand.UNDER_14: frozenset(),
    AgeBand.FROM_14_TO_17: frozenset({Consent.KEEP_RECORD}),
    AgeBand.ADULT: frozenset({Consent.KEEP_RECORD, Consent.NAMED_BOARD}),
}
_BY_GUARDIAN: Mapping[AgeBand, frozenset[Consent]] = {
    AgeBand.UNDER_14: frozenset({Consent.GUARDIAN, Consent.KEEP_RECORD}),
    AgeBand.FROM_14_TO_17: frozenset({Consent.KEEP_RECORD}),
    AgeBand.ADULT: frozenset(),
}


def consents_to_answer(relation: Relation, band: AgeBand) -> frozenset[Consent]:
    """What somebody may agree to, or take back, for a person of this age: a minor's name stands on
    no board whoever agrees, and a helper agrees to nothing."""
    if relation is Relation.SELF:
        return _BY_ONESELF[band]
    return _BY_GUARDIAN[band] if relation is Relation.GUARDIAN else frozenset()
