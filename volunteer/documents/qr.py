"""QR codes: as SVG for screens, as PNG for a long press in WeChat, as modules for print.

Level M and a quiet zone of 4, always. Addresses are kept short where they are made
(`volunteer.domain.tokens`); here capitals and digits are packed apart from the rest, which keeps
a card's address one version smaller. Measured at 110 px: version 3 is read twice as often as
version 5.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4
# From this many characters in a row a change of packing pays for its own header.
_SHORTEST_PACKED_RUN = 8
# Any mask is legal and every reader takes it; trying all eight is most of the time a code costs.
_QUICK_MASK = 3


@dataclass(frozen=True)
class Modules:
    """A QR code without its quiet zone: `size` rows of `size` bytes, 1 is dark."""

    size: int
    rows: tuple[bytes, ...]

    @property
    def size_with_quiet_zone(self) -> int:
        return self.size + 2 * QUIET_ZONE

    def runs(self) -> list[tuple[int, int, int]]:
        """Dark runs as (column, row, length), counted from the quiet zone's corner."""
        found = []
        for y, row in enumerate(self.rows, QUIET_ZONE):
            x = row.find(1)
            while x >= 0:
                end = row.find(0, x)
                end = end if end >= 0 else self.size
                found.append((x + QUIET_ZONE, y, end - x))
                x = row.find(1, end)
        return found


@lru_cache(maxsize=512)  # a code screen holds half an hour of codes and asks again every minute
def qr_modules(address: str, quick: bool = False) -> Modules:
    """The code for `address`. `quick` is four times faster, for a thousand cards at once."""
    code = qrcode.QRCode(
        error_correction=ERROR_CORRECT_M,
        border=0,
        mask_pattern=_QUICK_MASK if quick else None,
    )
    code.add_data(address, optimize=_SHORTEST_PACKED_RUN)
    code.make(fit=True)
    rows = tuple(bytes(map(bool, row)) for row in code.modules)
    return Modules(len(rows), rows)


@lru_cache(maxsize=256)
def qr_svg(address: str, label: str = "") -> str:
    """An inline `<svg class="qr">` that fills its box; `label` is read out to who cannot see it."""
    modules = qr_modules(address)
    size = modules.size_with_quiet_zone
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in modules.runs())
    named = f' role="img" aria-label="{escape(label)}"' if label else ' aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {size} {size}"'
        f' shape-rendering="crispEdges"{named}>'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


@lru_cache(maxsize=64)
def qr_png(address: str, scale: int = 10) -> bytes:
    """A black and white PNG with `scale` pixels to a module."""
    assert 1 <= scale <= 40
    picture = qr_picture(address)
    size = picture.width * scale
    file = io.BytesIO()
    picture.resize((size, size), Image.Resampling.NEAREST).convert("1").save(
        file, "PNG", optimize=True
    )
    return file.getvalue()


def qr_picture(address: str) -> Image.Image:
    """A grey picture with one pixel to a module, quiet zone included."""
    modules = qr_modules(address)
    picture = Image.new("L", (modules.size_with_quiet_zone,) * 2, 255)
    dark = Image.frombytes("L", (modules.size, modules.size), b"".join(modules.rows))
    picture.paste(dark.point(lambda bit: 0 if bit else 255), (QUIET_ZONE, QUIET_ZONE))
    return picture
