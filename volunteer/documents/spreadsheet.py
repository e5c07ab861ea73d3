"""Reads spreadsheets that somebody uploaded, and writes ours: xlsx and CSV, values only.

The bytes come from anywhere. What a file says of its own size is not believed: rows, cells and
unpacked bytes are counted while they are read. A formula is never evaluated: of a cell that holds
one its last shown value is taken, and what we write is never a formula.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from volunteer.domain.refusals import Code, refuse

if TYPE_CHECKING:
    from openpyxl import Workbook

MOST_BYTES = 8_000_000
MOST_UNPACKED = 200_000_000
MOST_ROWS = 10_000
MOST_COLUMNS = 60
MOST_CELLS = 400_000
LONGEST_CELL = 200
_EMPTY_ROWS_TO_END = 1_000
"""So many empty rows one after the other are the end, whatever the sheet says of its size."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
_MACROS = "vbaproject.bin"
_WIDTH = 16


@dataclass(frozen=True)
class SheetRow:
    """One row with something in it; `number` is the one that the spreadsheet program shows."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """What a file holds: the rows that are not empty, of the first sheet that has any."""

    name: str
    rows: tuple[SheetRow, ...]


def read_spreadsheet(file: bytes) -> Sheet:
    """The rows of an xlsx file, or of a CSV file in UTF-8, GBK or GB 18030.

    Raises Refused: `sheet_too_large` (8 MB), `sheet_locked` (a password), `sheet_old_format` (xls),
    `sheet_macros`, `sheet_unreadable` (no spreadsheet, or broken), `sheet_too_many_rows`,
    `sheet_too_many_columns`, `sheet_empty`.
    """
    if len(file) > MOST_BYTES:
        raise refuse(Code.SHEET_TOO_LARGE, megabytes=MOST_BYTES // 1_000_000)
    if file.startswith(_OLE):
        # An encrypted xlsx is an OLE container too; it names its package in UTF-16.
        locked = "EncryptedPackage".encode("utf-16-le") in file
        raise refuse(Code.SHEET_LOCKED if locked else Code.SHEET_OLD_FORMAT)
    sheet = _read_xlsx(file) if file.startswith(_ZIP) else _read_csv(file)
    if not sheet.rows:
        raise refuse(Code.SHEET_EMPTY)
    return sheet


def write_xlsx(
    title: str,
    rows: Iterable[Sequence[str]],
    *,
    notes: tuple[str, Iterable[Sequence[str]]] | None = None,
) -> bytes:
    """A workbook with one sheet of text cells, its first row kept in sight and bold; ``notes``:
    title and rows of a second sheet."""
    sheets = [(title, rows), *([notes] if notes is not None else [])]
    return write_workbook(sheets)


def write_workbook(sheets: Iterable[tuple[str, Iterable[Sequence[str | int]]]]) -> bytes:
    """A workbook of several sheets, by title and rows; whole numbers stay numbers, all else is
    text."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, rows in sheets:
        _fill(book, title, rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(book: Workbook, title: str, rows: Iterable[Sequence[str | int]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for place in range(MOST_COLUMNS):
        sheet.column_dimensions[get_column_letter(place + 1)].width = _WIDTH
    for number, row in enumerate(rows):
        cells = []
        for value in row:
            if isinstance(value, int):
                cells.append(WriteOnlyCell(sheet, value=value))
                continue
            cell = WriteOnlyCell(sheet, value=defused(value))
            # Text, so that no program makes 012 of 12 or a number of a phone.
            cell.number_format = "@"
            cell.data_type = "s"
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)


def defused(value: str) -> str:
    """A value that no spreadsheet program takes for a formula: `=1+1` gets an apostrophe, and so
    does what begins with one already, or reading it again would take that for ours."""
    return f"'{value}" if value.startswith((*_FORMULA_STARTS, "'")) else value


def _read_xlsx(file: bytes) -> Sheet:
    from openpyxl import load_workbook

    _check_archive(file)
    try:
        # Read-only streams the rows. data_only: the value a formula showed when it was saved.
        book = load_workbook(io.BytesIO(file), read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                rows = _collect(sheet.iter_rows(values_only=True))
                if rows:
                    return Sheet(sheet.title, rows)
        finally:
            book.close()
    except _expected() as error:
        raise refuse(Code.SHEET_UNREADABLE) from error
    return Sheet("", ())


def _expected() -> tuple[type[Exception], ...]:
    """What openpyxl raises at files that are broken or that somebody made to break it."""
    from xml.etree.ElementTree import ParseError

    from openpyxl.utils.exceptions import InvalidFileException

    return (
        InvalidFileException,
        ParseError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        OverflowError,
        RuntimeError,
        OSError,
    )


def _check_archive(file: bytes) -> None:
    """Refuse what unpacks to too much, is locked or carries macros, before a part is opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise refuse(Code.SHEET_UNREADABLE) from error
    if sum(part.file_size for part in parts) > MOST_UNPACKED or len(parts) > 2_000:
        raise refuse(Code.SHEET_TOO_LARGE, megabytes=MOST_BYTES // 1_000_000)
    if any(part.flag_bits & 1 for part in parts):
        raise refuse(Code.SHEET_LOCKED)
    names = {part.filename.casefold() for part in parts}
    if any(name.endswith(_MACROS) for name in names):
        raise refuse(Code.SHEET_MACROS)
    if "xl/workbook.xml" not in names:
        raise refuse(Code.SHEET_UNREADABLE)


def _read_csv(file: bytes) -> Sheet:
    text = _decoded(file)
    if "\0" in text:
        raise refuse(Code.SHEET_UNREADABLE)
    head = text[:4000]
    if head.strip() and not any(character.isalnum() for character in head):
        raise refuse(Code.SHEET_UNREADABLE)
    delimiter = max(",\t;", key=head.count)
    try:
        return Sheet("", _collect(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)))
    except csv.Error as error:
        raise refuse(Code.SHEET_UNREADABLE) from error


def _decoded(file: bytes) -> str:
    """The text of a CSV file. UTF-8 first: GBK takes almost any bytes for some text.

    A few wrong bytes in a file that is otherwise one of the two (pasted from another program) are
    shown as �, so that the row is seen and not lost; more of them is no text at all.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return file.decode(encoding)
        except UnicodeDecodeError:
            continue
    if file[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return file.decode("utf-16")
        except UnicodeDecodeError as error:
            raise refuse(Code.SHEET_UNREADABLE) from error
    guesses = [file.decode(encoding, "replace") for encoding in ("utf-8-sig", "gb18030")]
    best = min(guesses, key=lambda text: text.count("\ufffd"))
    if best.count("\ufffd") > max(5, len(best) // 100):
        raise refuse(Code.SHEET_UNREADABLE)
    return best


def _collect(rows: Iterable[Sequence[object]]) -> tuple[SheetRow, ...]:
    """The rows that are not empty, as text, within bounds."""
    return tuple(_bounded(rows))


def _bounded(rows: Iterable[Sequence[object]]) -> Iterator[SheetRow]:
    empty = filled = cells = 0
    for number, row in enumerate(rows, start=1):
        texts = [_text(value) for value in row[: 4 * MOST_COLUMNS]]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            empty += 1
            if empty >= _EMPTY_ROWS_TO_END:
                return
            continue
        empty, filled, cells = 0, filled + 1, cells + len(texts)
        if len(texts) > MOST_COLUMNS:
            raise refuse(Code.SHEET_TOO_MANY_COLUMNS, most=MOST_COLUMNS)
        if filled > MOST_ROWS or cells > MOST_CELLS:
            raise refuse(Code.SHEET_TOO_MANY_ROWS, most=MOST_ROWS)
        yield SheetRow(number, tuple(texts))


def _text(value: object) -> str:
    """A cell as its reader sees it: days without midnight, 13800138000 and not 1.38e10."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = " ".join(str(value)[: 4 * LONGEST_CELL].split())[:LONGEST_CELL]
    # Our own export's apostrophe, and the one people type to keep a leading zero.
    return text[1:] if text[:1] == "'" and text[1:2] else text
