"""The look keeps its promises: contrast, weight, no inline style, and macros that escape."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from wtforms import Form, IntegerField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((STATIC / "css").glob("*.css"))


@pytest.fixture
def app() -> Iterator[Flask]:
    """Only what templates need, so that a broken page elsewhere cannot hide a broken macro."""
    app = Flask("look", template_folder=str(ROOT / "templates"), static_folder=str(STATIC))
    app.secret_key = "look"
    Babel(app, locale_selector=lambda: "en")
    app.jinja_env.globals.update(
        html_lang=lambda: "en", csp_nonce=lambda: "nonce", csrf_token=lambda: "token"
    )
    with app.test_request_context():
        yield app


# ---- Colours ------------------------------------------------------------------------------


def _tokens() -> dict[str, str]:
    css = (STATIC / "css" / "app.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "page"),
        ("ink-soft", "page"),
        ("ink-soft", "cell"),
        ("ink-soft", "cell-press"),
        ("link", "page"),
        ("red", "page"),
        ("red", "paper"),
        ("red", "red-tint"),
        ("foil", "red"),
        ("green", "green-tint"),
        ("green-deep", "paper"),
        ("amber", "amber-tint"),
        ("refused", "refused-tint"),
        ("refused", "cell"),
    ],
)
def test_words_can_be_read_on_their_ground(ink: str, ground: str) -> None:
    tokens = _tokens()
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


# ---- Rules that a reader of one file cannot check --------------------------------------------


def test_first_visit_stays_light() -> None:
    """60 kB compressed is the goal for a page with all it loads; the frame may take two thirds."""
    base = (ROOT / "templates" / "base.html").read_text(encoding="utf-8")
    names = set(re.findall(r"filename='([^']+\.(?:css|js|svg))'", base))
    names |= {"js/speak.js", "img/icons.svg"}
    weight = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)
    assert 10_000 < weight < 40_000


def test_no_template_carries_inline_style_or_handlers() -> None:
    """The content security policy would drop them silently."""
    inline = re.compile(r"<[^>{]*\s(?:style|on[a-z]+)=")
    found = [path.name for path in TEMPLATES if inline.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_nothing_of_ours_names_another_host() -> None:
    host = re.compile(r"(?:https?:)?//(?!www\.w3\.org)[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)
    ours = [*TEMPLATES, *SHEETS, *(STATIC / "js").rglob("*.js"), *(STATIC / "img").glob("*.svg")]
    found = [path.name for path in ours if host.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_sizes_follow_elder_mode() -> None:
    """Type in rem only, and none under 0.8125rem: 18 px when everything is 140 %."""
    for sheet in SHEETS:
        if sheet.name in {"screen.css", "print.css"}:
            continue
        css = sheet.read_text(encoding="utf-8")
        assert re.findall(r"font-size:\s*[0-9.]+px", css) == [], sheet.name
        sizes = [float(size) for size in re.findall(r"font-size:\s*([0-9.]+)rem", css)]
        assert min(sizes) >= 0.8125, sheet.name


# ---- Frames and macros -------------------------------------------------------------------------

NAV = [
    {"endpoint_url": "/a", "label": "Home", "icon": "home", "active": True},
    {"endpoint_url": "/b", "label": "<b>", "icon": "scan", "active": False, "count": 3},
]


@pytest.mark.parametrize("name", ["public", "resident", "staff", "plain", "screen"])
def test_every_frame_renders_with_and_without_its_context(app: Flask, name: str) -> None:
    page = "{% extends 'base_" + name + ".html' %}{% block content %}words{% endblock %}"
    bare = render_template_string(page)
    full = render_template_string(page, nav=NAV, demo=True, elder=True, preferences_url="/p")
    assert "words" in bare
    assert "SAMPLE" not in bare
    assert "SAMPLE" in full
    if name in {"public", "resident", "staff"}:
        assert 'aria-current="page"' in full
        assert "&lt;b&gt;" in full
        assert 'class="elder ' in full
        assert 'name="language" value="zh_Hans_CN"' in full


def test_side_bar_keeps_the_order_of_its_groups(app: Flask) -> None:
    nav = [
        {**NAV[0], "label": label, "group": group}
        for label, group in (("One", "Work"), ("Two", "Work"), ("Three", "Areas"))
    ]
    page = render_template_string("{% extends 'base_staff.html' %}", nav=nav)
    assert re.findall(r'class="side-title"[^>]*>(\w+)<', page) == ["Work", "Areas"]
    assert re.findall(r"<span>(One|Two|Three)</span>", page) == ["One", "Two", "Three"]
    assert page.count("<ul") == page.count("</ul>") == 2


@pytest.mark.parametrize("status", [400, 403, 404, 418, 429, 500, 503])
def test_error_pages_speak_both_languages_and_give_the_request_id(app: Flask, status: int) -> None:
    page = render_template_string(
        "{% include 'errors/error.html' %}", status=status, words=None, request_id="9f3c21ab"
    )
    assert 'lang="zh-Hans">' in page
    assert 'lang="en">' in page
    assert f"{status} · 9f3c21ab" in page


def test_a_refusal_shows_its_own_words_escaped(app: Flask) -> None:
    page = render_template_string(
        "{% include 'errors/error.html' %}", status=409, words="No <room>", request_id="1"
    )
    assert "No &lt;room&gt;" in page


def _line(**changes: object) -> dict[str, object]:
    line: dict[str, object] = {
        "no": 1,
        "date": "23 Nov",
        "what": "<i>Friday</i>",
        "sub": None,
        "minutes": None,
        "points_in": None,
        "points_out": None,
        "balance": 10,
        "url": None,
        "fresh": False,
        "reversed": False,
    }
    return line | changes


def test_passbook_lines_show_sign_mark_and_nothing_for_nothing(app: Flask) -> None:
    page = render_template_string(
        "{% from 'macros/passbook.html' import lines %}{{ lines(rows) }}",
        rows=[_line(no=3, points_in=10, fresh=True), _line(no=2, points_out=4), _line(points_in=0)],
    )
    assert "&lt;i&gt;Friday" in page
    assert "+10<" in page
    assert "−4<" in page
    assert "+0" not in page
    assert page.count("posted-mark") == 1


def test_board_of_nothing_and_of_zeros(app: Flask) -> None:
    source = "{% from 'macros/board.html' import board %}{{ board(rows, 'points', 'Ours') }}"
    row = {"rank": 1, "name": "Block 3", "points": 0, "facts": [], "own": True, "others": False}
    others = {**row, "rank": None, "name": "Others", "points": 7, "own": False, "others": True}
    assert "board-row" not in render_template_string(source, rows=[])
    page = render_template_string(source, rows=[row, others])
    assert 'width="0%"' in page
    assert "Ours" in page
    assert page.count("board-share") == 1  # the summed line is not compared with anybody


@pytest.mark.parametrize(
    ("page", "pages", "numbers", "gaps"),
    [(1, 1, [], 0), (1, 2, [1, 2], 0), (5, 12, [1, 4, 5, 6, 12], 2), (12, 12, [1, 11, 12], 1)],
)
def test_pager_shows_ends_neighbours_and_gaps(
    app: Flask, page: int, pages: int, numbers: list[int], gaps: int
) -> None:
    html = render_template_string(
        "{% from 'macros/tables.html' import pager %}{{ pager(page, pages, url_of) }}",
        page=page,
        pages=pages,
        url_of=lambda n: f"?page={n}",
    )
    shown = re.findall(r'(?:aria-label="Page \d+"|aria-current="page")>(\d+)<', html)
    assert [int(number) for number in shown] == numbers
    assert html.count("pager-gap") == gaps


class _Form(Form):
    name = StringField("Name", [InputRequired("Please fill in a name.")], description="As on paper")
    points = IntegerField("Points", [InputRequired("How many?")])
    ending = RadioField("Ending", choices=[SelectChoice("leader"), SelectChoice("each")])


def test_a_wrong_field_is_named_linked_and_described(app: Flask) -> None:
    form = _Form()
    assert not form.validate()
    page = render_template_string(
        "{% from 'macros/forms.html' import form as box, field, choices %}"
        "{% call box(f, submit='Save') %}{{ field(f.name, autocomplete='name') }}"
        "{{ choices(f.ending) }}"
        "{% endcall %}",
        f=form,
    )
    assert '<a href="#name">Name: Please fill in a name.</a>' in page
    assert 'aria-describedby="name-help name-error"' in page
    assert 'aria-invalid="true"' in page
    assert 'autocomplete="name"' in page
    assert page.count('name="csrf_token" value="token"') == 1
    assert page.count('type="radio"') == 2
    assert '<fieldset class="field field-wrong" id="ending"' in page


def test_table_cells_carry_their_heading_for_phones(app: Flask) -> None:
    page = render_template_string(
        "{% from 'macros/tables.html' import data_table, head_cell, data_cell %}"
        "{% call(row) data_table(['Name', ('Balance', 'number'), ''], rows) %}"
        "{{ head_cell(row.name, url='/x') }}{{ data_cell('Balance', row.balance, number=True) }}"
        "{% endcall %}",
        rows=[{"name": "<张>", "balance": 0}],
    )
    assert '<td role="cell" data-label="Balance" class="cell-number">0</td>' in page
    assert "&lt;张&gt;" in page
    assert page.count('role="columnheader"') == 2
