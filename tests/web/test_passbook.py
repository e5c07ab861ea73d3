"""/home, /passbook: the owner, a guardian, a helper; a stranger and staff are told nothing."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.passbooks import attendance, award_lines, counted_statements, post_lines
from tests.signed_in import FreshClient, sign_in
from tests.town import FRIDAY, Town
from volunteer import clock
from volunteer.domain.ledger import mirror
from volunteer.store import models as m
from volunteer.store.award import read_unreversed_awards
from volunteer.store.database import Tx
from volunteer.store.ledger import lock_passbooks, post, read_system_accounts

PHONE = "+8613800000004"


@pytest.fixture(autouse=True)
def _at_noon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.test_client_class = FreshClient
    monkeypatch.setattr(clock, "now", lambda: FRIDAY)


@pytest.fixture
def owner_id(town: Town) -> int:
    """Fifteen: old enough for a sign-in of one's own, young enough for a guardian."""
    return town.resident("陈秀英", name_en="Chen Xiuying", age_band="14_17")


def ref_of(town: Town, resident_id: int) -> str:
    found = select(m.Resident.ref).where(m.Resident.id == resident_id)
    return town.write(lambda tx: str(tx.execute(found).scalar_one()))


def client_of(town: Town, *acts_for: tuple[int, str], roles: tuple[str, ...] = ()) -> FlaskClient:
    town.login(PHONE, acts_for=dict(acts_for), roles=roles)
    client = town.app.test_client()
    sign_in(client, PHONE)
    return client


