"""A resident scans an event's code, confirms with one tap, and reads the receipt."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta

import pytest
import qrcode
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.signed_in import sign_in
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.domain.activation import Purpose, activation_code_hash, expires_at, strip_code
from volunteer.domain.tokens import poster_code, rotating_code
from volunteer.services import activation
from volunteer.store import models as m
from volunteer.store.database import Tx

PHONE = "13900000001"


class Clock:
    def __init__(self) -> None:
        self.now = FRIDAY

    def forward(self, **delta: int) -> None:
        self.now += timedelta(**delta)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr("volunteer.clock.now", lambda: standing.now)
    return standing


def scan_screen(client: FlaskClient, town: Town, event_id: int, at: datetime) -> TestResponse:
    code = rotating_code(town.keys.rotating_code, event_id, at).code
    return client.get(f"/q/{event_id}/{code}", follow_redirects=True)


def page(response: TestResponse) -> str:
    return response.get_data(as_text=True)


def token_on(text: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    assert found
    return found[1]


def ref_of(town: Town, resident_id: int) -> str:
    return town.write(
        lambda tx: tx.execute(
            select(m.Resident.ref).where(m.Resident.id == resident_id)
        ).scalar_one()
    )


def tap(
    client: FlaskClient, shown: TestResponse, *refs: str, direction: str = "in"
) -> TestResponse:
    data = {"csrf_token": token_on(page(shown)), "who": list(refs), "direction": direction}
    return client.post("/check-in", data=data, follow_redirects=True)


def count(town: Town, model: type[m.Base]) -> int:
    return town.write(lambda tx: tx.execute(select(func.count()).select_from(model)).scalar_one())


def change_event(town: Town, event_id: int, **values: object) -> None:
    def work(tx: Tx) -> None:
        event = tx.get(m.Event, event_id)
        assert event is not None
        for name, value in values.items():
            setattr(event, name, value)

    town.write(work)


@pytest.fixture
def resident(town: Town) -> tuple[int, str]:
    resident_id = town.resident("王芳", building_id=town.building("3栋"))
    town.login(f"+86{PHONE}", acts_for={resident_id: "self"})
    return resident_id, ref_of(town, resident_id)


# ---- The corridor --------------------------------------------------------------------------


def test_scan_sign_in_tap_receipt(app: Flask, town: Town, resident: tuple[int, str]) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    shown = scan_screen(client, town, event_id, FRIDAY)
    assert shown.request.path == "/check-in"
    assert "环境品质提升日" in page(shown)
    assert "/sign-in?next=/check-in" in page(shown)
    assert count(town, m.Scan) == 0, "looking has no side effect"

    sign_in(client, PHONE, wanted="/check-in")
    shown = client.get("/check-in")
    receipt = tap(client, shown, resident[1])
    assert receipt.request.path == "/check-in/receipt"
    text = page(receipt)
    assert "签到成功" in text
    assert "王芳" in text
    assert "+10" in text
    assert "结余 10 分" in text
    assert 'data-speak="签到成功，加十分"' in text
    assert "再多几位邻居参加，本栋就能上榜" in text
    scan = town.write(lambda tx: tx.execute(select(m.Scan)).scalar_one())
    assert (scan.verdict, scan.provenance, scan.resident_id) == (
        "accepted",
        "rotating_code",
        resident[0],
    )


def test_the_pending_check_in_survives_activation(
    app: Flask, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The cost of scrypt is Werkzeug's to test.
    made = activation.generate_password_hash
    monkeypatch.setattr(
        activation, "generate_password_hash", lambda secret: made(secret, "pbkdf2:sha256:1")
    )
    resident_id = town.resident("陈秀英")
    _, number, _ = town.card(resident_id)
    code = strip_code(town.keys.activation_code, number)
    strip = m.ActivationCode(
        community_id=town.community_id,
        resident_id=resident_id,
        purpose=Purpose.CARD_STRIP.value,
        code_hash=activation_code_hash(town.keys.activation_code, resident_id, code),
        created_at=FRIDAY,
        expires_at=expires_at(Purpose.CARD_STRIP, FRIDAY),
    )
    town.write(lambda tx: tx.add(strip))
    client = app.test_client()
    shown = scan_screen(client, town, town.event(town.activity()), FRIDAY)
    assert "/activate?next=/check-in" in page(shown)
    typed = {"number": number[:8], "code": code, "relation": "self", "phone": PHONE}
    secret = {"secret": "482917", "again": "482917", "next": "/check-in"}
    answer = client.post(
        "/activate",
        data={"csrf_token": token_on(page(client.get("/activate")))} | typed | secret,
        follow_redirects=True,
    )
    assert answer.request.path == "/check-in"
    assert "签到成功" in page(tap(client, answer, ref_of(town, resident_id)))


def test_a_double_tap_is_one_scan(app: Flask, town: Town, resident: tuple[int, str]) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    first = tap(client, shown, resident[1])
    second = tap(client, shown, resident[1])
    assert page(first).count("+10") == page(second).count("+10") == 1
    assert count(town, m.Scan) == 1
    # The receipt may be loaded again as often as one likes.
    assert "签到成功" in page(client.get("/check-in/receipt"))


def test_the_check_in_takes_the_time_of_the_scan(
    app: Flask, town: Town, resident: tuple[int, str], clock: Clock
) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    scan_screen(client, town, event_id, FRIDAY)
    clock.forward(minutes=14)
    sign_in(client, PHONE, wanted="/check-in")
    tap(client, client.get("/check-in"), resident[1])
    scan = town.write(lambda tx: tx.execute(select(m.Scan)).scalar_one())
    assert scan.corrected_at == FRIDAY
    assert scan.received_at == FRIDAY + timedelta(minutes=14)


def test_a_guardian_ticks_who_is_here(app: Flask, town: Town) -> None:
    mother = town.resident("王芳")
    child, other = (town.resident(name, age_band="14_17") for name in ("小明", "小红"))
    town.login(f"+86{PHONE}", acts_for={mother: "self", child: "guardian", other: "guardian"})
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    assert "谁到了？" in page(shown)
    assert page(shown).count('name="who"') == 3
    receipt = page(tap(client, shown, ref_of(town, mother), ref_of(town, child)))
    assert "+20" in receipt
    assert "小红" not in receipt
    again = scan_screen(client, town, event_id, FRIDAY)
    assert "已经签到" in page(again)
    assert page(again).count('name="who"') == 1


def test_nobody_ticked(app: Flask, town: Town, resident: tuple[int, str]) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    answer = tap(client, shown)
    assert answer.status_code == 422
    assert "请勾选" in page(answer) or "没有勾选" in page(answer)
    # Somebody else's reference is as good as none.
    stranger = ref_of(town, town.resident("陌生人"))
    assert tap(client, shown, stranger).status_code == 422
    assert count(town, m.Scan) == 0


def test_each_checks_out_with_the_same_code(
    app: Flask, town: Town, resident: tuple[int, str], clock: Clock
) -> None:
    event_id = town.event(town.activity(ending="each_checks_out", rule={"points_per_hour": 8}))
    client = app.test_client()
    sign_in(client, PHONE)
    receipt = tap(client, scan_screen(client, town, event_id, clock.now), resident[1])
    assert "走的时候再扫一次码签退" in page(receipt)
    assert "活动结束后存入" not in page(receipt), "it is when this person leaves"
    clock.forward(minutes=75)
    shown = scan_screen(client, town, event_id, clock.now)
    assert "签退" in page(shown)
    # Who scans twice to be sure must not leave by it.
    assert "已经签到了" in page(shown)
    assert "16:30 已签到" in page(shown)
    receipt = tap(client, shown, resident[1], direction="out")
    assert "签退成功" in page(receipt)
    assert "+10" in page(receipt), "75 minutes at 8 points an hour"


def test_where_the_leader_ends_it_nobody_checks_out(
    app: Flask, town: Town, resident: tuple[int, str]
) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    tap(client, scan_screen(client, town, event_id, FRIDAY), resident[1])
    shown = page(scan_screen(client, town, event_id, FRIDAY))
    assert 'value="out"' not in shown
    assert "已经签到" in shown


def test_a_standing_and_the_next_reward(app: Flask, town: Town) -> None:
    building_id = town.building("3栋")
    people = [town.resident(f"邻居{n}", building_id=building_id) for n in range(5)]
    town.login(f"+86{PHONE}", acts_for=dict.fromkeys(people, "helper"))
    town.write(
        lambda tx: tx.add(
            m.Reward(
                community_id=town.community_id,
                kind="goods",
                name="大米",
                price_points=24,
                created_at=FRIDAY,
            )
        )
    )
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    tap(client, shown, *[ref_of(town, one) for one in people[:4]])
    receipt = page(tap(client, shown, ref_of(town, people[4])))
    assert "3栋本月第 1 名" in receipt
    town.login("+8613900000009", acts_for={people[0]: "self"})
    other = app.test_client()
    sign_in(other, "13900000009")
    shown = scan_screen(other, town, town.event(town.activity("护学岗")), FRIDAY)
    assert "再攒 4 分可换：大米" in page(tap(other, shown, ref_of(town, people[0])))


def test_on_duty_earns_nothing_and_says_so(
    app: Flask, town: Town, resident: tuple[int, str]
) -> None:
    event_id = town.event(town.activity(), leaders={resident[0]: True})
    client = app.test_client()
    sign_in(client, PHONE)
    receipt = page(tap(client, scan_screen(client, town, event_id, FRIDAY), resident[1]))
    assert "在岗" in receipt
    assert "+10" not in receipt


def test_a_guest_reads_the_guest_passbook(app: Flask, town: Town) -> None:
    visitor = town.resident("周来")
    town.login(f"+86{PHONE}", acts_for={visitor: "self"})
    host = town.community("景华社区")
    organisation_id = town.organisation("景华社区居委会", host)
    activity_id = town.activity(
        community_id=host, organisation_id=organisation_id, takes_guests=True
    )
    closed_id = town.activity("内部会", community_id=host, organisation_id=organisation_id)
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, town.event(activity_id), FRIDAY)
    receipt = page(tap(client, shown, ref_of(town, visitor)))
    assert "签到成功" in receipt
    assert "结余 10 分" in receipt
    shown = scan_screen(client, town, town.event(closed_id), FRIDAY)
    refused = page(tap(client, shown, ref_of(town, visitor)))
    assert "签到未通过" in refused
    assert "来访" in refused or "其他社区" in refused or "别的社区" in refused


# ---- No ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (29, True), (45, True), (75, False), (600, False)]
)
def test_this_step_and_the_one_before(
    app: Flask, town: Town, clock: Clock, seconds: int, taken: bool
) -> None:
    event_id = town.event(town.activity())
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    clock.forward(seconds=seconds)
    response = app.test_client().get(f"/q/{event_id}/{code}")
    assert response.status_code == (302 if taken else 410)
    if not taken:
        assert "重新扫" in page(response) or "再扫" in page(response)


def test_codes_that_are_not_taken(app: Flask, town: Town) -> None:
    activity_id = town.activity()
    event_id, other_id = town.event(activity_id), town.event(activity_id)
    keys = town.keys
    poster = poster_code(keys.poster_code, event_id, 0)
    client = app.test_client()
    assert client.get(f"/q/{event_id}/{poster}").status_code == 302
    expected = {
        f"/q/{event_id}/AAAAAA": 404,
        f"/q/{other_id}/{rotating_code(keys.rotating_code, event_id, FRIDAY).code}": 404,
        f"/q/{event_id}/<b>": 422,
        f"/q/{event_id}/" + "A" * 3000: 422,
        "/q/99999/AAAAAA": 404,
        f"/q/{2**70}/AAAAAA": 404,
    }
    for path, status in expected.items():
        assert app.test_client().get(path).status_code == status, path
    change_event(town, event_id, poster_on=False)
    assert app.test_client().get(f"/q/{event_id}/{poster}").status_code == 410
    change_event(town, event_id, poster_on=True, code_epoch=1)
    assert app.test_client().get(f"/q/{event_id}/{poster}").status_code == 404


def test_a_reloaded_code_page_goes_on(app: Flask, town: Town, clock: Clock) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    client.get(f"/q/{event_id}/{code}")
    clock.forward(minutes=5)
    assert client.get(f"/q/{event_id}/{code}").status_code == 302
    clock.forward(minutes=11)
    assert client.get(f"/q/{event_id}/{code}").status_code == 410


def test_a_pending_check_in_lasts_fifteen_minutes(
    app: Flask, town: Town, resident: tuple[int, str], clock: Clock
) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    clock.forward(minutes=16)
    assert client.get("/check-in").status_code == 410
    assert tap(client, shown, resident[1]).status_code == 410
    assert count(town, m.Scan) == 0


def test_without_a_pending_check_in_there_is_only_scanning(
    app: Flask, town: Town, resident: tuple[int, str]
) -> None:
    client = app.test_client()
    assert client.get("/check-in").location == "/scan"
    sign_in(client, PHONE)
    assert client.get("/check-in/receipt").location == "/scan"


def test_confirming_needs_a_sign_in_and_the_page_s_token(
    app: Flask, town: Town, resident: tuple[int, str]
) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    shown = scan_screen(client, town, event_id, FRIDAY)
    assert (
        "/sign-in"
        in client.post(
            "/check-in", data={"csrf_token": token_on(page(shown)), "who": resident[1]}
        ).location
    )
    sign_in(client, PHONE)
    assert client.post("/check-in", data={"who": resident[1]}).status_code == 403
    assert count(town, m.Scan) == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"starts_at": FRIDAY + timedelta(hours=2), "ends_at": FRIDAY + timedelta(hours=3)},
            "签到",
        ),
        ({"ends_at": FRIDAY - timedelta(minutes=1)}, "签到"),
        ({"state": "cancelled"}, "取消"),
    ],
)
def test_outside_its_time_there_is_no_button(
    app: Flask,
    town: Town,
    resident: tuple[int, str],
    values: dict[str, object],
    words: str,
) -> None:
    event_id = town.event(town.activity())
    change_event(town, event_id, **values)
    # Nobody signs in only to be told so.
    assert "notice-warning" in page(scan_screen(app.test_client(), town, event_id, FRIDAY))
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    assert 'value="in"' not in page(shown)
    assert words in page(shown)
    # Sent all the same, it is refused, and the refused scan is kept.
    refused = tap(client, shown, resident[1])
    assert "签到未通过" in page(refused)
    scan = town.write(lambda tx: tx.execute(select(m.Scan)).scalar_one())
    assert scan.verdict == "refused"


def test_a_full_event_sends_people_to_the_leader(
    app: Flask, town: Town, resident: tuple[int, str]
) -> None:
    event_id = town.event(town.activity(), capacity=1)
    first = town.resident("先到")
    town.login("+8613900000002", acts_for={first: "self"})
    early, late = app.test_client(), app.test_client()
    sign_in(early, "13900000002")
    tap(early, scan_screen(early, town, event_id, FRIDAY), ref_of(town, first))
    sign_in(late, PHONE)
    refused = page(tap(late, scan_screen(late, town, event_id, FRIDAY), resident[1]))
    assert "签到未通过" in refused
    assert "负责人" in refused


def test_a_child_without_consent(app: Flask, town: Town) -> None:
    child = town.resident("小红", age_band="under_14")
    town.login(f"+86{PHONE}", acts_for={child: "guardian"})
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    receipt = page(tap(client, scan_screen(client, town, event_id, FRIDAY), ref_of(town, child)))
    assert "签到未通过" in receipt
    assert "小红" in receipt
    scan = town.write(lambda tx: tx.execute(select(m.Scan)).scalar_one())
    assert (scan.code, scan.resident_id) == ("consent_missing", None)


# ---- Cards and /scan -----------------------------------------------------------------------


def test_a_scanned_card_tells_a_stranger_nothing(app: Flask, town: Town) -> None:
    _, _, code = town.card(town.resident("陈秀英"))
    text = page(app.test_client().get(f"/c/{code}"))
    assert "爱心存折卡" in text
    assert "陈秀英" not in text
    unknown = page(app.test_client().get("/c/" + "A" * 20))
    assert "爱心存折卡" in unknown, "a known and an unknown card look the same"
    assert app.test_client().get("/c/short").status_code == 422


def test_a_leader_checks_a_card_in_from_its_page(app: Flask, town: Town) -> None:
    leader = town.resident("李组长")
    town.login(f"+86{PHONE}", acts_for={leader: "self"})
    _, _, code = town.card(town.resident("陈秀英"))
    event_id = town.event(town.activity(), leaders={leader: False})
    town.event(town.activity("别人的活动"))
    client = app.test_client()
    sign_in(client, PHONE)
    text = page(client.get(f"/c/{code}"))
    assert f"/organize/events/{event_id}/scan" in text
    assert "别人的活动" not in text
    scan_id = re.search(r'name="scan_id" value="([^"]+)"', text)
    assert scan_id
    answer = client.post(
        f"/organize/events/{event_id}/scan",
        data={"csrf_token": token_on(text), "code": code, "scan_id": scan_id[1]},
        follow_redirects=True,
    )
    assert "陈秀英" in page(answer)


def typed(client: FlaskClient, text: str) -> TestResponse:
    token = token_on(page(client.get("/scan")))
    return client.post("/scan/typed", data={"csrf_token": token, "code": text})


def test_a_typed_code(app: Flask, town: Town, resident: tuple[int, str]) -> None:
    event_id = town.event(town.activity())
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    client = app.test_client()
    expected = f"/q/{event_id}/{code}"
    for text in (
        f"{event_id} {code}",
        f"{event_id}-{code.lower()}",
        f"https://love.example.cn/q/{event_id}/{code}",
    ):
        assert typed(client, text).location == expected
    assert typed(client, code).status_code == 404, "alone only for who is signed in"
    sign_in(client, PHONE)
    assert typed(client, code.lower()).location == expected
    assert typed(client, "你好").status_code == 422


def test_guessing_codes_is_counted(app: Flask, town: Town, resident: tuple[int, str]) -> None:
    client = app.test_client()
    sign_in(client, PHONE)
    answers = [typed(client, "AAAAAA").status_code for _ in range(12)]
    assert answers == [404] * 10 + [429] * 2


@pytest.mark.parametrize("signed_in", [True, False])
def test_people_at_one_address_do_not_use_up_each_others_tries(
    app: Flask, town: Town, signed_in: bool
) -> None:
    """The phones of an event share one address: the whole square types the code on the screen."""
    event_id = town.event(town.activity())
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    for _ in range(40):
        client = app.test_client()
        if signed_in:
            sign_in(client, _neighbour(town))
        assert typed(client, f"{event_id} {code}").status_code == 302
        assert photo(client, f"https://love.example.cn/q/{event_id}/{code}").status_code == 302


def _neighbour(town: Town) -> str:
    login_id = town.login(acts_for={town.resident(): "self"})
    found = select(m.Login.phone).where(m.Login.id == login_id)
    return str(town.write(lambda tx: tx.execute(found).scalar_one()))


def photo(client: FlaskClient, text: str) -> TestResponse:
    picture = io.BytesIO()
    qrcode.make(text).save(picture, "PNG")
    picture.seek(0)
    token = token_on(page(client.get("/scan")))
    data = {"csrf_token": token, "photo": (picture, "photo.png")}
    return client.post("/scan/photo", data=data, content_type="multipart/form-data")


def test_a_photo_leads_only_to_our_own_pages(app: Flask, town: Town) -> None:
    event_id = town.event(town.activity())
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    assert photo(app.test_client(), f"https://love.example.cn/q/{event_id}/{code}").location == (
        f"/q/{event_id}/{code}"
    )
    for foreign in (f"https://evil.example/q/{event_id}/{code}", "https://evil.example/", "hello"):
        assert photo(app.test_client(), foreign).status_code == 422


# ---- Cost ----------------------------------------------------------------------------------


def test_pages_keep_to_twelve_statements(app: Flask, town: Town, resident: tuple[int, str]) -> None:
    event_id = town.event(town.activity())
    client = app.test_client()
    sign_in(client, PHONE)
    shown = scan_screen(client, town, event_id, FRIDAY)
    with statements() as seen:
        client.get("/check-in")
    assert len(seen) <= 12, seen
    tap(client, shown, resident[1])
    with statements() as seen:
        client.get("/check-in/receipt")
    assert len(seen) <= 12, seen
