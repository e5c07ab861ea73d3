"""The corridor, walked by people: from a code on a screen to a passbook line and the board.

Real Chromium, a real server, a real database; the code is read off a picture of the screen, the
card is seen by a (fake) camera. Nothing is mocked.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.e2e.conftest import Live, OpenPage, OpenPageSeeing
from tests.town import PASSWORD, Town
from volunteer.documents.card import Card, Side, card_png
from volunteer.store import models as m

ZONE = ZoneInfo("Asia/Shanghai")
FIXED, PER_HOUR = 10, 12


@dataclass(frozen=True)
class Village:
    """Who lives here: residents by what they do in the story, all of one building."""

    town: Town
    building: int
    people: dict[str, int]

    def balance(self, who: str) -> tuple[int, int]:
        """(points, minutes) in a passbook."""
        figures = select(m.Account.balance_points, m.Account.total_minutes).where(
            m.Account.resident_id == self.people[who]
        )
        row = self.town.write(lambda tx: tx.execute(figures).one())
        return row.balance_points, row.total_minutes


def settle(town: Town) -> Village:
    building = town.building("12栋", estimated_residents=40, estimated_on=date(2026, 1, 1))
    names = {"resident": "何思敏", "elder": "陈秀英", "mother": "周文静", "early": "梁国强"}
    town.resident("林小梅")
    people = {who: town.resident(name, building_id=building) for who, name in names.items()}
    for who, name in (("son", "周小明"), ("daughter", "周小雨")):
        born = datetime.now(ZONE).date() - timedelta(days=9 * 365)
        people[who] = town.resident(name, building_id=building, birth_date=born)
        town.consent(people[who])
    town.login("+8613900000001", roles=("organizer",))
    town.login("+8613900000004", acts_for={people["resident"]: "self"})
    town.login(
        "+8613900000005",
        acts_for={
            people["mother"]: "self",
            people["son"]: "guardian",
            people["daughter"]: "guardian",
        },
    )
    return Village(town, building, people)


def sign_in(page: Page, live: Live, phone: str) -> None:
    if "/sign-in" not in page.url:
        page.goto(live.path("/sign-in"))
    page.fill("[name=identity]", phone)
    page.fill("[name=secret]", PASSWORD)
    page.click("main form button.btn-primary")
    page.wait_for_load_state()
    assert "/sign-in" not in page.url, page.inner_text("main")


def create_activity(page: Page, live: Live) -> None:
    page.goto(live.path("/organize/activities/add"))
    page.fill("[name=name]", "环境品质提升日")
    page.fill("[name=name_en]", "Friday Environment Day")
    page.fill("[name=fixed_points]", str(FIXED))
    page.fill("[name=points_per_hour]", str(PER_HOUR))
    page.click("main form button.btn-primary:not([name])")
    page.wait_for_url("**/organize/activities/*")


def create_event(page: Page, live: Live) -> int:
    """An event that began up to an hour ago; gives its id."""
    now = datetime.now(ZONE)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = max(now - timedelta(hours=1), midnight)
    ends = now + timedelta(hours=2)
    page.click("a[href$='/events/add']")
    page.fill("[name=day]", f"{starts:%Y-%m-%d}")
    page.fill("[name=starts]", f"{starts:%H:%M}")
    page.fill("[name=ends]", f"{ends:%H:%M}")
    if ends.date() != starts.date():
        page.check("[name=to_next_day]")
    page.fill("[name=place]", "梅富村广场")
    page.fill("[name=find]", "lxm")  # by the initials
    page.click("button[name=search]")
    page.select_option("select[name^=leader-]", "volunteer")
    page.click("main form button.btn-primary:not([name])")
    page.wait_for_url("**/organize/events/*")
    return int(re.sub(r"[?#].*", "", page.url).rsplit("/", 1)[1])


def read_code(page: Page) -> str:
    """Read the code off a picture of the screen, as a phone would."""
    page.wait_for_selector("#code-panel svg path")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    found = [barcode.text for barcode in zxingcpp.read_barcodes(picture)]
    assert found, "no code on the screen"
    return found[0]


def points_of(page: Page) -> str:
    return page.inner_text("main")


def test_from_a_code_to_a_passbook_line_and_the_board(
    live: Live, phone: OpenPage, desk: OpenPage, phone_seeing: OpenPageSeeing
) -> None:
    village = settle(live.town)
    organizer = desk()
    sign_in(organizer, live, "13900000001")
    create_activity(organizer, live)
    event_id = create_event(organizer, live)

    organizer.goto(live.path(f"/organize/events/{event_id}/screen"))
    address = read_code(organizer)
    assert address.startswith(live.path(f"/q/{event_id}/"))

    # A resident scans the screen before signing in: the check-in waits for them.
    resident = phone()
    resident.goto(address)
    expect(resident.locator("main")).to_contain_text("环境品质提升日")
    resident.click("main a.btn-primary")
    sign_in(resident, live, "13900000004")
    resident.click("main form button.btn-primary")
    resident.wait_for_url("**/receipt*")
    expect(resident.locator("main")).to_contain_text("何思敏")
    expect(resident.locator("main")).to_contain_text("+10")
    assert village.balance("resident") == (FIXED, 0)

    # A mother checks in herself and two children, one tap for all three.
    mother = phone()
    mother.goto(read_code(organizer))
    mother.click("main a.btn-primary")
    sign_in(mother, live, "13900000005")
    boxes = mother.locator("input[name=who]")
    expect(boxes).to_have_count(3)
    for place in range(3):
        boxes.nth(place).check()
    mother.click("main form button.btn-primary")
    mother.wait_for_url("**/receipt*")
    for name in ("周文静", "周小明", "周小雨"):
        expect(mother.locator("main")).to_contain_text(name)

    check_in_elder_by_card(live, village, phone_seeing, event_id)
    call_the_roll(organizer, live, village, event_id)
    end_event(organizer, live, event_id)

    minutes = village.balance("early")[1]
    assert minutes >= 0
    quarters = minutes // 15
    for who in village.people:
        served = village.balance(who)[1] // 15
        assert village.balance(who)[0] == FIXED + served * PER_HOUR // 4, who
    assert village.balance("early")[0] == FIXED + quarters * PER_HOUR // 4

    look_at_the_passbooks(live, village, resident, mother)
    look_at_the_board(live, village, resident)
    result = live.app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert result.exit_code == 0, result.output


def check_in_elder_by_card(
    live: Live, village: Village, phone_seeing: OpenPageSeeing, event_id: int
) -> None:
    _, number, code = village.town.card(village.people["elder"])
    card = Card(
        passbook_number=number[:8],
        card_number=number,
        address=live.path(f"/c/{code}"),
        community="梅富社区",
        name="陈秀英",
    )
    leader = phone_seeing(Image.open(io.BytesIO(card_png(card, Side.FRONT))))
    sign_in(leader, live, "13900000001")
    leader.goto(live.path(f"/organize/events/{event_id}/scan"))
    expect(leader.locator("#answer .verdict-accepted")).to_be_visible(timeout=20_000)
    expect(leader.locator("#answer")).to_contain_text("陈秀英")
    assert village.balance("elder") == (FIXED, 0)


def call_the_roll(organizer: Page, live: Live, village: Village, event_id: int) -> None:
    """Somebody who came without phone and card, there from the start."""
    organizer.goto(live.path(f"/organize/events/{event_id}/roll-call"))
    organizer.fill("[name=q]", "梁国强")
    organizer.click("button[value=search]")
    organizer.check(f"[name=present][value='{village.people['early']}']")
    organizer.check("[name=at][value=start]")
    organizer.click("button[value=save]")
    organizer.wait_for_load_state()
    assert village.balance("early") == (FIXED, 0)


def end_event(organizer: Page, live: Live, event_id: int) -> None:
    organizer.goto(live.path(f"/organize/events/{event_id}/end"))
    expect(organizer.locator("[name=stays]")).to_have_count(6)
    organizer.click("main form button.btn-primary")
    organizer.wait_for_load_state()
    expect(organizer.locator("main")).to_contain_text("陈秀英")


def look_at_the_passbooks(live: Live, village: Village, resident: Page, mother: Page) -> None:
    resident.goto(live.path("/passbook"))
    expect(resident.locator("main")).to_contain_text("环境品质提升日")
    expect(resident.locator("main")).to_contain_text(f"+{FIXED}")
    resident.goto(live.path("/passbook?page=1"))
    mother.goto(live.path("/home"))
    for who in ("son", "daughter"):
        ref = live.town.write(
            lambda tx, who=who: tx.get(m.Resident, village.people[who]).ref  # type: ignore[union-attr,misc]
        )
        mother.goto(live.path(f"/passbook/{ref}"))
        expect(mother.locator("main")).to_contain_text("环境品质提升日")
        stranger = resident.goto(live.path(f"/passbook/{ref}"))
        assert stranger is not None
        assert stranger.status in (403, 404)


def look_at_the_board(live: Live, village: Village, page: Page) -> None:
    points = sum(village.balance(who)[0] for who in village.people)
    total = select(m.BoardTotal.points, m.BoardTotal.participants).where(
        m.BoardTotal.subject_id == village.building,
        m.BoardTotal.board == "building",
        m.BoardTotal.period_kind == "month",
    )
    row = village.town.write(lambda tx: tx.execute(total).one())
    assert (row.points, row.participants) == (points, 6)
    page.goto(live.path("/boards"))
    expect(page.locator("main")).to_contain_text("12栋")
    expect(page.locator("main")).to_contain_text(str(points))
