"""Cards on A4 paper, to print, cut and hand out: ten to a page, or a few to fold.

Beside each card hangs a strip with its activation code: it is torn off before the card goes round a
neck, so that a found card opens no passbook.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from volunteer.documents.card import HEIGHT, WIDTH, Card, back, front
from volunteer.documents.drawing import (
    Align,
    Box,
    Line,
    Point,
    Shape,
    Sheet,
    Stencil,
    moved,
    paragraph,
)
from volunteer.documents.fonts import Frame, Weight
from volunteer.documents.mark import AMBER, AMBER_TINT, INK, INK_SOFT, PAPER, PAPER_LINE, RED
from volunteer.documents.paint import paint_pdf
from volunteer.domain.activation import format_activation_code
from volunteer.domain.card_prints import Layout
from volunteer.domain.passbook_number import format_number

TITLE = "存折卡 Cards"
_PAGE_WIDTH, _PAGE_HEIGHT = 210.0, 297.0


CARDS_ON = {Layout.BOTH_SIDES: 10, Layout.ONE_SIDE: 10, Layout.FOLDED: 5}


def cards_pdf(cards: Iterable[Card], layout: Layout = Layout.FOLDED) -> bytes:
    every = tuple(cards)
    strips = any(card.activation_code for card in every)
    return paint_pdf(card_pages(every, layout, strips=strips), title=TITLE)


def card_pages(cards: Iterable[Card], layout: Layout, *, strips: bool) -> Iterator[Sheet]:
    """The pages of these cards, in order; a page is full before the next one begins.

    `strips`: ten to a page leave room for activation codes beside them.
    """
    waiting = iter(cards)
    while some := tuple(islice(waiting, CARDS_ON[layout])):
        yield from _pages(some, layout, strips)


def _pages(cards: Sequence[Card], layout: Layout, strips: bool) -> Iterator[Sheet]:
    if layout is Layout.FOLDED:
        yield _page(_folded(cards))
        return
    grid = _Grid(_NARROW if strips else 0.0)
    yield _page(_ten_fronts(cards, grid, layout))
    if layout is Layout.BOTH_SIDES:
        yield _page(_ten_backs(cards, grid))


def _page(shapes: list[Shape]) -> Sheet:
    return Sheet(_PAGE_WIDTH, _PAGE_HEIGHT, tuple(shapes), about=TITLE)


def _line(at: Point, text: str, frame: Frame, fill: str, align: Align = "left") -> list[Shape]:
    return list(paragraph(at, text, frame, fill, align)[0])


# --- ten to a page -----------------------------------------------------------------------------

_NARROW = 14.4
_TOP = 13.5
_TICK = 2.6
_ROWS = 5
_CUT = 0.15
_HOW = {
    Layout.BOTH_SIDES: (
        "双面打印，沿长边翻转，按实际大小（100%）。沿实线剪下。",
        "Print on both sides, flip on the long edge, at actual size. Cut along the lines.",
    ),
    Layout.ONE_SIDE: (
        "按实际大小（100%）打印。沿实线剪下。",
        "Print at actual size. Cut along the lines.",
    ),
}
_TEAR = (
    "激活码条沿虚线撕下，单独交给本人。",
    " Tear off the strip and hand it over by itself.",
)


@dataclass(frozen=True)
class _Grid:
    """Two columns of five cards, `strip` wide strips to their right; 0 is no strips."""

    strip: float

    @property
    def left(self) -> float:
        return (_PAGE_WIDTH - 2 * (WIDTH + self.strip)) / 2

    def corner(self, number: int) -> Point:
        """Top left of the `number`-th card."""
        row, column = divmod(number, 2)
        return self.left + column * (WIDTH + self.strip), _TOP + row * HEIGHT


def _ten_fronts(cards: Sequence[Card], grid: _Grid, layout: Layout) -> list[Shape]:
    shapes: list[Shape] = []
    for place, how, tear in zip((3.4, 6.9), _HOW[layout], _TEAR, strict=True):
        words = how + tear if grid.strip else how
        shapes += _line((_PAGE_WIDTH / 2, place), words, Frame(190, 2.9, 2), INK_SOFT, "middle")
    for number, card in enumerate(cards):
        x, y = grid.corner(number)
        shapes += moved(front(card), x, y)
        if card.activation_code:
            shapes += moved(_narrow_strip(card), x + WIDTH, y)
    return shapes + _cuts(grid, -(-len(cards) // 2))


def _ten_backs(cards: Sequence[Card], grid: _Grid) -> list[Shape]:
    """Each behind its front once the sheet is turned over its long edge."""
    shapes: list[Shape] = []
    for number, card in enumerate(cards):
        x, y = grid.corner(number)
        shapes += moved(back(card), _PAGE_WIDTH - x - WIDTH, y)
    return shapes


def _cuts(grid: _Grid, rows: int) -> list[Shape]:
    """Where to cut, out into the margins; dotted where a strip is torn off."""
    left, right = grid.left, _PAGE_WIDTH - grid.left
    bottom = _TOP + rows * HEIGHT
    shapes: list[Shape] = [
        Line((left - _TICK, y), (right + _TICK, y), INK_SOFT, _CUT)
        for y in (_TOP + row * HEIGHT for row in range(rows + 1))
    ]
    for column in range(3):
        x = left + column * (WIDTH + grid.strip)
        shapes.append(Line((x, _TOP - _TICK), (x, bottom + _TICK), INK_SOFT, _CUT))
        if grid.strip and column < 2:
            tear = x + WIDTH
            shapes.append(
                Line((tear, _TOP - _TICK), (tear, bottom + _TICK), INK_SOFT, 0.25, (0.3, 1.1))
            )
    return shapes


def _narrow_strip(card: Card) -> list[Shape]:
    until = card.activation_code_valid_until
    valid = until.isoformat() if until else ""
    shapes: list[Shape] = [
        Stencil(0, 0, _NARROW, HEIGHT, _narrow_strip_of_all(valid, card.sample)),
    ]
    digits = Frame(_NARROW - 3, 5.4, 4, weight=Weight.BOLD)
    for row, group in enumerate(format_activation_code(card.activation_code).split()):
        shapes += _line((_NARROW / 2, 12.6 + 5.4 * row), group, digits, INK, "middle")
    number = Frame(_NARROW - 1.6, 1.9, 1.5)
    shapes += _line((_NARROW / 2, 50.6), format_number(card.card_number), number, INK, "middle")
    return shapes


@lru_cache(maxsize=64)
def _narrow_strip_of_all(valid_until: str, sample: bool) -> tuple[Shape, ...]:
    middle, width = _NARROW / 2, _NARROW - 1.8
    shapes = _line((middle, 3), "激活码", Frame(width, 3.4, 3.4, weight=Weight.BOLD), RED, "middle")
    english = Frame(width, 1.7, 1.4)
    shapes += _line((middle, 7.4), "Activation code", english, INK_SOFT, "middle")
    shapes.append(Box(1, 11.4, _NARROW - 2, 18, fill=PAPER, stroke=PAPER_LINE, radius=1))
    words = "绑定手机时用，只能用一次。与卡分开放。"
    lines, end = paragraph((middle, 30.6), words, Frame(width, 2.05, 1.8, lines=4), INK, "middle")
    shapes += lines
    words = "Binds a phone, once. Keep it apart."
    small = Frame(width, 1.6, 1.3, lines=3)
    lines, end = paragraph((middle, end + 0.5), words, small, INK_SOFT, "middle")
    shapes += lines
    if sample:
        tag = Frame(width - 0.6, 1.9, 1.6, weight=Weight.BOLD)
        shapes.append(Box(0.7, 44.4, _NARROW - 1.4, 2.9, AMBER_TINT, radius=0.6))
        shapes += _line((middle, 44.9), "演示 SAMPLE", tag, AMBER, "middle")
    if valid_until:
        until = Frame(width, 1.7, 1.4)
        shapes += _line((middle, 48), f"至 {valid_until}", until, INK, "middle")
    return tuple(shapes)


# --- five to fold --------------------------------------------------------------------------------

_WIDE = 26.0
_GAP = 1.6
_FOLDED_LEFT = (_PAGE_WIDTH - 2 * WIDTH - _WIDE) / 2
_FOLDED_TOP = 12.0


def _folded(cards: Sequence[Card]) -> list[Shape]:
    how = (
        "沿实线剪下，沿中间虚线对折粘好。右边的激活码条撕下，单独交给本人。"
        " · Cut, fold in the middle, glue. Tear off the strip and hand it over by itself."
    )
    shapes = _line((_PAGE_WIDTH / 2, 6), how, Frame(196, 3, 2.6), INK_SOFT, "middle")
    for number, card in enumerate(cards):
        y = _FOLDED_TOP + number * (HEIGHT + _GAP)
        shapes += moved(_strip_of_paper(card), _FOLDED_LEFT, y)
    return shapes


def _strip_of_paper(card: Card) -> list[Shape]:
    """Front, back and strip in one row with its cut, fold and tear lines."""
    fold, tear = WIDTH, 2 * WIDTH
    return [
        *front(card),
        *moved(back(card), fold, 0),
        *moved(_wide_strip(card), tear, 0),
        Box(0, 0, tear + _WIDE, HEIGHT, stroke=INK_SOFT, line_width=_CUT),
        Line((fold, 0), (fold, HEIGHT), INK_SOFT, _CUT, dashes=(1, 1)),
        Line((tear, 0), (tear, HEIGHT), INK_SOFT, 0.25, dashes=(0.3, 1.1)),
    ]


def _wide_strip(card: Card) -> list[Shape]:
    middle, width = _WIDE / 2, _WIDE - 4
    shapes = _line((middle, 4), "激活码", Frame(width, 4.2, 4.2, weight=Weight.BOLD), RED, "middle")
    shapes += _line((middle, 9.2), "Activation code", Frame(width, 2.3, 2), INK_SOFT, "middle")
    if card.activation_code:
        shapes += _activation_code(card, middle, width)
    else:
        words = "请到社区工作人员处领取 Ask the staff for one"
        shapes += _line((middle, 18), words, Frame(width, 2.8, 2.4, lines=4), INK, "middle")
    number = f"卡号 {format_number(card.card_number)}"
    shapes += _line((middle, 49.6), number, Frame(width, 2.2, 1.8), INK_SOFT, "middle")
    if card.sample:
        tag = Frame(width, 2.4, 2.4, weight=Weight.BOLD)
        shapes.append(Box(middle - 9.5, 44.2, 19, 4, AMBER_TINT, radius=0.9))
        shapes += _line((middle, 44.9), "演示 SAMPLE", tag, AMBER, "middle")
    return shapes


def _activation_code(card: Card, middle: float, width: float) -> list[Shape]:
    code = format_activation_code(card.activation_code)
    shapes: list[Shape] = [Box(2, 13, width, 8, fill=PAPER, stroke=PAPER_LINE, radius=1)]
    number = Frame(width - 2, 4.4, 3, weight=Weight.BOLD)
    shapes += _line((middle, 14.9), code, number, INK, "middle")
    words = "首次绑定手机时用，只能用一次。请与卡分开放。"
    small = Frame(width, 2.5, 2.2, lines=4)
    lines, end = paragraph((middle, 22.4), words, small, INK, "middle")
    shapes += lines
    english = "For binding your phone, once. Keep it apart from the card."
    small = Frame(width, 1.9, 1.6, lines=3)
    lines, end = paragraph((middle, end + 0.6), english, small, INK_SOFT, "middle")
    shapes += lines
    if card.activation_code_valid_until:
        until = card.activation_code_valid_until.isoformat()
        valid = Frame(width, 2.3, 1.8)
        shapes += _line((middle, end + 0.8), f"有效至 Until {until}", valid, INK, "middle")
    return shapes
