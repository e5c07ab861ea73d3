"""The first day of a community, walked on a phone and in Chinese: from an empty machine onwards.

The first part: the first admin, places, an organisation, a colleague, points, somebody to lead and
the first event. The checklist is looked at after every step; nothing ticks it but what was done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.e2e.conftest import Empty, OpenPage
from tests.town import PASSWORD
from volunteer.store import models as m
from volunteer.store.database import db

ZONE = ZoneInfo("Asia/Shanghai")
ADMIN, COLLEAGUE = "13800000001", "13800000002"


@dataclass(frozen=True)
class Checklist:
    """The page of the first day, as the admin sees it."""

    page: Page
    empty: Empty

    def open(self) -> None:
        self.page.goto(self.empty.path("/admin/first-day"))

    def is_done(self, step: str) -> bool:
        """Whether a step is ticked now; every look opens the page anew."""
        self.open()
        row = self.page.locator(f"#step-{step}")
        expect(row).to_be_visible()
        return "step-done" in (row.get_attribute("class") or "")

    def go(self, step: str) -> None:
        """Follow a step that is not done yet to its page."""
        assert not self.is_done(step), step
        self.page.click(f"#step-{step} .step-title a")
        self.page.wait_for_load_state()

    def press(self, selector: str) -> None:
        self.page.click(selector)
        self.page.wait_for_load_state()


def create_admin(empty: Empty) -> None:
    asked = f"create-admin --phone {ADMIN} --name 林主任 --password {PASSWORD} --community 新安社区"
    made = empty.app.test_cli_runner().invoke(args=[*asked.split(), "--sub-district", "莲花街道"])
    assert made.exit_code == 0, made.output


def sign_in(page: Page, empty: Empty) -> None:
    page.goto(empty.path("/sign-in"))
    page.fill("[name=identity]", ADMIN)
    page.fill("[name=secret]", PASSWORD)
    page.click("main form button.btn-primary")
    page.wait_for_url("**/admin/first-day")


def add_places(first_day: Checklist) -> None:
    page = first_day.page
    first_day.go("places")
    page.fill("[name=written]", "1–60栋")
    page.fill("[name=area_name]", "新安花园")
    page.fill("[name=pattern]", "新安花园#号")
    page.press("[name=written]", "Enter")
    expect(page.get_by_role("heading", name="将添加 60 栋")).to_be_visible()
    assert db.session.scalars(select(m.Building.id)).all() == [], "only looked at"
    db.session.remove()
    first_day.press("button[name=create]")
    expect(page.get_by_text("已添加 60 栋。")).to_be_visible()
    assert first_day.is_done("places")
    expect(page.locator("#step-places")).to_contain_text("60 栋")


def add_organisation(first_day: Checklist) -> None:
    page = first_day.page
    first_day.go("organisations")
    page.fill("[name=name]", "新安社区居委会")
    first_day.press("main form button.btn-primary")
    assert first_day.is_done("organisations")


def add_colleague(first_day: Checklist) -> None:
    """Until there is a second admin the page warns, also when somebody else only organizes."""
    page = first_day.page
    first_day.open()
    expect(page.get_by_text("没有第二个人可以复核")).to_be_visible()
    first_day.go("staff")
    page.fill("[name=phone]", COLLEAGUE)
    page.fill("[name=name]", "王干事")
    page.check("[name=role][value=community_admin]")
    first_day.press("main form button.btn-primary")
    assert first_day.is_done("staff")
    expect(page.get_by_text("没有第二个人可以复核")).to_have_count(0)


def choose_points(first_day: Checklist) -> None:
    page = first_day.page
    first_day.go("points_rule")
    expect(page.get_by_text("参加 2 小时 → 25 分")).to_be_visible()
    first_day.press("button[name=preset][value=both]")
    assert first_day.is_done("points_rule")


def add_leader(first_day: Checklist) -> None:
    page = first_day.page
    first_day.open()
    page.goto(first_day.empty.path("/admin/people/new"))
    page.fill("[name=name]", "陈秀英")
    page.select_option("[name=age_band]", "18_plus")
    page.select_option("[name=place]", label="12栋")
    first_day.press("main form button.btn-primary")
    assert first_day.is_done("people")


def plan_first_event(first_day: Checklist) -> None:
    """Without an activity the step leads to making one, with the points that were chosen."""
    page = first_day.page
    first_day.go("first_event")
    first_day.press("main a[href$='/activities/add']")
    page.fill("[name=name]", "周五环境日")
    expect(page.locator("[name=fixed_points]")).to_have_value("5")
    expect(page.locator("[name=points_per_hour]")).to_have_value("10")
    page.click("main form button.btn-primary:not([name])")
    page.wait_for_url(re.compile(r"/organize/activities/\d+"))
    page.click("a[href$='/events/add']")
    friday = datetime.now(ZONE) + timedelta(days=1)
    page.fill("[name=day]", f"{friday:%Y-%m-%d}")
    page.fill("[name=starts]", "16:00")
    page.fill("[name=ends]", "18:00")
    page.fill("[name=place]", "新安花园广场")
    page.fill("[name=find]", "cxy")
    page.click("button[name=search]")
    page.select_option("select[name^=leader-]", "volunteer")
    page.click("main form button.btn-primary:not([name])")
    page.wait_for_url(re.compile(r"/organize/events/\d+"))
    assert first_day.is_done("first_event")


def leave_out(first_day: Checklist, step: str) -> None:
    first_day.open()
    first_day.press(f"#step-{step} form button")
    expect(first_day.page.locator(f"#step-{step}")).to_contain_text("我们用不上")


def test_from_an_empty_machine_to_the_first_event(empty: Empty, phone: OpenPage) -> None:
    create_admin(empty)
    page = phone()
    page.set_viewport_size({"width": 360, "height": 800})
    sign_in(page, empty)
    expect(page.get_by_text("已完成 0/8，还需约 45 分钟")).to_be_visible()
    first_day = Checklist(page, empty)
    add_places(first_day)
    add_organisation(first_day)
    add_colleague(first_day)
    choose_points(first_day)
    add_leader(first_day)
    leave_out(first_day, "opening_balances")
    leave_out(first_day, "cards")
    plan_first_event(first_day)
    expect(page.get_by_text("全部就绪")).to_be_visible()
    sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not sideways
    first_day.press("form[action$='/first-day/end'] button")
    page.wait_for_url("**/organize")
    expect(page.locator("nav a[href='/admin/first-day']")).to_have_count(0)
