import contextlib
import io
import random
import struct
import threading
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from volunteer.documents import photo
from volunteer.documents.photo import decode_codes
from volunteer.documents.qr import qr_picture
from volunteer.domain.refusals import Code, Refused

CARD = "https://love.example.cn/c/ABCDEFGHJKMNPQRSTVWX"
OTHER = "https://love.example.cn/q/128/K7Q2M9"


def _shot(address: str = CARD, side: int = 1400, code: int = 420) -> Image.Image:
    """A grey desk with a card on it, slightly turned, as a hand-held phone sees it."""
    desk = Image.new("RGB", (side, side * 3 // 4), (150, 140, 130))
    card = qr_picture(address).resize((code, code), Image.Resampling.BICUBIC)
    turned = card.convert("RGBA").rotate(11, expand=True, resample=Image.Resampling.BICUBIC)
    desk.paste(turned, (side // 4, side // 8), turned)
    return desk


def _file(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _refusal(data: bytes) -> Code:
    with pytest.raises(Refused) as refused:
        decode_codes(data)
    return refused.value.refusal.code


def _png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises width × height pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_of_a_card_is_read(kind: str) -> None:
    assert decode_codes(_file(_shot(), kind)) == (CARD,)


def test_a_large_photo_is_read() -> None:
    large = _shot(code=600).resize((8000, 6000))
    assert decode_codes(_file(large, quality=60)) == (CARD,)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_whichever_way_the_phone_was_held(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert decode_codes(_file(_shot(), exif=exif)) == (CARD,)


def test_several_codes_come_from_the_top_down_each_once() -> None:
    desk = Image.new("L", (900, 1400), 200)
    for address, y in ((OTHER, 40), (CARD, 480), (OTHER, 920)):
        desk.paste(qr_picture(address).resize((400, 400)), (200, y))
    assert decode_codes(_file(desk)) == (OTHER, CARD)


def test_a_code_on_a_clear_ground_is_read() -> None:
    code = qr_picture(CARD).resize((370, 370), Image.Resampling.NEAREST)
    clear = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (60, 60), mask=code.point(lambda grey: 255 - grey))
    assert decode_codes(_file(clear, "PNG")) == (CARD,)


def test_a_photo_without_a_code_is_refused_as_unreadable() -> None:
    assert _refusal(_file(Image.new("RGB", (400, 300), "white"))) is Code.PHOTO_UNREADABLE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"GIF89a" + b"\0" * 40,
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0" + b"\0" * 100,
        b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
def test_what_is_no_picture_is_refused_as_unreadable(data: bytes) -> None:
    assert _refusal(data) is Code.PHOTO_UNREADABLE


def test_a_picture_that_stops_half_way_is_refused_as_unreadable() -> None:
    whole = _file(_shot())
    assert _refusal(whole[: len(whole) // 3]) is Code.PHOTO_UNREADABLE


def test_a_file_too_large_is_refused_before_it_is_opened() -> None:
    assert _refusal(b"\0" * (photo.MOST_BYTES + 1)) is Code.PHOTO_TOO_LARGE


@pytest.mark.parametrize("side", [4_100, 9_000, 12_000, 30_000, 2_000_000])
def test_a_bomb_is_refused_by_what_its_header_claims(side: int) -> None:
    assert _refusal(_png_that_claims(side, side)) is Code.PHOTO_TOO_LARGE


def test_many_photos_at_once_are_read_one_after_the_other() -> None:
    data, answers = _file(_shot()), []
    threads = [
        threading.Thread(target=lambda: answers.append(decode_codes(data))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(CARD,)] * 6


MAKER = b"A maker of phones"
NOTES = Image.Exif()
NOTES[ExifTags.Base.Make] = MAKER.decode()
NOTES[ExifTags.Base.Orientation] = 6
SMALL = {
    kind: _file(_shot(side=400, code=190), kind, exif=NOTES) for kind in ("JPEG", "PNG", "WEBP")
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SMALL)), st.integers(0, 2**32), st.integers(1, 30))
def test_damage_anywhere_is_answered_never_an_error(kind: str, seed: int, wounds: int) -> None:
    chance, data = random.Random(seed), bytearray(SMALL[kind])
    for _ in range(wounds):
        data[chance.randrange(len(data))] = chance.randrange(256)
    with contextlib.suppress(Refused):
        assert decode_codes(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["JPEG", "WEBP"]), st.integers(0, 2**32), st.integers(1, 6))
def test_broken_notes_of_the_camera_are_no_error(kind: str, seed: int, wounds: int) -> None:
    chance, data = random.Random(seed), bytearray(SMALL[kind])
    notes = data.find(MAKER)
    for _ in range(wounds):
        data[min(max(notes + chance.randint(-90, 90), 0), len(data) - 1)] = chance.randrange(256)
    with contextlib.suppress(Refused):
        assert decode_codes(bytes(data))


@pytest.mark.parametrize("kind", sorted(SMALL))
def test_without_damage_the_same_pictures_are_read(kind: str) -> None:
    assert decode_codes(SMALL[kind]) == (CARD,)
