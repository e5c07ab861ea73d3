"""What a leader scanned without network survives the tab, and is sent once, as that leader's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page, Route, expect
from sqlalchemy import func, select

from tests.e2e.conftest import Live, OpenPage, OpenPageSeeing
from tests.e2e.people import event_now, sign_in
from tests.e2e.test_scanner import PHONE, open_scanner, picture_of, scans, type_number
from volunteer.store import models as m

OTHER_PHONE = "13900000002"


@pytest.fixture
def led(live: Live) -> int:
    """An event that two organizers may scan at."""
    for phone in (PHONE, OTHER_PHONE):
        live.town.login(f"+86{phone}", roles=("organizer",), name=f"组长{phone[-1]}")
    return event_now(live)


def pending(page: Page, count: int) -> None:
    expect(page.locator("#pending")).to_have_attribute("data-count", str(count), timeout=20_000)


def postings(live: Live) -> int:
    return int(
        live.town.write(
            lambda tx: tx.scalar(
                select(func.count()).select_from(m.Transfer).where(m.Transfer.code == "award")
            )
        )
    )


def queue_without_network(page: Page, live: Live, event_id: int, names: tuple[str, ...]) -> None:
    open_scanner(page, live, event_id)
    page.route("**/api/v1/scans", lambda route: route.abort())
    for name in names:
        type_number(page, live.town.card(live.town.resident(name))[1])
    pending(page, len(names))
    expect(page.locator("#queued [data-queued]")).to_have_count(len(names))
    expect(page.locator("#queued")).to_contain_text("已存，等待上传")


def test_the_queue_survives_reload_and_closed_tab_and_is_posted_once(
    live: Live, led: int, phone: OpenPage
) -> None:
    first = phone()
    queue_without_network(first, live, led, ("陈秀英", "丙丁"))
    context = first.context
    context.route("**/api/v1/scans", lambda route: route.abort())
    first.reload()
    pending(first, 2)
    first.close()
    bodies: list[object] = []

    def answer_twice(route: Route) -> None:
        bodies.append(route.request.post_data_json["scans"])
        route.fetch()  # recorded, and the reply is lost
        route.abort() if len(bodies) == 1 else route.continue_()

    context.unroute("**/api/v1/scans")
    context.route("**/api/v1/scans", answer_twice)
    again = context.new_page()
    again.goto(live.path(f"/organize/events/{led}/scan"))
    pending(again, 0)
    expect(again.locator("#last .scan-accepted")).to_have_count(2)
    again.reload()
    expect(again.locator("#pending")).to_have_attribute("data-count", "0")
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert scans(live) == [("accepted", "ok_in")] * 2
    assert postings(live) == 2


def test_a_lost_sign_in_keeps_the_queue_and_asks(live: Live, led: int, phone: OpenPage) -> None:
    page = phone()
    queue_without_network(page, live, led, ("陈秀英",))
    page.unroute("**/api/v1/scans")
    page.context.clear_cookies()
    page.click("#send-now")
    expect(page.locator("#trouble")).to_contain_text("登录已失效", timeout=20_000)
    pending(page, 1)
    page.get_by_role("link", name="请重新登录").click()
    page.wait_for_url("**/sign-in?**")
    sign_in(page, live, PHONE, f"/organize/events/{led}/scan")
    pending(page, 0)
    assert scans(live) == [("accepted", "ok_in")]


def test_another_leader_s_queue_is_shown_and_not_sent(
    live: Live, led: int, phone: OpenPage
) -> None:
    page = phone()
    queue_without_network(page, live, led, ("陈秀英",))
    stale = page.context.new_page()
    page.context.clear_cookies()
    open_page(stale, live, OTHER_PHONE, led)
    expect(stale.locator("#others-box")).to_contain_text("组长1 · 1")
    pending(stale, 0)
    # The first leader's page is still open in the other's sign-in: it sends nothing in their name.
    page.unroute("**/api/v1/scans")
    page.click("#send-now")
    expect(page.locator("#trouble")).to_contain_text("现在登录的是组长2", timeout=20_000)
    pending(page, 1)
    assert scans(live) == []
    page.close()
    stale.context.clear_cookies()
    open_page(stale, live, PHONE, led)
    expect(stale.locator("#last .scan-accepted")).to_have_count(1, timeout=20_000)
    expect(stale.locator("#others-box")).to_be_hidden()
    assert scans(live) == [("accepted", "ok_in")]


def open_page(page: Page, live: Live, phone: str, event_id: int) -> None:
    sign_in(page, live, phone, f"/organize/events/{event_id}/scan")


def test_what_waits_is_saved_as_a_file_and_uploaded_elsewhere(
    live: Live, led: int, phone: OpenPage, desk: OpenPage
) -> None:
    page = phone()
    queue_without_network(page, live, led, ("陈秀英", "丙丁"))
    with page.expect_download() as download:
        page.click("#save-queued")
    office = desk()
    sign_in(office, live, OTHER_PHONE, f"/organize/events/{led}")
    office.get_by_role("link", name="上传手机保存的扫码").click()
    office.set_input_files("#file", download.value.path())
    office.get_by_role("button", name="上传", exact=True).click()
    expect(office.locator(".scan-accepted")).to_have_count(2)
    assert postings(live) == 2
    # The phone finds its network after all: the same ids, the first answers.
    page.unroute("**/api/v1/scans")
    page.click("#send-now")
    pending(page, 0)
    assert scans(live) == [("accepted", "ok_in")] * 2
    assert postings(live) == 2


def test_a_browser_that_keeps_nothing_says_so(live: Live, led: int, phone: OpenPage) -> None:
    page = phone()
    page.add_init_script("indexedDB.open = () => { throw new DOMException('', 'SecurityError'); };")
    open_scanner(page, live, led)
    expect(page.locator("#trouble")).to_contain_text("这个浏览器不能保存记录")
    type_number(page, live.town.card(live.town.resident("陈秀英"))[1])
    expect(page.locator("#last .scan-accepted")).to_have_count(1)


OPENS = "没有网络也能打开本页"
KEPT = "(async () => (await caches.keys()).length)()"


def test_the_page_opens_without_network_and_each_scan_is_posted_once(
    live: Live, led: int, phone_seeing: OpenPageSeeing
) -> None:
    """Offline, a card before the camera, reload, closed, opened again, online."""
    address = live.path(f"/organize/events/{led}/scan")
    card = live.town.card(live.town.resident("陈秀英"))
    page = phone_seeing(picture_of(live.path(f"/c/{card[2]}")))
    open_page(page, live, PHONE, led)
    # The card is read while the worker is still on its way; what follows is another person's.
    expect(page.locator("#last .scan-accepted")).to_have_count(1, timeout=30_000)
    expect(page.locator("#offline-words")).to_contain_text(OPENS, timeout=30_000)
    context = page.context
    kept = page.evaluate(SHELL_TEXT)
    assert "陈秀英" not in kept
    assert "csrf_token" not in kept

    page.reload()  # the list of cards was fetched before anybody had come
    page.wait_for_function(ROSTER)
    context.set_offline(True)
    page.reload()
    pending(page, 1)  # the camera reads it again, from files that are on the phone
    expect(page.locator("#answer .verdict-kept")).to_contain_text("陈* · 已存，等待上传")
    type_number(page, live.town.card(live.town.resident("丙丁"))[1])
    pending(page, 2)
    page.reload()
    expect(page.locator("#pending")).not_to_have_attribute("data-count", "0")
    page.close()
    again = context.new_page()
    again.goto(address)
    expect(again.locator("h1")).to_be_visible()
    expect(again.locator("#pending")).not_to_have_attribute("data-count", "0")
    context.set_offline(False)
    pending(again, 0)
    expect(again.locator("#answer .verdict")).not_to_have_count(0)
    again.reload()
    pending(again, 0)
    accepted = [row for row in scans(live) if row[0] == "accepted"]
    assert accepted == [("accepted", "ok_in")] * 2
    assert postings(live) == 2


ROSTER = """
    (async () => {
      const address = location.pathname + "/roster.json";
      const kept = await caches.match(address);
      return Object.keys((await kept.json()).cards).length > 0;
    })
"""
SHELL_TEXT = """
    (async () => {
      const cache = await caches.open((await caches.keys())[0]);
      const page = (await cache.keys()).find((one) => one.url.endsWith("/scan/shell"));
      return (await cache.match(page)).text();
    })()
"""


def test_signing_out_throws_the_kept_page_away_and_keeps_the_queue(
    live: Live, led: int, phone_with_worker: OpenPage
) -> None:
    page = phone_with_worker()
    queue_without_network(page, live, led, ("陈秀英",))
    expect(page.locator("#offline-words")).to_contain_text(OPENS, timeout=30_000)
    assert page.evaluate(KEPT) == 1
    page.goto(live.path("/me"))
    page.evaluate("document.querySelector('form[action=\"/sign-out\"]').submit()")
    page.wait_for_url("**/sign-in")
    page.wait_for_function(f"{KEPT}.then((count) => count === 0)")
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(live.path(f"/organize/events/{led}/scan"))
    page.context.set_offline(False)
    page.unroute("**/api/v1/scans")
    open_page(page, live, PHONE, led)
    pending(page, 0)
    assert scans(live) == [("accepted", "ok_in")]
