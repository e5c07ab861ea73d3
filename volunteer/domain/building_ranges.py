"""Many buildings in one line, as people write them: 1-60栋, 1–60号楼, A1~A12栋, 1-12,15,18-20栋."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from volunteer.domain.building_names import building_key, chinese_numbers_in
from volunteer.domain.names import clean_line
from volunteer.domain.refusals import Code, Refusal

MOST_BUILDINGS = 500
LONGEST_NAME = 40
USUAL_SUFFIX = "栋"
"""What a bare number is called: 1-60 alone means buildings here."""
NUMBER_SIGN = "#"
"""Stands for the building's number in a second way of writing: 梅富村#号."""

_BETWEEN = re.compile(r"[,，、;；\n\r]+")
_DASHES = r"(?:[-‐‑‒–—―−~〜～]+|至|到)"
_SUFFIX = r"(?P<{}>号楼|号院|栋|幢|座|号|楼|单元|区|苑|巷)?"
_NUMBERS = re.compile(
    r"(?P<before>.*?)(?P<first>\d{1,4})"
    + _SUFFIX.format("between")
    + r"\s*"
    + _DASHES
    + r"\s*(?P<again>.*?)(?P<last>\d{1,4})\s*"
    + _SUFFIX.format("suffix")
)
_LETTERS = re.compile(
    r"(?P<before>.*?)(?P<first>[A-Za-z])"
    + _SUFFIX.format("between")
    + r"\s*"
    + _DASHES
    + r"\s*(?P<last>[A-Za-z])\s*"
    + _SUFFIX.format("suffix")
)
_ONE = re.compile(r"(?P<before>[A-Za-z]?)(?P<first>\d{1,4})")
_ODD, _EVEN = re.compile(r"单[号数]?|奇数"), re.compile(r"双[号数]?|偶数")


@dataclass(frozen=True)
class NamedBuilding:
    """A building of a range; ``number`` is what stands for it in another way of writing, such as
    12 or A3; '' for one that has none."""

    name: str
    number: str


@dataclass(frozen=True)
class _Piece:
    """What stands between two commas: names without their suffix, which may stand further on."""

    numbers: tuple[str, ...]
    before: str
    suffix: str | None
    is_name: bool = False


def parse_buildings(text: str) -> list[NamedBuilding] | Refusal:
    """The buildings that a line names, in order, each once however it is written.

    Refuses ``buildings_missing``, ``buildings_unreadable`` (the fact ``piece`` says which part),
    ``buildings_reversed`` and ``too_many_buildings``.
    """
    pieces: list[_Piece] = []
    for written in _BETWEEN.split(text[:4000]):
        line = clean_line(unicodedata.normalize("NFKC", written))
        if not line:
            continue
        piece = _parse(line)
        if isinstance(piece, Refusal):
            return piece
        pieces.append(piece)
    if not pieces:
        return Refusal(Code.BUILDINGS_MISSING)
    found: dict[str, NamedBuilding] = {}
    for building in _named(pieces):
        found.setdefault(building_key(building.name), building)
        if len(found) > MOST_BUILDINGS:
            return Refusal(Code.TOO_MANY_BUILDINGS, {"most": MOST_BUILDINGS})
    return list(found.values())


def other_writing(pattern: str, building: NamedBuilding) -> str:
    """Another way of writing the building: 梅富村#号 of 12栋 is 梅富村12号; '' when it has no
    number or the pattern no place for one."""
    if not building.number or NUMBER_SIGN not in pattern:
        return ""
    return pattern.replace(NUMBER_SIGN, building.number)


def _parse(line: str) -> _Piece | Refusal:
    written = chinese_numbers_in(line)
    odd, even = bool(_ODD.search(written)), bool(_EVEN.search(written))
    if odd or even:
        written = _ODD.sub("", _EVEN.sub("", written)).replace("()", "").strip()
    numbers = _NUMBERS.fullmatch(written)
    letters = _LETTERS.fullmatch(written)
    ranged = numbers or letters
    if ranged is None:
        return _single(line)
    before = ranged["before"].removeprefix("第").strip()
    if numbers and numbers["again"].removeprefix("第").strip() not in ("", before):
        return Refusal(Code.BUILDINGS_UNREADABLE, {"piece": line[:LONGEST_NAME]})
    members = _count(ranged["first"], ranged["last"]) if numbers else _alphabet(ranged)
    if not members:
        return Refusal(Code.BUILDINGS_REVERSED, {"piece": line[:LONGEST_NAME]})
    if odd != even:
        members = [one for one in members if int(one) % 2 == int(odd)] if numbers else members
    if len(members) > MOST_BUILDINGS:
        return Refusal(Code.TOO_MANY_BUILDINGS, {"most": MOST_BUILDINGS})
    if len(before) > LONGEST_NAME - 8:
        return Refusal(Code.BUILDINGS_UNREADABLE, {"piece": line[:LONGEST_NAME]})
    return _Piece(tuple(members), before, ranged["suffix"] or ranged["between"])


def _single(line: str) -> _Piece | Refusal:
    one = _ONE.fullmatch(line)
    if one:
        return _Piece((one["first"],), one["before"], None)
    if len(line) > LONGEST_NAME:
        return Refusal(Code.BUILDINGS_UNREADABLE, {"piece": line[:LONGEST_NAME]})
    return _Piece((line,), "", "", is_name=True)


def _count(first: str, last: str) -> list[str]:
    """01 to 12 keep their width."""
    width = len(first) if first.startswith("0") else 0
    return [str(number).zfill(width) for number in range(int(first), int(last) + 1)]


def _alphabet(ranged: re.Match[str]) -> list[str]:
    return [chr(code) for code in range(ord(ranged["first"]), ord(ranged["last"]) + 1)]


def _named(pieces: list[_Piece]) -> Iterator[NamedBuilding]:
    """In 1-12,15,18-20栋 the word at the end holds for all before it."""
    suffix = USUAL_SUFFIX
    suffixes: list[str] = []
    for piece in reversed(pieces):
        if piece.suffix:
            suffix = piece.suffix
        suffixes.append(piece.suffix or suffix)
    for piece, ending in zip(pieces, reversed(suffixes), strict=True):
        for number in piece.numbers:
            if piece.is_name:
                yield NamedBuilding(number, _number_of(number))
            else:
                yield NamedBuilding(f"{piece.before}{number}{ending}", _short(piece, number))


def _short(piece: _Piece, number: str) -> str:
    return f"{piece.before}{number}" if piece.before.isascii() else number


def _number_of(name: str) -> str:
    digits = re.search(r"[A-Za-z]?\d+", name)
    return digits[0] if digits else ""
