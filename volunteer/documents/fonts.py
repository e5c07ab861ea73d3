"""The type that everything printed is set in: Noto Sans SC, whole, in two weights.

The whole font, because names hold characters such as 喆, 堃 and 䶮 that the usual subsets leave
out, and a person's name with an empty box in it is not their name.
"""

import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Self

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parents[2] / "static/vendor/noto-sans-sc-0.4.3"
# What Chinese printers set for a character they have no type for.
MISSING = "〓"
# Letters that do not fall apart into a base letter and an accent.
_PLAIN_LETTERS = str.maketrans("ŁłØøĐđĦħŦŧıŊŋ", "LlOoDdHhTtiNn")
_NEVER_FIRST = frozenset("，。、；：？！）》」』】〉·…,.;:?!)%’”")
_NEVER_LAST = frozenset("（《「『【〈(‘“")
# Whole phrases on a line are worth type this much smaller.
_FOR_PHRASES = 0.72
_STEP = 0.96
# Between Latin letters these are narrow; the font draws them as wide as a Chinese character.
_LATIN_QUOTES = str.maketrans("‘’“”", "''\"\"")

_loading = threading.Lock()


class Weight(StrEnum):
    REGULAR = "NotoSansSC-Regular"
    BOLD = "NotoSansSC-Bold"

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.value}.ttf"


@dataclass(frozen=True)
class Setting:
    """Text as it fits: one size for all its lines, in the unit that the width was given in."""

    size: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """The room a text has: a width, a number of lines, and between which sizes it may be set."""

    width: float
    largest: float
    smallest: float
    lines: int = 1
    weight: Weight = Weight.REGULAR


def load(weight: Weight) -> TTFont:
    """The font, read and made known to reportlab once in a process: 0.1 s and 10 MB."""
    with _loading:
        return _load(weight)


@cache
def _load(weight: Weight) -> TTFont:
    font = TTFont(weight.value, str(weight.file))
    pdfmetrics.registerFont(font)
    return font


def printable(text: str) -> str:
    """`text` in characters the font has.

    An accent it lacks is left off, a character it lacks becomes 〓, control characters go.
    """
    glyphs = load(Weight.REGULAR).face.charToGlyph
    text = unicodedata.normalize("NFC", text)
    if not any(map(_is_wide, text)):
        text = text.translate(_LATIN_QUOTES)
    return "".join(_printable(character, glyphs) for character in text)


def _printable(character: str, glyphs: dict[int, int]) -> str:
    if ord(character) in glyphs:
        return character
    if unicodedata.category(character) in {"Cc", "Cf", "Mn", "Cs"}:
        return ""
    plain = unicodedata.normalize("NFKD", character.translate(_PLAIN_LETTERS))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return plain if plain and all(ord(c) in glyphs for c in plain) else MISSING


def measure(text: str, size: float, weight: Weight = Weight.REGULAR) -> float:
    """The width of `text`, in the unit of `size`."""
    return float(load(weight).stringWidth(text, size))


@dataclass(frozen=True)
class _Piece:
    """What stays together on a line, measured at size 1, and the blank that follows it."""

    text: str
    width: float
    blank: float

    @classmethod
    def of(cls, text: str, weight: Weight) -> Self:
        bare = text.rstrip()
        width = measure(bare, 1, weight)
        return cls(text, width, measure(text, 1, weight) - width if bare != text else 0.0)


@lru_cache(maxsize=1024)  # most of what a thousand cards say is the same
def fit(text: str, frame: Frame) -> Setting:
    """Sets `text` as large as `frame` allows, in lines of about one length.

    Lines end after a phrase if the type need not shrink much for it, else after any character.
    What does not even fit at the smallest size ends in …
    """
    text = " ".join(printable(text).split())
    smallest_phrases = max(frame.smallest, frame.largest * _FOR_PHRASES)
    phrases = _pieces(text, _may_break_phrases, frame.weight)
    characters = _pieces(text, _may_break, frame.weight)
    for pieces, smallest in ((phrases, smallest_phrases), (characters, frame.smallest)):
        widest = max((piece.width for piece in pieces), default=0.0)
        for size in _sizes(frame.largest, smallest):
            width = frame.width / size
            count = len(_break(pieces, width))
            if widest <= width and count <= frame.lines:
                return Setting(size, _balanced(pieces, count, max(widest, width / 4), width))
    lines = _break(_chopped(characters, frame), frame.width / frame.smallest)
    return Setting(frame.smallest, _cut(lines, frame))


def _sizes(largest: float, smallest: float) -> Iterator[float]:
    size = largest
    while size > smallest:
        yield size
        size *= _STEP
    yield smallest


def _balanced(pieces: list[_Piece], count: int, narrow: float, wide: float) -> tuple[str, ...]:
    """As many lines, in as little width as they need: no last line of a single character."""
    for _ in range(8):
        middle = (narrow + wide) / 2
        if len(_break(pieces, middle)) > count:
            narrow = middle
        else:
            wide = middle
    return tuple(_break(pieces, wide))


def _cut(lines: list[str], frame: Frame) -> tuple[str, ...]:
    if len(lines) <= frame.lines:
        return tuple(lines)
    last = lines[frame.lines - 1]
    while last and measure(last + "…", frame.smallest, frame.weight) > frame.width:
        last = last[:-1]
    return (*lines[: frame.lines - 1], last + "…")


def _chopped(pieces: list[_Piece], frame: Frame) -> list[_Piece]:
    """Words wider than a line, letter by letter."""
    width = frame.width / frame.smallest
    return [
        part
        for piece in pieces
        for part in (
            (piece,)
            if piece.width <= width
            else (_Piece.of(letter, frame.weight) for letter in piece.text)
        )
    ]


def _break(pieces: list[_Piece], width: float) -> list[str]:
    """Lines of at most `width`, or of one piece that is wider."""
    lines, line, used = [], "", 0.0
    for piece in pieces:
        if line and used + piece.width > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
        line += piece.text
        used += piece.width + piece.blank
    return [*lines, line.rstrip()]


def _pieces(text: str, may_break: Callable[[str, str], bool], weight: Weight) -> list[_Piece]:
    """`text` where its lines may be broken: phrases, else Chinese characters and Latin words."""
    pieces, piece = [], ""
    for character in text:
        if piece and may_break(piece[-1], character):
            pieces.append(_Piece.of(piece, weight))
            piece = ""
        piece += character
    return [*pieces, _Piece.of(piece, weight)]


def _may_break(before: str, after: str) -> bool:
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return before == " " or _is_wide(before) or (_is_wide(after) and after != " ")


def _may_break_phrases(before: str, after: str) -> bool:
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return before == " " or before in _NEVER_FIRST or after in _NEVER_LAST


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}
