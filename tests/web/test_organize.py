"""/organize as an organizer, a leader, an auditor and a stranger meet it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.browser_form import fields_of
from tests.signed_in import post, sign_in
from tests.statements import statements
from tests.town import FRIDAY, Town
from volunteer.store import models as m

ORGANIZER, LEADER, AUDITOR, COUNTER = (
    "13800000001",
    "13800000007",
    "13800000006",
    "13800000002",
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)


@pytest.fixture
def leader_id(town: Town) -> int:
    leader_id = town.resident("王建国")
    town.login(f"+86{ORGANIZER}", roles=("organizer",))
    town.login(f"+86{LEADER}", acts_for={leader_id: "self"})
    town.login(f"+86{AUDITOR}", roles=("auditor",))
    town.login(f"+86{COUNTER}", roles=("counter_staff",))
    return leader_id


@pytest.fixture
def event_id(town: Town, leader_id: int) -> int:
    return town.event(town.activity("清扫"), leaders={leader_id: False})


def client_of(town: Town, phone: str) -> FlaskClient:
    client = town.app.test_client()
    sign_in(client, phone)
    return client


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return unescape(response.get_data(as_text=True))


def ref_of(town: Town, resident_id: int) -> str:
    return town.write(lambda tx: tx.get_one(m.Resident, resident_id).ref)


def rows(town: Town, model: type[m.Base]) -> list[m.Base]:
    return town.write(lambda tx: list(tx.query(model).all()))


ACTIVITY = {
    "name": "护学岗",
    "name_en": "School crossing",
    "kind": "safety",
    "measure": "service",
    "ending": "each_checks_out",
    "youth_group_id": "0",
    "fixed_points": "0",
    "points_per_hour": "10",
    "leader_factor_percent": "120",
    "try_hours": "3",
    "try_leader": "y",
}


def test_an_organizer_makes_an_activity_and_its_event(town: Town, leader_id: int) -> None:
    client = client_of(town, ORGANIZER)
    assert "还没有活动" in shown(client, "/organize/activities")
    data = ACTIVITY | {"organisation_id": str(town.organisation_id)}
    made = post(client, "/organize/activities/add", data)
    assert made.status_code == 302
    (activity,) = rows(town, m.Activity)
    assert (activity.name, activity.ending) == ("护学岗", "each_checks_out")
    words = shown(client, made.location)
    assert "每小时 10 分 · 负责人 120%" in words
    assert "第 1 版（现行）" in words
    planned = post(
        client,
        f"/organize/activities/{activity.id}/events/add",
        {
            "day": "2026-11-27",
            "starts": "07:30",
            "ends": "08:30",
            "place": "校门口",
            "area_id": "0",
            "capacity": "6",
            f"leader-{ref_of(town, leader_id)}": "at_work",
        },
    )
    assert planned.status_code == 302
    (event,) = rows(town, m.Event)
    assert event.starts_at.isoformat() == "2026-11-26T23:30:00+00:00"
    assert (event.local_date.isoformat(), event.capacity) == ("2026-11-27", 6)
    (led,) = rows(town, m.EventLeader)
    assert (led.resident_id, led.at_work) == (leader_id, True)
    words = shown(client, planned.location)
    assert "2026年11月27日 星期五 07:30–08:30" in words
    assert "王建国（在岗）" in words
    assert "护学岗" in shown(client, "/organize/events")


@pytest.mark.parametrize(("day", "warned"), [("2024-11-27", True), ("2026-11-27", False)])
def test_a_date_gone_by_is_asked_about(town: Town, leader_id: int, day: str, warned: bool) -> None:
    client = client_of(town, ORGANIZER)
    path = f"/organize/activities/{town.activity()}/events/add"
    plan = {"day": day, "starts": "07:30", "ends": "08:30", "place": "校门口", "area_id": "0"}
    plan[f"leader-{ref_of(town, leader_id)}"] = "volunteer"
    made = post(client, path, plan)
    assert ("日期对吗" in shown(client, made.location)) == warned


def test_the_preview_is_the_arithmetic_that_posts(town: Town, leader_id: int) -> None:
    client = client_of(town, ORGANIZER)
    query = "points_per_hour=10&leader_factor_percent=120&fixed_points=0&try_hours=3"
    words = shown(client, f"/organize/activities/rule-preview?{query}&try_leader=y")
    assert "负责 3 小时 → 36 分" in words
    assert "12 个 15 分钟 × 10 ÷ 4 × 120% = 36" in words
    assert "参加 2 小时 → 20 分" in words
    capped = f"/organize/activities/rule-preview?{query}&cap_event_points=25"
    assert "参加 3 小时 → 25 分" in shown(client, capped)
    assert "封顶 25 分" in shown(client, capped)
    english = client.get(
        f"/organize/activities/rule-preview?{query}&try_leader=y",
        headers={"Accept-Language": "en"},
    )
    assert "3 hours as leader → 36 points" in english.get_data(as_text=True)
    wrong = "/organize/activities/rule-preview?points_per_hour=-5"
    assert "算不出来" in shown(client, wrong)
    for odd in ("NaN", "sNaN", "Infinity", "1e99", "-1"):
        odd_hours = query.replace("try_hours=3", f"try_hours={odd}")
        assert "参加 3 小时" in shown(client, f"/organize/activities/rule-preview?{odd_hours}")
    council = f"/organize/activities/rule-preview?{query}&measure=participation"
    assert "不计服务时长" in shown(client, council)


def test_the_preview_button_works_without_script_and_saves_nothing(
    town: Town, leader_id: int
) -> None:
    client = client_of(town, ORGANIZER)
    data = ACTIVITY | {"organisation_id": str(town.organisation_id), "preview": "1", "name": ""}
    answer = post(client, "/organize/activities/add", data)
    assert answer.status_code == 200
    assert "负责 3 小时 → 36 分" in answer.get_data(as_text=True)
    assert rows(town, m.Activity) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "请填写姓名或名称。"),
        ({"name": "长" * 121}, "最多 120 个字。"),
        ({"points_per_hour": "-1"}, "请填 0 到 10000 的整数。"),
        ({"points_per_hour": "1.5"}, "请填 0 到 10000 的整数。"),
        ({"leader_factor_percent": "50"}, "请填 100 到 1000。"),
        ({"cap_day_points": "0"}, "请填大于 0 的整数，或留空。"),
        ({"name": "清扫"}, "已经有一个相同的了"),
    ],
)
def test_what_is_wrong_is_said_at_the_form(
    town: Town, event_id: int, changes: dict[str, str], words: str
) -> None:
    client = client_of(town, ORGANIZER)
    data = ACTIVITY | {"organisation_id": str(town.organisation_id)} | changes
    answer = post(client, "/organize/activities/add", data)
    assert answer.status_code == 422
    text = unescape(answer.get_data(as_text=True))
    assert words in text
    assert "School crossing" in text, "what was typed is still there"
    assert len(rows(town, m.Activity)) == 1


def test_a_changed_rule_is_a_new_version(town: Town, event_id: int) -> None:
    client = client_of(town, ORGANIZER)
    activity_id = rows(town, m.Activity)[0].id
    form = shown(client, f"/organize/activities/{activity_id}/edit")
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', form)[1]
    data = ACTIVITY | {
        "name": "清扫",
        "measure": "service",
        "organisation_id": str(town.organisation_id),
        "seen": seen,
    }
    answer = post(client, f"/organize/activities/{activity_id}/edit", data)
    assert answer.status_code == 302
    words = shown(client, answer.location)
    assert "第 2 版（现行）" in words
    assert "到场 10 分" in words, "the first version is still told"
    late = post(client, f"/organize/activities/{activity_id}/edit", data | {"kind": "care"})
    assert late.status_code == 422
    assert "刚刚" in late.get_data(as_text=True)


def test_an_activity_is_switched_off_and_on(town: Town, event_id: int) -> None:
    client = client_of(town, ORGANIZER)
    activity_id = rows(town, m.Activity)[0].id
    post(client, f"/organize/activities/{activity_id}/switch", {"on": "0"})
    assert "停用" in shown(client, f"/organize/activities/{activity_id}")
    assert "清扫" not in shown(client, "/organize/activities")
    assert "清扫" in shown(client, "/organize/activities?state=off")
    shown(client, f"/organize/activities/{activity_id}/events/add", 404)
    post(client, f"/organize/activities/{activity_id}/switch", {"on": "1"})
    assert "清扫" in shown(client, "/organize/activities")


def test_today_offers_what_is_on_first(
    town: Town, event_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(town, ORGANIZER)
    words = shown(client, "/organize")
    assert "进行中" in words
    assert f"/organize/events/{event_id}/screen" in words
    assert "用手机流量打不开签到码" not in words
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY + timedelta(days=2))
    assert "待结束" in shown(client, "/organize")


def test_cards_come_first_where_phones_cannot_reach_us(
    town: Town, event_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(town, ORGANIZER)
    path = f"/organize/events/{event_id}"
    words = shown(client, path)
    assert words.index(f"{path}/screen") < words.index(f"{path}/scan")
    monkeypatch.setattr("volunteer.web.addresses.public_url", lambda: "http://192.168.1.8:8000")
    words = shown(client, path)
    assert "用手机流量打不开签到码" in words
    assert words.index(f'{path}/scan"') < words.index(f"{path}/screen")
    assert "请先连接社区 Wi-Fi" in shown(client, f"{path}/screen")


def test_lists_are_filtered_by_the_address(town: Town, event_id: int) -> None:
    activity_id = rows(town, m.Activity)[0].id
    other = town.activity("巡逻")
    starts_at = FRIDAY + timedelta(days=7)
    town.event(other, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    client = client_of(town, ORGANIZER)

    def found(query: str) -> int:
        return len(re.findall(r'class="cell-title"', shown(client, f"/organize/events?{query}")))

    assert found("") == 2
    assert found(f"activity={activity_id}") == 1
    assert found("state=running") == 1
    assert found("when=past") == 0
    assert found("when=all&from=2026-11-21&to=2026-12-01") == 1
    assert found("from=yesterday&state=lost&page=x&activity=x") == 2


def test_an_edit_shows_what_may_no_longer_change(town: Town, event_id: int, leader_id: int) -> None:
    town._add(
        m.Attendance,
        community_id=town.community_id,
        event_id=event_id,
        resident_id=town.resident("李小梅"),
        state="present",
        checked_in_at=FRIDAY,
        provenance="poster_code",
        local_date=FRIDAY.date(),
        revision=1,
    )
    client = client_of(town, ORGANIZER)
    path = f"/organize/events/{event_id}/edit"
    data = {
        "day": "2026-11-20",
        "starts": "15:00",
        "ends": "18:00",
        "place": "公园",
        "area_id": "0",
        f"leader-{ref_of(town, leader_id)}": "volunteer",
    }
    refused = post(client, path, data)
    assert refused.status_code == 422
    assert "已经有人签到" in refused.get_data(as_text=True)
    backwards = post(client, path, data | {"starts": "16:00", "ends": "15:00"})
    assert "结束时间要晚于开始时间" in backwards.get_data(as_text=True)
    assert post(client, path, data | {"starts": "16:00"}).status_code == 302
    words = shown(client, f"/organize/events/{event_id}")
    assert "公园" in words
    assert "李小梅" in words
    assert "海报码" in words


def test_leaders_are_found_without_script(town: Town, event_id: int, leader_id: int) -> None:
    other = town.resident("李小梅")
    client = client_of(town, ORGANIZER)
    data = {"place": "新地点", "search": "1", f"leader-{ref_of(town, leader_id)}": "volunteer"}
    path = f"/organize/events/{event_id}/edit"
    answer = post(client, path, data | {"find": "lxm"})
    words = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'name="leader-{ref_of(town, other)}"' in words
    assert f'name="leader-{ref_of(town, leader_id)}"' in words
    assert "新地点" in words, "what was typed is still there"
    assert "没有找到" in post(client, path, data | {"find": "nobody"}).get_data(as_text=True)
    assert rows(town, m.Event)[0].place == "梅富村广场"


def test_enter_in_the_search_for_a_leader_looks_and_does_not_save(
    town: Town, event_id: int, leader_id: int
) -> None:
    """Enter presses the form's first button, and that is the one that saves."""
    other = town.resident("李小梅")
    client = client_of(town, ORGANIZER)
    path = f"/organize/events/{event_id}/edit"
    page = shown(client, path)
    data = fields_of(page) | {"place": "新地点", "find": "lxm"}
    answer = post(client, path, data)
    assert answer.status_code == 200
    words = answer.get_data(as_text=True)
    assert f'name="leader-{ref_of(town, other)}"' in words
    assert rows(town, m.Event)[0].place == "梅富村广场"
    # The name still stands there when the form comes back; now the button saves.
    data = fields_of(words) | {"place": "新地点"}
    assert post(client, path, data).status_code == 302
    assert rows(town, m.Event)[0].place == "新地点"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_beyond_every_calendar_is_said_at_the_form(
    town: Town, event_id: int, leader_id: int, day: str
) -> None:
    client = client_of(town, ORGANIZER)
    path = f"/organize/events/{event_id}/edit"
    data = fields_of(shown(client, path)) | {"day": day, "to_next_day": "y"}
    answer = post(client, path, data)
    assert answer.status_code == 422
    assert "日期有误" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "query", ["page=", "activity=", "when=all&page=", "from=0001-01-01&to=", "from="]
)
@pytest.mark.parametrize("value", ["9" * 24, "9999-12-31", "0001-01-01", "-1", "x"])
def test_a_list_takes_any_address(town: Town, event_id: int, query: str, value: str) -> None:
    shown(client_of(town, ORGANIZER), f"/organize/events?{query}{value}")


