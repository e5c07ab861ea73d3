"""The type that everything printed is set in: Noto Sans SC, whole, in two weights.

The whole font, because names hold characters such as 喆, 堃 and 䶮 that the usual subsets leave
out, and a person's name with an empty box in it is not their name.
"""

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

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


def fit(text: str, frame: Frame) -> Setting:
    """Sets `text` as large as `frame` allows, in lines of about one length.

    Lines end after a phrase if the type need not shrink much for it, else after any character.
    What does not even fit at the smallest size ends in …
    """
    text = " ".join(printable(text).split())
    phrases, characters = list(_pieces(text, phrases=True)), list(_pieces(text, phrases=False))
    smallest_phrases = max(frame.smallest, frame.largest * _FOR_PHRASES)
    for pieces, smallest in ((phrases, smallest_phrases), (characters, frame.smallest)):
        for size in _sizes(frame.largest, smallest):
            lines = _break(pieces, frame.width / size, frame.weight)
            if len(lines) <= frame.lines and not _is_torn(lines, pieces):
                return Setting(size, _balance(pieces, lines, frame.width / size, frame.weight))
    lines = _break(characters, frame.width / frame.smallest, frame.weight)
    if len(lines) <= frame.lines:
        return Setting(frame.smallest, tuple(lines))
    return Setting(frame.smallest, _cut(lines, frame, frame.width / frame.smallest))


def _sizes(largest: float, smallest: float) -> Iterator[float]:
    size = largest
    while size > smallest:
        yield size
        size *= _STEP
    yield smallest


def _is_torn(lines: list[str], pieces: list[str]) -> bool:
    """Whether a piece was too long for its line, so that it was broken inside."""
    ends = {line for line in lines[:-1] if not any(line.endswith(p.rstrip()) for p in pieces)}
    return bool(ends)


def _balance(pieces: list[str], lines: list[str], width: float, weight: Weight) -> tuple[str, ...]:
    """The same number of lines, in as little width as they need: no last line of one character."""
    narrow, wide = width / max(len(lines), 1), width
    for _ in range(8):
        middle = (narrow + wide) / 2
        closer = _break(pieces, middle, weight)
        if len(closer) > len(lines) or _is_torn(closer, pieces):
            narrow = middle
        else:
            wide = middle
    return tuple(_break(pieces, wide, weight))


def _cut(lines: list[str], frame: Frame, width: float) -> tuple[str, ...]:
    last = lines[frame.lines - 1]
    while last and measure(last + "…", 1, frame.weight) > width:
        last = last[:-1]
    return (*lines[: frame.lines - 1], last + "…")


def _break(pieces: list[str], width: float, weight: Weight) -> list[str]:
    """Lines of at most `width`, counted in the size of the type."""
    lines, line = [], ""
    for piece in pieces:
        if line and measure((line + piece).rstrip(), 1, weight) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece.lstrip() if not line else piece
        while measure(line.rstrip(), 1, weight) > width and len(line) > 1:
            head = _head(line, width, weight)
            lines.append(line[:head])
            line = line[head:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _head(line: str, width: float, weight: Weight) -> int:
    """How many characters of a word wider than the line fit on it; at least one."""
    count = len(line)
    while count > 1 and measure(line[:count], 1, weight) > width:
        count -= 1
    return count


def _pieces(text: str, phrases: bool) -> Iterator[str]:
    """What a line may be broken between: phrases, else Chinese characters and Latin words."""
    may_break = _may_break_phrases if phrases else _may_break
    piece = ""
    for character in text:
        if piece and may_break(piece[-1], character):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


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
