import io
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.documents.rendered import codes_in, pages_of, words_of
from volunteer.documents.card import Card, Side, card_png, card_sheet, card_svg
from volunteer.documents.card_pages import cards_pdf
from volunteer.documents.drawing import Text, plain
from volunteer.documents.fonts import measure
from volunteer.domain.card_prints import Layout

CARD = Card(
    passbook_number="12345678",
    card_number="1234567801",
    address="http://192.168.1.20:8000/c/ABCDEFGHJKMNPQRSTVWX",
    community="梅富社区",
    name="陈喆堃",
    name_en="Chen Zhekun",
    telephone="0755-8300 0000",
    activation_code="482910337",
    activation_code_valid_until=date(2027, 2, 21),
    sample=True,
)
LONGEST = (
    "迪丽热巴·迪力木拉提·阿不都热合曼·买买提艾力·艾合买提江·吐尔逊·古丽娜扎尔·拜合提亚尔·阿凡提"
)
NAMES = [
    "䶮",
    "陈喆堃",
    "欧阳娜娜",
    "买买提·阿凡提",
    LONGEST,
    "Bartholomew Christopher Featherstonehaugh-Łukasiew",
    "O'Neill",
    "",
]
SVG = "{http://www.w3.org/2000/svg}"


def _many(count: int) -> list[Card]:
    chance = random.Random(4)
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return [
        replace(
            CARD,
            name="".join(chance.choices("陈喆堃王李赵钱孙周吴郑冯", k=chance.choice((2, 3)))),
            passbook_number=f"{chance.randrange(10**8):08}",
            card_number=f"{chance.randrange(10**10):010}",
            activation_code=f"{chance.randrange(10**9):09}",
            address="https://love.example.cn/c/" + "".join(chance.choices(letters, k=20)),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_printed_code_is_read_beside_every_name(name: str) -> None:
    card = replace(CARD, name=name)
    (page,) = pages_of(cards_pdf([card]))
    assert codes_in(page) == [card.address]
    assert codes_in(card_png(card)) == [card.address]


def test_every_code_of_every_page_is_read() -> None:
    cards = _many(11)
    pages = pages_of(cards_pdf(cards))
    assert len(pages) == 3
    read = [code for page in pages for code in codes_in(page)]
    assert sorted(read) == sorted(card.address for card in cards)


def test_ten_to_a_page_and_their_backs_behind_them() -> None:
    cards = _many(12)
    pages = pages_of(cards_pdf(cards, Layout.BOTH_SIDES))
    assert [len(codes_in(page)) for page in pages] == [10, 0, 2, 0]
    assert sorted(codes_in(pages[0])) == sorted(card.address for card in cards[:10])
    # Turned over its long edge, a back lies behind its front: both end as far from their edge.
    for front, back in zip(pages[::2], pages[1::2], strict=True):
        red = min(_columns(front, lambda r, g, b: r > 120 and g < 60 and b < 70))
        cream = max(_columns(back, lambda r, g, b: (r, g, b) == (252, 246, 230)))
        assert abs(red - (back.width - 1 - cream)) <= 2


def _columns(page: Image.Image, fits: Callable[[int, int, int], bool]) -> list[int]:
    row = 110  # in the band of the first row of cards, above every code
    return [x for x in range(page.width) if fits(*page.getpixel((x, row))[:3])]  # type: ignore[index,misc]


def test_strips_are_beside_ten_cards_only_where_there_are_codes() -> None:
    cards = _many(3)
    with_codes = words_of(cards_pdf(cards, Layout.ONE_SIDE))
    for card in cards:
        code = card.activation_code
        assert all(group in with_codes for group in (code[:3], code[3:6], code[6:]))
    without = [replace(card, activation_code="") for card in cards]
    assert "激活码" not in words_of(cards_pdf(without, Layout.ONE_SIDE))


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_a_name_is_printed_whole(name: str) -> None:
    shapes = plain(card_sheet(replace(CARD, name=name), Side.FRONT).shapes)
    printed = "".join(shape.text for shape in shapes if isinstance(shape, Text))
    assert name.replace(" ", "").replace("Ł", "L") in printed.replace(" ", "")
    assert "…" not in printed
    assert "〓" not in printed


def test_front_back_and_strip_say_what_they_must() -> None:
    words = words_of(cards_pdf([CARD])).replace("\r\n", "").replace("\n", "")
    for said in (
        "爱心存折", "梅富社区", "陈喆堃", "Chen Zhekun", "1234 5678", "1234 5678 01",
        "0755-8300 0000",
        "本存折记录志愿服务，不是银行存折，不可兑换现金。", "以平台为准", "演示 SAMPLE",
        "激活码", "482 910 337", "2027-02-21", "只能用一次",
    ):  # fmt: skip
        assert said in words
    assert words.count("演示 SAMPLE") == 2  # card and strip are torn apart


def test_a_real_card_is_not_marked_and_one_without_code_says_where_to_get_it() -> None:
    words = words_of(cards_pdf([replace(CARD, sample=False, activation_code="")]))
    assert "SAMPLE" not in words
    assert "482" not in words
    assert "Ask" in words


@pytest.mark.parametrize("side", list(Side))
def test_neither_side_shows_the_activation_code(side: Side) -> None:
    svg = card_svg(CARD, side)
    assert "482" not in svg
    assert "337" not in svg


@pytest.mark.parametrize("side", list(Side))
def test_svg_needs_nothing_that_the_content_security_policy_refuses(side: Side) -> None:
    root = ElementTree.fromstring(card_svg(replace(CARD, name='<b>"&'), side))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "g", "rect", "path", "line", "text"}
        assert not {"style", "href", "class"} & set(element.attrib)
    assert root.attrib["aria-label"] == '<b>"& 1234 5678'


def test_the_picture_has_the_shape_of_a_bank_card() -> None:
    picture = Image.open(io.BytesIO(card_png(CARD)))
    assert picture.size == (685, 432)


def test_blank_cards_leave_a_line_for_the_name() -> None:
    shapes = plain(card_sheet(replace(CARD, name="", name_en=""), Side.FRONT).shapes)
    assert "陈" not in "".join(shape.text for shape in shapes if isinstance(shape, Text))


def test_no_cards_make_no_pages_but_still_a_pdf() -> None:
    assert cards_pdf([]).startswith(b"%PDF")


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("陈喆堃·ABŁz ' "), max_size=50),
    st.text(st.sampled_from("Chen Zhekun-'"), max_size=60),
    st.text(st.sampled_from("梅富社区居民委员会"), max_size=40),
    st.text(st.sampled_from("0123456789 -转"), max_size=30),
    st.sampled_from(Side),
)
def test_everything_stays_inside_the_card(
    name: str, name_en: str, community: str, telephone: str, side: Side
) -> None:
    card = replace(CARD, name=name, name_en=name_en, community=community, telephone=telephone)
    sheet = card_sheet(card, side)
    for shape in plain(sheet.shapes):
        if isinstance(shape, Text):
            width = measure(shape.text, shape.size, shape.weight)
            left = shape.x - {"left": 0, "middle": width / 2, "right": width}[shape.align]
            assert left >= 2
            assert left + width <= sheet.width - 2
            assert shape.size * 0.8 <= shape.y <= sheet.height - 1.5