def test_cancelling_asks_for_the_reason(town: Town, event_id: int) -> None:
    client = client_of(town, ORGANIZER)
    path = f"/organize/events/{event_id}/cancel"
    shown(client, path)
    assert post(client, path, {"reason": " "}).status_code == 422
    assert post(client, path, {"reason": "台风"}).status_code == 302
    assert "台风" in shown(client, f"/organize/events/{event_id}")
    again = post(client, path, {"reason": "台风"})
    assert again.status_code == 410


def test_a_new_event_starts_from_the_last(town: Town, event_id: int, leader_id: int) -> None:
    client = client_of(town, ORGANIZER)
    activity_id = rows(town, m.Activity)[0].id
    words = shown(client, f"/organize/activities/{activity_id}/events/add")
    assert 'value="2026-11-27"' in words
    assert 'value="16:00"' in words
    assert 'value="梅富村广场"' in words
    assert f'name="leader-{ref_of(town, leader_id)}"' in words
    assert client.get("/organize/events/add").location.endswith(
        f"/activities/{activity_id}/events/add"
    )


# ---- who may -----------------------------------------------------------------------------------


def test_a_leader_sees_the_event_they_lead_and_no_other(town: Town, event_id: int) -> None:
    other = town.event(town.activity("巡逻"), leaders={town.resident("别人"): False})
    client = client_of(town, LEADER)
    words = shown(client, "/organize")
    assert "清扫" in words
    assert "巡逻" not in words
    words = shown(client, f"/organize/events/{event_id}")
    assert f"/organize/events/{event_id}/screen" in words
    assert "/edit" not in words
    for path in (
        f"/organize/events/{other}",
        f"/organize/events/{other}/screen",
        f"/organize/events/{event_id}/edit",
        f"/organize/events/{event_id}/cancel",
        "/organize/events",
        "/organize/activities",
        "/organize/devices",
    ):
        shown(client, path, 403)


