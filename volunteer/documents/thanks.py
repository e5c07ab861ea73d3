"""The thank-you sheet for a visiting team: an A4 page with what it did here, in both languages.

A thank you and no certificate: it bears no stamp, and says so. Names stand on it only when asked
for, for there may be children among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from volunteer.documents.drawing import Align, Box, Line, Point, Shape, Sheet, paragraph
from volunteer.documents.fonts import Frame, Weight, measure
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
from volunteer.documents.paint import paint_pdf, paint_png

WIDTH, HEIGHT = 210.0, 297.0
MARGIN = 20.0
_INNER = WIDTH - 2 * MARGIN
_HEADER = 25.0
_SAMPLE_BAND = 8.0
_COLUMNS = 6
_NAME_LINE = 6.4
_AROUND_NAMES = 5.0
_FOOT = HEIGHT - 20.0


@dataclass(frozen=True)
class Thanks:
    """What the sheet says. ``minutes`` is None where the activity counts no time; ``when`` and
    ``place`` are ready words; ``names`` stay away unless somebody asked for them."""

    team: str
    people: int
    minutes: int | None
    activity: str
    when: str
    place: str
    organisation: str
    community: str
    leader: str = ""
    team_en: str = ""
    activity_en: str = ""
    when_en: str = ""
    place_en: str = ""
    organisation_en: str = ""
    community_en: str = ""
    leader_en: str = ""
    telephone: str = ""
    names: tuple[str, ...] = ()
    sample: bool = False


def thanks_pdf(thanks: Thanks) -> bytes:
    """One A4 page, and more where many names are wanted."""
    return paint_pdf(thanks_sheets(thanks), title=f"感谢 Thank you · {thanks.team}")


def thanks_png(thanks: Thanks) -> bytes:
    """The first page as a picture, for a WeChat group: 1260 × 1782 pixels."""
    return paint_png(thanks_sheets(thanks)[0], dots_per_mm=6)


def thanks_sheets(thanks: Thanks) -> list[Sheet]:
    shapes, y = _first_page(thanks)
    left = thanks.names
    sheets = []
    while True:
        # What the facts leave of the first page; whole pages after it.
        room = max(int((_FOOT - y - 2 * _AROUND_NAMES) / _NAME_LINE), 0) * _COLUMNS
        shapes += _names(left[:room], y + _AROUND_NAMES)
        sheets.append(Sheet(WIDTH, HEIGHT, tuple(shapes), about=thanks.team))
        left = left[room:]
        if not left:
            return sheets
        shapes, y = _frame(thanks)


def _line(at: Point, text: str, frame: Frame, fill: str, align: Align = "left") -> list[Shape]:
    return list(paragraph(at, text, frame, fill, align)[0])


def _frame(thanks: Thanks) -> tuple[list[Shape], float]:
    """What every page has: the cover's colour above, what the sheet is not below."""
    shapes: list[Shape] = [Box(0, 0, WIDTH, _HEADER, fill=RED), *mark((MARGIN, 4), 17, FOIL, RED)]
    right = WIDTH - MARGIN
    shapes += _line((41, 5), "爱心存折", Frame(60, 8, 8, weight=Weight.BOLD), FOIL)
    shapes += _line((41, 15), "Love passbook", Frame(60, 4.2, 4.2), FOIL)
    top = 5.4 if thanks.community_en else 9
    name = Frame(88, 7, 4, weight=Weight.BOLD)
    shapes += _line((right, top), thanks.community, name, WHITE, "right")
    shapes += _line((right, 15), thanks.community_en, Frame(88, 4.2, 3), WHITE, "right")
    y = _HEADER
    if thanks.sample:
        words = "演示 SAMPLE · 人物、楼栋和日期均为虚构 · People, buildings and dates are invented"
        shapes.append(Box(0, y, WIDTH, _SAMPLE_BAND, fill=AMBER_TINT))
        shapes += _line((WIDTH / 2, y + 1.8), words, Frame(_INNER, 4.2, 3), AMBER, "middle")
        y += _SAMPLE_BAND
    shapes.append(Line((MARGIN, _FOOT), (right, _FOOT), PAPER_LINE))
    not_official = (
        "这是一份感谢，不是证明，无需盖章；服务时长记在各人的来访存折里。",
        "A thank you, not a certificate; each person's time is in their guest passbook.",
    )
    for down, words in zip((3, 9), not_official, strict=True):
        shapes += _line((WIDTH / 2, _FOOT + down), words, Frame(_INNER, 3.8, 3), INK_SOFT, "middle")
    return shapes, y


