"""A new resident: person, passbook, residence, first card, strip code … one of them or hundreds.

The number of statements does not grow with the number of people. No more than 500 at a time, so
that nobody's scan waits longer than a moment for the write lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, union_all

from volunteer.domain.consents import TEXT_VERSIONS, Consent
from volunteer.domain.names import initials_of, pinyin_of
from volunteer.domain.passbook_number import (
    FIRST_ISSUE,
    NUMBERS_AVAILABLE,
    card_number,
    passbook_number_from,
)
from volunteer.domain.people import AddedPerson, Home, NewPerson
from volunteer.domain.refusals import Code, refuse
from volunteer.domain.tokens import Keys
from volunteer.store.bulk import insert_rows
from volunteer.store.cards import CARD, NewCard, record_cards
from volunteer.store.database import Tx
from volunteer.store.ledger import open_passbooks
from volunteer.store.models import (
    Area,
    Building,
    ExternalNumber,
    Membership,
    Residence,
    Resident,
    YouthGroup,
)
from volunteer.store.models import Consent as ConsentRow
from volunteer.store.models.base import table_of

MOST_AT_ONCE = 500
RESIDENT = table_of(Resident)
PINYIN_CHARACTERS = 300
INITIALS_CHARACTERS = 50


def record_residents(
    tx: Tx,
    community_id: int,
    people: Sequence[NewPerson],
    *,
    keys: Keys,
    by: int | None,
    now: datetime,
) -> list[AddedPerson]:
    """Add people to one community, in the order given; at most 500."""
    assert 0 < len(people) <= MOST_AT_ONCE, f"{len(people)} people at once"
    numbers = _numbers(tx, people)
    added = _record_people(tx, community_id, list(zip(people, numbers, strict=True)), now)
    open_passbooks(tx, community_id, [one.resident_id for one in added])
    _record_what_belongs(tx, community_id, list(zip(people, added, strict=True)), by, now)
    carded = [
        NewCard(community_id, one.resident_id, one.passbook_number)
        for person, one in zip(people, added, strict=True)
        if person.with_card
    ]
    if not carded:
        return added
    card_ids = record_cards(tx, carded, keys=keys, by=by, now=now)
    return [_with_card(one, card_ids.get(one.resident_id)) for one in added]


def load_placed(tx: Tx, community_id: int, people: Sequence[NewPerson]) -> list[NewPerson]:
    """``people`` with the area of their building; all places must be the community's own.

    Raises Refused: ``not_found``.
    """
    homes = [person.home for person in people if person.home]
    buildings = {home.building_id for home in homes if home.building_id}
    area_of: dict[int, int] = {}
    if buildings:
        known = select(Building.id, Building.area_id).where(
            Building.community_id == community_id, Building.id.in_(buildings)
        )
        area_of = {row.id: row.area_id for row in tx.run(known)}
    areas = {home.area_id for home in homes if home.area_id and not home.building_id}
    groups = {person.youth_group_id for person in people if person.youth_group_id}
    wanted: tuple[tuple[type[Area] | type[YouthGroup], set[int]], ...] = (
        (Area, areas),
        (YouthGroup, groups),
    )
    for model, ids in wanted:
        if ids:
            found = select(model.id).where(model.community_id == community_id, model.id.in_(ids))
            if len(tx.run(found).all()) != len(ids):
                raise refuse(Code.NOT_FOUND)
    if len(area_of) != len(buildings):
        raise refuse(Code.NOT_FOUND)
    return [_in_area(person, area_of) for person in people]


def _in_area(person: NewPerson, area_of: dict[int, int]) -> NewPerson:
    home = person.home
    if home is None or home.building_id is None:
        return person
    return replace(person, home=replace(home, area_id=area_of[home.building_id]))


def _with_card(one: AddedPerson, card_id: int | None) -> AddedPerson:
    if card_id is None:
        return one
    number = card_number(one.passbook_number, FIRST_ISSUE)
    return AddedPerson(one.resident_id, one.ref, one.passbook_number, card_id, number)


def _numbers(tx: Tx, people: Sequence[NewPerson]) -> list[str]:
    """A passbook number each: the one given, or a free one drawn at random."""
    missing = sum(person.passbook_number is None for person in people)
    free = iter(load_free_numbers(tx, missing))
    return [person.passbook_number or next(free) for person in people]


def load_free_numbers(tx: Tx, count: int) -> list[str]:
    """At least ``count`` passbook numbers that nobody has, in no order."""
    # Twice as many as needed and then some: at 10,000 residents one in 900 is taken.
    drawn = {
        passbook_number_from(secrets.randbelow(NUMBERS_AVAILABLE)) for _ in range(2 * count + 5)
    }
    return sorted(drawn - _taken(tx, drawn), key=lambda _: secrets.randbits(32))


def _taken(tx: Tx, numbers: set[str]) -> set[str]:
    """Of these numbers those that a resident has, or a blank card keeps for somebody."""
    first_cards = {card_number(number, FIRST_ISSUE): number for number in numbers}
    found = tx.run(
        union_all(
            select(RESIDENT.c.passbook_number).where(RESIDENT.c.passbook_number.in_(numbers)),
            select(CARD.c.number).where(CARD.c.number.in_(list(first_cards))),
        )
    ).scalars()
    return {first_cards.get(number, number) for number in found}


def _record_people(
    tx: Tx, community_id: int, people: Sequence[tuple[NewPerson, str]], now: datetime
) -> list[AddedPerson]:
    refs = {number: secrets.token_hex(8) for _, number in people}
    inserted = insert_rows(
        tx,
        RESIDENT,
        [
            {
                "community_id": community_id,
                "ref": refs[number],
                "passbook_number": number,
                "state": person.state,
                **name_columns(person.name, person.name_en),
                **birth_columns(person.birth_date, person.age_band),
                "home_community_id": person.home_community_id,
                "home_resident_id": person.home_resident_id,
                "seal_nonce": secrets.token_bytes(32),
                "created_at": now,
            }
            for person, number in people
        ],
        "RETURNING passbook_number, id",
    )
    ids = {row.passbook_number: row.id for row in inserted}
    return [AddedPerson(ids[number], refs[number], number) for _, number in people]


def name_columns(name: str, name_en: str | None) -> dict[str, str | None]:
    """A name and what it is found by."""
    return {
        "name": name,
        "name_en": name_en,
        "pinyin": pinyin_of(name)[:PINYIN_CHARACTERS],
        "initials": initials_of(name)[:INITIALS_CHARACTERS],
    }


def birth_columns(birth_date: date | None, age_band: str | None) -> dict[str, Any]:
    """A birth date makes the band superfluous, and a stale band beside it would mislead."""
    return {"birth_date": birth_date, "age_band": None if birth_date else age_band}


def _record_what_belongs(
    tx: Tx,
    community_id: int,
    people: Sequence[tuple[NewPerson, AddedPerson]],
    by: int | None,
    now: datetime,
) -> None:
    """Residences, memberships, consents and other systems' numbers: one statement each."""
    tables: list[tuple[type[Any], list[dict[str, Any]]]] = [
        (Residence, [home_columns(p.home) | _of(one) for p, one in people if p.home]),
        (Membership, [_membership(p) | _of(one) for p, one in people if p.youth_group_id]),
        (
            ConsentRow,
            [
                _guardian_consent(p, by, now) | _of(one)
                for p, one in people
                if p.guardian_consent_by
            ],
        ),
        (
            ExternalNumber,
            [
                {"system": system, "number": number} | _of(one)
                for p, one in people
                for system, number in p.external_numbers
            ],
        ),
    ]
    for model, rows in tables:
        if rows:
            whole = [{"community_id": community_id, **row} for row in rows]
            insert_rows(tx, table_of(model), whole)


def home_columns(home: Home) -> dict[str, Any]:
    return {
        "kind": home.kind,
        "area_id": home.area_id,
        "building_id": home.building_id,
        "room": home.room,
        "starts_on": home.starts_on,
    }


def _of(one: AddedPerson) -> dict[str, Any]:
    return {"resident_id": one.resident_id}


def _membership(person: NewPerson) -> dict[str, Any]:
    starts_on = person.member_since or (person.home.starts_on if person.home else None)
    assert starts_on is not None, "a membership has a first day"
    return {"youth_group_id": person.youth_group_id, "starts_on": starts_on}


def _guardian_consent(person: NewPerson, by: int | None, now: datetime) -> dict[str, Any]:
    return {
        "what": Consent.GUARDIAN.value,
        "given": True,
        "text_version": person.guardian_consent_text or TEXT_VERSIONS[Consent.GUARDIAN],
        "given_by": person.guardian_consent_by,
        "recorded_by_login_id": by,
        "given_at": now,
    }