def test_an_auditor_reads_and_has_no_buttons(town: Town, event_id: int) -> None:
    client = client_of(town, AUDITOR)
    activity_id = rows(town, m.Activity)[0].id
    pages = ("", "/activities", f"/activities/{activity_id}", "/events", f"/events/{event_id}")
    for path in pages:
        words = shown(client, f"/organize{path}")
        assert "/add" not in words
        assert "/edit" not in words
        assert "/screen" not in words
    for path in (f"/events/{event_id}/screen", f"/activities/{activity_id}/edit", "/devices"):
        shown(client, f"/organize{path}", 403)
    assert post(client, f"/organize/activities/{activity_id}/switch", {"on": "0"}).status_code == (
        403
    )


def test_strangers_are_refused(town: Town, event_id: int) -> None:
    stranger = town.app.test_client()
    assert "/sign-in" in stranger.get(f"/organize/events/{event_id}").location
    counter = client_of(town, COUNTER)
    assert counter.get("/organize").location == "/admin/people"
    shown(counter, f"/organize/events/{event_id}", 403)
    elsewhere = town.community("景华社区")
    foreign = town.login("+8613800000011")
    town.grant(foreign, "community_admin", elsewhere)
    client = client_of(town, "13800000011")
    for path in (f"/events/{event_id}", f"/events/{event_id}/screen", f"/events/{event_id}/poster"):
        shown(client, f"/organize{path}", 404)
    assert post(client, f"/organize/events/{event_id}/poster/renew").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/activities",
        "/activities/{activity}",
        "/events?when=all",
        "/events/{event}",
        "/events/{event}/screen",
        "/events/{event}/edit",
        "/devices",
    ],
)
def test_pages_take_few_statements(town: Town, event_id: int, path: str) -> None:
    activity_id = rows(town, m.Activity)[0].id
    for days in range(1, 12):
        starts_at = FRIDAY + timedelta(days=days)
        town.event(activity_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    client = client_of(town, ORGANIZER)
    with statements() as seen:
        shown(client, "/organize" + path.format(activity=activity_id, event=event_id))
    assert len(seen) <= 12, seen


def test_names_are_ticked_until_the_day_is_over(
    town: Town, leader_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = town.event(town.activity("清扫"), state="ended", ended_at=FRIDAY, ended_how="leader")
    client = client_of(town, ORGANIZER)
    path = f"/organize/events/{ended}"
    roll_call = f'{path}/roll-call"'
    words = shown(client, path)
    assert roll_call in words
    assert f"{path}/screen" not in words
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY + timedelta(days=1))
    assert roll_call not in shown(client, path)


def test_before_the_first_activity_comes_the_first_organisation(town: Town) -> None:
    new = town.community("新安社区")
    for role, phone in (("community_admin", "13900000071"), ("organizer", "13900000072")):
        town.grant(town.login(f"+86{phone}"), role, new)
        page = shown(client_of(town, phone), "/organize/activities/add")
        assert "还没有组织单位" in page
        assert "<form class=" not in page
        assert ("/admin/organisations/new" in page) == (role == "community_admin")


def test_a_new_community_is_led_through_its_first_steps(town: Town) -> None:
    new = town.community("新安社区")
    for role, phone in (("community_admin", "13900000071"), ("organizer", "13900000072")):
        town.grant(town.login(f"+86{phone}"), role, new)
        page = shown(client_of(town, phone), "/organize")
        assert ("/admin/first-day" in page) == (role == "community_admin")
        assert ("今天没有活动" in page) == (role == "organizer"), "who cannot do them is not sent"
