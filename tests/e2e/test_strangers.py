"""People without a passbook, on a real phone: a stranger, a blank card, a child, a whole class."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Live, OpenPage
from tests.e2e.people import event_now, sign_in
from volunteer.domain.tokens import poster_code

ORGANIZER = "13900000001"
PIN = "274916"


@dataclass(frozen=True)
class Square:
    """An event that is on, and the organizer's desk."""

    live: Live
    event_id: int
    staff: Page

    def path(self, more: str = "") -> str:
        return self.live.path(f"/organize/events/{self.event_id}{more}")


@pytest.fixture
def square(live: Live, desk: OpenPage) -> Square:
    live.town.building("12栋")
    live.town.login(f"+86{ORGANIZER}", roles=("organizer",))
    event_id = event_now(live, name="环境品质提升日")
    staff = desk()
    sign_in(staff, live, ORGANIZER, "/organize")
    return Square(live, event_id, staff)


def test_a_stranger_is_there_at_once_and_earns_when_confirmed(
    square: Square, phone: OpenPage
) -> None:
    live, staff, page = square.live, square.staff, phone()
    code = poster_code(live.town.keys.poster_code, square.event_id, 0)
    page.goto(live.path(f"/q/{square.event_id}/{code}"))
    page.click("a[href$='/check-in/new']")
    page.fill("[name=name]", "赵一一")
    page.select_option("[name=place]", label="12栋")
    page.fill("[name=pin]", PIN)
    page.click("main form button.btn-primary")
    expect(page.locator("main")).to_contain_text("签到成功")
    expect(page.locator("main")).to_contain_text("工作人员确认")
    page.goto(live.path("/passbook"))
    expect(page.locator("main")).not_to_contain_text("环境品质提升日")

    staff.goto(square.path())
    expect(staff.locator("tr", has_text="赵一一")).to_contain_text("待确认")
    staff.goto(live.path("/admin/people/to-confirm"))
    staff.get_by_role("button", name="确认 赵一一").click()
    expect(staff.locator("main")).to_contain_text("没有人等待确认")
    page.reload()
    line = page.locator("main", has_text="环境品质提升日")
    expect(line).to_contain_text("10")
    staff.goto(square.path())
    expect(staff.locator("tr", has_text="赵一一")).not_to_contain_text("待确认")


def test_a_blank_card_is_given_out_named_later_and_waits_for_a_guardian(
    square: Square, phone: OpenPage
) -> None:
    live, page = square.live, phone()
    _, number, _ = live.town.card(None)
    _, childs, _ = live.town.card(None)
    sign_in(page, live, ORGANIZER, "/organize")
    page.goto(square.path("/scan"))
    page.fill("#number", number)
    page.click("#number-form button")
    page.click("a[href*='/add-person?card=']")
    page.click("main form button.btn-primary")
    expect(page.locator("#last")).to_contain_text("缺姓名")
    page.locator("#last").get_by_role("link", name="补姓名").click()
    page.fill("[name=name]", "孙三三")
    page.click("main form button.btn-primary")
    expect(page.locator("tr", has_text="孙三三")).to_contain_text("待确认")

    page.goto(square.path(f"/add-person?card={childs}"))
    page.check("[name=age_band][value=under_14]")
    page.click("main form button.btn-primary")
    page.locator("summary", has_text="1 张空白卡在等监护人同意").click()
    page.locator("details a").first.click()
    page.fill("[name=name]", "郑小果")
    page.fill("[name=guardian]", "郑建国")
    page.check("[name=agrees]")
    page.click("main form button.btn-primary")
    expect(page.locator("#last")).to_contain_text("郑小果")
    expect(page.locator("main")).not_to_contain_text("在等监护人同意")


def test_a_class_comes_is_called_and_leaves_with_thanks(square: Square, phone: OpenPage) -> None:
    live, page, pupil = square.live, phone(), phone()
    sign_in(page, live, ORGANIZER, "/organize")
    page.goto(square.path("/teams"))
    page.click("a[href$='/teams/new']")
    page.fill("[name=name]", "实验小学三（2）班")
    page.select_option("[name=kind]", index=1)
    page.check("[name=has_minors]")
    page.fill("[name=accompanied_by]", "周老师")
    page.check("[name=agrees]")
    page.click("main form button.btn-primary")
    page.fill("[name=names]", "林一一\n林二二、林三三")
    page.click("main form button.btn-primary")
    expect(page.locator("main")).to_contain_text("名单上有 3 人")
    page.click("button[value=save]")
    page.wait_for_url(re.compile(r"/teams/\d+$"))
    team = page.url
    page.get_by_text("林二二").click()
    page.get_by_role("button", name="勾选的人都到了").click()
    expect(page.locator(".stats")).to_contain_text("2")
    expect(page.get_by_label("林二二")).to_be_checked()

    page.goto(f"{team}/code")
    address = page.locator("figcaption span").inner_text()
    pupil.goto(address)
    pupil.fill("[name=name]", "林四四")
    pupil.click("main form button.btn-primary")
    expect(pupil.locator("main")).to_contain_text("您的名字记下了")

    page.goto(team)
    expect(page.locator("main")).to_contain_text("林四四")
    page.get_by_role("button", name="3 人一起签退").click()
    expect(page.locator("main")).to_contain_text("3 人已签退")
    sheet = page.request.get(f"{team}/thanks.pdf")
    assert sheet.ok
    assert sheet.body()[:5] == b"%PDF-"
