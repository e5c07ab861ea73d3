"""The rotating code screen, the poster, and the scanning devices."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from html import unescape
from itertools import pairwise

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from tests.signed_in import post, sign_in
from tests.town import FRIDAY, Town
from volunteer.domain.tokens import poster_code, rotating_code, rotating_window
from volunteer.store import models as m

ORGANIZER, LEADER, AUDITOR = "13800000001", "13800000007", "13800000006"
HOST = "https://love.example.cn"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


@pytest.fixture
def event_id(town: Town) -> int:
    leader_id = town.resident("王建国")
    town.login(f"+86{ORGANIZER}", roles=("organizer",))
    town.login(f"+86{LEADER}", acts_for={leader_id: "self"})
    town.login(f"+86{AUDITOR}", roles=("auditor",))
    return town.event(town.activity("清扫", name_en="Clean-up"), leaders={leader_id: False})


def client_of(town: Town, phone: str) -> FlaskClient:
    client = town.app.test_client()
    sign_in(client, phone)
    return client


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return unescape(response.get_data(as_text=True))


def read(picture: Image.Image) -> str:
    return zxingcpp.read_barcodes(picture)[0].text


def drawn(rows: list[str]) -> Image.Image:
    """What screen.js draws from the rows of one code."""
    size, scale = len(rows), 6
    picture = Image.new("L", ((size + 8) * scale,) * 2, 255)
    pen = ImageDraw.Draw(picture)
    for y, row in enumerate(rows):
        for x, bit in enumerate(f"{int(row, 16):0{size}b}"):
            if bit == "1":
                left, top = (x + 4) * scale, (y + 4) * scale
                pen.rectangle((left, top, left + scale - 1, top + scale - 1), fill=0)
    return picture


def path_modules(svg: str) -> Iterator[tuple[int, int, int]]:
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        yield int(x), int(y), int(length)


def test_the_page_shows_the_code_of_this_step(town: Town, event_id: int) -> None:
    words = shown(client_of(town, LEADER), f"/organize/events/{event_id}/screen")
    svg = re.search(r'<svg[^>]*class="qr".*?</svg>', words, re.DOTALL)[0]
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    rows = ["0" * size for _ in range(size)]
    for x, y, length in path_modules(svg):
        rows[y] = rows[y][:x] + "1" * length + rows[y][x + length :]
    picture = Image.new("L", (size, size), 255)
    picture.putdata([0 if bit == "1" else 255 for row in rows for bit in row])
    code = rotating_code(town.keys.rotating_code, event_id, FRIDAY).code
    scaled = picture.resize((size * 6, size * 6), Image.Resampling.NEAREST)
    assert read(scaled) == f"{HOST}/q/{event_id}/{code}"
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in words
    assert "清扫" in words
    assert "love.example.cn" in words
    assert "请先连接社区 Wi-Fi" not in words


def test_the_screen_holds_half_an_hour_of_codes_and_never_the_key(
    town: Town, event_id: int
) -> None:
    client = client_of(town, LEADER)
    response = client.get(f"/organize/events/{event_id}/screen/codes")
    assert response.headers["Cache-Control"] == "no-store"
    answer = response.get_json()
    codes = answer["codes"]
    assert answer["state"] == "on"
    assert abs(answer["server_now"] - FRIDAY.timestamp() * 1000) < 1
    assert codes[0]["starts_at"] <= answer["server_now"] < codes[0]["ends_at"]
    assert codes[-1]["ends_at"] >= answer["server_now"] + 30 * 60 * 1000
    assert all(one["ends_at"] - one["starts_at"] == 30_000 for one in codes)
    assert all(a["ends_at"] == b["starts_at"] for a, b in pairwise(codes))
    expected = rotating_window(town.keys.rotating_code, event_id, FRIDAY)
    assert len(codes) == len(expected)
    for place in (0, 30, 60):
        address = f"{HOST}/q/{event_id}/{expected[place].code}"
        assert read(drawn(codes[place]["rows"])) == address
    key = town.keys.rotating_code
    text = response.get_data(as_text=True)
    assert key.hex() not in text
    assert len(text) < 40_000


def test_the_screen_counts_who_came(town: Town, event_id: int) -> None:
    town._add(
        m.Attendance,
        community_id=town.community_id,
        event_id=event_id,
        resident_id=town.resident("李小梅"),
        state="present",
        checked_in_at=FRIDAY,
        provenance="rotating_code",
        local_date=FRIDAY.date(),
        revision=1,
    )
    client = client_of(town, ORGANIZER)
    assert client.get(f"/organize/events/{event_id}/screen/codes").get_json()["people"] == 1


def test_what_is_over_shows_no_code(town: Town, event_id: int) -> None:
    activity_id = town.activity("巡逻")
    ended = town.event(activity_id, state="ended", ended_at=FRIDAY, ended_how="leader")
    cancelled = town.event(activity_id, state="cancelled", cancelled_reason="台风")
    client = client_of(town, ORGANIZER)
    for over, state, said in ((ended, "ended", "已结束"), (cancelled, "cancelled", "台风")):
        words = shown(client, f"/organize/events/{over}/screen")
        assert said in words
        assert 'class="qr"' not in words
        answer = client.get(f"/organize/events/{over}/screen/codes").get_json()
        assert (answer["state"], answer["codes"]) == (state, [])


def test_codes_are_for_who_runs_the_event(town: Town, event_id: int) -> None:
    path = f"/organize/events/{event_id}/screen/codes"
    assert town.app.test_client().get(path).status_code == 302
    assert client_of(town, AUDITOR).get(path).status_code == 403
    town.login("+8613800000012", acts_for={town.resident("别人"): "self"})
    assert client_of(town, "13800000012").get(path).status_code == 403


def test_the_poster_carries_the_poster_code(town: Town, event_id: int) -> None:
    client = client_of(town, LEADER)
    words = shown(client, f"/organize/events/{event_id}/poster")
    assert "海报码" in words
    picture = client.get(f"/organize/events/{event_id}/poster.png")
    assert picture.mimetype == "image/png"
    code = poster_code(town.keys.poster_code, event_id, 0)
    assert read(Image.open(io.BytesIO(picture.data))) == f"{HOST}/q/{event_id}/{code}"
    pdf = client.get(f"/organize/events/{event_id}/poster.pdf")
    assert (pdf.mimetype, pdf.data[:5]) == ("application/pdf", b"%PDF-")


def test_the_poster_is_switched_off_and_renewed(town: Town, event_id: int) -> None:
    client = client_of(town, LEADER)
    path = f"/organize/events/{event_id}/poster"
    assert post(client, f"{path}/switch", {"on": "0"}).status_code == 302
    assert "海报码已关" in shown(client, path)
    assert client.get(f"{path}.pdf").status_code == 410
    assert post(client, f"{path}/renew").status_code == 302
    code = poster_code(town.keys.poster_code, event_id, 1)
    picture = Image.open(io.BytesIO(client.get(f"{path}.png").data))
    assert read(picture) == f"{HOST}/q/{event_id}/{code}"
    auditor = client_of(town, AUDITOR)
    assert auditor.get(f"{path}.png").status_code == 403
    assert post(auditor, f"{path}/renew").status_code == 403


# ---- devices -------------------------------------------------------------------------------------

DEVICE = {
    "name": "牌坊口的旧华为",
    "which": "all",
    "daily_from": "08:00",
    "daily_to": "20:30",
    "expires_on": "2026-12-31",
}


def test_a_device_is_added_and_its_token_shown_once(town: Town, event_id: int) -> None:
    client = client_of(town, ORGANIZER)
    assert "还没有设备" in shown(client, "/organize/devices")
    answer = post(client, "/organize/devices/add", DEVICE)
    assert answer.status_code == 200
    token = re.search(r'id="token">([\w-]+)<', answer.get_data(as_text=True))[1]
    row = town.write(lambda tx: tx.query(m.Device).one())
    assert row.token_hash == sha256(token.encode()).digest()
    assert (row.daily_from_minute, row.daily_to_minute) == (480, 1230)
    assert row.expires_at.isoformat() == "2026-12-31T16:00:00+00:00"
    words = shown(client, "/organize/devices")
    assert "牌坊口的旧华为" in words
    assert "08:00–20:30" in words
    assert "2026年12月31日" in words
    assert token not in words
    sent = client.post(
        "/api/v1/scans",
        json={"sent_at": FRIDAY.isoformat(), "scans": []},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.status_code == 200
    assert post(client, f"/organize/devices/{row.id}/revoke").status_code == 302
    assert "已停用" in shown(client, "/organize/devices")
    sent = client.post(
        "/api/v1/scans",
        json={"sent_at": FRIDAY.isoformat(), "scans": []},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.status_code == 401


def test_a_device_for_some_activities(town: Town, event_id: int) -> None:
    client = client_of(town, ORGANIZER)
    activity_id = town.write(lambda tx: tx.query(m.Activity).one().id)
    some = DEVICE | {"which": "some"}
    none_ticked = post(client, "/organize/devices/add", some)
    assert none_ticked.status_code == 422
    assert "请至少勾选一个" in none_ticked.get_data(as_text=True)
    assert post(client, "/organize/devices/add", some | {"activity_ids": str(activity_id)})
    allowed = town.write(lambda tx: tx.query(m.DeviceActivity).one().activity_id)
    assert allowed == activity_id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "请填写姓名或名称。"),
        ({"daily_from": "21:00"}, "结束时间要晚于开始时间"),
        ({"expires_on": "2026-11-01"}, "日期"),
        ({"expires_on": "2030-01-01"}, "日期"),
        ({"expires_on": "tomorrow"}, "日期"),
    ],
)
def test_what_a_device_may_not_be(
    town: Town, event_id: int, changes: dict[str, str], words: str
) -> None:
    client = client_of(town, ORGANIZER)
    answer = post(client, "/organize/devices/add", DEVICE | changes)
    assert answer.status_code == 422
    wrong = re.findall(r'class="field-error".*?</p>', answer.get_data(as_text=True), re.DOTALL)
    assert any(words in one for one in wrong)
    assert town.write(lambda tx: tx.query(m.Device).count()) == 0


def test_devices_are_for_organizers(town: Town, event_id: int) -> None:
    device_id = town.device()
    for phone in (LEADER, AUDITOR):
        client = client_of(town, phone)
        assert client.get("/organize/devices").status_code == 403
        assert post(client, f"/organize/devices/{device_id}/revoke").status_code == 403
    foreign = town.login("+8613800000013")
    town.grant(foreign, "organizer", town.community("景华社区"))
    client = client_of(town, "13800000013")
    assert "广场扫码机" not in shown(client, "/organize/devices")
    assert post(client, f"/organize/devices/{device_id}/revoke").status_code == 404


def test_a_screen_opened_early_waits_with_the_code(
    town: Town, event_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY - timedelta(days=1))
    client = client_of(town, ORGANIZER)
    assert 'class="qr"' in shown(client, f"/organize/events/{event_id}/screen")
