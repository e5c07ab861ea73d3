"""The scanner in a real browser: the camera reads a printed card, and nothing sent is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from tests.e2e.conftest import PHONE as PHONE_SIZE
from tests.e2e.conftest import Live, OpenPage, OpenPageSeeing
from tests.e2e.people import event_now, sign_in
from tests.scanning import as_device, record, scan_row
from volunteer import clock
from volunteer.domain.tokens import rotating_code
from volunteer.store import models as m

PHONE = "13900000001"


def picture_of(text: str) -> Image.Image:
    code = qrcode.QRCode(border=4, box_size=8)
    code.add_data(text)
    return code.make_image().get_image().convert("RGB")


def scans(live: Live) -> list[tuple[str, str]]:
    def work(tx: object) -> list[tuple[str, str]]:
        found = tx.execute(select(m.Scan.verdict, m.Scan.code).order_by(m.Scan.id))  # type: ignore[attr-defined]
        return [(row.verdict, row.code) for row in found]

    return live.town.write(work)


@pytest.fixture
def leader_event(live: Live) -> int:
    leader_id = live.town.resident("李组长")
    live.town.login(f"+86{PHONE}", acts_for={leader_id: "self"})
    return event_now(live, leader_id=leader_id)


def open_scanner(page: Page, live: Live, event_id: int) -> None:
    sign_in(page, live, PHONE, f"/organize/events/{event_id}/scan")


def test_the_camera_reads_a_card(
    live: Live, leader_event: int, phone_seeing: OpenPageSeeing
) -> None:
    _, _, code = live.town.card(live.town.resident("陈秀英"))
    page = phone_seeing(picture_of(live.path(f"/c/{code}")))
    open_scanner(page, live, leader_event)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英", timeout=20_000)
    expect(page.locator("#answer")).to_contain_text("+10 分")
    expect(page.locator("#last .scan-row")).to_have_count(1)
    # The card stays in front of the camera: that is one scan, not one a frame.
    page.wait_for_timeout(3000)
    assert scans(live) == [("accepted", "ok_in")]
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#answer")).to_contain_text("已撤销")
    assert scans(live)[1] == ("accepted", "undone")


def test_a_resident_s_camera_reads_the_screen_and_follows_no_foreign_address(
    live: Live, phone_seeing: OpenPageSeeing
) -> None:
    live.town.login(f"+86{PHONE}", acts_for={live.town.resident("王芳"): "self"})
    event_id = event_now(live)
    code = rotating_code(live.town.keys.rotating_code, event_id, clock.now()).code
    page = phone_seeing(picture_of(live.path(f"/q/{event_id}/{code}")))
    sign_in(page, live, PHONE, "/scan")
    page.click("#camera-start")
    page.wait_for_url("**/check-in", timeout=20_000)
    page.get_by_role("button", name="签到").click()
    expect(page.locator(".receipt")).to_contain_text("签到成功")

    stuck = phone_seeing(picture_of(f"https://evil.example/q/{event_id}/{code}"))
    stuck.goto(live.path("/scan"))
    stuck.click("#camera-start")
    expect(stuck.locator("#camera-hint")).to_contain_text("不是活动的签到码", timeout=20_000)
    assert stuck.url == live.path("/scan")


def type_number(page: Page, number: str) -> None:
    page.fill("#number", number)
    page.press("#number", "Enter")


def test_a_lost_network_loses_no_scan(live: Live, leader_event: int, phone: OpenPage) -> None:
    cards = [live.town.card(live.town.resident(name)) for name in ("甲乙", "丙丁")]
    page = phone()
    open_scanner(page, live, leader_event)
    page.context.set_offline(True)
    for _, number, _ in cards:
        type_number(page, number)
    expect(page.locator("#pending")).to_have_attribute("data-count", "2")
    expect(page.locator("#trouble")).to_contain_text("网络恢复前先保存")
    page.context.set_offline(False)
    expect(page.locator("#pending")).to_have_attribute("data-count", "0", timeout=20_000)
    expect(page.locator("#last .scan-accepted")).to_have_count(2)
    assert scans(live) == [("accepted", "ok_in")] * 2


def test_a_lost_reply_makes_no_second_scan(live: Live, leader_event: int, phone: OpenPage) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = phone()
    open_scanner(page, live, leader_event)
    replies = iter(["lost", "broken"])

    def lose(route: Route) -> None:
        how = next(replies, "")
        if how == "lost":
            route.fetch()  # the server answers, the phone never hears it
            route.abort()
        elif how == "broken":
            route.fulfill(status=503, json={"code": "failure"})
        else:
            route.continue_()

    page.route("**/api/v1/scans", lose)
    type_number(page, number)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英", timeout=20_000)
    assert scans(live) == [("accepted", "ok_in")]


def test_signed_out_meanwhile(live: Live, leader_event: int, phone: OpenPage) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = phone()
    open_scanner(page, live, leader_event)
    page.context.clear_cookies()
    type_number(page, number)
    expect(page.locator("#trouble")).to_contain_text("登录已失效")
    expect(page.locator("#pending")).to_have_attribute("data-count", "1")
    other = page.context.new_page()
    sign_in(other, live, PHONE)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英", timeout=30_000)
    expect(page.locator("#trouble")).not_to_contain_text("登录已失效")
    assert scans(live) == [("accepted", "ok_in")]


REFUSED_LATE = """
    navigator.mediaDevices.getUserMedia = () => new Promise((_, reject) => {
        window.refuseCamera = () => reject(new DOMException("", "NotAllowedError"));
    });
