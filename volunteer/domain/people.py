"""A person as they are written down for the first time, and what that gave them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Home:
    """Where somebody lives, works or visits, since when; any part may be unknown but the day."""

    starts_on: date
    kind: str = "lives"
    area_id: int | None = None
    building_id: int | None = None
    room: str | None = None


@dataclass(frozen=True)
class NewPerson:
    """A person as they are written down for the first time; a birth date or an age band is known.

    `passbook_number` is set when it is known before (a blank card's), else one is drawn.
    """

    name: str
    name_en: str | None = None
    birth_date: date | None = None
    age_band: str | None = None
    home: Home | None = None
    youth_group_id: int | None = None
    member_since: date | None = None
    guardian_consent_by: str | None = None
    guardian_consent_text: str | None = None
    """Version of the text agreed to, where it is not the usual one."""
    external_numbers: tuple[tuple[str, str], ...] = ()
    passbook_number: str | None = None
    state: str = "active"
    home_community_id: int | None = None
    home_resident_id: int | None = None
    with_card: bool = True
    not_same_as: tuple[int, ...] = ()
    """Residents here who look like them: staff have seen that they are somebody else."""


@dataclass(frozen=True)
class AddedPerson:
    """`ref` goes into addresses; `card_id` is None for somebody added without a card."""

    resident_id: int
    ref: str
    passbook_number: str
    card_id: int | None = None
    card_number: str | None = None
