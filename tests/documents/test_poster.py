import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tests.documents.rendered import codes_in, pages_of, words_of
from volunteer.documents.drawing import Box, Code, Text
from volunteer.documents.fonts import measure
from volunteer.documents.poster import Poster, poster_pdf, poster_png, poster_sheet

POSTER = Poster(
    name="环境品质提升日·梅富村口清洁行动",
    when="2026年11月27日 星期五 16:00–18:00",
    place="梅富村口广场（牌坊下集合）",
    community="梅富社区",
    address="http://192.168.1.20:8000/q/128/K7Q2M9XW3D",
    name_en="Friday Environment Day: clean-up at the village gate",
    when_en="Fri 27 Nov 2026, 16:00–18:00",
    place_en="Meifu village gate square",
    community_en="Meifu Community",
    telephone="0755-8300 0000",
    reachable_on_mobile_data=False,
    sample=True,
)
PLAIN = Poster(
    name="护学岗",
    when="2026年11月27日 星期五 7:30–8:30",
    place="校门口",
    community="福中社区",
    address="https://love.example.cn/q/12888/K7Q2M9XW3D",
)
LONG = replace(
    POSTER,
    name="“我是小小巡逻兵”暑期青少年安全宣传与环境品质提升日联合志愿服务活动（第三期第二场）" * 2,
    name_en="Little Patrollers: a summer of safety outreach together with Environment Day, " * 2,
    place="深圳市福田区莲花街道梅富社区党群服务中心一楼多功能活动厅（靠近北门自行车棚旁）" * 2,
    place_en="Multi-purpose hall on the ground floor of the Party and mass service centre, " * 2,
    when="2026年11月27日 星期五 22:00 至 2026年11月28日 星期六 06:00",
    address="https://love-passbook.community.lianhua.futian.example.gov.cn/q/12888/K7Q2M9XW3D",
)


@pytest.mark.parametrize("poster", [POSTER, PLAIN, LONG], ids=["usual", "plain", "long"])
def test_the_printed_code_and_the_picture_s_code_are_read(poster: Poster) -> None:
    (page,) = pages_of(poster_pdf(poster))
    assert codes_in(page) == [poster.address]
    assert codes_in(poster_png(poster)) == [poster.address]


def test_the_poster_says_all_it_must() -> None:
    words = words_of(poster_pdf(POSTER)).replace("\r\n", "").replace("\n", "")
    for said in (
        "环境品质提升日·", "梅富村口清洁行动", "2026年11月27日", "星期五 16:00–18:00",
        "梅富村口广场",
        "扫码签到 Scan to check in", "192.168.1.20:8000", "请先连接社区 Wi-Fi",
        "没带手机？把存折卡给现场负责人", "No phone? Show your card to the leader",
        "0755-8300 0000", "演示 SAMPLE", "打开微信或相机", "点「签到」", "积分存入爱心存折",
        "梅富社区", "Meifu Community",
    ):  # fmt: skip
        assert said in words


def test_only_a_demo_is_marked_and_only_an_unreachable_address_asks_for_wifi() -> None:
    words = words_of(poster_pdf(PLAIN))
    assert "SAMPLE" not in words
    assert "Wi-Fi" not in words
    assert "love.example.cn" in words


def test_the_same_poster_is_the_same_file() -> None:
    assert poster_pdf(POSTER) == poster_pdf(POSTER)


def test_pdf_and_picture_are_one_design() -> None:
    (page,) = pages_of(poster_pdf(PLAIN), dots_per_inch=36)
    picture = Image.open(io.BytesIO(poster_png(PLAIN)))
    drawn = page.convert("L")
    other = picture.convert("L").resize(drawn.size, Image.Resampling.BOX)
    # Above the code, whose mask is another one in print.
    part = (0, 0, drawn.width, drawn.height * 35 // 100)
    difference = ImageChops.difference(drawn.crop(part), other.crop(part)).histogram()
    far_off = sum(difference[96:]) / sum(difference)
    assert far_off < 0.02


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.sampled_from("环境品质提升日清洁·（）“”，Ab "), min_size=1, max_size=120),
    st.text(st.sampled_from("Friday clean-up"), max_size=160),
    st.text(st.sampled_from("梅富村口广场一楼，（）A1 "), min_size=1, max_size=120),
    st.booleans(),
)
def test_everything_stays_on_the_page_and_the_code_stays_large(
    name: str, name_en: str, place: str, plain: bool
) -> None:
    poster = replace(PLAIN if plain else POSTER, name=name, name_en=name_en, place=place)
    sheet = poster_sheet(poster)
    for shape in sheet.shapes:
        if isinstance(shape, Text):
            width = measure(shape.text, shape.size, shape.weight)
            left = shape.x - {"left": 0, "middle": width / 2, "right": width}[shape.align]
            assert left >= 5
            assert left + width <= sheet.width - 5
            assert shape.size <= shape.y <= sheet.height - 5
        if isinstance(shape, Box):
            assert shape.y + shape.height <= sheet.height
    (code,) = (shape for shape in sheet.shapes if isinstance(shape, Code))
    assert code.size >= 60
