"""How people write a building, and which one they mean: 12栋, 十二栋, 12号楼, 梅富村12号, 12-402.

Two ways of writing are the same when their keys are. What is behind the building is the room.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_DIGITS = {one: number for number, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百]+(?=栋|幢|座|号|楼|单元|室|房|$)")
_CHINESE_RANGE = re.compile(
    r"[零〇一二两三四五六七八九十百]+(?=号楼|栋|幢|座|号|楼|至|到|[-–—~～])"
)
_SUFFIX = re.compile(r"(?<=[0-9a-z])(?:号楼|栋|幢|座|号|楼|#)")
_SEPARATORS = re.compile(r"[\s,，、/\\_.·()（）]+")
_ROOM = re.compile(r"[-－—–]*(?P<room>[0-9a-z][0-9a-z-]*)?(?:室|房|号)?")
# 幸福里9栋402, 9栋2单元402; of two such words the last one ends the building: 8号12栋402.
_HOUSE = re.compile(
    r"(?P<building>.*[0-9a-z零〇一二两三四五六七八九十百](?:号楼|栋|幢|座))(?P<room>.*)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?P<building>.*?[0-9a-z零〇一二两三四五六七八九十百](?:号|楼|#))(?P<room>.*)", re.IGNORECASE
)
_DASHED = re.compile(r"(?P<building>.*?[^\s-])\s*-\s*(?P<room>[0-9][0-9a-z-]*)", re.IGNORECASE)
_SPACED = re.compile(r"(?P<building>.*\S)\s+(?P<room>[0-9][0-9a-z-]*)[室房]?", re.IGNORECASE)
_ENDING = "|"
"""Stands in a key where a building's number ends: 1栋 is no beginning of 12栋."""


@dataclass(frozen=True)
class Place:
    """A building that was recognised, and what was written behind it."""

    building_id: int
    room: str | None = None


def building_key(written: str) -> str:
    """What is left of a building's name when the way of writing it is taken away."""
    text = unicodedata.normalize("NFKC", written).casefold()
    text = _SEPARATORS.sub("", text.translate({0x2014: "-", 0x2013: "-"}))
    text = _CHINESE_NUMBER.sub(lambda found: str(_number(found[0])), text)
    text = re.sub(r"(?<![0-9栋幢座号楼#-])0+(?=[0-9])", "", text)
    text = re.sub(r"(?<=[0-9a-z])(?:单元)", "-", text)
    text = _SUFFIX.sub(_ENDING, text)
    return re.sub(r"[第]|\|+$", "", text)


def chinese_numbers_in(written: str) -> str:
    """The numbers of buildings in figures: 一至六十栋 → 1至60栋."""
    return _CHINESE_RANGE.sub(lambda found: str(_number(found[0])), written)


def buildings_by_key(
    names: Iterable[tuple[int, str]], aliases: Iterable[tuple[int, str]] = ()
) -> Mapping[str, int]:
    """Building by key of each of its names; a key that two buildings have means neither, unless
    staff said which one by an alias."""
    return {**_by_key(names), **_by_key(aliases)}


def split_place(written: str) -> tuple[str, str | None]:
    """What is written before the room, and the room: 幸福里9栋402 → 幸福里9栋, 402."""
    text = " ".join(unicodedata.normalize("NFKC", written).split())
    text = text.translate({0x2014: "-", 0x2013: "-"})
    for pattern in (_HOUSE, _NUMBERED, _DASHED, _SPACED):
        found = pattern.fullmatch(text)
        if found:
            return found["building"].strip(), plain_room(found["room"])
    return text, None


def plain_room(written: str) -> str | None:
    """A room as it is kept, without the word for it: 402室 → 402."""
    return written.strip(" -、,，").removesuffix("室").removesuffix("房").strip() or None


def _by_key(names: Iterable[tuple[int, str]]) -> dict[str, int]:
    found: dict[str, int | None] = {}
    for building_id, name in names:
        key = building_key(name)
        if key:
            found[key] = building_id if found.get(key, building_id) == building_id else None
    return {key: building_id for key, building_id in found.items() if building_id is not None}


def find_place(written: str, known: Mapping[str, int]) -> Place | None:
    """The building that `written` names, with the room behind it; None when it names none.

    The longest name counts: 12栋402 is room 402 of 12栋, never of 1栋.
    """
    key = building_key(written)
    if key in known:
        return Place(known[key])
    for name in sorted((name for name in known if key.startswith(name)), key=len, reverse=True):
        rest = key[len(name) :]
        # Without a sign between them the digits belong together: 12 is no room 2 of building 1.
        is_word = not (name[-1].isascii() and name[-1].isalnum())
        if not (rest.startswith((_ENDING, "-")) or (is_word and rest[0].isdigit())):
            continue
        room = _ROOM.fullmatch(rest.removeprefix(_ENDING).rstrip(_ENDING))
        if room:
            return Place(known[name], room["room"])
    return None


def _number(written: str) -> int:
    """十二 → 12, 二十 → 20, 一百零二 → 102, 一〇二 → 102."""
    if not set(written) & set("十百"):
        return int("".join(str(_DIGITS[one]) for one in written))
    total = digit = 0
    for one in written:
        if one in "十百":
            total += (digit or 1) * (10 if one == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[one]
    return total + digit
