"""What staff mean by the few characters they type into the search box for people.

One box for everything a person can be found by: name, pinyin, initials, the tail of a phone, a
building and room, a passbook or card number, a number in another system.
"""

import re
from dataclasses import dataclass

from volunteer.domain.names import clean_line
from volunteer.domain.passbook_number import (
    CARD_DIGITS,
    PASSBOOK_DIGITS,
    digits_typed,
    is_card_number,
    is_passbook_number,
)
from volunteer.domain.phone import TAIL_DIGITS, parse_phone
from volunteer.domain.refusals import Code, Refusal
from volunteer.domain.tokens import CardCode, Foreign, parse_presented

LONGEST_SEARCH = 80
_BUILDING_WORDS = ("", "栋", "号楼", "号", "座", "楼", "幢")
# 3-402, 3栋402, 怡枫园A座12-3, Building 3 402; the room begins with a digit or a letter.
_BUILDING_ROOM = re.compile(
    r"(?P<building>.*?[0-9A-Za-z\u4e00-\u9fff])"
    r"(?:(?P<word>栋|号楼|座|幢|楼|号)\s*[-－—–]?|\s*[-－—–]|\s)\s*"
    r"(?P<room>[0-9A-Za-z][0-9A-Za-z-]*)(?:室|房|号)?"
)
_BUILDING_ALONE = re.compile(
    r"(?P<building>.*?[0-9A-Za-z一二三四五六七八九十]+)(?:栋|号楼|座|幢|楼|号)"
)


@dataclass(frozen=True)
class PeopleSearch:
    """What to look for; what is empty is not looked for. Any one fit is a find."""

    text: str = ""
    letters: str = ""
    """Of the text, the letters and digits in small form: for pinyin and initials."""
    passbook_number: str = ""
    card_number: str = ""
    card_code: str = ""
    phone: str = ""
    """E.164, whole."""
    digits: str = ""
    """Some digits: a phone's tail, a room, the beginning of a passbook number."""
    buildings: tuple[str, ...] = ()
    """Names a building may bear: 3, 3栋, 3号楼 …"""
    room: str = ""
    slip: Refusal | None = None
    """The digits are as many as a number has, but its check digit does not fit."""

    @property
    def is_phone_tail(self) -> bool:
        return len(self.digits) == TAIL_DIGITS

    def __bool__(self) -> bool:
        return bool(self.text)


def parse_people_search(typed: str) -> PeopleSearch:
    """What `typed` may mean; never raises, and an empty box means everybody."""
    text = clean_line(typed[:LONGEST_SEARCH])
    if not text:
        return PeopleSearch()
    digits = digits_typed(text)
    if digits.lstrip("+").isascii() and digits.lstrip("+").isdigit():
        return _parse_digits(text, digits)
    presented = parse_presented(text)
    if isinstance(presented, Foreign):
        presented = presented.inside if isinstance(presented.inside, CardCode) else None
    if isinstance(presented, CardCode):
        return PeopleSearch(text=text, card_code=presented.code)
    buildings, room = _parse_place(text)
    return PeopleSearch(text=text, letters=_letters(text), buildings=buildings, room=room)


def _parse_digits(text: str, digits: str) -> PeopleSearch:
    if is_passbook_number(digits):
        return PeopleSearch(text=text, passbook_number=digits, digits=digits)
    if is_card_number(digits):
        return PeopleSearch(text=text, card_number=digits, digits=digits)
    buildings, room = _parse_place(text)
    phone = parse_phone(digits)
    is_phone = not isinstance(phone, Refusal)
    slip = len(digits) in (PASSBOOK_DIGITS, CARD_DIGITS) and not is_phone
    return PeopleSearch(
        text=text,
        phone=phone if isinstance(phone, str) else "",
        digits=digits.lstrip("+"),
        buildings=buildings or _building_names(digits),
        room=room,
        slip=Refusal(Code.NUMBER_INVALID) if slip else None,
    )


def _parse_place(text: str) -> tuple[tuple[str, ...], str]:
    plain = text.translate({0xFF0D: "-", 0x2014: "-", 0x2013: "-", 0x3000: " "})
    found = _BUILDING_ROOM.fullmatch(plain)
    if found:
        building = found["building"] + (found["word"] or "")
        return _building_names(building, found["building"]), found["room"]
    alone = _BUILDING_ALONE.fullmatch(plain)
    if alone:
        return _building_names(plain, alone["building"]), ""
    return (), ""


def _building_names(*written: str) -> tuple[str, ...]:
    names = [written[0]]
    names += [f"{written[-1].strip()}{word}" for word in _BUILDING_WORDS]
    return tuple(dict.fromkeys(name.strip() for name in names))


def _letters(text: str) -> str:
    """chen xy → chenxy; nothing when there is a character that pinyin is not written in."""
    joined = "".join(text.casefold().split()).replace("'", "")
    return joined if joined.isascii() and joined.isalnum() else ""
