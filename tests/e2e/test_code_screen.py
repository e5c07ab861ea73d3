"""The rotating code screen in a real browser: its picture is read, its network is cut, its clock
is wrong."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Live, OpenPage
from tests.e2e.people import event_now, sign_in
from volunteer.domain.access import Scope
from volunteer.domain.series import Target
from volunteer.domain.tokens import parse_presented, rotating_code_shown_at
from volunteer.services.event_changes import cancel_events

PHONE = "13800000001"
SCRIPT = Path(__file__).parents[2] / "static/js/screen.js"


@pytest.fixture
def event_id(live: Live) -> int:
    live.town.login(f"+86{PHONE}", roles=("organizer",))
    return event_now(live)


def open_screen(live: Live, page: Page, event_id: int) -> None:
    sign_in(page, live, PHONE)
    page.goto(live.path(f"/organize/events/{event_id}/screen"))


def read(page: Page) -> str:
    """What a phone in front of the screen reads."""
    picture = Image.open(io.BytesIO(page.screenshot()))
    return zxingcpp.read_barcodes(picture)[0].text


def shown_at(live: Live, event_id: int, address: str) -> datetime | None:
    presented = parse_presented(address, live.url.removeprefix("http://"))
    assert presented is not None
    key = live.town.keys.rotating_code
    return rotating_code_shown_at(key, event_id, presented.code, datetime.now(UTC))


def drawn_by_script(page: Page) -> None:
    page.wait_for_selector("#code-panel svg:not([role]) path + path")
    expect(page.locator("#code-timer")).to_be_visible()


def test_the_picture_is_the_code_of_this_step(live: Live, desk: OpenPage, event_id: int) -> None:
    page = desk()
    open_screen(live, page, event_id)
    drawn_by_script(page)
    assert shown_at(live, event_id, read(page))
    assert page.locator("#code-offline").is_hidden()


@pytest.mark.parametrize("hours", [-3, 5])
def test_a_wrong_clock_shows_the_right_code(
    live: Live, phone: OpenPage, event_id: int, hours: int
) -> None:
    page = phone()
    page.clock.install(time=datetime.now(UTC).timestamp() + hours * 3600)
    page.clock.resume()
    with page.expect_response("**/screen/codes"):
        open_screen(live, page, event_id)
    drawn_by_script(page)
    page.wait_for_timeout(600)
    assert shown_at(live, event_id, read(page))


def test_the_codes_turn_over_without_network_until_they_run_out(
    live: Live, phone: OpenPage, event_id: int
) -> None:
    page = phone()
    page.clock.install()
    with page.expect_response("**/screen/codes"):
        open_screen(live, page, event_id)
    page.clock.run_for(1_000)
    drawn_by_script(page)
    first = read(page)
    page.context.set_offline(True)
    page.clock.run_for(10 * 60_000)
    page.wait_for_timeout(100)
    page.clock.run_for(1_000)
    assert read(page) != first
    expect(page.locator("#code-lost")).to_contain_text("网络断开")
    page.clock.run_for(25 * 60_000)
    expect(page.locator("#code-offline")).to_contain_text("请改为扫存折卡")
    assert page.locator("#code-panel").is_hidden()
    page.context.set_offline(False)
    with page.expect_response("**/screen/codes"):
        page.clock.run_for(40_000)
    page.wait_for_timeout(100)
    page.clock.run_for(1_000)
    expect(page.locator("#code-offline")).to_be_hidden()
    assert page.locator("#code-panel").is_visible()


def test_a_screen_says_that_the_event_is_over(live: Live, desk: OpenPage, event_id: int) -> None:
    page = desk()
    page.clock.install()
    with page.expect_response("**/screen/codes"):
        open_screen(live, page, event_id)
    cancel_events(Target(event_id), "台风", by=1, now=datetime.now(UTC), scope=Scope.everything())
    with page.expect_response("**/screen/codes"):
        page.clock.run_for(61_000)
    page.wait_for_timeout(100)
    page.clock.run_for(1_000)
    expect(page.locator("#code-ended")).to_be_visible()
    assert page.locator("#code-panel").is_hidden()


def test_without_script_the_page_loads_itself_again(
    live: Live, browser: Browser, event_id: int
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    open_screen(live, page, event_id)
    assert shown_at(live, event_id, read(page))
    refresh = page.locator("noscript meta, meta[http-equiv=refresh]").first
    assert refresh.get_attribute("content") == "20"
    context.close()


def test_the_script_is_written_for_old_browsers() -> None:
    """No syntax and no call that a tablet of ten years ago lacks, unless it is asked for first."""
    script = SCRIPT.read_text()
    code = "\n".join(line.partition("//")[0] for line in script.splitlines())
    for modern in ("=>", "`", "let ", "const ", "fetch(", "async ", "await ", "?.", "??", "class "):
        assert modern not in code.replace("class=", ""), modern
