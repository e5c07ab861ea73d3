"""Whom a row of a sheet means, and what it would change about them.

The same passbook or volunteer number, name and phone, or name, building and room under the same
name is that person. What may be the same person is asked (``duplicates`` has the rule); what only
shares a phone with its own family, as children do, is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from volunteer.domain.age import AgeBand
from volunteer.domain.duplicates import Described, Reason, plain_name, reasons_between
from volunteer.domain.names import pinyin_of
from volunteer.domain.residents_import import LONGEST_ROOM, SheetPerson

VOLUNTEER_NUMBER = "义工号"
GONE = ("moved_away", "deceased")


@dataclass(frozen=True)
class Known:
    """Somebody who has a passbook here, as far as a row can be told to mean them. `phones` are all
    they are reached by, `contact_phone` is the one that was written down for them."""

    resident_id: int
    name: str
    passbook_number: str
    phones: frozenset[str] = frozenset()
    building_id: int | None = None
    room: str | None = None
    volunteer_number: str | None = None
    name_en: str | None = None
    birth_date: date | None = None
    age_band: str | None = None
    contact_phone: str | None = None
    state: str = "active"


class Fate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    UPDATE = "update"
    ASK = "ask"
    ERROR = "error"
    SKIP = "skip"


@dataclass(frozen=True)
class Match:
    """`candidates`: whom the row may mean, of an update exactly one; a negative id is an earlier
    row of the sheet. `reasons`: why each may be meant."""

    fate: Fate
    candidates: tuple[int, ...] = ()
    reasons: tuple[tuple[Reason, ...], ...] = ()


class Register:
    """Everybody known, found by what a row says of them."""

    def __init__(self, known: Iterable[Known], today: date) -> None:
        self._today = today
        self._by_key: dict[tuple[str, str], dict[int, Known]] = {}
        self._by_id: dict[int, Known] = {}
        for one in known:
            self.add(one)

    def add(self, one: Known) -> None:
        self._by_id[one.resident_id] = one
        for key in _keys(one.name, one.phones, one.passbook_number, one.volunteer_number):
            self._by_key.setdefault(key, {})[one.resident_id] = one

    def get(self, resident_id: int) -> Known | None:
        return self._by_id.get(resident_id)

    def match(self, person: SheetPerson) -> Match:
        """Whom a row means; the second row of one person is left out (`SKIP`)."""
        if person.problems:
            return Match(Fate.ERROR)
        phones = frozenset({person.phone} if person.phone else ())
        found: dict[int, Known] = {}
        for key in _keys(person.name, phones, person.passbook_number, person.volunteer_number):
            found |= self._by_key.get(key, {})
        sure = [one for one in found.values() if _is_same(person, one)]
        if len(sure) > 1:
            # A row of this sheet is no other person than the resident whom it means.
            sure = [one for one in sure if one.resident_id > 0] or sure
        if len(sure) == 1 and sure[0].state not in GONE:
            fate = Fate.SKIP if sure[0].resident_id < 0 else Fate.UPDATE
            return Match(fate, (sure[0].resident_id,))
        if not sure and (bare := _bare_twin(person, found)):
            return Match(Fate.UPDATE, (bare.resident_id,))
        asked = {one.resident_id: self._reasons(person, one) for one in found.values()}
        asked = {resident_id: reasons for resident_id, reasons in asked.items() if reasons}
        if asked:
            order = sorted(asked)
            return Match(Fate.ASK, tuple(order), tuple(asked[one] for one in order))
        return Match(Fate.NEW)

    def _reasons(self, person: SheetPerson, one: Known) -> tuple[Reason, ...]:
        if person.passbook_number and person.passbook_number == one.passbook_number:
            return (Reason.NUMBER,)
        same_name = plain_name(person.name) == plain_name(one.name)
        row = replace(_described(person), family=_family(person, one))
        reasons = reasons_between(row, _described_known(one), self._today)
        if not reasons and same_name and _tells_nothing_apart(person, one):
            reasons = (Reason.NAME,)
        if _is_same(person, one) and not reasons:
            reasons = (Reason.PHONE_AND_NAME,)
        return reasons


def _keys(
    name: str, phones: Iterable[str], passbook_number: str | None, number: str | None
) -> list[tuple[str, str]]:
    keys = [("phone", phone) for phone in phones]
    keys.append(("name", plain_name(name)))
    if passbook_number:
        keys.append(("passbook", passbook_number))
    if number:
        keys.append(("number", number))
    return keys


def _is_same(person: SheetPerson, one: Known) -> bool:
    if plain_name(person.name) != plain_name(one.name):
        return False
    if person.passbook_number and one.passbook_number:
        return person.passbook_number == one.passbook_number
    if person.volunteer_number and one.volunteer_number:
        return person.volunteer_number == one.volunteer_number
    if person.phone and person.phone in one.phones:
        return True
    if one.building_id is None and one.room:
        # Somebody imported before the building was matched.
        unplaced = replace(person, building_id=None).kept_room
        return one.room in (unplaced, person.written_place[:LONGEST_ROOM])
    at_home = one.building_id is not None and person.building_id == one.building_id
    return at_home and bool(person.room) and person.room == one.room


def _is_bare(person: SheetPerson) -> bool:
    return not (person.phone or person.written_place or person.room or person.building_id)


def _bare_twin(person: SheetPerson, found: Mapping[int, Known]) -> Known | None:
    """A row of a mere name is the one person here of whom no more is known either."""
    if not _is_bare(person) or person.volunteer_number or person.passbook_number:
        return None
    same = [one for one in found.values() if plain_name(one.name) == plain_name(person.name)]
    if len(same) != 1 or same[0].resident_id < 0 or same[0].state in GONE:
        return None
    one = same[0]
    bare = not (one.phones or one.building_id or one.room or one.volunteer_number)
    return one if bare and one.state == "active" else None


def _tells_nothing_apart(person: SheetPerson, one: Known) -> bool:
    """The same name, and where one of the two lives is not known well enough to differ."""
    if person.phone and one.phones and person.phone not in one.phones and one.building_id:
        return False
    unplaced = one.building_id is None and person.building_id is None
    return _is_bare(person) or unplaced or (one.building_id is None and bool(one.room))


def _family(person: SheetPerson, one: Known) -> frozenset[int]:
    """Rows of one sheet that share a phone are a family, and so are those of one room: their names
    differ. Names that sound alike may be a slip of the pen."""
    of_one_sheet = one.resident_id < 0
    placed = person.building_id is not None and person.building_id == one.building_id
    of_one_room = placed and bool(person.room) and person.room == one.room
    if not (of_one_sheet or of_one_room):
        return frozenset()
    sounds_alike = pinyin_of(person.name) == pinyin_of(one.name)
    return frozenset() if sounds_alike else frozenset({one.resident_id})


def _described(person: SheetPerson) -> Described:
    number = person.volunteer_number
    return Described(
        resident_id=0,
        name=person.name,
        phones=frozenset({person.phone} if person.phone else ()),
        building_ids=frozenset({person.building_id} if person.building_id else ()),
        numbers=frozenset({(VOLUNTEER_NUMBER, number)} if number else ()),
        birth_date=person.birth_date,
        age_band=person.age_band if person.says_age else None,
    )


def _described_known(one: Known) -> Described:
    number = one.volunteer_number
    return Described(
        resident_id=one.resident_id,
        name=one.name,
        phones=one.phones,
        building_ids=frozenset({one.building_id} if one.building_id else ()),
        numbers=frozenset({(VOLUNTEER_NUMBER, number)} if number else ()),
        birth_date=one.birth_date,
        age_band=one.age_band,
        provisional=one.state == "provisional",
    )


def known_from_row(row_id: int, person: SheetPerson) -> Known:
    """A row before this one, as the rows after it see it; its id is negative."""
    return Known(
        resident_id=-row_id,
        name=person.name,
        passbook_number="",
        phones=frozenset({person.phone} if person.phone else ()),
        building_id=person.building_id,
        room=person.kept_room,
        volunteer_number=person.volunteer_number,
        birth_date=person.birth_date,
        age_band=person.age_band if person.says_age else None,
    )


Changes = dict[str, list[Any]]
"""Old and new value by name, as JSON: name, name_en, birth_date, age_band, phone,
volunteer_number, state, and home as [building_id, room]."""


def decide_changes(person: SheetPerson, one: Known) -> Changes:
    """What a row would change about somebody; what it does not say stays.

    A birth date is worth more than an age band and is never replaced by one. Who moved away and
    stands in the sheet again is here again; nothing changes about the deceased.
    """
    if one.state == "deceased":
        return {}
    born = one.birth_date.isoformat() if one.birth_date else None
    says_band = person.says_age and not person.birth_date and one.birth_date is None
    wanted: dict[str, tuple[Any, Any]] = {
        "state": (one.state, "active" if one.state == "moved_away" else None),
        "name": (one.name, person.name),
        "name_en": (one.name_en, person.name_en),
        "birth_date": (born, person.birth_date.isoformat() if person.birth_date else None),
        "age_band": (
            one.age_band, AgeBand(person.age_band).value if says_band and person.age_band else None
        ),
        "phone": (one.contact_phone, None if person.phone in one.phones else person.phone),
        "volunteer_number": (one.volunteer_number, person.volunteer_number),
    }  # fmt: skip
    changes: Changes = {
        name: [before, after]
        for name, (before, after) in wanted.items()
        if after not in (None, before)
    }
    home = _new_home(person, one)
    if home is not None:
        changes["home"] = [[one.building_id, one.room], home]
    return changes


def _new_home(person: SheetPerson, one: Known) -> list[Any] | None:
    """[building_id, room] when the row says another home; a building that nobody has matched
    says none."""
    if person.building_id is None:
        return None
    if person.building_id != one.building_id:
        return [person.building_id, person.room]
    if person.room and person.room != one.room:
        return [person.building_id, person.room]
    return None
