"""Cards for a building in a real browser: prepared, opened, signed for; then one is lost."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.documents.rendered import codes_in, pages_of
from tests.e2e.conftest import Live, OpenPage
from tests.e2e.people import sign_in
from volunteer import clock
from volunteer.jobs.registry import tasks_of
from volunteer.jobs.tasks import TaskWorker
from volunteer.store.database import db

ORGANIZER, RESIDENT = "+8613800000001", "+8613800000004"


def test_from_the_list_of_places_to_a_signed_receipt_and_a_lost_card(
    live: Live, desk: OpenPage, phone: OpenPage
) -> None:
    town = live.town
    town.login(ORGANIZER, roles=("organizer",))
    home = town.building("12栋")
    chen = town.resident("买买提·阿凡提", building_id=home)
    _, number, code = town.card(chen)
    town.resident("陈喆堃", building_id=home)
    town.login(RESIDENT, acts_for={chen: "self"})
    page = desk()
    sign_in(page, live, ORGANIZER, "/admin/places")
    page.get_by_role("row", name="12栋").get_by_role("link", name="打印存折卡").click()
    expect(page.get_by_text("2 人")).to_be_visible()
    page.get_by_label("附激活码条").check()
    page.get_by_role("button", name="准备打印页面").click()
    expect(page.get_by_text("0 / 2")).to_be_visible()
    work_off(live)
    # The page looks again by itself.
    with page.expect_download() as pages:
        page.get_by_role("button", name="打开页面（PDF）").click()
    fronts, backs = pages_of(Path(pages.value.path()).read_bytes())
    assert (len(codes_in(fronts)), codes_in(backs)) == (2, [])
    assert f"{live.app.extensions['config'].public_url}/c/{code}" in codes_in(fronts)
    page.get_by_role("link", name="打印签收表").click()
    page.get_by_role("link", name="12栋").click()
    page.get_by_role("row", name="买买提·阿凡提").get_by_label("已领取").check()
    page.get_by_role("button", name="登记签收").click()
    expect(page.get_by_text("已登记 1 人签收")).to_be_visible()
    expect(page.get_by_role("row", name="买买提·阿凡提")).to_have_count(0)

    own = phone()
    sign_in(own, live, RESIDENT)
    own.goto(live.path(f"/c/{code}"))
    expect(own.get_by_text("已换新")).to_have_count(0)
    page.goto(live.path(f"/admin/people?q={number}"))
    page.get_by_role("link", name="换卡").first.click()
    page.get_by_role("button", name="换新卡").click()
    page.wait_for_url("**/admin/cards/*")
    own.goto(live.path(f"/c/{code}"))
    expect(own.get_by_text("这张存折卡已换新")).to_be_visible()


def work_off(live: Live) -> None:
    """The runner's turn: no process of its own here."""
    TaskWorker(tasks_of(live.town.keys), "e2e", clock.now, lambda: True).work_off()
    db.session.remove()
