"""Who may appear where strangers look, and under which name.

Public is what anybody may see who is neither staff at work nor somebody who acts for the person:
boards, notices, the lobby, and a scanning device whose screen a whole queue reads. A resident who
has not signed for their record yet is scanned, counted and paid like everybody else, and named to
nobody else. Children are never named.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from volunteer.domain.age import is_minor
from volunteer.domain.consents import Consent
from volunteer.domain.names import mask_name


@dataclass(frozen=True)
class Seen:
    """A person as strangers might see them; `consents` are those that stand."""

    name: str
    state: str
    birth_date: date | None
    age_band: str | None
    consents: Collection[Consent]


def may_appear(person: Seen, day: date) -> bool:
    """Whether this person may be told from others in public on `day`."""
    if person.state != "active" or is_minor(person.birth_date, person.age_band, day):
        return False
    return Consent.KEEP_RECORD in person.consents


def public_name(person: Seen, day: date) -> str | None:
    """The name that strangers may read, or None: then there is no name at all.

    Whole names stand on a named board only, for which there is a consent of its own.
    """
    return mask_name(person.name) if may_appear(person, day) else None
