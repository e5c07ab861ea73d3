"""The receipt sheet: every name whole, the consent on every page, in the catalogue's words."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalogue import load
from tests.documents.rendered import words_of
from tests.documents.test_card import NAMES
from volunteer.documents.consent_words import TEXTS
from volunteer.documents.drawing import Text, plain
from volunteer.documents.fonts import MISSING, measure
from volunteer.documents.receipt_sheet import (
    CONSENT,
    CONSENT_EN,
    SIGNERS_ON_A_PAGE,
    ReceiptSheet,
    Signer,
    _pages,
    receipt_sheets_pdf,
)
from volunteer.domain.consents import Consent

PEOPLE = tuple(
    Signer(name, f"{number:08}", "302", is_child=number == 2)
    for number, name in enumerate(filter(None, NAMES))
)
SHEET = ReceiptSheet("梅富社区", "梅富村 12栋", date(2026, 11, 20), "2026-11", PEOPLE)


def said(pdf: bytes) -> str:
    return words_of(pdf).replace("\r\n", "").replace("\n", "")


def test_it_says_whose_card_which_words_and_where_to_sign() -> None:
    words = said(receipt_sheets_pdf([SHEET]))
    for part in (
        "存折卡签收表", "梅富社区 梅富村 12栋", "2026-11-20", CONSENT, "2026-11", "签名",
        "监护人签名", "0000 0001", "䶮", "陈喆堃", "买买提·阿凡提", "O'Neill",
    ):  # fmt: skip
        assert part in words
    assert "SAMPLE" not in words
    assert MISSING not in words
    assert "…" not in words


def test_the_text_is_the_one_that_everybody_is_asked() -> None:
    english = [text._args[0] for text in TEXTS[Consent.KEEP_RECORD]]
    assert " ".join(english) == CONSENT_EN
    messages = [load().get(text) for text in english]
    assert "".join(message.string for message in messages if message) == CONSENT


def test_a_sheet_for_each_building_and_the_consent_on_every_page() -> None:
    many = tuple(Signer("陈秀英", "12345678") for _ in range(SIGNERS_ON_A_PAGE + 1))
    first = ReceiptSheet("梅富社区", "1栋", date(2026, 11, 20), "2026-11", many, sample=True)
    words = said(receipt_sheets_pdf([first, SHEET]))
    assert words.count(CONSENT) == 3
    assert words.count("演示 SAMPLE") == 2
    assert "第 2 / 2 页" in words


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.sampled_from("陈喆堃䶮·ABŁz ' "), min_size=1, max_size=50),
    st.text(st.sampled_from("Chen Zhekun-'"), max_size=50),
    st.text(st.sampled_from("A座12楼-室 "), max_size=40),
)
def test_everything_stays_in_its_row(name: str, name_en: str, room: str) -> None:
    signer = Signer(name, "12345678", room, name_en, is_child=True)
    sheet = ReceiptSheet("梅" * 60, "栋" * 60, date(2026, 11, 20), "2026-11", (signer,))
    (page,) = _pages(sheet)
    for shape in plain(page.shapes):
        if isinstance(shape, Text):
            width = measure(shape.text, shape.size, shape.weight)
            left = shape.x - {"left": 0, "middle": width / 2, "right": width}[shape.align]
            assert left >= 10
            assert left + width <= page.width - 10
            assert shape.y <= 66 + 7.5 + 11.2