def _first_page(thanks: Thanks) -> tuple[list[Shape], float]:
    shapes, y = _frame(thanks)
    middle = WIDTH / 2
    title = Frame(_INNER, 20, 20, weight=Weight.BOLD)
    shapes += _line((middle, y + 8), "感谢", title, RED, "middle")
    shapes += _line((middle, y + 33), "Thank you", Frame(_INNER, 7, 7), RED, "middle")
    big = Frame(_INNER, largest=12, smallest=7.5, weight=Weight.BOLD)
    if measure(thanks.team, big.smallest, Weight.BOLD) > _INNER:
        big = Frame(_INNER, largest=9, smallest=4, lines=2, weight=Weight.BOLD)
    lines, y = paragraph((middle, y + 47), thanks.team, big, INK, "middle")
    shapes += lines
    if thanks.team_en:
        small = Frame(_INNER, 5, 3.4, lines=2)
        lines, y = paragraph((middle, y + 2), thanks.team_en, small, INK_SOFT, "middle")
        shapes += lines
    shapes += _figures(thanks, y + 7)
    facts, y = _facts(thanks, y + 39)
    shapes += facts
    return shapes, y


def _figures(thanks: Thanks, y: float) -> list[Shape]:
    """How many came and for how long, large, side by side."""
    came = "people came" if thanks.people != 1 else "person came"
    shown = [(f"{thanks.people:,}", "人参加", came)]
    if thanks.minutes is not None:
        shown.append((_hours(thanks.minutes), "小时服务", "hours of service"))
    half = _INNER / len(shown)
    shapes: list[Shape] = [Box(MARGIN, y, _INNER, 29, fill=PAPER, stroke=PAPER_LINE, radius=3)]
    for place, (figure, chinese, english) in enumerate(shown):
        x = MARGIN + half * (place + 0.5)
        large = Frame(half - 8, 14, 8, weight=Weight.BOLD)
        shapes += _line((x, y + 3), figure, large, RED, "middle")
        words = f"{chinese} {english}"
        shapes += _line((x, y + 20.5), words, Frame(half - 6, 4.6, 3.4), INK, "middle")
        if place:
            edge = MARGIN + half * place
            shapes.append(Line((edge, y + 5), (edge, y + 24), PAPER_LINE))
    return shapes


def _hours(minutes: int) -> str:
    """Hours in total, to a tenth; whole ones without."""
    tenths = (minutes * 10 + 30) // 60
    return f"{tenths // 10:,}" if tenths % 10 == 0 else f"{tenths // 10:,}.{tenths % 10}"


def _facts(thanks: Thanks, y: float) -> tuple[list[Shape], float]:
    rows = [
        (("活动", "Activity"), (thanks.activity, thanks.activity_en)),
        (("日期", "Date"), (thanks.when, thanks.when_en)),
        (("地点", "Place"), (thanks.place, thanks.place_en)),
        (("主办", "Host"), (thanks.organisation, thanks.organisation_en)),
        (("现场负责人", "Leader"), (thanks.leader, thanks.leader_en)),
        (("电话", "Telephone"), (thanks.telephone, "")),
    ]
    shapes: list[Shape] = []
    for words, value in rows:
        if not value[0]:
            continue
        shapes += _line((MARGIN, y + 2), words[0], Frame(30, 4.6, 3.4), INK_SOFT)
        shapes += _line((MARGIN, y + 8), words[1], Frame(30, 3.2, 2.8), INK_SOFT)
        width = _INNER - 34
        frame = Frame(width, 5.4, 3.4, lines=2, weight=Weight.BOLD)
        lines, end = paragraph((MARGIN + 34, y + 1.6), value[0], frame, INK)
        shapes += lines
        if value[1]:
            small = Frame(width, 3.6, 2.8, lines=2)
            lines, end = paragraph((MARGIN + 34, end + 0.8), value[1], small, INK_SOFT)
            shapes += lines
        y = max(end, y + 10.4) + 1.8
        shapes.append(Line((MARGIN, y), (WIDTH - MARGIN, y), PAPER_LINE, line_width=0.2))
        y += 1.2
    return shapes, y


def _names(names: Sequence[str], y: float) -> list[Shape]:
    column = _INNER / _COLUMNS
    shapes: list[Shape] = []
    for place, name in enumerate(names):
        row, number = divmod(place, _COLUMNS)
        at = (MARGIN + column * number, y + _NAME_LINE * row)
        shapes += _line(at, name, Frame(column - 2, 4.4, 1.8), INK)
    return shapes
