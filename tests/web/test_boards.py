"""/ and /boards for passers-by, /events for residents: what is shown, and what is only summed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.passbooks import attendance, counted_statements
from tests.queries.test_boards import total
from tests.signed_in import FreshClient, sign_in
from tests.town import FRIDAY, SINCE, Town
from volunteer import clock

PHONE = "+8613800000004"


@pytest.fixture(autouse=True)
def _at_noon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.test_client_class = FreshClient
    monkeypatch.setattr(clock, "now", lambda: FRIDAY)


@pytest.fixture
def visitor(app: Flask) -> Iterator[FlaskClient]:
    return app.test_client()


def page_of(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.get_data(as_text=True)[:3000]
    return response.get_data(as_text=True)


def test_a_passer_by_sees_ranks_and_small_buildings_only_as_a_sum(
    town: Town, visitor: FlaskClient
) -> None:
    for name, participants in (("一栋", 8), ("二栋", 8), ("三栋", 6), ("四栋", 4), ("五栋", 3)):
        total(town, town.building(name), participants)
    page = page_of(visitor, "/boards")
    for words in ("一栋", "二栋", "三栋", "其他楼栋合计", "2026年11月", "2 栋，每栋不足 5 人"):
        assert words in page
    assert "四栋" not in page
    assert "五栋" not in page
    assert page.count("board-rank-1") == 2
    assert page.count("board-rank-3") == 1
    assert "board-own" not in page
    assert "一栋" in page_of(visitor, "/")
    assert "四栋" not in page_of(visitor, "/")


def test_a_rate_is_shown_only_where_residents_were_estimated(
    town: Town, visitor: FlaskClient
) -> None:
    known = town.building("一栋", estimated_residents=40, estimated_on=SINCE)
    total(town, known, 10)
    total(town, town.building("二栋"), 20)
    page = page_of(visitor, "/boards?measure=participation_rate")
    assert "25%" in page
    assert "约 40 位居民中 10 人参加" in page
    assert page.count("2024年1月1日") == 1
    assert "居民数为2024年1月1日的估计数" in page
    assert "居民数未知" in page

    later = town.building("三栋", estimated_residents=50, estimated_on=SINCE.replace(year=2025))
    total(town, later, 5)
    page = page_of(visitor, "/boards?measure=participation_rate")
    assert "居民数估计于2024年1月1日" in page
    assert "居民数估计于2025年1月1日" in page


def test_periods_before_can_be_browsed_and_none_to_come(town: Town, visitor: FlaskClient) -> None:
    building_id = town.building("一栋")
    total(town, building_id, 10)
    total(town, building_id, 7, period_start=date(2026, 10, 1))
    page = page_of(visitor, "/boards")
    assert "start=2026-10-01" in page
    assert 'rel="next"' not in page
    before = page_of(visitor, "/boards?period=month&start=2026-10-15")
    assert "2026年10月" in before
    assert ">70<" in before.replace("\n", "")
    assert 'rel="next"' in before
    assert 'rel="prev"' not in before
    assert "2026年11月" in page_of(visitor, "/boards?start=2099-01-01")


def test_youth_groups_have_their_own_board_without_a_rate(town: Town, visitor: FlaskClient) -> None:
    total(town, town.youth_group("梅富小主人先锋队"), 6, board="youth_group")
    total(town, town.youth_group("我是小小巡逻兵"), 4, board="youth_group")
    page = page_of(visitor, "/boards?board=youth_group&measure=participation_rate")
    assert "梅富小主人先锋队" in page
    assert "我是小小巡逻兵" not in page
    assert "参与率" not in page


@pytest.mark.parametrize("period", ["week", "month", "year", "all"])
def test_an_empty_board_says_what_it_takes(town: Town, visitor: FlaskClient, period: str) -> None:
    assert "还没有楼栋上榜" in page_of(visitor, f"/boards?period={period}")
    assert "还没有小队上榜" in page_of(visitor, f"/boards?period={period}&board=youth_group")


@pytest.mark.parametrize(
    "query",
    ["period=day", "period=x", "measure=attendances", "board=x", "start=0001-01-01", "start=x"],
)
def test_nonsense_in_the_address_is_left_aside(
    town: Town, visitor: FlaskClient, query: str
) -> None:
    total(town, town.building("一栋"), 10)
    assert "2026年11月" in page_of(visitor, f"/boards?{query}")


def test_communities_can_be_chosen_and_unknown_ones_are_not_found(
    town: Town, visitor: FlaskClient
) -> None:
    elsewhere = town.community("景华社区")
    total(town, town.building("一栋"), 10)
    assert "一栋" in page_of(visitor, "/boards")
    other = page_of(visitor, f"/boards?community={elsewhere}")
    assert "景华社区" in other
    assert "一栋" not in other
    assert "一栋" not in page_of(visitor, f"/?community={elsewhere}")
    page_of(visitor, "/boards?community=999", status=404)
    page_of(visitor, "/boards?community=x", status=404)


def test_a_resident_sees_their_building_and_their_community_first(town: Town) -> None:
    elsewhere = town.community("景华社区")
    town.resident("李雷", community_id=elsewhere)
    own, small = town.building("一栋"), town.building("二栋")
    total(town, own, 10)
    total(town, small, 2)
    resident_id = town.resident(building_id=own)
    neighbour_id = town.resident("王芳", building_id=small)
    town.login(PHONE, acts_for={resident_id: "self"})
    client = town.app.test_client()
    sign_in(client, PHONE)
    page = page_of(client, "/boards")
    assert page.count("board-own") == 1
    assert "再多几位邻居参加" not in page
    assert "第 1 名" in page_of(client, "/home")

    town.login("+8613800000009", acts_for={neighbour_id: "self"})
    other = town.app.test_client()
    sign_in(other, "+8613800000009")
    assert "再多几位邻居参加" in page_of(other, "/boards")
    home = page_of(other, "/home")
    assert "再多几位邻居参加" in home
    assert "二栋" in home


def test_the_front_door_shows_today_and_leads_in(town: Town, visitor: FlaskClient) -> None:
    town.event(town.activity(name_en="Clean-up"))
    page = page_of(visitor, "/")
    for words in ("环境品质提升日", "16:00", "可以签到", 'href="/sign-in"', "不是银行存折"):
        assert words in page
    resident_id = town.resident()
    town.login(PHONE, acts_for={resident_id: "self"})
    sign_in(visitor, PHONE)
    assert 'href="/home"' in page_of(visitor, "/")


def test_events_are_told_by_day_with_their_state(town: Town) -> None:
    resident_id = town.resident()
    town.login(PHONE, acts_for={resident_id: "self"})
    client = town.app.test_client()
    sign_in(client, PHONE)
    assert "还没有安排活动" in page_of(client, "/events")
    activity_id = town.activity()
    here = town.event(activity_id)
    attendance(town, here, resident_id)
    town.event(activity_id, state="cancelled", cancelled_reason="台风")
    in_three_days = FRIDAY + timedelta(days=3)
    town.event(
        activity_id,
        starts_at=in_three_days,
        ends_at=in_three_days + timedelta(hours=1),
        capacity=3,
    )
    elsewhere = town.community("景华社区")
    foreign = town.activity(
        "别处的活动",
        community_id=elsewhere,
        organisation_id=town.organisation("景华", community_id=elsewhere),
    )
    town.event(foreign)
    page = page_of(client, "/events")
    for words in ("已签到", "已取消", "台风", "3 天后", "还剩 3 个名额", "今天"):
        assert words in page
    assert "别处的活动" not in page


def test_pages_for_passers_by_take_few_statements(town: Town, visitor: FlaskClient) -> None:
    for number in range(12):
        total(town, town.building(f"{number}栋"), number)
    for path in ("/", "/boards", "/boards?board=youth_group&period=all"):
        with counted_statements() as seen:
            page_of(visitor, path)
        assert len(seen) <= 6, path


def test_a_place_without_a_community_says_so(app: Flask, visitor: FlaskClient) -> None:
    assert "还没有社区" in page_of(visitor, "/boards")
    assert "怎么参加" in page_of(visitor, "/")


def test_the_start_page_of_an_empty_machine_says_what_comes_first(app: Flask) -> None:
    page = app.test_client().get("/").get_data(as_text=True)
    assert "flask --app app create-admin" in page
    assert "这里还没有社区" in page
