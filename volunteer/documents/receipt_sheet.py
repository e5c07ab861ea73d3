"""The sheet that people sign when they get their card: A4, a building to a sheet.

The consent sentence stands on every page, above the names: whoever signs has it before them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count, pairwise

from volunteer.documents.drawing import (
    Align,
    Box,
    Line,
    Point,
    Shape,
    Sheet,
    Text,
    moved,
    paragraph,
)
from volunteer.documents.fonts import Frame, Weight
from volunteer.documents.mark import AMBER, AMBER_TINT, INK, INK_SOFT, PAPER, PAPER_LINE, RED, mark
from volunteer.documents.paint import paint_pdf
from volunteer.domain.passbook_number import format_number

# Both languages on every sheet; a test holds them to `consent_words`.
CONSENT = (
    "我同意社区保存我的志愿服务记录：姓名、住处、参与记录、服务时长和积分。"
    "本社区工作人员看得到；不出售，不转给别人。"
)
CONSENT_EN = (
    "I agree that the community keeps my record of service: name, where I live, attendances, "
    "service time and points. Staff of this community see it, and nobody sells it or passes it on."
)
_HOW = (
    "签名表示已收到存折卡，并同意上面的话；同意可随时撤回。不同意的，收卡后请在签名旁的方框里打叉。"
    "未满14周岁由监护人签名，并写上监护人姓名。"
)
_HOW_EN = (
    "Signing says that you have your card and agree to the text above, which you can take back at "
    "any time; if you do not agree, cross the box. Under 14 a guardian signs and writes their name."
)
_PAGE_WIDTH, _PAGE_HEIGHT = 210.0, 297.0
_LEFT, _RIGHT = 14.0, 196.0
_TABLE_TOP, _HEAD, _ROW = 66.0, 7.5, 11.2
_BOX = 4.2
SIGNERS_ON_A_PAGE = 19
_COLUMNS = (
    # left edge, Chinese, English
    (_LEFT, "序号", "No."),
    (24.0, "姓名", "Name"),
    (80.0, "存折号", "Passbook number"),
    (110.0, "房号", "Room"),
    (132.0, "签名", "Signature"),
    (183.0, "不同意", "I disagree"),
)
_EDGES = (*(column[0] for column in _COLUMNS), _RIGHT)


@dataclass(frozen=True)
class Signer:
    """One line. `is_child`: under 14, so a guardian signs."""

    name: str
    passbook_number: str
    room: str = ""
    name_en: str = ""
    is_child: bool = False


@dataclass(frozen=True)
class ReceiptSheet:
    """Those of one building, or of nowhere: then `place` is empty."""

    community: str
    place: str
    printed_on: date
    text_version: str
    signers: tuple[Signer, ...]
    sample: bool = False


def receipt_sheets_pdf(sheets: Sequence[ReceiptSheet]) -> bytes:
    pages = (page for sheet in sheets for page in _pages(sheet))
    return paint_pdf(pages, title="存折卡签收表 Card receipts")


def _pages(sheet: ReceiptSheet) -> Iterator[Sheet]:
    parts = [
        sheet.signers[first : first + SIGNERS_ON_A_PAGE]
        for first in range(0, len(sheet.signers), SIGNERS_ON_A_PAGE)
    ]
    numbers = count(1)
    for page, signers in enumerate(parts, start=1):
        shapes = [*_head(sheet, f"{page} / {len(parts)}"), *_table(len(signers))]
        for row, signer in enumerate(signers):
            shapes += _signer(signer, next(numbers), _TABLE_TOP + _HEAD + row * _ROW)
        yield Sheet(_PAGE_WIDTH, _PAGE_HEIGHT, tuple(shapes), about="存折卡签收表 Card receipts")


def _line(at: Point, text: str, frame: Frame, fill: str, align: Align = "left") -> list[Shape]:
    return list(paragraph(at, text, frame, fill, align)[0])


def _head(sheet: ReceiptSheet, page: str) -> list[Shape]:
    shapes: list[Shape] = [*mark((_LEFT - 0.6, 10.5), 11, RED, PAPER)]
    title = Frame(80, 6.4, 6.4, weight=Weight.BOLD)
    shapes += _line((27, 10.5), "存折卡签收表", title, INK)
    shapes += _line((27, 18), "Card receipts", Frame(60, 3.2, 3.2), INK_SOFT)
    where = f"{sheet.community} {sheet.place}".strip()
    place = Frame(92, 4.8, 2.6, weight=Weight.BOLD)
    shapes += _line((_RIGHT, 11), where, place, INK, "right")
    printed = f"打印 Printed {sheet.printed_on.isoformat()} · 第 {page} 页"
    shapes += _line((_RIGHT, 18), printed, Frame(80, 3, 2.4), INK_SOFT, "right")
    if sheet.sample:
        tag = Frame(22, 3, 3, weight=Weight.BOLD)
        shapes.append(Box(84, 11, 24, 5.4, AMBER_TINT, radius=0.9))
        shapes += _line((96, 12.2), "演示 SAMPLE", tag, AMBER, "middle")
    shapes.append(Box(_LEFT, 25, _RIGHT - _LEFT, 23.5, fill=PAPER, stroke=PAPER_LINE, radius=1.5))
    width = _RIGHT - _LEFT - 8
    frame = Frame(width, 4, 3.4, lines=2, weight=Weight.BOLD)
    lines, end = paragraph((_LEFT + 4, 27.4), CONSENT, frame, INK)
    shapes += lines
    small = Frame(width, 2.7, 2.3, lines=2)
    lines, end = paragraph((_LEFT + 4, end + 1), CONSENT_EN, small, INK_SOFT)
    shapes += lines
    version = f"文本版本 Text {sheet.text_version}"
    shapes += _line((_RIGHT - 4, 44.8), version, Frame(50, 2.3, 2.3), INK_SOFT, "right")
    lines, end = paragraph((_LEFT, 50.6), _HOW, Frame(182, 3, 2.6, lines=2), INK)
    shapes += lines
    shapes += paragraph((_LEFT, end + 0.6), _HOW_EN, Frame(182, 2.4, 2, lines=2), INK_SOFT)[0]
    return shapes


def _table(rows: int) -> list[Shape]:
    bottom = _TABLE_TOP + _HEAD + rows * _ROW
    shapes: list[Shape] = [Box(_LEFT, _TABLE_TOP, _RIGHT - _LEFT, _HEAD, fill=PAPER)]
    for (x, chinese, english), right in zip(_COLUMNS, _EDGES[1:], strict=True):
        room = right - x - 2.4
        bold = Frame(room, 3, 2.6, weight=Weight.BOLD)
        shapes += _line((x + 1.4, _TABLE_TOP + 1), chinese, bold, INK)
        shapes += _line((x + 1.4, _TABLE_TOP + 4.6), english, Frame(room, 2, 1.6), INK_SOFT)
    heights = (_TABLE_TOP, *(_TABLE_TOP + _HEAD + row * _ROW for row in range(rows + 1)))
    shapes += [Line((_LEFT, y), (_RIGHT, y), INK_SOFT, 0.2) for y in heights]
    shapes += [Line((x, _TABLE_TOP), (x, bottom), INK_SOFT, 0.2) for x in _EDGES]
    return shapes


def _signer(signer: Signer, number: int, top: float) -> list[Shape]:
    """The row that begins at `top`."""
    cell = [(x + 1.4, right - x - 2.8) for x, right in pairwise(_EDGES)]
    passbook_number = format_number(signer.passbook_number)
    bold = Frame(cell[2][1], 3.8, 3, weight=Weight.BOLD)
    shapes = [
        *_centred((cell[0][0], top), str(number), Frame(cell[0][1], 3.2, 2.4), INK_SOFT),
        *_name(signer, (cell[1][0], top), cell[1][1]),
        *_centred((cell[2][0], top), passbook_number, bold, INK),
        *_centred((cell[3][0], top), signer.room, Frame(cell[3][1], 3.6, 2, lines=2), INK),
    ]
    if signer.is_child:
        words = "监护人签名 Guardian signs"
        shapes += _line((cell[4][0], top + 1), words, Frame(cell[4][1], 2.2, 2), INK_SOFT)
    x, y = (_EDGES[5] + _EDGES[6] - _BOX) / 2, top + (_ROW - _BOX) / 2
    shapes.append(Box(x, y, _BOX, _BOX, stroke=INK_SOFT, line_width=0.25))
    return shapes


def _name(signer: Signer, at: Point, width: float) -> list[Shape]:
    """As large as the row allows: fifty characters take three lines, an English name one more."""
    english = 2.9 if signer.name_en else 0.0
    lines = 1 if len(signer.name) <= 12 else 2 if len(signer.name) <= 36 else 3
    largest = min(4.4, (_ROW - 1 - english) / (1.32 * lines))
    frame = Frame(width, largest, min(largest, 2.2), lines, Weight.BOLD)
    shapes = _centred(at, signer.name, frame, INK, below=english)
    if english:
        end = max(shape.y for shape in shapes if isinstance(shape, Text))
        frame = Frame(width, 2.4, 1.4)
        shapes += _line((at[0], end + 0.32 * largest), signer.name_en, frame, INK_SOFT)
    return shapes


def _centred(at: Point, text: str, frame: Frame, fill: str, below: float = 0.0) -> list[Shape]:
    """A text in the middle of the row that begins at `at`, with `below` kept free under it."""
    lines, height = paragraph((at[0], 0), text, frame, fill)
    return moved(lines, 0, at[1] + (_ROW - below - height) / 2)
