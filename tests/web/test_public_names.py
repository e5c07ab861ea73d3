"""P1: no suppressed person, minor or unconsented name in any output that strangers see.

Canaries attend an event that is on, lead it, and hold every kind of consent that does not help
them; then everything public is read. A new public page is read the moment it exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.documents.rendered import words_of
from tests.scanning import as_device, record, scan_row
from tests.signed_in import FreshClient
from tests.town import FRIDAY
from tests.world import World, page_rules, populate, rules, settle
from volunteer.store import models as m
from volunteer.web import gate
from volunteer.web.protection import limiter

# Each with a first name that nobody else in the world has.
SIGNED = "金丝雀"
UNSIGNED = "未签雀"
CHILD = "童子雀"
PROVISIONAL = "待认雀"
TAKEN_BACK = "收回雀"
MOVED_AWAY = "迁出雀"
CANARIES = (SIGNED, UNSIGNED, CHILD, PROVISIONAL, TAKEN_BACK, MOVED_AWAY)
NAMED_TO_NOBODY = CANARIES[1:]

# Shown to a room, although only staff may put them up.
FOR_A_ROOM = {"organize.screen", "organize.screen_codes", "organize.poster", "organize.poster_file"}
# What a neighbour sees who is signed in, and is nobody's guardian.
FOR_NEIGHBOURS = {"home.home", "events.events", "boards.boards", "passbook.passbook"}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.clock.now", lambda: FRIDAY)
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def world(app: Flask) -> World:
    app.test_client_class = FreshClient
    world = populate(settle(app, FRIDAY), FRIDAY)
    _let_canaries_in(world, FRIDAY)
    return world


def _let_canaries_in(world: World, now: datetime) -> None:
    town = world.town
    building = town.building("雀楼")
    ages = {CHILD: {"age_band": "14_17"}}
    states = {PROVISIONAL: "provisional", MOVED_AWAY: "moved_away"}
    for name in CANARIES:
        who = town.resident(name, building_id=building, **ages.get(name, {}))
        for what in ("keep_record", "named_board", "guardian_consent"):
            if name != UNSIGNED:
                town.consent(who, what)
            if name == TAKEN_BACK:
                town.consent(who, what, given=False)
        world.values[name] = town.card(who)[1]
        event, device = (int(str(world.values[one])) for one in ("event_id", "device_id"))
        record(town, as_device(device), scan_row(event, str(world.values[name]), at=now), now=now)
        leads = {"community_id": town.community_id, "event_id": event, "resident_id": who}
        town._add(m.EventLeader, **leads, at_work=False)
        state = states.get(name, "active")
        town.write(lambda tx, who=who, state=state: _set_state(tx, who, state))  # type: ignore[misc]


def _set_state(tx, resident_id: int, state: str) -> None:  # type: ignore[no-untyped-def]
    tx.get_one(m.Resident, resident_id).state = state


def _public(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Each public address with the role that opens it."""
    for rule, _method in rules(app, "GET"):
        declared = gate.gate_of(app, rule.endpoint)
        if declared == gate.Gate() and rule.endpoint != "static":
            yield rule, "nobody"
        elif rule.endpoint in FOR_A_ROOM:
            yield rule, "organizer"
        elif rule.endpoint in FOR_NEIGHBOURS:
            yield rule, "resident"


def _read(response) -> str:  # type: ignore[no-untyped-def]
    return words_of(response.data) if response.mimetype == "application/pdf" else response.text


def test_no_public_page_names_a_canary(world: World) -> None:
    world.values_of["organize.poster_file"] = {"kind": "pdf"}
    seen, wrong = set(), []
    clients = {role: world.client(role) for role in ("nobody", "organizer", "resident")}
    for rule, role in _public(world.app):
        response = world.open(clients[role], rule)
        if response.mimetype.startswith("image/png"):
            continue
        text = _read(response)
        seen.add(rule.endpoint)
        wrong += [f"{rule.rule} names {name}" for name in CANARIES if name in text]
        numbers = [str(world.values[name])[:8] for name in CANARIES]
        wrong += [f"{rule.rule} says {number}" for number in numbers if number in text]
    assert wrong == []
    assert seen >= FOR_A_ROOM | FOR_NEIGHBOURS | {"public.start", "check_in.card"}


def test_the_canaries_sing_where_staff_look(world: World) -> None:
    """The negative control: the same names are on the pages that are not public."""
    client = world.client("community_admin")
    [roster] = [rule for rule in page_rules(world.app) if rule.endpoint == "organize.event"]
    text = world.open(client, rule=roster).text
    assert all(name in text for name in CANARIES)


def test_a_device_on_a_table_names_only_who_has_signed(app: Flask) -> None:
    world = settle(app, FRIDAY)
    app.test_client_class = FreshClient
    event = int(str(world.values["event_id"]))
    rows, expected = [], []
    for place, name in enumerate((SIGNED, UNSIGNED, CHILD, PROVISIONAL, TAKEN_BACK)):
        ages = {"age_band": "14_17"} if name == CHILD else {}
        state = {"state": "provisional"} if name == PROVISIONAL else {}
        who = world.town.resident(name, **ages, **state)
        if name != UNSIGNED:
            world.town.consent(who, "keep_record")
        if name == TAKEN_BACK:
            world.town.consent(who, "keep_record", given=False)
        scan_id = f"0f8b2c1e-5d1a-4f6e-9a77-3c1d2e4b5a6{place}"
        card = world.town.card(who)[2]
        at = FRIDAY.isoformat()
        rows.append({"id": scan_id, "event": event, "code": card, "scanned_at": at})
        expected.append("金*" if name == SIGNED else None)
    answer = world.app.test_client().post(
        "/api/v1/scans",
        json={"sent_at": FRIDAY.isoformat(), "scans": rows},
        headers={"Authorization": "Bearer device-token"},
    )
    verdicts = [one["verdict"] for one in answer.json["verdicts"]]
    assert verdicts == ["accepted"] * 4 + ["refused"], "who takes it back is written down no more"
    assert [one["name"] for one in answer.json["verdicts"]] == expected
    assert not any(name in answer.text for name in CANARIES)
