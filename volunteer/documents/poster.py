"""The A4 poster of an event: what, when, where, a code to scan, and how.

Both languages, always: a poster cannot ask its reader which one. It prints the domain in words,
so that a code pasted over ours gives itself away, and says what somebody without a phone does.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from volunteer.documents.drawing import (
    Align,
    Box,
    Code,
    Curve,
    Line,
    Point,
    Shape,
    Sheet,
    circle,
    moved,
    paragraph,
)
from volunteer.documents.fonts import Frame, Weight, measure
from volunteer.documents.mark import (
    AMBER,
    AMBER_TINT,
    FOIL,
    GREEN,
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
MARGIN = 14.0
_INNER = WIDTH - 2 * MARGIN
_HEADER = 25.0
_SAMPLE_BAND = 8.0
_CODE_BAND = 12.0
_LARGEST_CODE = 106.0
_AROUND_CODE = 7.0
_NOTICE = 16.0
_PICTURE = 27.0

_STEPS = (
    ("打开微信或相机，扫左边的码", "Scan the code with WeChat or the camera"),
    ("看到活动名，点「签到」", "See the name of the event, tap Check in"),
    ("积分存入爱心存折", "The points are in your passbook"),
)


@dataclass(frozen=True)
class Poster:
    """What a poster shows. `when` and `when_en` are ready words; `address` goes into the code."""

    name: str
    when: str
    place: str
    community: str
    address: str
    name_en: str = ""
    when_en: str = ""
    place_en: str = ""
    community_en: str = ""
    telephone: str = ""
    reachable_on_mobile_data: bool = True
    sample: bool = False


def poster_pdf(poster: Poster) -> bytes:
    """One A4 page."""
    return paint_pdf([poster_sheet(poster)], title=poster.name)


def poster_png(poster: Poster) -> bytes:
    """The same page as a picture, for a WeChat group: 1260 × 1782 pixels."""
    return paint_png(poster_sheet(poster), dots_per_mm=6)


def poster_sheet(poster: Poster) -> Sheet:
    shapes = _header(poster)
    y = _HEADER
    if poster.sample:
        shapes += _sample_band(y)
        y += _SAMPLE_BAND
    title, y = _title(poster, y + 7)
    facts, facts_end = _facts(poster, y + 4)
    foot, foot_starts = _foot(poster)
    # The code takes what a long name and the notices leave, and stands in the middle of it.
    room = foot_starts - facts_end - 2 * _AROUND_CODE
    size = min(room - _CODE_BAND, _LARGEST_CODE)
    y = facts_end + _AROUND_CODE + (room - _CODE_BAND - size) / 2
    steps_x = MARGIN + size + 8
    shapes += title + facts + foot
    shapes += _code(poster, y, size) + _steps((steps_x, y), size + _CODE_BAND)
    return Sheet(WIDTH, HEIGHT, tuple(shapes), about=poster.name)


def _line(at: Point, text: str, frame: Frame, fill: str, align: Align = "left") -> list[Shape]:
    return list(paragraph(at, text, frame, fill, align)[0])


def _header(poster: Poster) -> list[Shape]:
    shapes: list[Shape] = [Box(0, 0, WIDTH, _HEADER, fill=RED), *mark((MARGIN, 4), 17, FOIL, RED)]
    right = WIDTH - MARGIN
    shapes += _line((35, 5), "爱心存折", Frame(60, 8, 8, weight=Weight.BOLD), FOIL)
    shapes += _line((35, 15), "Love passbook", Frame(60, 4.2, 4.2), FOIL)
    top = 5.4 if poster.community_en else 9
    community = Frame(88, 7, 4, weight=Weight.BOLD)
    shapes += _line((right, top), poster.community, community, WHITE, "right")
    shapes += _line((right, 15), poster.community_en, Frame(88, 4.2, 3), WHITE, "right")
    return shapes


def _sample_band(y: float) -> list[Shape]:
    words = "演示 SAMPLE · 人物、楼栋和日期均为虚构 · People, buildings and dates are invented"
    return [
        Box(0, y, WIDTH, _SAMPLE_BAND, fill=AMBER_TINT),
        *_line((WIDTH / 2, y + 1.8), words, Frame(_INNER, 4.2, 3), AMBER, "middle"),
    ]


def _title(poster: Poster, y: float) -> tuple[list[Shape], float]:
    """The name on one line if it can be large there, else on two."""
    frame = Frame(_INNER, largest=22, smallest=14, weight=Weight.BOLD)
    if measure(poster.name, frame.smallest, Weight.BOLD) > _INNER:
        frame = Frame(_INNER, largest=15, smallest=6, lines=2, weight=Weight.BOLD)
    chinese, y = paragraph((WIDTH / 2, y), poster.name, frame, INK, "middle")
    if not poster.name_en:
        return list(chinese), y
    frame = Frame(_INNER, largest=6, smallest=3.6, lines=2)
    english, y = paragraph((WIDTH / 2, y + 1), poster.name_en, frame, INK_SOFT, "middle")
    return [*chinese, *english], y


def _facts(poster: Poster, y: float) -> tuple[list[Shape], float]:
    """Time and place, side by side in one cell."""
    half = _INNER / 2
    time, time_end = _fact(("时间", "Time"), (poster.when, poster.when_en), MARGIN, y)
    place, place_end = _fact(("地点", "Place"), (poster.place, poster.place_en), MARGIN + half, y)
    end = max(time_end, place_end) + 3
    middle = MARGIN + half
    cell: list[Shape] = [
        Box(MARGIN, y, _INNER, end - y, fill=PAPER, stroke=PAPER_LINE, radius=3),
        Line((middle, y + 4), (middle, end - 4), PAPER_LINE),
    ]
    return [*cell, *time, *place], end


def _fact(
    words: tuple[str, str], value: tuple[str, str], x: float, y: float
) -> tuple[list[Shape], float]:
    width = _INNER / 2 - 10
    shapes = _line((x + 5, y + 3.5), " ".join(words), Frame(width, 3.8, 3.8), INK_SOFT)
    frame = Frame(width, largest=6.4, smallest=4, lines=3, weight=Weight.BOLD)
    chinese, end = paragraph((x + 5, y + 9), value[0], frame, INK)
    shapes += chinese
    if value[1]:
        english, end = paragraph(
            (x + 5, end + 0.6), value[1], Frame(width, 4, 3, lines=2), INK_SOFT
        )
        shapes += english
    return shapes, end


def _code(poster: Poster, y: float, size: float) -> list[Shape]:
    band, middle = _CODE_BAND, MARGIN + size / 2
    shapes: list[Shape] = [
        Box(MARGIN, y, size, band + size, fill=RED, radius=5),
        Box(MARGIN + 1.5, y + band, size - 3, size - 1.5, fill=WHITE, radius=3.8),
        Code(MARGIN + 2.5, y + band + 0.75, size - 5, poster.address),
    ]
    title = Frame(size - 8, 6.6, 5, weight=Weight.BOLD)
    shapes += _line((middle, y + 2.4), "扫码签到 Scan to check in", title, FOIL, "middle")
    if poster.sample:
        # On the frame itself: whoever photographs the code alone photographs this with it.
        top = y + band + size - 4.2
        tag = Frame(34, 4.2, 4.2, weight=Weight.BOLD)
        shapes.append(Box(middle - 18, top, 36, 7, AMBER_TINT, AMBER, line_width=0.5, radius=1.5))
        shapes += _line((middle, top + 1.3), "演示 SAMPLE", tag, AMBER, "middle")
    return shapes


def _steps(at: Point, height: float) -> list[Shape]:
    """The three pictures beside the code, spread over its height."""
    left, y = at
    x, width = left + _PICTURE + 4, WIDTH - MARGIN - left - _PICTURE - 4
    gap = (height - 3 * _PICTURE) / 2
    shapes: list[Shape] = []
    for number, (chinese, english) in enumerate(_STEPS):
        top = y + number * (_PICTURE + gap)
        shapes += moved((_scanning, _tapping, _stored)[number](), left, top)
        shapes.append(circle((left + 2.6, top + 3.2), 3.4, RED))
        numeral = Frame(7, 4.8, 4.8, weight=Weight.BOLD)
        shapes += _line((left + 2.6, top + 0.85), str(number + 1), numeral, WHITE, "middle")
        words = Frame(width, largest=5.6, smallest=4, lines=3, weight=Weight.BOLD)
        lines, end = paragraph((x, top + 2.5), chinese, words, INK)
        shapes += lines
        shapes += _line((x, end + 0.8), english, Frame(width, 3.4, 2.8, lines=3), INK_SOFT)
    return shapes


def _foot(poster: Poster) -> tuple[list[Shape], float]:
    """What stands below the code, built upwards from the edge; and where it begins."""
    y = HEIGHT - 10 - _NOTICE
    shapes = _no_phone(poster, y)
    if not poster.reachable_on_mobile_data:
        y -= _NOTICE + 3
        wifi = ("请先连接社区 Wi-Fi，再扫码", "Connect to the community Wi-Fi first, then scan")
        shapes.append(Box(MARGIN, y, _INNER, _NOTICE, AMBER_TINT, AMBER, 0.5, radius=3))
        shapes += _two_languages((WIDTH / 2, y), wifi, _INNER - 8, AMBER)
    y -= 15
    domain = urlsplit(poster.address).netloc
    chinese = f"扫出的网址应是 {domain}，不一样请别打开，告诉现场负责人"
    english = f"The address must be {domain}. If it is not, do not open it; tell the leader."
    shapes += _line((MARGIN, y), chinese, Frame(_INNER, 5, 3.2, weight=Weight.BOLD), INK)
    shapes += _line((MARGIN, y + 6.8), english, Frame(_INNER, 3.6, 2.6), INK_SOFT)
    return shapes, y


def _no_phone(poster: Poster, y: float) -> list[Shape]:
    shapes: list[Shape] = [Box(MARGIN, y, _INNER, _NOTICE, PAPER, RED, 0.5, radius=3)]
    words = ("没带手机？把存折卡给现场负责人", "No phone? Show your card to the leader")
    if not poster.telephone:
        return shapes + _two_languages((WIDTH / 2, y), words, _INNER - 8, RED)
    telephone = (poster.telephone, "社区电话 Telephone")
    right = 52.0
    middle = MARGIN + (_INNER - right) / 2
    shapes += _two_languages((middle, y), words, _INNER - right - 8, RED)
    divider = WIDTH - MARGIN - right
    shapes.append(Line((divider, y + 3), (divider, y + _NOTICE - 3), PAPER_LINE))
    return shapes + _two_languages((divider + right / 2, y), telephone, right - 6, INK)


def _two_languages(at: Point, words: tuple[str, str], width: float, colour: str) -> list[Shape]:
    """A large line and a small one in a notice whose top middle is `at`."""
    x, y = at
    large = Frame(width, 7, 3.4, weight=Weight.BOLD)
    setting, _ = paragraph((x, y), words[0], large, colour, "middle")
    # A smaller line stands as high as a large one: its middle stays where it is.
    lower = 2.2 + (7 - setting[0].size) * 0.5
    shapes: list[Shape] = list(moved(setting, 0, lower))
    return shapes + _line((x, y + 10.4), words[1], Frame(width, 3.8, 2.8), INK_SOFT, "middle")


# --- the three pictures, each in a square of 27 mm ----------------------------------------------


def _phone() -> list[Shape]:
    return [
        Box(5, 0.5, 17, 26, fill=WHITE, stroke=INK, line_width=0.9, radius=2.6),
        Line((11.5, 3), (15.5, 3), INK, line_width=0.7),
    ]


def _scanning() -> list[Shape]:
    """A phone whose finder holds a code."""
    corners = [
        Line((x, y), (x + dx, y + dy), GREEN, line_width=0.9)
        for x, y, dx, dy in (
            (7.5, 7, 3.5, 0), (7.5, 7, 0, 3.5), (19.5, 7, -3.5, 0), (19.5, 7, 0, 3.5),
            (7.5, 20, 3.5, 0), (7.5, 20, 0, -3.5), (19.5, 20, -3.5, 0), (19.5, 20, 0, -3.5),
        )
    ]  # fmt: skip
    eyes: list[Shape] = []
    for x, y in ((9.6, 9.6), (14.4, 9.6), (9.6, 14.4)):
        eyes += [Box(x, y, 3.2, 3.2, stroke=INK, line_width=0.7), Box(x + 1, y + 1, 1.2, 1.2, INK)]
    dots = [Box(x, y, 1.1, 1.1, fill=INK) for x, y in ((14.4, 14.4), (16.5, 15.4), (14.9, 16.6))]
    return [*_phone(), *corners, *eyes, *dots]


def _tapping() -> list[Shape]:
    """A phone that shows an event and a button, and a finger on it."""
    rows: list[Shape] = [
        Box(7.5, 6.2, 12, 2.2, fill=RED, radius=0.6),
        Line((7.8, 11), (18.5, 11), PAPER_LINE, line_width=0.9),
        Line((7.8, 13.4), (15, 13.4), PAPER_LINE, line_width=0.9),
        Box(7.5, 16, 12, 4.6, fill=GREEN, radius=1.2),
    ]
    finger = Curve(
        (14.6, 19.2),
        (
            ((15.3, 17.6), (17.2, 17.9), (17.4, 19.6)),
            ((17.5, 20.6), (17.6, 21.2), (17.8, 22)),
            ((20.2, 21.6), (23.6, 22.4), (24.2, 24.2)),
            ((24.6, 25.4), (24.5, 26.2), (24.4, 27)),
            ((21, 27), (18, 27), (15.8, 27)),
            ((14.6, 25.6), (13.2, 24.4), (12, 23.4)),
            ((12.2, 22.2), (13.4, 22), (14.8, 23)),
            ((14.7, 21.6), (14.4, 20.4), (14.6, 19.2)),
        ),
        fill=WHITE,
        stroke=INK,
        line_width=0.7,
    )
    return [*_phone(), *rows, finger]


def _stored() -> list[Shape]:
    """The passbook, and a tick."""
    tick = [
        Line((18.6, 21.4), (20.7, 23.4), WHITE, line_width=1.1),
        Line((20.7, 23.4), (24.2, 19.4), WHITE, line_width=1.1),
    ]
    return [*mark((-0.5, -1), 27, RED, WHITE), circle((21.4, 21.4), 5, GREEN, WHITE), *tick]
