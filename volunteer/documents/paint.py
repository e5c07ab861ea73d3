"""Draws a sheet as a PDF page, a PNG picture or an SVG."""

import io
import threading
from collections.abc import Iterable
from functools import singledispatch
from html import escape
from math import ceil

from PIL import Image, ImageDraw, ImageFont
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from volunteer.documents import fonts
from volunteer.documents.drawing import (
    Box,
    Code,
    Curve,
    Line,
    Point,
    Shape,
    Sheet,
    Stencil,
    Text,
    plain,
)
from volunteer.documents.fonts import Weight
from volunteer.documents.qr import qr_modules, qr_picture

# Streams as bytes, not as text: a fifth less to store, and nothing we send needs seven bits.
rl_config.useA85 = 0

# A font that reportlab has read keeps its reading position in itself: two documents that are
# finished at once would embed each other's letters.
_finishing = threading.Lock()
_SMOOTH = 3
_PNG_COLOURS = 32
_CURVE_STEPS = 16
# What each system has, so that a browser shows a card in the type its reader is used to.
_SVG_FAMILIES = (
    "'PingFang SC','HarmonyOS Sans SC','MiSans','Microsoft YaHei','Noto Sans CJK SC',"
    "'Noto Sans SC',sans-serif"
)


# --- PDF -----------------------------------------------------------------------------------


def paint_pdf(sheets: Iterable[Sheet], title: str) -> bytes:
    """A PDF with one page a sheet. Its bytes depend on nothing but the sheets and the title."""
    pages = PdfPages(title)
    for sheet in sheets:
        pages.add(sheet)
    return pages.finish()


class PdfPages:
    """A PDF that grows a page at a time, for whoever tells how far it is meanwhile."""

    def __init__(self, title: str) -> None:
        for weight in Weight:
            fonts.load(weight)
        self._file = io.BytesIO()
        self._canvas = Canvas(self._file, invariant=True, pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("爱心存折")
        self._stencils: dict[tuple[Shape, ...], str] = {}

    def add(self, sheet: Sheet) -> None:
        canvas = self._canvas
        canvas.setPageSize((sheet.width * mm, sheet.height * mm))
        # Our sheets count downwards from the top, PDF upwards from the bottom.
        canvas.translate(0, sheet.height * mm)
        canvas.scale(mm, mm)
        for shape in sheet.shapes:
            if isinstance(shape, Stencil):
                self._refer(shape)
            else:
                _pdf(shape, canvas)
        canvas.showPage()

    def _refer(self, stencil: Stencil) -> None:
        canvas = self._canvas
        name = self._stencils.get(stencil.shapes)
        if name is None:
            name = self._stencils[stencil.shapes] = f"stencil-{len(self._stencils)}"
            canvas.beginForm(name, 0, -ceil(stencil.height), ceil(stencil.width), 0)
            for shape in stencil.shapes:
                _pdf(shape, canvas)
            canvas.endForm()
        canvas.saveState()
        canvas.translate(stencil.x, -stencil.y)
        canvas.doForm(name)
        canvas.restoreState()

    def finish(self) -> bytes:
        with _finishing:
            self._canvas.save()
        return self._file.getvalue()


def _ink(canvas: Canvas, fill: str | None, stroke: str | None, line_width: float) -> None:
    if fill:
        canvas.setFillColor(HexColor(fill))
    if stroke:
        canvas.setStrokeColor(HexColor(stroke))
        canvas.setLineWidth(line_width)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)


@singledispatch
def _pdf(shape: Shape, canvas: Canvas) -> None:
    raise AssertionError(shape)


@_pdf.register
def _(box: Box, canvas: Canvas) -> None:
    _ink(canvas, box.fill, box.stroke, box.line_width)
    canvas.roundRect(
        box.x,
        -box.y - box.height,
        box.width,
        box.height,
        box.radius,
        stroke=int(bool(box.stroke)),
        fill=int(bool(box.fill)),
    )


@_pdf.register
def _(line: Line, canvas: Canvas) -> None:
    _ink(canvas, None, line.stroke, line.line_width)
    canvas.setDash(list(line.dashes))
    canvas.line(line.start[0], -line.start[1], line.end[0], -line.end[1])
    canvas.setDash()


