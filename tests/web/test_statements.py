"""No page asks the database often: a dozen statements, eight for the passbook."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.signed_in import FreshClient
from tests.statements import statements
from tests.world import World, page_rules, populate, role_for, settle
from volunteer import clock
from volunteer.web.protection import limiter

MOST = 12
MOST_OF = {"passbook.passbook": 8, "passbook.of": 8, "passbook.line": 8, "passbook.printed": 8}


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    app.test_client_class = FreshClient
    monkeypatch.setattr(limiter, "enabled", False)
    now = clock.now()  # pages show what is on today by the real clock
    return populate(settle(app, now), now)


def test_no_page_costs_more_than_its_statements(world: World) -> None:
    clients = {role: world.client(role) for role in world.phones}
    clients["nobody"] = world.client("nobody")
    wrong = []
    for rule in page_rules(world.app):
        role = role_for(rule, world.app)
        with statements() as seen:
            response = world.open(clients[role], rule)
        if response.status_code not in (200, 302):
            wrong.append(f"{rule.rule}: {response.status_code} for {role}")
        elif len(seen) > MOST_OF.get(rule.endpoint, MOST):
            wrong.append(f"{rule.rule}: {len(seen)} statements for {role}")
    assert wrong == []


def test_signed_out_pages_ask_even_less(world: World) -> None:
    """Nobody's session is looked up for somebody who has none."""
    client = world.client("nobody")
    with statements() as seen:
        assert client.get("/sign-in").status_code == 200
    assert len(seen) <= 2
