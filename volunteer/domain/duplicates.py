"""Who may be the same person written down twice.

A likeness is a question for staff, never an answer: families share a phone, and neighbours a name.
What speaks against it (a birth date, an age, being one family) takes the weaker reasons away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from volunteer.domain.age import age_band_on

MOST_OF_ONE_KEY = 40
"""More people than this under one phone or name are no likeness: the office's phone, say."""


class Reason(StrEnum):
    """Why two people may be one, the strongest first."""

    NUMBER = "number"
    PHONE_AND_NAME = "phone_and_name"
    NAME_AND_BUILDING = "name_and_building"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True)
class Described:
    """A person as far as two can be told to be one. ``family``: residents that one login acts for
    together with them, or who share their household."""

    resident_id: int
    name: str
    phones: frozenset[str] = frozenset()
    building_ids: frozenset[int] = frozenset()
    numbers: frozenset[tuple[str, str]] = frozenset()
    birth_date: date | None = None
    age_band: str | None = None
    provisional: bool = False
    family: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Likeness:
    """Two residents, the lower id first, and what they have in common."""

    low_id: int
    high_id: int
    reasons: tuple[Reason, ...]

    @property
    def pair(self) -> tuple[int, int]:
        return self.low_id, self.high_id


def plain_name(name: str) -> str:
    """A name without what people write now and then: dots, spaces, capitals."""
    return "".join(character for character in name.casefold() if character.isalnum())


def reasons_between(one: Described, other: Described, today: date) -> tuple[Reason, ...]:
    """What two people have in common that speaks for one; empty when nothing does."""
    same_name = plain_name(one.name) == plain_name(other.name)
    same_phone = not one.phones.isdisjoint(other.phones)
    reasons = []
    if not one.numbers.isdisjoint(other.numbers):
        reasons.append(Reason.NUMBER)
    if _differ_in_age(one, other, today):
        return tuple(reasons)
    if same_phone and same_name:
        reasons.append(Reason.PHONE_AND_NAME)
    if same_name and not one.building_ids.isdisjoint(other.building_ids):
        reasons.append(Reason.NAME_AND_BUILDING)
    are_family = other.resident_id in one.family or one.resident_id in other.family
    if same_phone and not same_name and not are_family:
        reasons.append(Reason.PHONE)
    unplaced = not (one.building_ids and other.building_ids)
    if same_name and unplaced and not reasons and (one.provisional or other.provisional):
        reasons.append(Reason.NAME)
    return tuple(reasons)


def _differ_in_age(one: Described, other: Described, today: date) -> bool:
    if one.birth_date and other.birth_date:
        return one.birth_date != other.birth_date
    known = [who for who in (one, other) if who.birth_date or who.age_band]
    return len({age_band_on(who.birth_date, who.age_band, today) for who in known}) == 2


def find_likenesses(
    people: Iterable[Described], told_apart: Collection[tuple[int, int]], today: date
) -> list[Likeness]:
    """All pairs among ``people`` that staff have not told apart, the likeliest first."""
    by_key: defaultdict[tuple[str, ...], list[Described]] = defaultdict(list)
    for one in sorted(people, key=lambda one: one.resident_id):
        for key in _keys(one):
            by_key[key].append(one)
    found: dict[tuple[int, int], Likeness] = {}
    for alike in by_key.values():
        if len(alike) > MOST_OF_ONE_KEY:
            continue
        for one, other in combinations(alike, 2):
            pair = one.resident_id, other.resident_id
            if pair in found or pair in told_apart:
                continue
            reasons = reasons_between(one, other, today)
            if reasons:
                found[pair] = Likeness(*pair, reasons)
    order = list(Reason)
    return sorted(found.values(), key=lambda one: (order.index(one.reasons[0]), one.pair))


def find_alike(
    wanted: Described,
    people: Iterable[Described],
    told_apart: Collection[tuple[int, int]],
    today: date,
) -> list[Likeness]:
    """Who among ``people`` may be ``wanted``, but for themself and those told apart."""
    pairs = [
        likeness
        for other in people
        if other.resident_id != wanted.resident_id
        and (reasons := reasons_between(wanted, other, today))
        and (likeness := _likeness(wanted, other, reasons)).pair not in told_apart
    ]
    order = list(Reason)
    return sorted(pairs, key=lambda one: (order.index(one.reasons[0]), one.pair))


def _likeness(one: Described, other: Described, reasons: tuple[Reason, ...]) -> Likeness:
    low, high = sorted((one.resident_id, other.resident_id))
    return Likeness(low, high, reasons)


def _keys(one: Described) -> list[tuple[str, ...]]:
    """What a pair must share at least one of, so that not everybody is held against everybody."""
    keys: list[tuple[str, ...]] = [("phone", phone) for phone in one.phones]
    keys += [("number", *number) for number in one.numbers]
    return [*keys, ("name", plain_name(one.name))]
