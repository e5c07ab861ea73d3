"""A resident's card, front and back. `card_pages` puts many on paper.

Both languages, always. What every card of a community shows alike is a stencil: a PDF of a thousand
cards holds it once.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from volunteer.documents.drawing import (
    Align,
    Box,
    Code,
    Line,
    Point,
    Shape,
    Sheet,
    Stencil,
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
from volunteer.documents.paint import paint_png, paint_svg
from volunteer.domain.activation import strip_code
from volunteer.domain.passbook_number import format_number
from volunteer.domain.tokens import Keys, card_code

WIDTH, HEIGHT = 85.6, 54.0  # ISO/IEC 7810 ID-1, the size of a bank card
_RADIUS = 3.2
_BAND = 13.0
_CODE = 34.0
_LEFT = 4.5
_TEXT_WIDTH = WIDTH - _CODE - 2 * _LEFT - 1.5
_NAME_TOP = _BAND + 3.4
_NUMBER_TOP = 35.6

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


class Holder(Protocol):
    """A resident's card in use, as whoever asked for it read it."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str | None: ...
    @property
    def passbook_number(self) -> str: ...
    @property
    def card_number(self) -> str: ...
    @property
    def community(self) -> str: ...
    @property
    def telephone(self) -> str | None: ...
    @property
    def zone(self) -> str: ...
    @property
    def is_demo(self) -> bool: ...
    @property
    def strip_expires_at(self) -> datetime | None: ...
    @property
    def strip_printing(self) -> int | None: ...


def card_of(holder: Holder, *, public_url: str, keys: Keys, with_strip: bool = False) -> Card:
    """What the card of `holder` shows; `with_strip` adds the code that ties a phone to it."""
    code, until = "", None
    if with_strip and holder.strip_printing is not None and holder.strip_expires_at is not None:
        code = strip_code(keys.activation_code, holder.card_number, holder.strip_printing)
        until = holder.strip_expires_at.astimezone(ZoneInfo(holder.zone)).date()
    return Card(
        passbook_number=holder.passbook_number,
        card_number=holder.card_number,
        address=f"{public_url}/c/{card_code(keys.card_code, holder.card_number)}",
        community=holder.community,
        name=holder.name,
        name_en=holder.name_en or "",
        telephone=holder.telephone or "",
        activation_code=code,
        activation_code_valid_until=until,
        sample=holder.is_demo,
    )


def card_svg(card: Card, side: Side = Side.FRONT) -> str:
    return paint_svg(card_sheet(card, side))


def card_png(card: Card, side: Side = Side.FRONT) -> bytes:
    """685 × 432 pixels, for a long press in WeChat."""
    return paint_png(card_sheet(card, side), dots_per_mm=8)


def card_sheet(card: Card, side: Side) -> Sheet:
    shapes = front(card) if side is Side.FRONT else back(card)
    about = f"{card.name} {format_number(card.passbook_number)}".strip()
    return Sheet(WIDTH, HEIGHT, tuple(shapes), about=about)


def _line(at: Point, text: str, frame: Frame, fill: str, align: Align = "left") -> list[Shape]:
    return list(paragraph(at, text, frame, fill, align)[0])


# --- front -----------------------------------------------------------------------------------


def front(card: Card) -> list[Shape]:
    """The side with name, numbers and code, its top left corner at (0, 0)."""
    return [
        Stencil(0, 0, WIDTH, HEIGHT, _front_of_all(card.community, card.sample)),
        *_holder(card),
        *_numbers(card),
        Code(WIDTH - _CODE - 3, _BAND + 4, _CODE - 1, card.address),
    ]


@lru_cache(maxsize=16)
def _front_of_all(community: str, sample: bool) -> tuple[Shape, ...]:
    small = Frame(_TEXT_WIDTH, 2.2, 2.2)
    code_box = (WIDTH - _CODE - 3.5, _BAND + 3.5, _CODE, _CODE)
    return (
        Box(0, 0, WIDTH, HEIGHT, fill=RED, radius=_RADIUS),
        Box(0, _BAND, WIDTH, HEIGHT - _BAND, fill=PAPER, radius=_RADIUS),
        *_front_band(community, sample),
        *_line((_LEFT, _NAME_TOP), "姓名 Name", small, INK_SOFT),
        Line((_LEFT, _NUMBER_TOP - 1), (_LEFT + _TEXT_WIDTH, _NUMBER_TOP - 1), PAPER_LINE, 0.25),
        *_line((_LEFT, _NUMBER_TOP + 0.6), "存折号 Passbook number", small, INK_SOFT),
        Box(*code_box, fill=WHITE, stroke=PAPER_LINE, radius=1.5),
    )


def _front_band(community: str, sample: bool) -> list[Shape]:
    shapes: list[Shape] = [*mark((_LEFT - 0.4, 1.9), 9.2, FOIL, RED)]
    shapes += _line((14.8, 2.3), "爱心存折", Frame(26, 5.2, 5.2, weight=Weight.BOLD), FOIL)
    shapes += _line((14.8, 8.5), "Love passbook", Frame(26, 2.5, 2.5), FOIL)
    right = WIDTH - _LEFT
    shapes += _line((right, 2.6 if sample else 4.6), community, Frame(34, 3.4, 2), WHITE, "right")
    if sample:
        tag = Frame(18, 2.5, 2.5, weight=Weight.BOLD)
        shapes.append(Box(right - 19, 7.3, 19, 4.2, AMBER_TINT, radius=0.9))
        shapes += _line((right - 9.5, 8.1), "演示 SAMPLE", tag, AMBER, "middle")
    return shapes


def _holder(card: Card) -> list[Shape]:
    """The name, as large as it goes; fifty characters take four lines."""
    if not card.name:
        line = _NAME_TOP + 12
        return [Line((_LEFT, line), (_LEFT + _TEXT_WIDTH, line), INK_SOFT, 0.2)]
    name, end = paragraph((_LEFT, _NAME_TOP + 3.4), card.name, _room_for(card.name), INK)
    shapes: list[Shape] = [*name]
    if card.name_en:
        # Under four lines of name little room is left above the rule.
        english = Frame(_TEXT_WIDTH, max(1.6, min(2.8, _NUMBER_TOP - 1.9 - end)), 1.5)
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
    y = _NUMBER_TOP
    card_number = f"卡号 Card {format_number(card.card_number)}"
    return [
        *_line((_LEFT, y + 3.6), format_number(card.passbook_number), number, RED),
        *_line((_LEFT, y + 12.2), card_number, Frame(_TEXT_WIDTH, 2.7, 2.2), INK),
    ]


# --- back --------------------------------------------------------------------------------------


def back(card: Card) -> list[Shape]:
    """The side with what to do with the card; the same for a whole community."""
    return [Stencil(0, 0, WIDTH, HEIGHT, _back_of_all(card.community, card.telephone))]


@lru_cache(maxsize=16)
def _back_of_all(community: str, telephone: str) -> tuple[Shape, ...]:
    shapes: list[Shape] = [
        Box(0, 0, WIDTH, HEIGHT, fill=PAPER, radius=_RADIUS),
        Box(_LEFT, 38.6, WIDTH - 2 * _LEFT, 0.25, fill=PAPER_LINE),
        *mark((WIDTH - _LEFT - 9, 3.4), 9, RED, PAPER),
    ]
    found = f"拾到请交还{community}"
    found_en = "Found it? Please hand it in at the community office"
    if telephone:
        found += f"，电话 {telephone}"
        found_en += f", {telephone}"
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
    return tuple(shapes)
