"""No page asks the database often: a dozen statements, eight for the passbook."""

from __future__ import annotations

import pytest
from flask import Flask, redirect
from sqlalchemy import select

from tests.signed_in import FreshClient
from tests.statements import statements
from tests.world import REDIRECTS, World, page_rules, populate, role_for, settle
from volunteer import clock
from volunteer.store import models as m
from volunteer.store.database import db
from volunteer.web import gate
from volunteer.web.protection import limiter

MOST = 12
MOST_OF = {"passbook.passbook": 8, "passbook.of": 8, "passbook.line": 8, "passbook.printed": 8}


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    app.test_client_class = FreshClient
    monkeypatch.setattr(limiter, "enabled", False)
    now = clock.now()  # pages show what is on today by the real clock
    return populate(settle(app, now), now)


def costly(world: World, *only: str) -> list[str]:
    """Pages that cost too much, or show nothing: a redirect is no page that was looked at."""
    clients = {role: world.client(role) for role in ("nobody", *world.phones)}
    wrong = []
    for rule in page_rules(world.app):
        if rule.endpoint in REDIRECTS or (only and rule.endpoint not in only):
            continue
        role = role_for(rule, world.app)
        world.arrive(clients[role], rule)
        with statements() as seen:
            response = world.open(clients[role], rule)
        if response.status_code != 200:
            wrong.append(f"{rule.rule}: {response.status_code} for {role}")
        elif len(seen) > MOST_OF.get(rule.endpoint, MOST):
            wrong.append(f"{rule.rule}: {len(seen)} statements for {role}")
    return wrong


def test_no_page_costs_more_than_its_statements(world: World) -> None:
    assert costly(world) == []


def test_a_page_that_asks_in_a_loop_or_shows_nothing_is_noticed(world: World) -> None:
    """A new address is looked at the moment it exists."""

    def asks() -> str:
        return str([db.session.scalar(select(m.Resident.id)) for _ in range(MOST + 1)])

    world.app.add_url_rule("/asks", view_func=gate.anyone(asks))
    world.app.add_url_rule("/leads-away", view_func=gate.anyone(lambda: redirect("/")))
    assert costly(world, "asks", "<lambda>") == [
        "/asks: 13 statements for resident",
        "/leads-away: 302 for resident",
    ]


def test_signed_out_pages_ask_even_less(world: World) -> None:
    """Nobody's session is looked up for somebody who has none."""
    client = world.client("nobody")
    with statements() as seen:
        assert client.get("/sign-in").status_code == 200
    assert len(seen) <= 2
