"""A mother with two children on one phone: their cards in her hand, staff who know her, one event.

Real Chromium, a real server; the first card is seen by the page's own camera, the second is opened
as WeChat opens it.
"""

from __future__ import annotations

import io
import re
from datetime import date

from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.e2e.conftest import Live, OpenPage, OpenPageSeeing
from tests.e2e.people import event_now, sign_in
from volunteer.documents.qr import qr_png
from volunteer.domain.tokens import poster_code
from volunteer.store import models as m

MOTHER, STAFF = "+8613900000005", "+8613900000001"
SON, DAUGHTER = "周小明", "周小雨"


def ask(page: Page, name: str) -> None:
    """Fill in the form about the card in hand."""
    page.wait_for_url(re.compile(r"/me/family/card/[0-9A-Z]{20}$"))
    page.fill("[name=name]", name)
    page.check("[name=agrees]")
    page.click("main form.form button.btn-primary")
    page.wait_for_url(re.compile(r"/me/family$"))
    expect(page.locator("main")).to_contain_text(name)


def test_two_children_on_one_phone(
    live: Live, phone_seeing: OpenPageSeeing, desk: OpenPage
) -> None:
    town = live.town
    own = town.resident("周文静")
    children = {name: town.resident(name, birth_date=date(2017, 3, 1)) for name in (SON, DAUGHTER)}
    cards = {name: town.card(one)[2] for name, one in children.items()}
    mother = town.login(MOTHER, name="周文静", acts_for={own: "self"})
    town.login(STAFF, roles=("organizer",))
    event_id = event_now(live)

    # Her phone's camera sees one card; WeChat opens the other.
    picture = Image.open(io.BytesIO(qr_png(live.path(f"/c/{cards[SON]}"))))
    page = phone_seeing(picture)
    sign_in(page, live, MOTHER, "/me/family")
    page.click("main a.btn-main")
    page.click("#camera-start")
    ask(page, SON)
    page.goto(live.path(f"/c/{cards[DAUGHTER]}"))
    page.click("text=我替这个人办")
    ask(page, DAUGHTER)
    expect(page.locator("main")).to_contain_text("等社区确认")
    page.goto(live.path("/me"))
    expect(page.locator("main")).not_to_contain_text(SON)

    # Staff know the family: one tap each.
    staff = desk()
    sign_in(staff, live, STAFF, "/admin/family-requests")
    for left in (2, 1):
        expect(staff.locator("tbody tr")).to_have_count(left)
        staff.locator("tbody button", has_text="确认").first.click()
        staff.wait_for_load_state()
    expect(staff.locator("main")).to_contain_text("没有人等待确认")

    # One scan of the event's code, two ticks, a receipt each.
    code = poster_code(town.keys.poster_code, event_id, 0)
    page.goto(live.path(f"/q/{event_id}/{code}"))
    page.uncheck("label:has-text('周文静') input")
    for name in (SON, DAUGHTER):
        page.check(f"label:has-text('{name}') input")
    page.click("main form button.btn-main")
    page.wait_for_url(re.compile("/check-in/receipt$"))
    for name in (SON, DAUGHTER):
        expect(page.locator(".cell", has_text=name)).to_contain_text("+10")

    # From a receipt into that child's passbook, and on to the other's in one tap.
    page.locator("button.cell", has_text=SON).click()
    page.wait_for_url(re.compile("/passbook/"))
    expect(page.locator(".inside-name")).to_have_text(SON)
    page.locator(".whose-one", has_text=DAUGHTER).click()
    expect(page.locator(".inside-name")).to_have_text(DAUGHTER)
    page.click(".bar a[href='/passbook']")
    expect(page.locator(".inside-name")).to_have_text(DAUGHTER)
    page.click("main a[href$='/1']")
    expect(page.locator("main")).to_contain_text("您（监护人）")

    scans = town.write(
        lambda tx: tx.execute(
            select(m.Scan.resident_id, m.Scan.recorded_by_login_id, m.Scan.verdict)
        ).all()
    )
    assert sorted(tuple(row) for row in scans) == sorted(
        (one, mother, "accepted") for one in children.values()
    )
    consents = town.write(lambda tx: tx.scalars(select(m.Consent.text_version)).all())
    assert consents == ["2026-11", "2026-11"]