def page_of(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.get_data(as_text=True)[:3000]
    return response.get_data(as_text=True)


@pytest.mark.parametrize("relation", ["self", "guardian", "helper"])
def test_whoever_acts_for_a_resident_reads_their_book(
    town: Town, owner_id: int, relation: str
) -> None:
    award_lines(town, owner_id, 3)
    ref = ref_of(town, owner_id)
    client = client_of(town, (owner_id, relation))
    page = page_of(client, f"/passbook/{ref}")
    assert "陈秀英" in page
    assert page.count('class="line-no" role="cell"') == 3
    assert "环境品质提升日" in page_of(client, f"/passbook/{ref}/2")
    assert page_of(client, f"/passbook/{ref}/print").index("line-1") > 0
    assert "陈*" in page_of(client, "/home")


@pytest.mark.parametrize("path", ["/passbook/{}", "/passbook/{}/1", "/passbook/{}/print"])
def test_a_stranger_and_staff_are_not_told_that_it_exists(
    town: Town, owner_id: int, path: str
) -> None:
    award_lines(town, owner_id, 1)
    stranger_id = town.resident("王芳")
    client = client_of(town, (stranger_id, "self"), roles=("community_admin",))
    ref = ref_of(town, owner_id)
    page = page_of(client, path.format(ref), status=404)
    assert "陈秀英" not in page
    assert told(page) == told(page_of(client, path.format("nobody"), status=404))
    assert "陈秀英" not in page_of(client, f"/home?person={ref}")


def told(page: str) -> str:
    """The words of a page, without what differs in each answer (request id, nonce, token)."""
    words = re.sub(r"<[^>]*>", " ", page)
    return re.sub(r"404 · \w+", "", words)


@pytest.mark.parametrize("path", ["/home", "/passbook", "/passbook/r1", "/events"])
def test_somebody_not_signed_in_signs_in_first(town: Town, path: str) -> None:
    response = town.app.test_client().get(path)
    assert response.status_code == 302
    assert response.location.startswith("/sign-in?next=")


def test_the_book_opens_at_its_own_and_switches_to_the_family(town: Town, owner_id: int) -> None:
    child_id = town.resident("陈小明", age_band="under_14")
    client = client_of(town, (child_id, "guardian"), (owner_id, "self"))
    page = page_of(client, "/passbook")
    assert "陈秀英的存折" in page
    assert f'value="/passbook/{ref_of(town, child_id)}"' in page
    assert "陈小明的存折" in page_of(client, f"/passbook/{ref_of(town, child_id)}")
    assert ref_of(town, owner_id) in page_of(client, "/home")


def test_an_empty_book_and_no_book_say_what_to_do(town: Town, owner_id: int) -> None:
    page = page_of(client_of(town, (owner_id, "self")), "/passbook")
    assert "第一笔等着您" in page
    assert 'href="/events"' in page


def test_staff_without_a_passbook_are_led_on(town: Town) -> None:
    client = client_of(town, roles=("organizer",))
    assert "还没有存折" in page_of(client, "/passbook")
    assert "还没有存折" in page_of(client, "/home")


def test_filters_stay_in_the_address_and_nonsense_is_left_aside(town: Town, owner_id: int) -> None:
    award_lines(town, owner_id, 30)
    post_lines(town, owner_id, [{"points": -5, "code": "redemption", "reason": "大米"}])
    client = client_of(town, (owner_id, "self"))
    ref = ref_of(town, owner_id)
    page = page_of(client, f"/passbook/{ref}?kind=redeemed&year=2026")
    assert "大米" in page
    assert page.count('class="line-no" role="cell"') == 1
    assert f'href="/passbook/{ref}?year=2025&amp;kind=redeemed"' in page
    assert "没有这样的明细" in page_of(client, f"/passbook/{ref}?kind=redeemed&year=2025")
    assert f"/passbook/{ref}?before=12" in page_of(client, f"/passbook/{ref}")
    for query in ("year=0", "year=9999", "kind=x", "before=-1", "after=1e9", "year=２０２６"):
        assert (
            page_of(client, f"/passbook/{ref}?{query}").count('class="line-no" role="cell"') == 20
        )
    assert page_of(client, f"/passbook/{ref}/99", status=404)
    assert page_of(client, f"/passbook/{ref}/99999999999999999999", status=404)


def test_a_fresh_line_is_marked_and_an_old_one_is_not(town: Town, owner_id: int) -> None:
    award_lines(town, owner_id, 1)
    post_lines(town, owner_id, [{"points": 3, "code": "adjustment", "reason": "漏记"}])
    page = page_of(client_of(town, (owner_id, "self")), "/passbook")
    assert page.count("posted-mark") == 1


def test_a_debt_is_told_kindly(town: Town, owner_id: int) -> None:
    attendance_id = award_lines(town, owner_id, 1)
    post_lines(town, owner_id, [{"points": -10, "code": "redemption"}])
    take_back(town, owner_id, attendance_id)
    client = client_of(town, (owner_id, "self"))
    page = page_of(client, "/passbook")
    assert "有 10 分待补回" in page
    ref = ref_of(town, owner_id)
    assert "先由社区垫上" in page_of(client, f"/passbook/{ref}/3")
    assert "冲回第 1 笔" in page_of(client, f"/passbook/{ref}/4")
    assert "已由第 4 笔冲回" in page_of(client, f"/passbook/{ref}/1")


def take_back(town: Town, resident_id: int, attendance_id: int) -> None:
    def work(tx: Tx) -> None:
        book = lock_passbooks(tx, [resident_id])[resident_id]
        [(transfer_id, transfer)] = read_unreversed_awards(tx, [attendance_id])
        back = mirror(transfer, transfer_id, "back", posted_at=FRIDAY, reason="登记错人")
        post(tx, [back], [book], read_system_accounts(tx, book.community_id).debts)

    town.write(work)


@pytest.mark.parametrize(
    ("facts", "points", "shown"),
    [
        (
            {"part": "check_in", "fixed_points": 10, "factor_percent": 120},
            12,
            ["到场 10 分 × 负责人系数 120% = 12 分"],
        ),
        (
            {
                "part": "check_out",
                "minutes": 185,
                "quarter_hours": 12,
                "points_per_hour": 10,
                "factor_percent": 120,
                "points_before_cap": 36,
            },
            30,
            [
                "185 分钟，合 12 个整刻钟",
                "12 刻钟 × 每小时 10 分 ÷ 4 × 负责人系数 120% = 36 分",
                "本规则最多记每场 30 分、每天 50 分，其中还可记 30 分",
            ],
        ),
        (
            {
                "part": "check_out",
                "minutes": 45,
                "quarter_hours": 3,
                "points_per_hour": 10,
                "factor_percent": 100,
            },
            7,
            ["3 刻钟 × 每小时 10 分 ÷ 4 = 7.5，舍去小数为 7 分"],
        ),
    ],
)
def test_a_line_shows_its_arithmetic(
    town: Town, owner_id: int, facts: dict[str, object], points: int, shown: list[str]
) -> None:
    activity_id = town.activity(rule={"cap_event_points": 30, "cap_day_points": 50})
    attendance_id = attendance(town, town.event(activity_id), owner_id)
    line = {
        "points": points,
        "attendance_id": attendance_id,
        "points_rule_id": 1,
        "facts": {"rule_version": 1, "provenance": "card_scan"} | facts,
    }
    post_lines(town, owner_id, [line])
    page = page_of(client_of(town, (owner_id, "self")), f"/passbook/{ref_of(town, owner_id)}/1")
    for words in (*shown, "扫卡", "第 1 版", "梅富村广场", "校验码"):
        assert words in page


def test_pages_take_few_statements_however_long_the_book(town: Town, owner_id: int) -> None:
    others = [town.resident(name, age_band="14_17") for name in ("陈小明", "买买提")]
    client = client_of(town, (owner_id, "self"), *((one, "guardian") for one in others))
    ref = ref_of(town, owner_id)
    award_lines(town, owner_id, 10)
    paths = {
        f"/passbook/{ref}": 8,
        f"/passbook/{ref}?year=2025": 8,
        f"/passbook/{ref}/5": 8,
        "/home": 12,
        "/events": 12,
    }
    few = {path: statements(client, path) for path in paths}
    post_lines(town, owner_id, [{"points": 1, "code": "opening_balance"}] * 10_000)
    for path, most in paths.items():
        assert statements(client, path) == few[path] <= most, path


def statements(client: FlaskClient, path: str) -> int:
    with counted_statements() as seen:
        page_of(client, path)
    return len(seen)


def test_a_personal_page_is_never_kept_by_the_browser(town: Town, owner_id: int) -> None:
    response = client_of(town, (owner_id, "self")).get("/passbook")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_guest_s_book_of_another_community_is_read_from_home(town: Town, owner_id: int) -> None:
    elsewhere = town.community("景华社区")
    guest_id = town.resident(
        "陈秀英",
        community_id=elsewhere,
        home_community_id=town.community_id,
        home_resident_id=owner_id,
    )
    client = client_of(town, (owner_id, "self"))
    assert "景华社区来访" in page_of(client, "/passbook")
    page = page_of(client, f"/passbook/{ref_of(town, guest_id)}")
    assert "来访存折" in page
