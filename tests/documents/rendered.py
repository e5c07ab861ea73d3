"""What a printed page looks like, and which codes are read from it."""

import io

import pypdfium2
import zxingcpp
from PIL import Image


def pages_of(pdf: bytes, dots_per_inch: int = 150) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dots_per_inch / 72).to_pil() for page in document]
    finally:
        document.close()


def words_of(pdf: bytes) -> str:
    """All text of all pages, as a reader would copy it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def codes_in(picture: Image.Image | bytes) -> list[str]:
    if isinstance(picture, bytes):
        picture = Image.open(io.BytesIO(picture))
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]