"""


def test_trouble_never_covers_an_answer(live: Live, leader_event: int, phone: OpenPage) -> None:
    """The camera is refused late, the network goes, the screen's own code is read: what became of
    the last card stays to be seen, and each trouble goes when it is over."""
    numbers = [live.town.card(live.town.resident(name))[1] for name in ("陈秀英", "丙丁")]
    page = phone()
    page.add_init_script(REFUSED_LATE)
    open_scanner(page, live, leader_event)
    answer, trouble = page.locator("#answer"), page.locator("#trouble")
    type_number(page, numbers[0])
    expect(answer.locator(".verdict-accepted")).to_contain_text("陈秀英")
    page.evaluate("refuseCamera()")
    expect(trouble).to_contain_text("相机没有打开")
    expect(answer.locator(".verdict-accepted")).to_contain_text("陈秀英")
    page.context.set_offline(True)
    type_number(page, numbers[1])
    expect(trouble).to_contain_text("网络恢复前先保存")
    expect(answer.locator(".verdict-accepted")).to_contain_text("陈秀英")
    type_number(page, live.path(f"/q/{leader_event}/K7Q2M9"))
    expect(trouble).to_contain_text("这是活动的签到码")
    expect(answer.locator(".verdict-accepted")).to_contain_text("陈秀英")
    page.context.set_offline(False)
    expect(answer.locator(".verdict-accepted")).to_contain_text("丙丁", timeout=20_000)
    expect(trouble).not_to_contain_text("网络恢复前先保存")
    expect(trouble).not_to_contain_text("这是活动的签到码")
    expect(trouble).to_contain_text("相机没有打开")


def test_a_refusal_among_answers_that_come_together_is_seen_and_heard(
    live: Live, leader_event: int, phone: OpenPage
) -> None:
    number = live.town.card(live.town.resident("陈秀英"))[1]
    page = phone()
    page.add_init_script(
        "window.said = [];speechSynthesis.speak = (utterance) => window.said.push(utterance.text);"
    )
    open_scanner(page, live, leader_event)
    page.context.set_offline(True)
    type_number(page, "10000009")
    type_number(page, number)
    expect(page.locator("#pending")).to_have_attribute("data-count", "2")
    page.context.set_offline(False)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英", timeout=20_000)
    expect(page.locator("#answer .verdict-refused")).to_have_count(1)
    expect(page.locator("#last .scan-row")).to_have_count(2)
    wait_until(lambda: bool(page.evaluate("said.length")))
    assert page.evaluate("said") == ["号码有误。请对照存折卡逐位核对。"]


def test_the_camera_that_stops_says_so(
    live: Live, leader_event: int, phone_seeing: OpenPageSeeing
) -> None:
    """Unplugged, or taken by a call: the picture must not stand still as if it were read."""
    page = phone_seeing(picture_of("nothing"))
    open_scanner(page, live, leader_event)
    expect(page.locator("body[data-camera=on]")).to_be_attached(timeout=20_000)
    page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException(""));
          document.getElementById("video").srcObject.getVideoTracks()[0].dispatchEvent(
            new Event("ended"));
        }"""
    )
    expect(page.locator("#trouble")).to_contain_text("相机没有打开")
    expect(page.locator("#camera")).to_be_hidden()


