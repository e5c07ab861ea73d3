"""One person written down twice: staff merge the two in a real browser, and take it back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Live, OpenPage
from tests.e2e.people import sign_in
from tests.passbooks import post_lines
from tests.services.test_scans import passbook
from volunteer.domain.access import Scope
from volunteer.queries.verify import read_report
from volunteer.store.database import db

ORGANIZER = "+8613800000001"


def test_two_passbooks_become_one_and_two_again(live: Live, phone: OpenPage) -> None:
    town = live.town
    town.login(ORGANIZER, roles=("organizer",))
    home = town.building("12栋")
    kept, gone = (town.resident("欧阳秀英", building_id=home) for _ in range(2))
    town.card(gone)
    post_lines(town, kept, [{"points": 20, "code": "adjustment"}])
    post_lines(town, gone, [{"points": 30, "code": "adjustment"}])
    page = phone()
    sign_in(page, live, ORGANIZER, "/admin/people/duplicates")
    expect(page.get_by_role("heading", name="可能重复")).to_be_visible()
    page.get_by_role("link", name="是同一人：合并").click()
    page.get_by_role("button", name="看看合并后的结果").click()
    expect(page.get_by_role("heading", name="合并后的结果")).to_be_visible()
    expect(page.locator(".stat-value").first).to_contain_text("50")
    page.get_by_role("button", name="合并", exact=True).click()
    expect(page.get_by_role("heading", name="已合并为一本存折")).to_be_visible()
    assert (passbook(town, kept)[0], passbook(town, gone)[0]) == (50, 0)
    page.get_by_role("link", name="关闭的那本").click()
    expect(page.get_by_text("这本存折已并入另一本")).to_be_visible()
    page.get_by_role("link", name="合并过的存折").click()
    page.locator(".cells a").first.click()
    page.get_by_role("button", name="撤销合并").click()
    expect(page.get_by_role("heading", name="这次合并已撤销")).to_be_visible()
    assert (passbook(town, kept)[0], passbook(town, gone)[0]) == (20, 30)
    db.session.remove()
    assert read_report(Scope.everything()).findings == []
