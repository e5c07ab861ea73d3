"""The page of background work: how far, what came of it, trying again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.signed_in import post, sign_in
from tests.town import Town

ADMIN = "+8613900000001"


def page_of(town: Town, **about: Any) -> tuple[str, str | None]:
    town.login(ADMIN, roles=("community_admin",))
    client = town.app.test_client()
    sign_in(client, ADMIN)
    response = client.get(f"/admin/tasks/{town.task(**about)}")
    assert response.status_code == 200
    return response.get_data(as_text=True), response.headers.get("Refresh")


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_work_that_goes_on_shows_how_far_it_is_and_looks_again(town: Town, state: str) -> None:
    page, refresh = page_of(town, state=state, done_steps=1200, total_steps=3000)
    assert "1,200 / 3,000" in page
    assert 'value="1200" max="3000"' in page
    assert refresh == "2"


def test_work_that_is_done_shows_what_came_of_it(town: Town) -> None:
    result = {"added": 2991, "skipped": 9}
    page, refresh = page_of(town, state="done", total_steps=3000, done_steps=3000, result=result)
    assert "2,991" in page
    assert "新增" in page
    assert refresh is None


def test_work_that_stopped_says_why_and_is_tried_again(town: Town) -> None:
    page, refresh = page_of(town, state="failed", result={"refused": "not_found", "facts": {}})
    assert "重试" in page
    assert refresh is None
    client = town.app.test_client()
    sign_in(client, ADMIN)
    failed = town.task(state="failed", result={"failed": "KeyError"})
    assert post(client, f"/admin/tasks/{failed}/again").status_code == 302
    assert "排队等候" in client.get(f"/admin/tasks/{failed}").get_data(as_text=True)
    assert post(client, f"/admin/tasks/{failed}/again").status_code == 409
