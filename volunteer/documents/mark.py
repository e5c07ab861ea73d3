"""Our mark, a heart in an open book, and the colours that go with it."""

from volunteer.documents.drawing import Curve, Point

RED = "#9c1c26"
RED_DEEP = "#74101a"
FOIL = "#f6dfae"
PAPER = "#fcf6e6"
PAPER_LINE = "#ddcfae"
INK = "#2a211d"
INK_SOFT = "#645850"
WHITE = "#ffffff"
AMBER = "#7a4a00"
AMBER_TINT = "#fff3d9"
GREEN = "#17633f"

# The outlines of static/img/mark.svg, on its grid of 64.
_BOOK: tuple[tuple[Point, ...], ...] = (
    ((32, 16.5),),
    ((25.5, 10.8), (15.5, 9.4), (4, 11.2)),
    ((4, 24.5), (4, 37.9), (4, 51.2)),
    ((15.5, 49.6), (25.5, 51), (32, 56.8)),
    ((38.5, 51), (48.5, 49.6), (60, 51.2)),
    ((60, 37.9), (60, 24.5), (60, 11.2)),
    ((48.5, 9.4), (38.5, 10.8), (32, 16.5)),
)
_HEART: tuple[tuple[Point, ...], ...] = (
    ((32, 45.5),),
    ((22.3, 38.3), (17.5, 33), (17.5, 27.2)),
    ((17.5, 23), (20.9, 19.6), (25.1, 19.6)),
    ((28.1, 19.6), (30.8, 21.3), (32, 23.9)),
    ((33.2, 21.3), (35.9, 19.6), (38.9, 19.6)),
    ((43.1, 19.6), (46.5, 23), (46.5, 27.2)),
    ((46.5, 33), (41.7, 38.3), (32, 45.5)),
)


def mark(at: Point, size: float, colour: str, ground: str) -> list[Curve]:
    """The mark in `colour`, its heart in the colour of the ground it stands on."""
    return [_outline(_BOOK, at, size, colour), _outline(_HEART, at, size, ground)]


def heart(at: Point, size: float, colour: str) -> Curve:
    """The heart alone, filling about half of a square of `size`."""
    return _outline(_HEART, at, size, colour)


def _outline(outline: tuple[tuple[Point, ...], ...], at: Point, size: float, fill: str) -> Curve:
    def place(point: Point) -> Point:
        return at[0] + point[0] * size / 64, at[1] + point[1] * size / 64

    (start,), *rest = outline
    pieces = tuple((place(a), place(b), place(c)) for a, b, c in rest)
    return Curve(place(start), pieces, fill=fill)
