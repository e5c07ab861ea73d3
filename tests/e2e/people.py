"""What people do in the browser tests, said once."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page

from tests.e2e.conftest import Live
from tests.town import PASSWORD
from volunteer import clock


def sign_in(page: Page, live: Live, phone: str, wanted: str = "/me") -> None:
    """Sign in on the real page, and go to ``wanted``."""
    page.goto(live.path(f"/sign-in?next={wanted}"))
    page.fill("[name=identity]", phone)
    page.fill("[name=secret]", PASSWORD)
    page.click("main form.form button")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def event_now(live: Live, *, leader_id: int | None = None, **activity: object) -> int:
    """An event that began ten minutes ago and goes on for an hour, by the real clock."""
    now = clock.now()
    starts_at = now - timedelta(minutes=10)
    return live.town.event(
        live.town.activity(**activity),  # type: ignore[arg-type]
        leaders={leader_id: False} if leader_id else None,
        starts_at=starts_at,
        ends_at=now + timedelta(minutes=60),
        local_date=(starts_at + timedelta(hours=8)).date(),
    )
