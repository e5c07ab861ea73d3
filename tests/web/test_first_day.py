"""The first day's checklist: it leads a new admin, ticks itself and goes away when it is done."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.signed_in import csrf_token, post, sign_in
from tests.town import Town
from volunteer.store import models as m

ADMIN = "+8613900000051"
PAGE = "/admin/first-day"


@pytest.fixture
def new(town: Town) -> int:
    """A community with nothing in it, and its admin."""
    community = town.community("新安社区")
    town.grant(town.login(ADMIN, name="林主任"), "community_admin", community)
    return community


@pytest.fixture
def admin(town: Town, new: int) -> FlaskClient:
    client = town.app.test_client()
    sign_in(client, ADMIN)
    return client


def page(client: FlaskClient, path: str = PAGE) -> str:
    answer = client.get(path, follow_redirects=True)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def state(text: str, step: str) -> str:
    found = re.search(rf'<li class="step([^"]*)" id="step-{step}"', text)
    assert found, step
    return found[1].strip()


def test_signing_in_leads_there_and_every_step_leads_on(town: Town, new: int) -> None:
    client = town.app.test_client()
    assert sign_in(client, ADMIN).location.endswith(PAGE)
    text = page(client)
    assert "已完成 0/8，还需约 45 分钟" in text
    assert state(text, "places") == "step-now"
    for path in re.findall(r'class="step-title[^>]*><a href="([^"]+)"', text):
        page(client, path)
    assert text.index(f'href="{PAGE}"') < text.index('href="/organize/events"'), "first in the bar"
    page(client, "/admin/settings")


def test_it_ticks_itself(town: Town, new: int, admin: FlaskClient) -> None:
    many = {
        "written": "1–60号楼",
        "area": "",
        "area_name": "新安花园",
        "area_kind": "estate",
        "pattern": "新安#栋",
        "estimated_residents": "90",
        "estimated_on": "2026-01-01",
    }
    looked = post(admin, "/admin/places/many", many).get_data(as_text=True)
    assert "将添加 60 栋" in looked
    assert "另有 36 栋" in looked
    assert "新安1栋" in looked
    assert town.write(lambda tx: tx.run(select(m.Building.id)).all()) == [], "only looked at"
    assert post(admin, "/admin/places/many", {**many, "create": "1"}).status_code == 302
    text = page(admin)
    assert state(text, "places") == "step-done"
    assert "60 栋" in text
    assert state(text, "organisations") == "step-now"
    again = post(admin, "/admin/places/many", {**many, "area": str(_area(town, new))})
    assert "已经有了，保持不变" in again.get_data(as_text=True)


def _area(town: Town, community_id: int) -> int:
    found = select(m.Area.id).where(m.Area.community_id == community_id)
    return town.write(lambda tx: int(tx.run(found).scalar_one()))


def test_a_line_that_makes_no_sense_is_said_beside_it(admin: FlaskClient, new: int) -> None:
    answer = post(admin, "/admin/places/many", {"written": "60-1栋", "area_name": "新安花园"})
    assert answer.status_code == 422
    assert "「60-1栋」前后颠倒了" in answer.get_data(as_text=True)
    answer = post(
        admin, "/admin/places/many", {"written": "1-2栋", "area_kind": "estate", "create": "1"}
    )
    assert answer.status_code == 422
    assert 'aria-describedby="area_name-help area_name-error"' in answer.get_data(as_text=True)


def test_what_is_not_for_us_is_passed_over_and_can_be_taken_up(
    admin: FlaskClient, new: int
) -> None:
    left_out = {"step": "opening_balances", "skipped": "1"}
    assert post(admin, f"{PAGE}/steps", left_out).status_code == 303
    text = page(admin)
    assert state(text, "opening_balances") == "step-left-out"
    assert "已完成 1/8" in text
    post(admin, f"{PAGE}/steps", {"step": "opening_balances", "skipped": "0"})
    assert state(page(admin), "opening_balances") == ""
    assert post(admin, f"{PAGE}/steps", {"step": "first_event", "skipped": "1"}).status_code == 404
    assert post(admin, f"{PAGE}/steps", {"step": "nonsense", "skipped": "1"}).status_code == 404


def test_points_from_one_tap_stand_in_the_next_new_activity(
    town: Town, new: int, admin: FlaskClient
) -> None:
    shown = page(admin, f"{PAGE}/points")
    assert "1 小时 → 10 分" in shown
    assert "2 小时 → 25 分" in shown
    post(admin, f"{PAGE}/points", {"preset": "both"})
    text = page(admin)
    assert state(text, "points_rule") == "step-done"
    assert "按次加按时间" in text
    kind = town.write(
        lambda tx: int(
            tx.run(
                m.OrganisationKind.__table__.insert()  # type: ignore[attr-defined]
                .values(community_id=new, code="team", name="志愿服务队")
                .returning(m.OrganisationKind.id)
            ).scalar_one()
        )
    )
    town._add(m.Organisation, community_id=new, kind_id=kind, name="新安志愿服务队")
    form = page(admin, "/organize/activities/add")
    assert re.search(r'name="fixed_points"[^>]*value="5"', form)
    assert re.search(r'name="points_per_hour"[^>]*value="10"', form)
    assert post(admin, f"{PAGE}/points", {"preset": "gold"}).status_code == 303
    assert "已选用" in page(admin, f"{PAGE}/points")


def test_it_warns_until_somebody_else_could_approve(
    town: Town, new: int, admin: FlaskClient
) -> None:
    text = page(admin)
    assert "没有第二个人可以复核" in text
    assert "现在只有林主任可以复核" in text
    town.grant(town.login(), "organizer", new)
    text = page(admin)
    assert state(text, "staff") == "step-done"
    assert "没有第二个人可以复核" in text, "an organizer does not approve"
    town.grant(town.login(), "community_admin", new)
    assert "没有第二个人可以复核" not in page(admin)


def test_put_away_it_leaves_the_bar_and_comes_back_from_the_settings(
    town: Town, new: int, admin: FlaskClient
) -> None:
    assert post(admin, f"{PAGE}/end").location.endswith("/organize")
    settings = page(admin, "/admin/settings")
    assert settings.count(f'href="{PAGE}"') == 1, "the bar has no link to it"
    other = town.app.test_client()
    assert not sign_in(other, ADMIN).location.endswith(PAGE)
    assert "重新使用清单" in page(admin)
    post(admin, f"{PAGE}/end", {"ended": "0"})
    assert page(admin, "/admin/settings").count(f'href="{PAGE}"') == 2
    said = select(m.AuditEvent.action).where(m.AuditEvent.community_id == new)
    assert {"first_day_ended", "first_day_reopened"} <= set(
        town.write(lambda tx: tx.run(said).scalars().all())
    )


def test_an_organizer_is_not_led_there(town: Town, new: int) -> None:
    town.grant(town.login("+8613900000052"), "organizer", new)
    client = town.app.test_client()
    assert not sign_in(client, "+8613900000052").location.endswith(PAGE)
    assert client.get(PAGE).status_code == 403
    sent = {"csrf_token": csrf_token(client), "preset": "both"}
    assert client.post(f"{PAGE}/points", data=sent).status_code == 403