def test_a_reader_that_did_not_arrive_is_fetched_again(
    live: Live, leader_event: int, phone_seeing: OpenPageSeeing
) -> None:
    """On a bad network the half megabyte that reads the picture may be lost on its way."""
    _, _, code = live.town.card(live.town.resident("陈秀英"))
    page = phone_seeing(picture_of(live.path(f"/c/{code}")))
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort() if len(lost) < 2 else route.continue_()

    page.route("**/*.wasm", lose)
    open_scanner(page, live, leader_event)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英", timeout=30_000)
    expect(page.locator("#trouble")).to_be_empty()
    assert len(lost) == 2


def press_like_a_scanner(page: Page, text: str, *, through_ime: bool) -> None:
    """The key events of a USB scanner on a US layout; an input method hides what they say."""
    page.evaluate(
        """([text, ime]) => {
          const named = { "/": ["Slash", false], ":": ["Semicolon", true], ".": ["Period", false] };
          for (const sign of [...text, "Enter"]) {
            let [code, shiftKey] = named[sign] ?? ["", false];
            if (/[A-Za-z]/.test(sign) && sign.length === 1) {
              [code, shiftKey] = [`Key${sign.toUpperCase()}`, sign !== sign.toLowerCase()];
            }
            if (/[0-9]/.test(sign)) code = `Digit${sign}`;
            if (sign === "Enter") code = "Enter";
            const key = ime && sign !== "Enter" ? "Process" : sign;
            document.activeElement.dispatchEvent(
              new KeyboardEvent("keydown", {
                code, key, shiftKey, bubbles: true, cancelable: true,
              }));
          }
        }""",
        [text, through_ime],
    )


@pytest.mark.parametrize("through_ime", [False, True])
def test_a_usb_scanner_types_an_address(
    live: Live, leader_event: int, desk: OpenPage, through_ime: bool
) -> None:
    _, number, code = live.town.card(live.town.resident("陈秀英"))
    page = desk()
    open_scanner(page, live, leader_event)
    press_like_a_scanner(page, live.path(f"/c/{code}"), through_ime=through_ime)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英")
    page.focus("#number")
    press_like_a_scanner(page, number, through_ime=through_ime)
    expect(page.locator("#answer .verdict-already")).to_contain_text("陈秀英")
    assert scans(live) == [("accepted", "ok_in"), ("already", "already_in")]


def test_a_slow_hand_is_no_scanner(live: Live, leader_event: int, desk: OpenPage) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = desk()
    open_scanner(page, live, leader_event)
    page.focus("#number")
    page.keyboard.type(f" {number[:4]} {number[4:]}", delay=90)
    page.keyboard.press("Enter")
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英")
    assert len(scans(live)) == 1


