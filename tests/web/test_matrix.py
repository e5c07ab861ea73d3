"""Every address × every role × own and another community, generated from the URL map.

A view declares who may open it (``web.gate``). This test does not repeat those declarations: it
asks the running app, and holds the answers to the permission table. A new route is covered the
moment it exists; one with an unknown parameter fails until it is told what stands there.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.signed_in import FreshClient
from tests.world import OUR_NAME, World, may, rules, settle
from volunteer.web import gate
from volunteer.web.protection import limiter

ROLES = (
    "nobody",
    "resident",
    "leader",
    "organizer",
    "counter_staff",
    "community_admin",
    "auditor",
    "sub_district_admin",
    "other_admin",
)
# Posting these ends the very session that the rest of the walk needs.
ENDS_A_SESSION = {"sign_in.sign_out", "me.revoke"}


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    app.test_client_class = FreshClient
    app.config["WTF_CSRF_ENABLED"] = False  # who may post is the question here, not from where
    monkeypatch.setattr(limiter, "enabled", False)
    return settle(app)


def test_every_route_declares_its_gate(world: World) -> None:
    undeclared = [
        rule.endpoint
        for rule in world.app.url_map.iter_rules()
        if gate.gate_of(world.app, rule.endpoint) is None
    ]
    assert undeclared == []


@pytest.mark.parametrize("role", ROLES)
def test_who_may_open_what(world: World, role: str) -> None:
    wrong = []
    client = world.client(role)
    for rule, method in rules(world.app, "GET", "POST"):
        declared = gate.gate_of(world.app, rule.endpoint)
        assert declared is not None
        if declared.by_device or rule.endpoint in ENDS_A_SESSION:
            continue
        response = world.open(client, rule, method)
        refused = response.status_code == 403 or (
            role == "nobody"
            and response.status_code == 302
            and response.headers["Location"].startswith("/sign-in")
        )
        if response.status_code >= 500:
            wrong.append(f"{method} {rule.rule}: {response.status_code}")
        elif may(role, declared, rule) == refused and declared != gate.Gate():
            wrong.append(f"{method} {rule.rule}: {response.status_code} for {role}")
        if role == "other_admin" and OUR_NAME.encode() in response.data:
            wrong.append(f"{method} {rule.rule}: shows another community's resident")
    assert wrong == []


def test_another_communitys_row_is_simply_not_found(world: World) -> None:
    wrong = []
    client = world.client("other_admin")
    own = ("filename", "kind", "language", "side", "what", "state", "code", "entry_no")
    for rule, method in rules(world.app, "GET", "POST"):
        declared = gate.gate_of(world.app, rule.endpoint)
        assert declared is not None
        if declared.permission is None or not (rule.arguments - set(own)):
            continue
        response = world.open(client, rule, method)
        if response.status_code not in (403, 404):
            wrong.append(f"{method} {rule.rule}: {response.status_code}")
    assert wrong == []
