"""Visiting teams: a list of names as it is pasted, and which of them are new.

Lists come out of a chat group, a spreadsheet or a teacher's head: one name a line, or one after
the other with 、 or a comma, sometimes numbered, sometimes with a space inside a short name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from volunteer.domain.names import parse_name
from volunteer.domain.refusals import Code, Refusal, refuse

MOST_IN_TEAM = 200
_LONGEST_LIST = 20_000
_BETWEEN = re.compile(r"[\n\r\t、，,；;]+")
_NUMBERED = re.compile(r"^\W*[0-9０-９]+\s*[.．:：)）号]*\s*")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]+")


@dataclass(frozen=True)
class ListedName:
    """One name of a pasted list. ``text``: as it was written. ``repeats``: it stands on the list
    before; that may be two people, or a slip. ``known``: somebody of the team has this name."""

    number: int
    text: str
    name: str
    refusal: Refusal | None = None
    repeats: bool = False
    known: bool = False


def parse_list(text: str, known: Iterable[str] = ()) -> tuple[ListedName, ...]:
    """The names of a pasted list, in its order; ``known`` are the team's already.

    Raises Refused: ``name_missing`` (none on it), ``team_too_large`` (over 200).
    """
    pieces = [name for piece in _BETWEEN.split(text[:_LONGEST_LIST]) for name in _names_of(piece)]
    if not pieces:
        raise refuse(Code.NAME_MISSING, field="names")
    if len(pieces) > MOST_IN_TEAM:
        raise refuse(Code.TEAM_TOO_LARGE, most=MOST_IN_TEAM, field="names")
    left = Counter(known)
    seen: set[str] = set()
    listed = []
    for number, piece in enumerate(pieces):
        parsed = parse_name(piece)
        if isinstance(parsed, Refusal):
            listed.append(ListedName(number, piece, "", parsed))
            continue
        is_known = left[parsed] > 0
        left[parsed] -= is_known
        listed.append(ListedName(number, piece, parsed, None, parsed in seen, is_known))
        seen.add(parsed)
    return tuple(listed)


def new_names(names: Sequence[str], known: Iterable[str]) -> list[str]:
    """Of these names those that nobody of the team has: two of a name are two people."""
    left = Counter(known)
    new = []
    for name in names:
        if left[name] > 0:
            left[name] -= 1
        else:
            new.append(name)
    return new


def _names_of(piece: str) -> list[str]:
    """The names between two separators: 张三 李四 are two, 王 伟 is one, Anna Smith is one."""
    piece = _NUMBERED.sub("", piece).strip()
    words = piece.split()
    if len(words) < 2 or not all(_HAN.fullmatch(word) for word in words):
        return [piece] if piece else []
    if all(len(word) > 1 for word in words):
        return words
    return ["".join(words)]
