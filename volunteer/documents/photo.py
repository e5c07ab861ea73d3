"""Reads the codes in a photo that somebody uploaded.

For pages on plain http, where a browser has no camera. The bytes come from anywhere, so nothing is
decoded before its size is known, and one picture at a time.
"""

import io
import threading

from PIL import ExifTags, Image

from volunteer.domain.refusals import Code, refuse

# What phones send.
_FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 15_000_000
# A JPEG is shrunk while it is read; the others take four bytes a pixel before they can be.
_MOST_PIXELS_JPEG = 51_000_000
_MOST_PIXELS_OTHER = 16_000_000
_SIDE = 1600
# A second look, twice smaller: it takes away the pattern of a photographed screen.
_SIDES = (_SIDE, _SIDE // 2)

# EXIF orientation: how to turn what the camera saw.
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_one_at_a_time = threading.Lock()


def decode_codes(photo: bytes) -> tuple[str, ...]:
    """The text of every QR code in `photo`, at least one, from the top of the picture down.

    Raises Refused: `photo_too_large` above 15 MB or what a phone's camera makes in pixels,
    `photo_unreadable` for what is no picture or holds no code.
    """
    if len(photo) > MOST_BYTES:
        raise refuse(Code.PHOTO_TOO_LARGE, megabytes=len(photo) // 1_000_000)
    with _one_at_a_time:
        picture = _open(photo)
        for side in _SIDES:
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
            codes = _read(picture)
            if codes:
                return codes
    raise refuse(Code.PHOTO_UNREADABLE)


def _open(photo: bytes) -> Image.Image:
    """A grey picture, upright, less than 3200 pixels wide and high."""
    try:
        picture = Image.open(io.BytesIO(photo), formats=_FORMATS)
        _check_pixels(picture)
        picture.draft("L", (_SIDE, _SIDE))
        return _upright(_grey(picture), _orientation(picture))
    # Pillow's own limits, an error above twice the warning's.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refuse(Code.PHOTO_TOO_LARGE) from error
    # What Pillow's readers raise for broken files, by format and kind of damage.
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise refuse(Code.PHOTO_UNREADABLE) from error


def _check_pixels(picture: Image.Image) -> None:
    pixels = picture.width * picture.height
    # MPO: a JPEG of a phone that keeps a second picture in the file.
    most = _MOST_PIXELS_JPEG if picture.format in {"JPEG", "MPO"} else _MOST_PIXELS_OTHER
    if pixels > most:
        raise refuse(Code.PHOTO_TOO_LARGE, megapixels=pixels // 1_000_000)


def _grey(picture: Image.Image) -> Image.Image:
    """Grey on white: a code saved from a chat with a clear ground would be black on black."""
    largest = (2 * _SIDE, 2 * _SIDE)
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        coloured.thumbnail(largest)
        white = Image.new("RGBA", coloured.size, "white")
        white.alpha_composite(coloured)
        grey = white.convert("L")
    else:
        grey = picture.convert("L")
        grey.thumbnail(largest)
    return grey


def _orientation(picture: Image.Image) -> object:
    try:
        return picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        # A phone's broken notes, in any of their formats, say nothing of the picture itself.
        return None


def _upright(picture: Image.Image, orientation: object) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _read(picture: Image.Image) -> tuple[str, ...]:
    # Loaded with the first photo: a start need not wait for it. The formats are made each time,
    # because the library complains at the end about whatever is still held.
    import zxingcpp

    formats = zxingcpp.barcode_formats_from_str("QRCode")
    found = zxingcpp.read_barcodes(picture, formats=formats)
    found.sort(key=lambda barcode: (barcode.position.top_left.y, barcode.position.top_left.x))
    # A code may stand on a screen twice, as on a poster beside its own picture.
    return tuple(dict.fromkeys(barcode.text for barcode in found if barcode.text))
