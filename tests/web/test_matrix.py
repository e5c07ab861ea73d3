"""Every address × every role × own and another community, generated from the URL map.

A view declares who may open it (``web.gate``). This test does not repeat those declarations: it
asks the running app, and holds the answers to the permission table. A new route is covered the
moment it exists; one with an unknown parameter fails until it is told what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.scanning import as_device, record, scan_row
from tests.signed_in import FreshClient, sign_in
from tests.town import Town
from volunteer.domain.access import PERMISSIONS, Role
from volunteer.store import models as m
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
# Posting these ends the very session or role that the rest of the walk needs.
ENDS_A_ROLE = {"sign_in.sign_out", "me.revoke", "me.revoke_session", "roles.end"}
# The only words of the demo town that no page may show to another community's admin.
OUR_NAME = "只在梅富的人"


@dataclass
class World:
    """One app with a person of every role, and a value for every parameter of an address."""

    app: Flask
    phones: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def client(self, role: str) -> FlaskClient:
        client = self.app.test_client()
        if role != "nobody":
            sign_in(client, self.phones[role])
        return client

    def open(self, client: FlaskClient, rule: Rule, method: str) -> TestResponse:
        """Open an address as the client stood after signing in, whatever a page did to it."""
        cookie = client.get_cookie("session")
        response = client.open(_address(self, rule), method=method)
        if cookie is not None:
            client.set_cookie("session", cookie.value)
        return response


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    app.test_client_class = FreshClient
    app.config["WTF_CSRF_ENABLED"] = False  # who may post is the question here, not from where
    monkeypatch.setattr(limiter, "enabled", False)
    return _settle(World(app), Town(app))


def _settle(world: World, town: Town) -> World:
    building = town.building("12栋")
    group = town.youth_group("小小巡逻兵")
    who = town.resident(OUR_NAME, building_id=building, youth_group_id=group)
    leads = town.resident("带队的人")
    card, number, code = town.card(who)
    activity = town.activity()
    event = town.event(activity, leaders={leads: False})
    device = town.device()
    record(town, as_device(device), scan_row(event, number))
    other = town.community("景华社区")
    logins = {
        "resident": {"acts_for": {who: "self"}},
        "leader": {"acts_for": {leads: "self"}},
        "organizer": {"roles": ("organizer",)},
        "counter_staff": {"roles": ("counter_staff",)},
        "community_admin": {"roles": ("community_admin",)},
        "auditor": {"roles": ("auditor",)},
        "sub_district_admin": {"roles": ("sub_district_admin",)},
        "other_admin": {},
    }
    ids = {}
    for place, (role, about) in enumerate(logins.items()):
        world.phones[role] = f"+861390000000{place}"
        ids[role] = town.login(world.phones[role], **about)  # type: ignore[arg-type]
    grant = town.grant(ids["other_admin"], "community_admin", other)
    link = town.acts_for(ids["organizer"], who, "helper")

    def only(model: type[m.Base]) -> int:
        return town.write(lambda tx: tx.query(model).first().id)  # type: ignore[union-attr,attr-defined]

    def ref(tx) -> str:  # type: ignore[no-untyped-def]
        return str(tx.get(m.Resident, who).ref)

    world.values = {
        "activity_id": activity,
        "area_id": town.area_id,
        "building_id": building,
        "card_id": card,
        "code": code,
        "device_id": device,
        "entry_no": 1,
        "event_id": event,
        "filename": "css/app.css",
        "grant_id": grant,
        "group_id": group,
        "kind": "png",
        "kind_id": only(m.OrganisationKind),
        "link_id": link,
        "membership_id": only(m.Membership),
        "organisation_id": town.organisation_id,
        "ref": town.write(ref),
        "residence_id": only(m.Residence),
        "resident_id": who,
        "side": "front",
        "state": "moved_away",
        "transfer_id": only(m.Transfer),
        "what": "named_board",
    }
    return world


def _rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        if rule.endpoint != "static"
    ]


def _address(world: World, rule: Rule) -> str:
    missing = rule.arguments - world.values.keys()
    assert not missing, f"{rule.rule}: tell tests/web/test_matrix.py what stands for {missing}"
    arguments = {name: world.values[name] for name in rule.arguments}
    with world.app.test_request_context():
        adapter = world.app.create_url_adapter(None) or world.app.url_map.bind("localhost")
        return adapter.build(
            rule.endpoint, arguments, method="GET" if "GET" in (rule.methods or ()) else "POST"
        )


def _may(role: str, declared: gate.Gate, rule: Rule) -> bool:
    if role == "nobody":
        return not declared.signed_in
    if declared.permission is None:
        return not declared.staff or role != "resident"
    if role == "other_admin":
        return True  # of their own community; what they find there is looked at below
    if role == "leader":
        own_event = "event_id" in rule.arguments
        return own_event and declared.permission in PERMISSIONS[Role.LEADER]
    return role in set(Role) and declared.permission in PERMISSIONS[Role(role)]


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
    for rule, method in _rules(world.app):
        declared = gate.gate_of(world.app, rule.endpoint)
        assert declared is not None
        if declared.by_device or rule.endpoint in ENDS_A_ROLE:
            continue
        response = world.open(client, rule, method)
        refused = response.status_code == 403 or (
            role == "nobody"
            and response.status_code == 302
            and response.headers["Location"].startswith("/sign-in")
        )
        if response.status_code >= 500:
            wrong.append(f"{method} {rule.rule}: {response.status_code}")
        elif _may(role, declared, rule) == refused and declared != gate.Gate():
            wrong.append(f"{method} {rule.rule}: {response.status_code} for {role}")
        if role == "other_admin" and OUR_NAME in response.get_data(as_text=True):
            wrong.append(f"{method} {rule.rule}: shows another community's resident")
    assert wrong == []


def test_another_communitys_row_is_simply_not_found(world: World) -> None:
    wrong = []
    client = world.client("other_admin")
    own = ("filename", "kind", "side", "what", "state", "code", "entry_no")
    for rule, method in _rules(world.app):
        declared = gate.gate_of(world.app, rule.endpoint)
        assert declared is not None
        if declared.permission is None or not (rule.arguments - set(own)):
            continue
        if rule.endpoint.startswith("roles."):
            continue  # the grant in the world is this admin's own
        response = world.open(client, rule, method)
        if response.status_code not in (403, 404):
            wrong.append(f"{method} {rule.rule}: {response.status_code}")
    assert wrong == []
