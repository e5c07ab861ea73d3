"""A picture as plain values, before it is a PDF, a PNG or an SVG.

Everything is in millimetres from the top left corner, type sizes too; colours are `#rrggbb`. The
three painters (`paint_pdf`, `paint_png`, `paint_svg`) draw the same values, so a card on a screen,
in a chat and on paper is one design.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from volunteer.documents.fonts import Frame, Weight, fit

Align = Literal["left", "middle", "right"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    line_width: float = 0.3
    radius: float = 0.0


@dataclass(frozen=True)
class Line:
    start: Point
    end: Point
    stroke: str
    line_width: float = 0.3
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Curve:
    """An outline of cubic Bézier pieces: each is two control points and an end."""

    start: Point
    pieces: tuple[tuple[Point, Point, Point], ...]
    fill: str | None = None
    stroke: str | None = None
    line_width: float = 0.3
    closed: bool = True


@dataclass(frozen=True)
class Text:
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    weight: Weight = Weight.REGULAR
    align: Align = "left"


@dataclass(frozen=True)
class Code:
    """A QR code with its quiet zone inside `size`."""

    x: float
    y: float
    size: float
    address: str


@dataclass(frozen=True)
class Stencil:
    """Shapes that many places of a document share: a PDF holds them once and refers to them. No
    codes in it: each of those is another."""

    x: float
    y: float
    width: float
    height: float
    shapes: tuple["Shape", ...]


Shape = Box | Line | Curve | Text | Code | Stencil


@dataclass(frozen=True)
class Sheet:
    """One page or picture. `about` says what it shows to who cannot see it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    about: str


def circle(centre: Point, radius: float, fill: str | None, stroke: str | None = None) -> Curve:
    """Four Bézier quarters: within a thousandth of a circle."""
    (x, y), r, k = centre, radius, radius * 0.5523
    return Curve(
        (x, y - r),
        (
            ((x + k, y - r), (x + r, y - k), (x + r, y)),
            ((x + r, y + k), (x + k, y + r), (x, y + r)),
            ((x - k, y + r), (x - r, y + k), (x - r, y)),
            ((x - r, y - k), (x - k, y - r), (x, y - r)),
        ),
        fill=fill,
        stroke=stroke,
        line_width=radius / 6,
    )


def paragraph(
    at: Point, text: str, frame: Frame, fill: str, align: Align = "left"
) -> tuple[list[Text], float]:
    """`text` set into `frame`, its first line's top at `at`; and where the next thing may begin.

    With `align` middle or right, `at` is the middle or the right edge.
    """
    setting = fit(text, frame)
    # Chinese type fills its square: 0.88 of it above the baseline, and a third between lines.
    lines = [
        Text(
            at[0] - _hang(line, setting.size, align),
            at[1] + setting.size * (0.88 + 1.32 * number),
            line,
            setting.size,
            fill,
            frame.weight,
            align,
        )
        for number, line in enumerate(setting.lines)
    ]
    return lines, at[1] + setting.size * (1.32 * len(lines) - 0.2)


def _hang(line: str, size: float, align: Align) -> float:
    """An opening bracket is empty on its left: the line moves out by as much."""
    hangs = line[:1] in set("（《「『【〈“‘") and len(line) > 1 and align != "right"
    return size / (2 if align == "left" else 4) if hangs else 0.0


def moved(shapes: Iterable[Shape], right: float, down: float) -> list[Shape]:
    """The same shapes elsewhere on the sheet."""
    return [_moved(shape, right, down) for shape in shapes]


def plain(shapes: Iterable[Shape]) -> list[Shape]:
    """The same picture without stencils: each one's shapes where it stands."""
    found: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Stencil):
            found += moved(shape.shapes, shape.x, shape.y)
        else:
            found.append(shape)
    return found


def _moved(shape: Shape, right: float, down: float) -> Shape:
    def shift(point: Point) -> Point:
        return point[0] + right, point[1] + down

    if isinstance(shape, Line):
        return replace(shape, start=shift(shape.start), end=shift(shape.end))
    if isinstance(shape, Curve):
        pieces = tuple((shift(a), shift(b), shift(c)) for a, b, c in shape.pieces)
        return replace(shape, start=shift(shape.start), pieces=pieces)
    return replace(shape, x=shape.x + right, y=shape.y + down)
