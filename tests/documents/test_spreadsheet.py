"""Spreadsheets as people save them, and files that are none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from volunteer.documents import spreadsheet
from volunteer.documents.spreadsheet import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_ROWS,
    read_spreadsheet,
    write_xlsx,
)
from volunteer.domain.refusals import Code, Refused

ROWS = [["姓名", "手机号", "楼栋"], ["买买提·阿凡提", "13800138000", "十二栋"], ["喆堃", "", "3栋"]]


def xlsx(fill: Callable[[Workbook], None]) -> bytes:
    book = Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheet_of(*rows: list[object]) -> bytes:
    def fill(book: Workbook) -> None:
        for row in rows:
            book.active.append(row)

    return xlsx(fill)


def texts(file: bytes) -> list[list[str]]:
    return [list(row.cells) for row in read_spreadsheet(file).rows]


def csv_text(rows: list[list[str]], delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"


def refusal(file: bytes) -> Code:
    with pytest.raises(Refused) as caught:
        read_spreadsheet(file)
    return caught.value.refusal.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_every_encoding_that_is_met(encoding: str, delimiter: str) -> None:
    assert texts(csv_text(ROWS, delimiter).encode(encoding)) == [
        ROWS[0], ROWS[1], ["喆堃", "", "3栋"],
    ]  # fmt: skip


def test_rare_characters_in_gb_18030() -> None:
    assert texts(csv_text([["姓名"], ["䶮𬭎"]]).encode("gb18030"))[1] == ["䶮𬭎"]


def test_a_few_wrong_bytes_lose_no_row() -> None:
    file = csv_text([["姓名", "楼栋"], *[["陈秀英", "3栋"]] * 50]).encode() + b"\xff\xfe,12\r\n"
    assert len(texts(file)) == 52


def test_quoted_line_ends_stay_in_their_cell() -> None:
    assert texts('姓名,备注\r\n陈秀英,"一\n二"\r\n'.encode())[1] == ["陈秀英", "一 二"]


def test_an_xlsx_file_says_what_its_reader_sees() -> None:
    file = sheet_of(
        ["姓名", "手机", "出生日期", "人数"],
        ["陈秀英", 13800138000, date(1956, 3, 1), 2.5],
        ["李伟", 13800138001.0, date(1990, 12, 31), True],
    )
    assert texts(file)[1:] == [
        ["陈秀英", "13800138000", "1956-03-01", "2.5"],
        ["李伟", "13800138001", "1990-12-31", "1"],
    ]


def test_rows_keep_the_numbers_that_the_program_shows() -> None:
    file = sheet_of(["名单"], [], [None, None], ["姓名"], ["陈秀英"])
    assert [row.number for row in read_spreadsheet(file).rows] == [1, 4, 5]


def test_merged_cells_are_read_where_they_begin() -> None:
    def fill(book: Workbook) -> None:
        book.active["A1"] = "居民登记表"
        book.active.merge_cells("A1:D1")
        book.active["A2"] = "姓名"

    assert texts(xlsx(fill)) == [["居民登记表"], ["姓名"]]


def test_the_first_sheet_with_something_in_it_is_read() -> None:
    def fill(book: Workbook) -> None:
        book.create_sheet("名单").append(["姓名"])

    assert read_spreadsheet(xlsx(fill)).name == "名单"


def test_a_formula_is_not_evaluated() -> None:
    """openpyxl saves no value with it: what is unknown stays empty, and nothing is worked out."""
    file = sheet_of(["姓名", "手机"], ["陈秀英", "=1+1"], ['=HYPERLINK("http://evil")', "1"])
    assert texts(file)[1:] == [["陈秀英"], ["", "1"]]


def test_a_million_empty_rows_cost_nothing() -> None:
    def fill(book: Workbook) -> None:
        book.active.append(["姓名"])
        book.active["A1048576"] = None
        book.active["A900000"] = "far away"

    assert texts(xlsx(fill)) == [["姓名"]]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"\0" * (MOST_BYTES + 1), Code.SHEET_TOO_LARGE),
        (b"", Code.SHEET_EMPTY),
        (b"\r\n,,\r\n", Code.SHEET_UNREADABLE),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), Code.SHEET_UNREADABLE),
        (b"%PDF-1.7\0\xe2\xe3", Code.SHEET_UNREADABLE),
        (b"PK\x03\x04 and nothing more", Code.SHEET_UNREADABLE),
        (
            b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"),
            Code.SHEET_LOCKED,
        ),
        (b"\xd0\xcf\x11\xe0 Workbook of 1998", Code.SHEET_OLD_FORMAT),
        (sheet_of(), Code.SHEET_EMPTY),
        (sheet_of(["列"] * (MOST_COLUMNS + 1)), Code.SHEET_TOO_MANY_COLUMNS),
    ],
)
def test_what_cannot_be_read_is_said(file: bytes, code: Code) -> None:
    assert refusal(file) is code


def test_too_many_rows() -> None:
    file = ("姓名\r\n" * (MOST_ROWS + 1)).encode()
    assert refusal(file) is Code.SHEET_TOO_MANY_ROWS


def zipped(name: str, body: bytes, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
        for path, inside in more.items():
            archive.writestr(path.replace("__", "/"), inside)
    return out.getvalue()


def test_archives_that_are_no_workbook_or_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(zipped("readme.txt", b"hello")) is Code.SHEET_UNREADABLE
    assert refusal(zipped("xl/workbook.xml", b"<broken")) is Code.SHEET_UNREADABLE
    assert refusal(zipped("xl/vbaProject.bin", b"x", xl__workbook=b"")) is Code.SHEET_MACROS
    monkeypatch.setattr(spreadsheet, "MOST_UNPACKED", 1_000_000)
    assert refusal(zipped("xl/workbook.xml", b" " * 2_000_000)) is Code.SHEET_TOO_LARGE


@given(st.binary(max_size=300))
def test_no_bytes_are_an_outage(file: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        try:
            read_spreadsheet(start + file)
        except Refused:
            continue


@given(st.text(max_size=20))
def test_what_we_write_is_never_a_formula(value: str) -> None:
    clean = "".join(one for one in value if one.isprintable())
    file = write_xlsx("居民", [["姓名"], [clean], ["=1+1"], ["＝cmd"], ["@x"]])
    book = load_workbook(io.BytesIO(file))
    kinds = {cell.data_type for row in book.active.iter_rows() for cell in row if cell.value}
    assert kinds == {"s"}
    assert "f" not in kinds


def test_what_we_write_we_read() -> None:
    rows = [["姓名", "手机"], ["陈秀英", "013800138000"], ["-1", "+8613800138000"]]
    assert texts(write_xlsx("居民", rows)) == rows