@_pdf.register
def _(curve: Curve, canvas: Canvas) -> None:
    _ink(canvas, curve.fill, curve.stroke, curve.line_width)
    path = canvas.beginPath()
    path.moveTo(curve.start[0], -curve.start[1])
    for (ax, ay), (bx, by), (cx, cy) in curve.pieces:
        path.curveTo(ax, -ay, bx, -by, cx, -cy)
    if curve.closed:
        path.close()
    canvas.drawPath(path, stroke=int(bool(curve.stroke)), fill=int(bool(curve.fill)))


@_pdf.register
def _(text: Text, canvas: Canvas) -> None:
    _ink(canvas, text.fill, None, 0)
    canvas.setFont(text.weight.value, text.size)
    draw = {
        "left": canvas.drawString,
        "middle": canvas.drawCentredString,
        "right": canvas.drawRightString,
    }[text.align]
    draw(text.x, -text.y, text.text)


@_pdf.register
def _(code: Code, canvas: Canvas) -> None:
    modules = qr_modules(code.address, quick=True)
    side, step = modules.size_with_quiet_zone, code.size / modules.size_with_quiet_zone
    # One path for all runs: printers leave hairlines between shapes that are filled one by one.
    # Written out on the code's own grid: reportlab formats its numbers one by one, which was a
    # third of the time that a thousand cards took.
    runs = " ".join(f"{x} {y} {length} 1 re" for x, y, length in modules.runs())
    canvas.saveState()
    canvas.translate(code.x, -code.y)
    canvas.scale(step, -step)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.addLiteral(f"0 0 {side} {side} re f")
    canvas.setFillColor(HexColor("#000000"))
    canvas.addLiteral(f"{runs} f")
    canvas.restoreState()


# --- PNG -----------------------------------------------------------------------------------


def paint_png(sheet: Sheet, dots_per_mm: float = 12) -> bytes:
    """A PNG picture; shapes are smoothed, codes stand on whole pixels."""
    size = (round(sheet.width * dots_per_mm), round(sheet.height * dots_per_mm))
    picture = Image.new("RGB", (size[0] * _SMOOTH, size[1] * _SMOOTH), "#ffffff")
    draw = ImageDraw.Draw(picture)
    shapes = plain(sheet.shapes)
    for shape in shapes:
        _png(shape, draw, dots_per_mm * _SMOOTH)
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    for shape in shapes:
        if isinstance(shape, Code):
            _paste_code(picture, shape, dots_per_mm)
    file = io.BytesIO()
    # A few flat colours and their edges: a quarter of the bytes, and no eye tells them apart.
    picture = picture.quantize(_PNG_COLOURS, dither=Image.Dither.NONE)
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _paste_code(picture: Image.Image, code: Code, scale: float) -> None:
    modules = qr_picture(code.address)
    module = max(1, int(code.size * scale) // modules.width)
    side = module * modules.width
    margin = (code.size * scale - side) / 2
    picture.paste(
        modules.resize((side, side), Image.Resampling.NEAREST),
        (round(code.x * scale + margin), round(code.y * scale + margin)),
    )


@singledispatch
def _png(shape: Shape, draw: ImageDraw.ImageDraw, scale: float) -> None:
    raise AssertionError(shape)


@_png.register
def _(box: Box, draw: ImageDraw.ImageDraw, scale: float) -> None:
    draw.rounded_rectangle(
        (
            box.x * scale,
            box.y * scale,
            (box.x + box.width) * scale,
            (box.y + box.height) * scale,
        ),
        radius=box.radius * scale,
        fill=box.fill,
        outline=box.stroke,
        width=max(1, round(box.line_width * scale)),
    )


@_png.register
def _(line: Line, draw: ImageDraw.ImageDraw, scale: float) -> None:
    width = max(1, round(line.line_width * scale))
    for start, end in _dashed(line):
        points = [(x * scale, y * scale) for x, y in (start, end)]
        draw.line(points, fill=line.stroke, width=width)
        _round_ends(draw, points, line.stroke, width)


def _dashed(line: Line) -> Iterable[tuple[Point, Point]]:
    (x, y), (right, bottom) = line.start, line.end
    length = ((right - x) ** 2 + (bottom - y) ** 2) ** 0.5
    if not line.dashes or not length:
        yield line.start, line.end
        return
    dash, period, at = line.dashes[0], sum(line.dashes), 0.0
    while at < length:
        a, b = at / length, min(at + dash, length) / length
        yield (
            (x + (right - x) * a, y + (bottom - y) * a),
            (x + (right - x) * b, y + (bottom - y) * b),
        )
        at += period


def _round_ends(draw: ImageDraw.ImageDraw, points: list[Point], colour: str, width: int) -> None:
    for x, y in points:
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)


