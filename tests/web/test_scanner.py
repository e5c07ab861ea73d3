"""The leader's pages as plain forms: scanner, photo, undo, roll call, the end of the event."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import qrcode
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.browser_form import fields_of
from tests.scanning import as_device, record, scan_row
from tests.signed_in import sign_in
from tests.statements import statements
from tests.town import ENDS_AT, FRIDAY, STARTS_AT, Town
from volunteer.store import models as m

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


class Leader:
    """A leader's browser at one event."""

    def __init__(self, app: Flask, town: Town, event_id: int) -> None:
        self.client: FlaskClient = app.test_client()
        self.town = town
        self.event_id = event_id
        sign_in(self.client, PHONE)

    def path(self, page: str, event_id: int | None = None) -> str:
        return f"/organize/events/{event_id or self.event_id}/{page}"

    def get(self, page: str, **query: Any) -> str:
        response = self.client.get(self.path(page), query_string=query)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_data(as_text=True)

    def post(self, page: str, on: str | None = None, **data: Any) -> TestResponse:
        """Send a form of the page ``on``, the scanner's when none is given."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', on or self.get("scan"))
        assert token
        return self.client.post(
            self.path(page), data={"csrf_token": token[1]} | data, follow_redirects=True
        )

    def scan(self, code: str, direction: str = "in") -> str:
        answer = self.post("scan", code=code, direction=direction, scan_id=str(uuid4()))
        return answer.get_data(as_text=True)

    def attendance(self, resident_id: int) -> Any:
        def work(tx: Any) -> Any:
            return tx.execute(
                select(
                    m.Attendance.state,
                    m.Attendance.checked_in_at,
                    m.Attendance.checked_out_at,
                    m.Attendance.minutes,
                    m.Attendance.provenance,
                ).where(
                    m.Attendance.resident_id == resident_id,
                    m.Attendance.event_id == self.event_id,
                )
            ).first()

        return self.town.write(work)


@pytest.fixture
def leader_id(town: Town) -> int:
    resident_id = town.resident("李组长")
    town.login(f"+86{PHONE}", acts_for={resident_id: "self"})
    return resident_id


@pytest.fixture
def leader(app: Flask, town: Town, leader_id: int) -> Leader:
    return Leader(app, town, town.event(town.activity(), leaders={leader_id: False}))


def banner(text: str) -> str:
    found = re.search(r'id="answer".*?</div>\s*</div>', text, re.S)
    assert found
    return found[0]


# ---- Scanning without script ---------------------------------------------------------------


def test_a_typed_number(leader: Leader, town: Town) -> None:
    resident_id = town.resident("陈秀英")
    _, number, code = town.card(resident_id)
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    shown = leader.scan(full_width)
    assert "verdict-accepted" in banner(shown)
    assert "陈秀英" in banner(shown)
    assert "+10 分" in banner(shown)
    assert "结余 10 分" in banner(shown)
    for again in (number[:8], f"{number[:4]} {number[4:8]} {number[8:]}", code):
        assert "verdict-already" in banner(leader.scan(again))
    assert "verdict-accepted" not in leader.get("scan"), "a fresh page shows no old answer"


def test_the_tenth_time_is_thanked_for(leader: Leader, town: Town) -> None:
    resident_id = town.resident("陈秀英")
    _, number, _ = town.card(resident_id)
    device = as_device(town.device(token="thanks"))
    for _ in range(9):
        record(town, device, scan_row(town.event(town.activity()), number))
    shown = leader.scan(number)
    assert "今天是陈秀英第 10 次，道声谢谢" in shown
    assert "道声谢谢" not in leader.scan(number), "that was said once"
    assert "道声谢谢" not in leader.scan(town.card(town.resident("王芳"))[1])


def test_a_usb_scanner_presents_an_address(leader: Leader, town: Town) -> None:
    _, _, code = town.card(town.resident("陈秀英"))
    assert "陈秀英" in banner(leader.scan(f"https://love.example.cn/c/{code}"))
    assert "另一个" in banner(leader.scan(f"https://evil.example/c/{code}")) or (
        "verdict-accepted" not in banner(leader.scan(f"https://evil.example/c/{code}"))
    )


@pytest.mark.parametrize(
    "text", ["1234567", "abc", "<script>alert(1)</script>", "K7Q2M9", "９" * 90]
)
def test_what_is_no_card(leader: Leader, text: str) -> None:
    shown = leader.scan(text)
    assert "verdict-refused" in banner(shown)
    assert "<script>alert" not in shown


def test_a_mistyped_number_says_so(leader: Leader, town: Town) -> None:
    _, number, _ = town.card(town.resident())
    wrong = f"{number[:7]}{(int(number[7]) + 1) % 10}{number[8:]}"
    assert "逐位核对" in banner(leader.scan(wrong))


def test_sending_the_same_form_twice_is_one_scan(leader: Leader, town: Town) -> None:
    _, number, _ = town.card(town.resident("陈秀英"))
    form = {"code": number, "direction": "in", "scan_id": str(uuid4())}
    first = leader.post("scan", **form).get_data(as_text=True)
    second = leader.post("scan", **form).get_data(as_text=True)
    assert "verdict-accepted" in banner(first)
    assert "verdict-accepted" in banner(second)
    scans = town.write(lambda tx: tx.execute(select(m.Scan)).scalars().all())
    assert len(scans) == 1


def test_undo_within_ten_minutes(leader: Leader, town: Town, clock: Clock) -> None:
    one, two = town.resident("陈秀英"), town.resident("刘洋")
    _, first, _ = town.card(one)
    _, second, _ = town.card(two)
    leader.scan(first)
    shown = leader.scan(second)
    undoes = re.findall(r'name="undoes" value="([^"]+)"', shown)
    assert len(undoes) == 2
    undone = leader.post("scan/undo", undoes=undoes[0]).get_data(as_text=True)
    assert "已撤销" in undone
    assert leader.attendance(two).state == "undone"
    assert len(re.findall(r'name="undoes"', undone)) == 1
    clock.forward(minutes=11)
    assert 'name="undoes"' not in leader.get("scan")
    late = leader.post("scan/undo", undoes=undoes[1]).get_data(as_text=True)
    assert "verdict-refused" in banner(late)
    assert leader.attendance(one).state == "present"


def test_in_and_out(leader: Leader, town: Town, clock: Clock) -> None:
    resident_id = town.resident("陈秀英")
    _, number, _ = town.card(resident_id)
    waiting = leader.scan(number, "out")
    assert "verdict-waiting" in banner(waiting)
    assert "还没有签到" in waiting, "the leader is told who never checked in"
    leader.scan(number)
    clock.forward(minutes=30)
    assert "签退成功" in banner(leader.scan(number, "out"))
    assert leader.attendance(resident_id).state == "complete"
    assert "还没有签到" not in leader.get("scan")


def test_a_full_event_takes_the_card_and_notes_it(app: Flask, town: Town, leader_id: int) -> None:
    leader = Leader(app, town, town.event(town.activity(), leaders={leader_id: False}, capacity=1))
    for name in ("甲", "乙"):
        _, number, _ = town.card(town.resident(name))
        shown = leader.scan(number)
        assert "verdict-accepted" in banner(shown)
    assert "名额已满" in banner(shown)


# ---- Photos --------------------------------------------------------------------------------


def photo_of(*texts: str) -> io.BytesIO:
    codes = [qrcode.make(text).get_image().convert("RGB") for text in texts]
    sheet = Image.new("RGB", (sum(code.width for code in codes), codes[0].height), "white")
    left = 0
    for code in codes:
        sheet.paste(code, (left, 0))
        left += code.width
    picture = io.BytesIO()
    sheet.save(picture, "JPEG", quality=90)
    picture.seek(0)
    return picture


def test_a_photo_of_two_cards(leader: Leader, town: Town) -> None:
    cards = [town.card(town.resident(name))[2] for name in ("陈秀英", "刘洋")]
    picture = photo_of(*(f"https://love.example.cn/c/{code}" for code in cards))
    answer = leader.post("scan/photo", photo=(picture, "p.jpg"), scan_id=str(uuid4()))
    shown = answer.get_data(as_text=True)
    assert shown.count("verdict-accepted") == 2
    assert "陈秀英" in shown
    assert "刘洋" in shown


def test_a_photo_asked_for_by_the_script(leader: Leader, town: Town) -> None:
    _, _, code = town.card(town.resident("陈秀英"))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', leader.get("scan"))
    assert token

    def send(picture: io.BytesIO) -> TestResponse:
        return leader.client.post(
            leader.path("scan/photo"),
            data={"photo": (picture, "p.jpg"), "scan_id": str(uuid4())},
            headers={"Accept": "application/json", "X-CSRFToken": token[1]},
        )

    read = send(photo_of(f"https://love.example.cn/c/{code}"))
    assert read.json is not None
    assert [one["name"] for one in read.json["verdicts"]] == ["陈秀英"]
    unread = send(io.BytesIO(b"no picture"))
    assert (unread.status_code, unread.json and unread.json["code"]) == (422, "photo_unreadable")


def test_a_photo_that_holds_no_code(leader: Leader) -> None:
    blank = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(blank, "PNG")
    blank.seek(0)
    answer = leader.post("scan/photo", photo=(blank, "p.png"), scan_id=str(uuid4()))
    assert answer.status_code == 422
    assert "verdict-refused" in banner(answer.get_data(as_text=True))
    none = leader.post("scan/photo", scan_id=str(uuid4()))
    assert none.status_code == 422


def test_a_photo_over_the_limit(leader: Leader) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\n\r\n'
    answer = leader.client.post(
        leader.path("scan/photo"),
        data=head + b"x" * (9 * 1024 * 1024) + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "太大" in answer.get_data(as_text=True)


# ---- Who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["scan", "roll-call", "end"])
def test_only_those_who_run_the_event(app: Flask, town: Town, leader_id: int, page: str) -> None:
    activity_id = town.activity()
    own = town.event(activity_id, leaders={leader_id: False})
    another = town.event(activity_id)
    leader = Leader(app, town, own)
    assert leader.client.get(leader.path(page)).status_code == 200
    assert leader.client.get(leader.path(page, another)).status_code == 403
    assert leader.client.get(leader.path(page, 2**62)).status_code == 403
    stranger = app.test_client()
    assert "/sign-in" in stranger.get(leader.path(page)).location
    town.login("+8613900000002", acts_for={town.resident("居民"): "self"})
    sign_in(stranger, "13900000002")
    assert stranger.get(leader.path(page)).status_code == 403
    town.login("+8613900000003", roles=("organizer",))
    organizer = app.test_client()
    sign_in(organizer, "13900000003")
    assert organizer.get(leader.path(page, another)).status_code == 200
    elsewhere = town.community("景华社区")
    host = town.organisation("景华居委会", elsewhere)
    foreign = town.event(town.activity(community_id=elsewhere, organisation_id=host))
    assert organizer.get(leader.path(page, foreign)).status_code == 404


def test_a_leader_does_not_record_their_family(
    app: Flask, town: Town, leader: Leader, leader_id: int
) -> None:
    _, own_number, _ = town.card(leader_id)
    assert "verdict-refused" in banner(leader.scan(own_number))
    called = leader.post(
        "roll-call",
        leader.get("roll-call"),
        step="save",
        roll_id=str(uuid4()),
        present=[str(leader_id)],
    )
    assert "李组长" in called.get_data(as_text=True)
    assert leader.attendance(leader_id) is None


# ---- Roll call -----------------------------------------------------------------------------


def call(leader: Leader, *present: int, **more: Any) -> str:
    shown = leader.get("roll-call")
    roll_id = re.search(r'name="roll_id" value="([^"]+)"', shown)
    assert roll_id
    data = {"step": "save", "roll_id": roll_id[1], "present": [str(one) for one in present]}
    return leader.post("roll-call", shown, **data | more).get_data(as_text=True)


def test_the_list_has_the_group_and_who_came_before(
    app: Flask, town: Town, leader_id: int, clock: Clock
) -> None:
    group_id = town.youth_group("梅富小主人先锋队")
    town.resident("小队员", youth_group_id=group_id)
    regular = town.resident("常来的人")
    town.resident("从没来过")
    activity_id = town.activity(youth_group_id=group_id)
    week = timedelta(days=7)
    before = town.event(
        activity_id,
        leaders={leader_id: False},
        starts_at=STARTS_AT - week,
        ends_at=ENDS_AT - week,
    )
    clock.now = FRIDAY - week
    call(Leader(app, town, before), regular)
    clock.now = FRIDAY
    shown = Leader(app, town, town.event(activity_id, leaders={leader_id: False})).get("roll-call")
    for name in ("小队员", "常来的人", "李组长"):
        assert name in shown
    assert "从没来过" not in shown


def test_searching_finds_and_keeps_ticks(leader: Leader, town: Town) -> None:
    one, two = town.resident("陈秀英"), town.resident("张伟")
    elsewhere = town.community("景华社区")
    town.resident("陈外人", community_id=elsewhere)
    _, number, _ = town.card(two)
    for words in ("陈秀", "chenxiu", "cxy"):
        found = leader.get("roll-call", q=words)
        assert "陈秀英" in found, words
        assert "张伟" not in found
    assert "张伟" in leader.get("roll-call", q=number[-4:])
    assert "陈外人" not in leader.get("roll-call", q="陈")
    assert "没有找到" in leader.get("roll-call", q="%")
    shown = leader.get("roll-call", q="张伟")
    kept = leader.post(
        "roll-call", shown, step="search", q="陈", present=[str(two)], roll_id=str(uuid4())
    ).get_data(as_text=True)
    assert re.search(rf'value="{two}" checked', kept)
    assert re.search(rf'value="{one}">', kept)
    assert leader.attendance(two) is None, "searching records nothing"


@pytest.mark.parametrize(
    ("now", "at", "checked_in_at"),
    [
        (STARTS_AT - timedelta(minutes=20), "start", STARTS_AT - timedelta(minutes=20)),
        (FRIDAY, "start", STARTS_AT),
        (FRIDAY, "now", FRIDAY),
        (ENDS_AT + timedelta(hours=3), "now", STARTS_AT),
    ],
)
def test_before_during_and_after(
    leader: Leader, town: Town, clock: Clock, now: datetime, at: str, checked_in_at: datetime
) -> None:
    resident_id = town.resident("陈秀英")
    clock.now = now
    assert "1 人签到成功" in call(leader, resident_id, at=at)
    attendance = leader.attendance(resident_id)
    assert attendance.checked_in_at == checked_in_at
    assert attendance.provenance == "roll_call"


def test_not_on_another_day(leader: Leader, town: Town, clock: Clock) -> None:
    resident_id = town.resident("陈秀英")
    clock.now = FRIDAY + timedelta(days=1)
    answer = call(leader, resident_id)
    assert "签到成功" not in answer
    assert leader.attendance(resident_id) is None


def test_unticking_undoes_for_ten_minutes(leader: Leader, town: Town, clock: Clock) -> None:
    one, two = town.resident("陈秀英"), town.resident("张伟")
    call(leader, one, two)
    assert "已取消 1 人的签到" in call(leader, two, shown=[str(one), str(two)])
    assert leader.attendance(one).state == "undone"
    clock.forward(minutes=11)
    call(leader, shown=[str(two)])
    assert leader.attendance(two).state == "present"


def test_ticked_again_after_an_undo(leader: Leader, town: Town, clock: Clock) -> None:
    resident_id = town.resident("陈秀英")
    clock.now = STARTS_AT + timedelta(minutes=4)
    for at in ("start", "now", "start"):
        call(leader, resident_id, at=at)
        assert leader.attendance(resident_id).state == "present"
        clock.forward(seconds=20)
        call(leader, shown=[str(resident_id)])
        assert leader.attendance(resident_id).state == "undone"


def test_an_undo_and_a_new_tick_cost_no_minute(leader: Leader, town: Town, clock: Clock) -> None:
    resident_id = town.resident("陈秀英")
    call(leader, resident_id)
    call(leader, shown=[str(resident_id)])
    call(leader, resident_id)
    clock.now = ENDS_AT
    end(leader, ended_at="18:00", stays=[str(resident_id)])
    assert leader.attendance(resident_id).minutes == 120


def test_hours_into_a_long_event_people_have_just_come(
    leader: Leader, town: Town, clock: Clock
) -> None:
    lasts = update(m.Event).values(ends_at=ENDS_AT + timedelta(hours=4))
    town.write(lambda tx: tx.run(lasts.where(m.Event.id == leader.event_id)))
    clock.now = STARTS_AT + timedelta(hours=2)
    assert 'value="start" checked' in leader.get("roll-call")
    clock.forward(minutes=1)
    assert 'value="now" checked' in leader.get("roll-call")


def test_a_roll_call_leaves_scanned_people_alone(leader: Leader, town: Town) -> None:
    resident_id = town.resident("陈秀英")
    _, number, _ = town.card(resident_id)
    leader.scan(number)
    call(leader, shown=[str(resident_id)])
    assert leader.attendance(resident_id).state == "present"


def test_saving_the_same_roll_call_twice(leader: Leader, town: Town, clock: Clock) -> None:
    resident_id = town.resident("陈秀英")
    form = {"step": "save", "roll_id": str(uuid4()), "present": [str(resident_id)], "at": "now"}
    shown = leader.get("roll-call")
    leader.post("roll-call", shown, **form)
    clock.forward(seconds=5)
    again = leader.post("roll-call", shown, **form).get_data(as_text=True)
    assert "notice-refused" not in again
    scans = town.write(lambda tx: tx.execute(select(m.Scan)).scalars().all())
    assert len(scans) == 1


# ---- The end -------------------------------------------------------------------------------


def end(leader: Leader, **data: Any) -> TestResponse:
    return leader.post("end", leader.get("end"), **data)


def test_end_and_check_everybody_out(leader: Leader, town: Town, clock: Clock) -> None:
    stays, left = town.resident("陈秀英"), town.resident("张伟")
    clock.now = STARTS_AT
    call(leader, stays, left)
    clock.now = STARTS_AT + timedelta(minutes=100)
    shown = leader.get("end")
    assert 'value="17:40"' in shown
    assert shown.count('name="stays"') == 2
    form = {"ended_at": "17:30", "stays": [str(stays)], f"left-{left}": "16:45"}
    answer = end(leader, **form).get_data(as_text=True)
    assert "已结束，2 人签退" in answer
    assert "1 小时 30 分钟 · 10 分" in answer
    assert leader.attendance(stays).minutes == 90
    assert leader.attendance(left).minutes == 45
    # The newest end wins.
    clock.forward(minutes=1)
    end(leader, ended_at="17:15", stays=[str(stays), str(left)])
    assert leader.attendance(stays).minutes == 75
    assert leader.attendance(left).minutes == 75


def test_the_scanner_says_that_the_event_has_ended(
    leader: Leader, town: Town, clock: Clock
) -> None:
    assert "本场已结束" not in leader.get("scan")
    clock.now = STARTS_AT + timedelta(minutes=100)
    end(leader, ended_at="17:30")
    assert "本场已结束，扫码不再计入" in leader.get("scan")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"ended_at": "18:30"}, "不能晚于"),
        ({"ended_at": "15:00"}, "开始"),
        ({"ended_at": "soon"}, "日期"),
        ({"ended_at": ""}, "日期"),
    ],
)
def test_ends_that_cannot_be(leader: Leader, town: Town, form: dict[str, str], words: str) -> None:
    call(leader, town.resident("陈秀英"))
    answer = end(leader, **form)
    assert answer.status_code == 422
    assert "notice-refused" in answer.get_data(as_text=True)
    assert f'value="{form["ended_at"]}"' in answer.get_data(as_text=True) or not form["ended_at"]


def test_who_left_early_needs_a_time(leader: Leader, town: Town) -> None:
    resident_id = town.resident("陈秀英")
    call(leader, resident_id)
    answer = end(leader, ended_at="16:30", **{f"left-{resident_id}": ""})
    assert answer.status_code == 422
    assert "离开时间" in answer.get_data(as_text=True)
    assert leader.attendance(resident_id).state == "present"


def test_not_before_it_starts(leader: Leader, clock: Clock) -> None:
    clock.now = STARTS_AT - timedelta(minutes=30)
    shown = leader.get("end")
    assert "还没有开始" in shown or "还没开始" in shown
    assert 'name="ended_at"' not in shown
    assert end(leader, ended_at="15:30").status_code == 409


def test_the_planned_length_is_confirmed(
    app: Flask, town: Town, leader_id: int, clock: Clock
) -> None:
    leader = Leader(
        app,
        town,
        town.event(town.activity(ending="planned_length"), leaders={leader_id: False}),
    )
    resident_id = town.resident("陈秀英")
    call(leader, resident_id)
    assert 'name="ended_at"' not in leader.get("end")
    clock.now = ENDS_AT + timedelta(minutes=20)
    assert "按计划时长确认" in leader.get("end")
    end(leader, stays=[str(resident_id)])
    assert leader.attendance(resident_id).minutes == 120


def test_an_own_check_out_stands(leader: Leader, town: Town, clock: Clock) -> None:
    resident_id = town.resident("陈秀英")
    _, number, _ = town.card(resident_id)
    clock.now = STARTS_AT
    leader.scan(number)
    clock.now = STARTS_AT + timedelta(minutes=30)
    leader.scan(number, "out")
    clock.now = ENDS_AT
    assert "以当时的时间为准：陈秀英" in leader.get("end")
    end(leader, ended_at="18:00")
    assert leader.attendance(resident_id).minutes == 30


# ---- Headers and cost ----------------------------------------------------------------------


def test_only_camera_pages_may_compile_and_see(leader: Leader) -> None:
    scanner = leader.client.get(leader.path("scan"))
    assert "'wasm-unsafe-eval'" in scanner.headers["Content-Security-Policy"]
    assert scanner.headers["Permissions-Policy"] == "camera=(self)"
    other = leader.client.get(leader.path("roll-call"))
    assert "wasm" not in other.headers["Content-Security-Policy"]
    assert other.headers["Permissions-Policy"] == "camera=()"
    token = fields_of(leader.get("scan"), leader.path("scan"))["csrf_token"]
    for scan in (
        leader.client.get("/scan"),
        leader.client.get("/me/family/add"),
        # What was typed is refused, and the camera may be tried after all.
        leader.client.post("/scan/typed", data={"csrf_token": token, "code": "!"}),
    ):
        assert "js/scan.js" in scan.get_data(as_text=True)
        assert "'wasm-unsafe-eval'" in scan.headers["Content-Security-Policy"]
        assert scan.headers["Permissions-Policy"] == "camera=(self)"


@pytest.mark.parametrize("page", ["scan", "roll-call", "end"])
def test_pages_keep_to_twelve_statements(leader: Leader, town: Town, page: str) -> None:
    for name in ("甲", "乙", "丙"):
        _, number, _ = town.card(town.resident(name))
        leader.scan(number)
    with statements() as seen:
        leader.get(page)
    assert len(seen) <= 12, "\n\n".join(seen)
