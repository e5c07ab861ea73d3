"""Recurring events on an organizer's phone, in Chinese: three places, every Friday, live dates."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Live, OpenPage
from tests.e2e.people import sign_in
from volunteer.domain.access import Scope
from volunteer.services.holidays import write_holidays
from volunteer.store import models as m

ORGANIZER = "13800000001"


def next_friday() -> date:
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    return today + timedelta(days=7 + (4 - today.weekday()) % 7)


def test_three_places_every_friday_on_a_phone(live: Live, phone: OpenPage) -> None:
    town = live.town
    by = town.login(f"+86{ORGANIZER}", roles=("organizer",))
    town.resident("王建国")
    activity_id = town.activity("周五清扫")
    fridays = [next_friday() + timedelta(weeks=n) for n in range(4)]
    off = fridays[1]
    for year in {day.year for day in fridays}:
        other = date(year, 1, 2) if date(year, 1, 2).weekday() != 4 else date(year, 1, 3)
        day = off if off.year == year else other
        notice = f"社区节：{day.month}月{day.day}日放假。"
        write_holidays(
            town.community_id,
            year,
            notice,
            by=by,
            now=datetime.now(UTC),
            scope=Scope.of(town.community_id),
        )
    page = phone()
    sign_in(page, live, ORGANIZER)
    page.goto(live.path(f"/organize/activities/{activity_id}"))
    page.get_by_role("link", name="重复场次").click()

    # The dates follow what is typed; the button for browsers without script is not there.
    expect(page.get_by_role("button", name="算出日期")).to_be_hidden()
    for box in page.get_by_role("group", name="星期几").get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("checkbox", name="星期五").check()
    page.get_by_label("开始日期").fill(fridays[0].isoformat())
    page.get_by_label("最后一天").fill(fridays[-1].isoformat())
    dates = page.get_by_role("region", name="日期")
    expect(dates).to_contain_text("3 个日期")
    expect(dates).to_contain_text("社区节")
    dates.get_by_role("checkbox").last.uncheck()
    expect(dates).to_contain_text("2 个日期")
    page.get_by_label("开始时间").fill("16:00")
    page.get_by_label("结束时间").fill("18:00")

    for number, place in enumerate(("梅富村广场", "公园北门", "旧祠堂"), 1):
        if number > 1:
            page.get_by_role("button", name="再加一个地点").click()
            expect(page.get_by_role("group", name=f"地点 {number}")).to_be_visible()
        _fill_place(page, number, place)
    expect(dates).to_contain_text("共 6 场")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _keep_picture(page)
    page.get_by_role("button", name="安排这些场次").last.click()
    expect(page.get_by_text("已安排 6 场。")).to_be_visible()
    planned = town.write(lambda tx: [(one.place, one.local_date) for one in tx.query(m.Event)])
    expected = [fridays[0], fridays[2]]
    assert sorted(planned) == sorted(
        (place, day) for place in ("梅富村广场", "公园北门", "旧祠堂") for day in expected
    )


def _fill_place(page: Page, number: int, place: str) -> None:
    page.locator(f'[name="site-{number}-place"]').fill(place)
    find = page.locator(f'[name="site-{number}-find"]')
    find.fill("王")
    find.press("Enter")  # as the phone's own key does: it looks, and plans nothing
    lead = page.locator(f'select[name^="site-{number}-leader-"]')
    lead.select_option("volunteer")


def _keep_picture(page: Page) -> None:
    """For whoever wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / "series.png", full_page=True)