@_png.register
def _(curve: Curve, draw: ImageDraw.ImageDraw, scale: float) -> None:
    points = [(x * scale, y * scale) for x, y in _flattened(curve)]
    if curve.fill:
        draw.polygon(points, fill=curve.fill)
    if curve.stroke:
        width = max(1, round(curve.line_width * scale))
        around = [*points, points[0]] if curve.closed else points
        draw.line(around, fill=curve.stroke, width=width, joint="curve")
        _round_ends(draw, [around[0], around[-1]], curve.stroke, width)


def _flattened(curve: Curve) -> list[Point]:
    points, start = [curve.start], curve.start
    for a, b, end in curve.pieces:
        for n in range(1, _CURVE_STEPS + 1):
            t = n / _CURVE_STEPS
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            corners = (start, a, b, end)
            points.append(
                (
                    sum(w * p[0] for w, p in zip(weights, corners, strict=True)),
                    sum(w * p[1] for w, p in zip(weights, corners, strict=True)),
                )
            )
        start = end
    return points


@_png.register
def _(text: Text, draw: ImageDraw.ImageDraw, scale: float) -> None:
    font = ImageFont.truetype(text.weight.file, text.size * scale)
    anchor = {"left": "ls", "middle": "ms", "right": "rs"}[text.align]
    draw.text((text.x * scale, text.y * scale), text.text, fill=text.fill, font=font, anchor=anchor)


@_png.register
def _(code: Code, draw: ImageDraw.ImageDraw, scale: float) -> None:
    side = code.size * scale
    x, y = code.x * scale, code.y * scale
    draw.rectangle((x, y, x + side, y + side), fill="#ffffff")


# --- SVG -----------------------------------------------------------------------------------


def paint_svg(sheet: Sheet) -> str:
    """An inline `<svg>` that fills the width of its box, in the reader's own type."""
    drawn = "".join(_svg(shape) for shape in plain(sheet.shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(sheet.width)}'
        f' {_n(sheet.height)}" role="img" aria-label="{escape(sheet.about)}"'
        f' font-family="{_SVG_FAMILIES}">{drawn}</svg>'
    )


def _n(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _svg_ink(fill: str | None, stroke: str | None, line_width: float) -> str:
    ink = f' fill="{fill or "none"}"'
    if stroke:
        ink += f' stroke="{stroke}" stroke-width="{_n(line_width)}"'
        ink += ' stroke-linecap="round" stroke-linejoin="round"'
    return ink


@singledispatch
def _svg(shape: Shape) -> str:
    raise AssertionError(shape)


@_svg.register
def _(box: Box) -> str:
    place = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
    return f'<rect {place} rx="{_n(box.radius)}"{_svg_ink(box.fill, box.stroke, box.line_width)}/>'


@_svg.register
def _(line: Line) -> str:
    (x1, y1), (x2, y2) = line.start, line.end
    dashes = f' stroke-dasharray="{" ".join(map(_n, line.dashes))}"' if line.dashes else ""
    return (
        f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"{dashes}'
        f"{_svg_ink(None, line.stroke, line.line_width)}/>"
    )


@_svg.register
def _(curve: Curve) -> str:
    path = f"M{_n(curve.start[0])} {_n(curve.start[1])}"
    for piece in curve.pieces:
        path += "C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in piece)
    path += "z" if curve.closed else ""
    return f'<path d="{path}"{_svg_ink(curve.fill, curve.stroke, curve.line_width)}/>'


@_svg.register
def _(text: Text) -> str:
    anchor = {"left": "start", "middle": "middle", "right": "end"}[text.align]
    weight = ' font-weight="700"' if text.weight is Weight.BOLD else ""
    # A system font may run wider than the one we measured: the given length keeps the line inside.
    length = fonts.measure(text.text, text.size, text.weight)
    return (
        f'<text x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}" fill="{text.fill}"'
        f' text-anchor="{anchor}"{weight} textLength="{_n(length)}"'
        f' lengthAdjust="spacingAndGlyphs">{escape(text.text)}</text>'
    )


@_svg.register
def _(code: Code) -> str:
    modules = qr_modules(code.address)
    step = code.size / modules.size_with_quiet_zone
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in modules.runs())
    size = modules.size_with_quiet_zone
    return (
        f'<g transform="translate({_n(code.x)} {_n(code.y)}) scale({step:.6f})"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path fill="#000" d="{path}"/></g>'
    )