def test_a_photo_from_the_page(live: Live, leader_event: int, phone: OpenPage) -> None:
    import io

    _, _, code = live.town.card(live.town.resident("陈秀英"))
    picture = io.BytesIO()
    picture_of(live.path(f"/c/{code}")).save(picture, "PNG")
    page = phone()
    open_scanner(page, live, leader_event)
    page.set_input_files(
        "#photo", {"name": "card.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英")


def test_a_picture_that_is_too_large_is_refused_at_once(
    live: Live, leader_event: int, phone: OpenPage
) -> None:
    page = phone()
    open_scanner(page, live, leader_event)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.set_input_files(
        "#photo", {"name": "card.heic", "mimeType": "image/heic", "buffer": b"x" * 9_000_000}
    )
    expect(page.locator("#answer .verdict-refused")).to_contain_text("照片太大")
    assert not [url for url in sent if "photo" in url]


def test_whoever_is_pushed_off_the_last_five_can_still_be_undone(
    live: Live, leader_event: int, phone: OpenPage
) -> None:
    """Six cards that could not be read in a row must not take the way back from the one before."""
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = phone()
    open_scanner(page, live, leader_event)
    type_number(page, number)
    expect(page.locator("#here-count")).to_contain_text("1")
    for other in range(6):
        type_number(page, f"1000000{other}")
    expect(page.locator("#last .scan-refused")).to_have_count(5)
    page.click("#earlier summary")
    expect(page.locator("#earlier .scan-row")).to_have_count(1)
    page.reload()
    page.click("#earlier summary")
    page.locator("#earlier").get_by_role("button", name="撤销").click()
    expect(page.locator("#answer")).to_contain_text("已撤销")
    expect(page.locator("#here-count")).to_contain_text("0")
    assert scans(live)[-1] == ("accepted", "undone")


def test_out_is_one_switch_away(live: Live, leader_event: int, phone: OpenPage) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = phone()
    open_scanner(page, live, leader_event)
    type_number(page, number)
    expect(page.locator("#here-count")).to_contain_text("1")
    page.get_by_role("link", name="签退", exact=True).click()
    type_number(page, number)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("签退成功")
    expect(page.locator("#here-count")).to_contain_text("0")


def test_on_plain_http_ids_are_made_without_randomuuid(
    live: Live, leader_event: int, phone: OpenPage
) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = phone()
    page.add_init_script(
        "delete Crypto.prototype.randomUUID;"
        "Object.defineProperty(window, 'isSecureContext', { value: false });"
        "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
    )
    open_scanner(page, live, leader_event)
    assert page.evaluate("crypto.randomUUID === undefined")
    expect(page.locator("#camera")).to_be_hidden()
    type_number(page, number)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英")


def test_without_script(live: Live, leader_event: int, browser: Browser) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    context = browser.new_context(viewport=PHONE_SIZE, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    open_scanner(page, live, leader_event)
    type_number(page, number)
    expect(page.locator("#answer .verdict-accepted")).to_contain_text("陈秀英")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#answer")).to_contain_text("已撤销")
    context.close()


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_says_the_result_aloud(live: Live, leader_event: int, phone: OpenPage) -> None:
    _, number, _ = live.town.card(live.town.resident("陈秀英"))
    page = phone()
    page.add_init_script(
        "window.said = []; window.shaken = [];"
        "speechSynthesis.speak = (utterance) => window.said.push(utterance.text);"
        "navigator.vibrate = (pattern) => window.shaken.push(pattern);"
    )
    open_scanner(page, live, leader_event)
    type_number(page, number)
    expect(page.locator("#answer .verdict-accepted")).to_be_visible()
    wait_until(lambda: bool(page.evaluate("said.length")))
    assert page.evaluate("said") == ["陈秀英，签到成功，加十分"]
    assert page.evaluate("shaken.length") == 1


def test_the_tenth_time_is_shown_and_said(live: Live, leader_event: int, phone: OpenPage) -> None:
    town = live.town
    _, number, _ = town.card(town.resident("陈秀英"))
    device = as_device(town.device(token="thanks"))
    for _ in range(9):
        record(town, device, scan_row(town.event(town.activity()), number))
    page = phone()
    page.add_init_script(
        "window.said = [];speechSynthesis.speak = (utterance) => window.said.push(utterance.text);"
    )
    open_scanner(page, live, leader_event)
    type_number(page, number)
    thanks = "今天是陈秀英第 10 次，道声谢谢"
    expect(page.locator("#answer .scanner-thanks")).to_have_text(thanks)
    wait_until(lambda: bool(page.evaluate("said.length")))
    assert page.evaluate("said") == [f"签到成功，加十分，{thanks}"]


def test_the_receipt_is_said_aloud_or_sounded(live: Live, phone: OpenPage) -> None:
    live.town.login(f"+86{PHONE}", acts_for={live.town.resident("王芳"): "self"})
    event_id = event_now(live)
    page = phone()
    page.add_init_script(
        "window.said = []; window.tones = 0;"
        "speechSynthesis.speak = (utterance) => window.said.push(utterance.text);"
        "speechSynthesis.getVoices = () => [];"
        "const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (at) {"
        "  window.tones += 1; start.call(this, at); };"
    )
    sign_in(page, live, PHONE)
    code = rotating_code(live.town.keys.rotating_code, event_id, clock.now()).code
    page.goto(live.path(f"/q/{event_id}/{code}"))
    page.get_by_role("button", name="签到").click()
    page.wait_for_url("**/check-in/receipt")
    wait_until(lambda: bool(page.evaluate("said.length && tones")))
    assert page.evaluate("said") == ["签到成功，加十分"]
