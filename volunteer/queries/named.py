"""Whom a few typed characters name: the one search behind every list of people."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, or_

from volunteer.domain.people_search import PeopleSearch
from volunteer.domain.tokens import card_code_hash
from volunteer.store.models import Card, Resident

FEWEST_DIGITS = 4
"""Of a number's beginning or end."""


def named_so(search: PeopleSearch) -> ColumnElement[bool]:
    """By name, pinyin, initials, or a passbook or card number, its beginning or its end: what
    whoever picks from a list of names may look for. Phones and homes are for the register."""
    ways: list[ColumnElement[bool]] = [
        Resident.name.contains(search.text, autoescape=True),
        func.lower(Resident.name_en).contains(search.text.casefold(), autoescape=True),
    ]
    exact = by_whole_number(search)
    if exact is not None:
        ways.append(exact)
    if search.letters:
        ways.append(Resident.pinyin.startswith(search.letters, autoescape=True))
        ways.append(Resident.initials.startswith(search.letters, autoescape=True))
    if len(search.digits) >= FEWEST_DIGITS:
        ways.append(Resident.passbook_number.startswith(search.digits))
        ways.append(Resident.passbook_number.endswith(search.digits))
        ways.append(
            exists().where(Card.resident_id == Resident.id, Card.number.endswith(search.digits))
        )
    return or_(*ways)


def by_whole_number(search: PeopleSearch) -> ColumnElement[bool] | None:
    if search.passbook_number:
        return Resident.passbook_number == search.passbook_number
    if search.card_number:
        return exists().where(Card.resident_id == Resident.id, Card.number == search.card_number)
    if search.card_code:
        return exists().where(
            Card.resident_id == Resident.id, Card.code_hash == card_code_hash(search.card_code)
        )
    return None
