"""The thank-you sheet: what it says, that nothing is cut off, and that names stay away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.documents.rendered import pages_of, words_of
from volunteer.documents.drawing import Text
from volunteer.documents.fonts import measure
from volunteer.documents.thanks import HEIGHT, WIDTH, Thanks, thanks_pdf, thanks_png, thanks_sheets

THANKS = Thanks(
    team="深圳市福田区实验小学三（2）班",
    people=28,
    minutes=28 * 112,
    activity="环境品质提升日",
    when="2026年11月20日 星期五 16:00–18:00",
    place="梅富村广场",
    organisation="梅富社区居委会",
    community="梅富社区",
    leader="带队的人",
    team_en="Class 3-2, Experimental Primary School",
    when_en="Fri 20 Nov 2026, 16:00–18:00",
    community_en="Meifu",
    sample=True,
)
NAMES = tuple(f"学生{number}号喆堃䶮" for number in range(200))
LONG = replace(
    THANKS,
    team="一个名字特别长的来访团队" * 10,
    team_en="A team with a very long name indeed " * 3,
    activity="“我是小小巡逻兵”暑期青少年安全宣传与环境品质提升日联合志愿服务活动" * 2,
    place="深圳市福田区莲花街道梅富社区党群服务中心一楼多功能活动厅" * 2,
    leader="、".join(["阿卜杜拉·买买提江"] * 6),
    names=NAMES,
)


def test_it_says_who_what_and_how_much() -> None:
    words = words_of(thanks_pdf(THANKS))
    for said in (
        "深圳市福田区实验小学三（2）班",
        "28",
        "52.3",
        "环境品质提升日",
        "2026年11月20日",
        "梅富村广场",
        "梅富社区居委会",
        "带队的人",
        "Thank you",
        "演示 SAMPLE",
        "不是证明",
        "not a certificate",
    ):
        assert said in words
    assert "学生" not in words
    assert "SAMPLE" not in words_of(thanks_pdf(replace(THANKS, sample=False)))
    assert "小时" not in words_of(thanks_pdf(replace(THANKS, minutes=None)))
    assert len(pages_of(thanks_pdf(replace(THANKS, names=NAMES[:28])))) == 1
    assert thanks_png(THANKS).startswith(b"\x89PNG")


@pytest.mark.parametrize("thanks", [THANKS, LONG, replace(LONG, names=NAMES[:7])])
def test_nothing_is_lost_or_runs_over(thanks: Thanks) -> None:
    sheets = thanks_sheets(thanks)
    texts = [shape for sheet in sheets for shape in sheet.shapes if isinstance(shape, Text)]
    said = {text.text for text in texts}
    assert set(thanks.names) <= said
    for sheet in sheets:
        foot = max(s.y for s in sheet.shapes if isinstance(s, Text) and "不是证明" in s.text)
        above = [s for s in sheet.shapes if isinstance(s, Text) and s.text in thanks.names]
        assert all(name.y < foot - 5 for name in above)
    for text in texts:
        width = measure(text.text, text.size, text.weight)
        left = {"left": text.x, "middle": text.x - width / 2, "right": text.x - width}[text.align]
        assert left > 8
        assert left + width < WIDTH - 8
        assert text.y < HEIGHT - 5
