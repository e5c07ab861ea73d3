"""A resident's card: front and back for a screen, and a page to print, cut, fold and hand out.

Both languages, always. Beside each printed card hangs a strip with its activation code: it is torn
off before the card goes round a neck, so that a found card opens no passbook.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from volunteer.documents.drawing import (
    Align,
    Box,
    Code,
    Line,
    Point,
    Shape,
    Sheet,
    moved,
    paragraph,
)
from volunteer.documents.fonts import Frame, Weight
from volunteer.documents.mark import (
    AMBER,
    AMBER_TINT,
    FOIL,
    INK,
    INK_SOFT,
    PAPER,
    PAPER_LINE,
    RED,
    WHITE,
    mark,
)
from volunteer.documents.paint import paint_pdf, paint_png, paint_svg
from volunteer.domain.activation import format_activation_code
from volunteer.domain.passbook_number import format_number

WIDTH, HEIGHT = 85.6, 54.0  # ISO/IEC 7810 ID-1, the size of a bank card
_RADIUS = 3.2
_BAND = 13.0
_CODE = 34.0
_LEFT = 4.5
_TEXT_WIDTH = WIDTH - _CODE - 2 * _LEFT - 1.5

_PAGE_WIDTH, _PAGE_HEIGHT = 210.0, 297.0
_STRIP = 26.0
_GAP = 1.6
_PAGE_LEFT = (_PAGE_WIDTH - 2 * WIDTH - _STRIP) / 2
_PAGE_TOP = 12.0
CARDS_PER_PAGE = 5

_NOT_A_BANK_BOOK = (
    "本存折记录志愿服务，不是银行存折，不可兑换现金。",
    "This passbook records volunteer service. It is not a bank book and cannot be cashed.",
)
_OUR_RECORD = (
    "本社区记录；是否计入志愿深圳、i志愿等平台时数，以平台为准。",
    "Recorded by this community; other platforms decide what they count.",
)


class Side(StrEnum):
    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True)
class Card:
    """What a card shows.

    `passbook_number` is 8 digits, `card_number` 10; `address` goes into the code. A blank card has
    no name but a line to write one on. `activation_code` is nine digits, or empty: then the strip
    says where to get one.
    """

    passbook_number: str
    card_number: str
    address: str
    community: str
    name: str = ""
    name_en: str = ""
    telephone: str = ""
    activation_code: str = ""
    activation_code_valid_until: date | None = None
    sample: bool = False


def card_svg(card: Card, side: Side = Side.FRONT) -> str:
    return paint_svg(card_sheet(card, side))


def card_png(card: Card, side: Side = Side.FRONT) -> bytes:
    """1027 × 648 pixels, for a long press in WeChat."""
    return paint_png(card_sheet(card, side), dots_per_mm=12)


def cards_pdf(cards: Iterable[Card]) -> bytes:
    """A4 pages of five cards, each with its back to fold behind it and its strip."""
    return paint_pdf(_pages(cards), title="存折卡 Cards")


def card_sheet(card: Card, side: Side) -> Sheet:
    shapes = _front(card) if side is Side.FRONT else _back(card)
    about = f"{card.name} {format_number(card.passbook_number)}".strip()
    return Sheet(WIDTH, HEIGHT, tuple(shapes), about=about)


def _line(at: Point, text: str, frame: Frame, fill: str, align: Align = "left") -> list[Shape]:
    return list(paragraph(at, text, frame, fill, align)[0])


# --- front -----------------------------------------------------------------------------------


def _front(card: Card) -> list[Shape]:
    return [
        Box(0, 0, WIDTH, HEIGHT, fill=RED, radius=_RADIUS),
        Box(0, _BAND, WIDTH, HEIGHT - _BAND, fill=PAPER, radius=_RADIUS),
        *_front_band(card),
        *_holder(card),
        *_numbers(card),
        Box(
            WIDTH - _CODE - 3.5,
            _BAND + 3.5,
            _CODE,
            _CODE,
            fill=WHITE,
            stroke=PAPER_LINE,
            radius=1.5,
        ),
        Code(WIDTH - _CODE - 3, _BAND + 4, _CODE - 1, card.address),
    ]


def _front_band(card: Card) -> list[Shape]:
    shapes: list[Shape] = [*mark((_LEFT - 0.4, 1.9), 9.2, FOIL, RED)]
    shapes += _line((14.8, 2.3), "爱心存折", Frame(26, 5.2, 5.2, weight=Weight.BOLD), FOIL)
    shapes += _line((14.8, 8.5), "Love passbook", Frame(26, 2.5, 2.5), FOIL)
    right = WIDTH - _LEFT
    top = 2.6 if card.sample else 4.6
    shapes += _line((right, top), card.community, Frame(34, 3.4, 2), WHITE, "right")
    if card.sample:
        tag = Frame(18, 2.5, 2.5, weight=Weight.BOLD)
        shapes.append(Box(right - 19, 7.3, 19, 4.2, AMBER_TINT, radius=0.9))
        shapes += _line((right - 9.5, 8.1), "演示 SAMPLE", tag, AMBER, "middle")
    return shapes


def _holder(card: Card) -> list[Shape]:
    """The name, as large as it goes; fifty characters take four lines."""
    y = _BAND + 3.4
    shapes = _line((_LEFT, y), "姓名 Name", Frame(_TEXT_WIDTH, 2.2, 2.2), INK_SOFT)
    if not card.name:
        line = y + 12
        return [*shapes, Line((_LEFT, line), (_LEFT + _TEXT_WIDTH, line), INK_SOFT, 0.2)]
    name, end = paragraph((_LEFT, y + 3.4), card.name, _room_for(card.name), INK)
    shapes += name
    if card.name_en:
        english = Frame(_TEXT_WIDTH, 2.8, 1.5)
        shapes += _line((_LEFT, end + 0.5), card.name_en, english, INK_SOFT)
    return shapes


def _room_for(name: str) -> Frame:
    largest, smallest, lines = (7.2, 5.4, 1)
    if len(name) > 7:
        largest, smallest, lines = (4.8, 2.6, 3)
    if len(name) > 36:
        largest, smallest, lines = (2.3, 2.2, 4)
    return Frame(_TEXT_WIDTH, largest, smallest, lines, Weight.BOLD)


def _numbers(card: Card) -> list[Shape]:
    number = Frame(_TEXT_WIDTH, 6.2, 5, weight=Weight.BOLD)
    small = Frame(_TEXT_WIDTH, 2.2, 2.2)
    y = 35.6
    card_number = f"卡号 Card {format_number(card.card_number)}"
    return [
        Line((_LEFT, y - 1), (_LEFT + _TEXT_WIDTH, y - 1), PAPER_LINE, 0.25),
        *_line((_LEFT, y + 0.6), "存折号 Passbook number", small, INK_SOFT),
        *_line((_LEFT, y + 3.6), format_number(card.passbook_number), number, RED),
        *_line((_LEFT, y + 12.2), card_number, Frame(_TEXT_WIDTH, 2.7, 2.2), INK),
    ]


# --- back --------------------------------------------------------------------------------------


def _back(card: Card) -> list[Shape]:
    shapes: list[Shape] = [
        Box(0, 0, WIDTH, HEIGHT, fill=PAPER, radius=_RADIUS),
        Box(_LEFT, 38.6, WIDTH - 2 * _LEFT, 0.25, fill=PAPER_LINE),
        *mark((WIDTH - _LEFT - 9, 3.4), 9, RED, PAPER),
    ]
    found = f"拾到请交还{card.community}"
    found_en = "Found it? Please hand it in at the community office"
    if card.telephone:
        found += f"，电话 {card.telephone}"
        found_en += f", {card.telephone}"
    rows = (
        ("签到时，把正面的码给现场负责人扫一下", "At an event, let the leader scan the front"),
        (
            "丢了请马上告诉社区：旧卡停用，积分都在",
            "Lost it? Tell us: it is stopped, your points stay",
        ),
        (found, found_en),
    )
    y = 4.2
    for number, (chinese, english) in enumerate(rows):
        width = WIDTH - 2 * _LEFT - (11 if number == 0 else 0)
        shapes += _line((_LEFT, y), chinese, Frame(width, 3.5, 2.3, weight=Weight.BOLD), INK)
        shapes += _line((_LEFT, y + 4.9), english, Frame(width, 2.4, 1.7), INK_SOFT)
        y += 11.4
    y = 40.2
    for chinese, english in (_NOT_A_BANK_BOOK, _OUR_RECORD):
        width = WIDTH - 2 * _LEFT
        shapes += _line((_LEFT, y), chinese, Frame(width, 2.45, 1.8), INK)
        shapes += _line((_LEFT, y + 3), english, Frame(width, 1.85, 1.5), INK_SOFT)
        y += 6.3
    return shapes


# --- the printed page ----------------------------------------------------------------------------


def _pages(cards: Iterable[Card]) -> Iterator[Sheet]:
    waiting = iter(cards)
    while row := tuple(islice(waiting, CARDS_PER_PAGE)):
        yield Sheet(_PAGE_WIDTH, _PAGE_HEIGHT, tuple(_page(row)), about="存折卡 Cards")


def _page(cards: Sequence[Card]) -> list[Shape]:
    how = (
        "沿实线剪下，沿中间虚线对折粘好。右边的激活码条撕下，单独交给本人。"
        " · Cut, fold in the middle, glue. Tear off the strip and hand it over by itself."
    )
    shapes = _line((_PAGE_WIDTH / 2, 6), how, Frame(196, 3, 2.6), INK_SOFT, "middle")
    for number, card in enumerate(cards):
        shapes += moved(_strip_of_paper(card), _PAGE_LEFT, _PAGE_TOP + number * (HEIGHT + _GAP))
    return shapes


def _strip_of_paper(card: Card) -> list[Shape]:
    """Front, back and strip in one row with its cut, fold and tear lines."""
    fold, tear = WIDTH, 2 * WIDTH
    return [
        *_front(card),
        *moved(_back(card), fold, 0),
        *moved(_strip(card), tear, 0),
        Box(0, 0, tear + _STRIP, HEIGHT, stroke=INK_SOFT, line_width=0.15),
        Line((fold, 0), (fold, HEIGHT), INK_SOFT, 0.15, dashes=(1, 1)),
        Line((tear, 0), (tear, HEIGHT), INK_SOFT, 0.25, dashes=(0.3, 1.1)),
    ]


def _strip(card: Card) -> list[Shape]:
    middle, width = _STRIP / 2, _STRIP - 4
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
