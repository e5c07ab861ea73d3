"""A person of every role, and an address for every page: what the tests that walk the URL map use.

``settle`` gives one row of everything, which is enough to ask who may open what. ``populate`` adds
a community's worth of rows, so that lists, boards, passbooks and the trail have something to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.browser_form import fields_of
from tests.passbooks import post_lines
from tests.scanning import as_device, record, scan_row
from tests.signed_in import sign_in
from tests.town import FRIDAY, Town
from volunteer.domain.access import PERMISSIONS, Role, Scope
from volunteer.domain.tokens import poster_code
from volunteer.services.bequests import propose_bequest
from volunteer.services.merges import Wish, merge_residents
from volunteer.services.moves import ask_to_move, carry_on
from volunteer.store import models as m
from volunteer.store.audit import record_audit
from volunteer.store.database import Tx
from volunteer.web import gate

# The only words of the world that no page may show to another community's admin.
OUR_NAME = "只在梅富的人"


@dataclass
class World:
    """One app with a person of every role, and a value for every parameter of an address."""

    app: Flask
    town: Town
    phones: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    # Where one parameter means different things to different pages.
    values_of: dict[str, dict[str, object]] = field(default_factory=dict)

    def client(self, role: str) -> FlaskClient:
        client = self.app.test_client()
        if role != "nobody":
            sign_in(client, self.phones[role])
        return client

    def address(self, rule: Rule, **more: object) -> str:
        values = self.values | self.values_of.get(rule.endpoint, {})
        missing = rule.arguments - values.keys()
        assert not missing, f"{rule.rule}: tell tests/world.py what stands for {missing}"
        arguments = {name: values[name] for name in rule.arguments} | more
        with self.app.test_request_context():
            adapter = self.app.create_url_adapter(None) or self.app.url_map.bind("localhost")
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            return adapter.build(rule.endpoint, arguments, method=method)

    def address_of(self, endpoint: str) -> str:
        """Of the page, not of the form that is sent from it."""
        found = self.app.url_map.iter_rules(endpoint)
        return self.address(next(rule for rule in found if "GET" in (rule.methods or ())))

    def arrive(self, client: FlaskClient, rule: Rule) -> None:
        """Do what comes before a page that shows something only then."""
        before = BEFORE.get(rule.endpoint)
        page = ""
        for endpoint in before.opens if before else ():
            page = client.get(self.address_of(endpoint)).get_data(as_text=True)
        if before and before.sends is not None:
            fields = fields_of(page, before.form) | before.sends
            sent = client.post(before.form or self.address_of(before.opens[-1]), data=fields)
            assert sent.status_code in (302, 303), sent.get_data(as_text=True)

    def open(self, client: FlaskClient, rule: Rule, method: str = "GET") -> TestResponse:
        """Open an address as the client stood after signing in, whatever a page did to it."""
        cookie = client.get_cookie("session")
        response = client.open(self.address(rule), method=method)
        if cookie is not None:
            client.set_cookie("session", cookie.value)
        return response


def rules(app: Flask, *methods: str) -> list[tuple[Rule, str]]:
    """Every address of the app but static files, with each of ``methods`` it answers."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & set(methods))
        if rule.endpoint != "static"
    ]


def may(role: str, declared: gate.Gate, rule: Rule) -> bool:
    """Whether the permission table lets ``role`` open what declares this gate."""
    if role == "nobody":
        return not declared.signed_in
    if declared.permission is None:
        return not declared.staff or role != "resident"
    if role == "other_admin":
        return True  # of their own community
    if role == "leader":
        own_event = "event_id" in rule.arguments
        return own_event and declared.permission in PERMISSIONS[Role.LEADER]
    return role in set(Role) and declared.permission in PERMISSIONS[Role(role)]


# Who a page is shown to when several may open it: the first of these who may.
_READERS = ("resident", "organizer", "community_admin", "leader")


def role_for(rule: Rule, app: Flask) -> str:
    """Somebody who may open this address; residents what is open to anyone signed in."""
    if rule.endpoint in BEFORE:
        return BEFORE[rule.endpoint].role
    declared = gate.gate_of(app, rule.endpoint)
    assert declared is not None
    return next(role for role in _READERS if may(role, declared, rule))


def page_rules(app: Flask) -> list[Rule]:
    """Every address that answers a GET with a page for people."""
    return [
        rule
        for rule, _method in rules(app, "GET")
        if rule.endpoint.partition(".")[0] not in _NO_PAGES and rule.endpoint not in _FILES
    ]


@dataclass(frozen=True)
class Before:
    """What ``role`` does before a page shows something: opens these, and sends the last one's form
    (to ``form``, as the page has it) with ``sends`` typed in, if there is any."""

    role: str
    opens: tuple[str, ...] = ()
    sends: dict[str, str] | None = None
    form: str = ""


BEFORE = {
    "check_in.check_in": Before("resident", ("check_in.scanned",)),
    "check_in.receipt": Before(
        "leader", ("check_in.scanned", "check_in.check_in"), {}, form="/check-in"
    ),
    "sign_in.sign_in": Before("nobody"),
    "team_join.done": Before(
        "nobody", ("team_join.join",), {"name": "王小明", "age_band": "14_17"}
    ),
    "walk_in.new": Before("nobody", ("check_in.scanned",)),
}
# A good code leads on at once; what it leads to is a page of its own.
REDIRECTS = {"check_in.scanned"}
_NO_PAGES = {"api", "health", "api-docs"}
_FILES = {
    "blank_cards.sheet",
    "cards.card",
    "cards.picture",
    "card_receipts.sheet",
    "imports.template",
    "organize.poster_file",
    "organize.screen_codes",
    "scanner.manifest",
    "scanner.roster",
    "scanner.team_thanks",
    "scanner.worker",
}


def settle(app: Flask, now: datetime = FRIDAY) -> World:
    """One row of everything; the event began half an hour before ``now`` and is still on."""
    town = Town(app)
    world = World(app, town)
    building = town.building("12栋")
    group = town.youth_group("小小巡逻兵")
    who = town.resident(OUR_NAME, building_id=building, youth_group_id=group)
    leads = town.resident("带队的人")
    card, number, code = town.card(who)
    activity = town.activity()
    event = town.event(activity, leaders={leads: False}, **_window(now))
    device = town.device(starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=30))
    record(town, as_device(device), scan_row(event, number, at=now), now=now)
    blank, unnamed = _settle_cards(town, event, now)
    team, team_ref = _settle_team(town, event, who, now)
    other = town.community("景华社区")
    ids = _settle_logins(world, who, leads)
    town.grant(ids["other_admin"], "community_admin", other)
    twin = town.resident(OUR_NAME, building_id=building)
    gone = town.resident("重复的人", building_id=building)
    kept = town.resident("重复的人", building_id=building)
    merged = merge_residents(
        Wish(kept, gone, with_sign_ins=False),
        by=ids["organizer"],
        now=now,
        scope=Scope.of(town.community_id),
    )
    left = town.resident("走了的人", state="deceased")
    post_lines(town, left, [{"points": 8, "code": "opening_balance"}])
    bequest = propose_bequest(
        left, None, by=ids["organizer"], now=now, scope=Scope.of(town.community_id)
    )
    neighbours = town.community("狮岭社区")
    comes = ask_to_move(
        town.resident("从别处来的人", community_id=neighbours),
        town.community_id,
        by=ids["organizer"],
        now=now,
        scope=Scope.of(neighbours),
    )
    carry_on(comes, keys=town.keys, now=now)
    grant = town.grant(town.login(name="另一位组织者"), "organizer")
    link = town.acts_for(ids["organizer"], who, "helper")

    def only(model: type[m.Base]) -> int:
        # Another community's row may stand before ours.
        ours = select(model).where(model.community_id == town.community_id)  # type: ignore[attr-defined]
        return town.write(lambda tx: tx.execute(ours).scalars().first().id)  # type: ignore[union-attr,attr-defined]

    checked, applied = _settle_imports(town, who, building)
    world.values = {
        "activity_id": activity,
        "area_id": town.area_id,
        "batch_id": checked,
        "bequest_id": bequest,
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
        "language": "zh",
        "kind_id": only(m.OrganisationKind),
        "link_id": link,
        "member_id": town.household(who, leads),
        "membership_id": only(m.Membership),
        "merge_id": merged.merge_id,
        "move_key": comes,
        "opening_id": town.opening_balance(who),
        "organisation_id": town.organisation_id,
        "other": town.write(lambda tx: str(tx.get(m.Resident, twin).ref)),  # type: ignore[union-attr]
        "request_id": town.family_request(town.login(), who, card),
        "ref": town.write(lambda tx: str(tx.get(m.Resident, who).ref)),  # type: ignore[union-attr]
        "residence_id": only(m.Residence),
        "resident_id": who,
        "side": "front",
        "state": "moved_away",
        "task_id": town.task(),
        "team_id": team,
        "transfer_id": only(m.Transfer),
        "what": "named_board",
    }
    for endpoint in ("to_confirm.name_card", "to_confirm.return_card"):
        world.values_of[endpoint] = {"card_id": blank}
    for endpoint in ("team_join.join", "team_join.done"):
        world.values_of[endpoint] = {"ref": team_ref}
    world.values_of["scanner.name_person"] = {"ref": unnamed}
    world.values_of["imports.undo"] = {"batch_id": applied}
    print_id = town.card_print([who], by=ids["community_admin"])
    for page in ("shown", "pages", "delete", "again"):
        world.values_of[f"card_prints.{page}"] = {"task_id": print_id}
    world.values_of["bequests.propose"] = {
        "ref": town.write(lambda tx: str(tx.get(m.Resident, left).ref))  # type: ignore[union-attr]
    }
    world.values_of["check_in.scanned"] = {"code": poster_code(town.keys.poster_code, event, 0)}
    return world


def _settle_cards(town: Town, event: int, now: datetime) -> tuple[int, str]:
    """A blank card that waits for a guardian, and the ref of who came with one and has no name."""
    card, _number, _code = town.card(None)
    town._add(
        m.WaitingCard,
        community_id=town.community_id,
        card_id=card,
        event_id=event,
        visit_id=uuid4(),
        seen_at=now,
        recorded_by="login:1",
    )
    who = town.resident("空白卡 1234 5678", state="provisional")
    town._add(
        m.WalkIn,
        community_id=town.community_id,
        resident_id=who,
        event_id=event,
        how="blank_card",
        visit_id=uuid4(),
        unnamed=True,
        created_at=now,
    )
    return card, town.write(lambda tx: str(tx.get(m.Resident, who).ref))  # type: ignore[union-attr]


def _settle_team(town: Town, event: int, who: int, now: datetime) -> tuple[int, str]:
    """A visiting team at the event, and its code there."""
    kinds = select(m.OrganisationKind.id).where(
        m.OrganisationKind.community_id == town.community_id
    )
    kind = town.write(lambda tx: tx.run(kinds).scalars().first())
    of = {"community_id": town.community_id, "created_at": now}
    team = town._add(m.VisitingTeam, kind_id=kind, name="实验小学三（2）班", has_minors=True, **of)
    town._add(m.TeamEvent, team_id=team, event_id=event, ref="0123456789abcdef", **of)
    town._add(
        m.TeamMember,
        community_id=town.community_id,
        team_id=team,
        resident_id=who,
        starts_on=now.date(),
    )
    return team, "0123456789abcdef"


def _settle_imports(town: Town, who: int, building: int) -> tuple[int, int]:
    """A sheet that waits for its dry run to be agreed to, and one that was written down."""
    doubt = {"candidates": [who], "reasons": [["name"]], "building_id": building, "room": "7"}
    lines = [
        {"cells": {"cells": ["姓名", "楼栋"]}},
        {"cells": {"cells": [OUR_NAME, "十二栋7"]}, "fate": "ask", "reading": doubt},
        {"cells": {"cells": [OUR_NAME, ""]}, "fate": "update", "resident_id": who},
    ]
    lines[2]["changes"] = {"home": [[None, None], [building, "7"]]}
    checked = town.sheet(lines, notes={"unplaced": [["幸福里9栋", 2, 5]], "dropped": ["身份证号"]})
    done = [lines[0], lines[1] | {"outcome": "added", "resident_id": who}]
    applied = town.sheet(done, state="applied", applied_at=FRIDAY, task_id=town.task(state="done"))
    return checked, applied


def _window(now: datetime) -> dict[str, Any]:
    starts_at = now - timedelta(minutes=30)
    return {
        "starts_at": starts_at,
        "ends_at": now + timedelta(minutes=90),
        "local_date": _local_date(starts_at),
    }


def _local_date(moment: datetime) -> date:
    return (moment + timedelta(hours=8)).date()


def _settle_logins(world: World, who: int, leads: int) -> dict[str, int]:
    logins: dict[str, dict[str, Any]] = {
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
        world.phones[role] = f"+861370000000{place}"
        ids[role] = world.town.login(world.phones[role], **about)
    return ids


# ---- A community's worth of rows ---------------------------------------------------------------

FAMILY = "陈李王张刘黄林周吴何"
GIVEN = "秀英建国丽华志强小敏家豪玉兰伟民思琪海涛"
PEOPLE = 36
WEEKS = 14


def populate(world: World, now: datetime = FRIDAY) -> World:
    """Add residents in buildings of every size, youth groups, weeks of events, staff, a trail."""
    residents = _add_people(world.town)
    _add_weeks(world, residents, now)
    _add_days_around(world, residents, now)
    _add_staff(world, residents, now)
    return world


def _add_people(town: Town) -> list[int]:
    sizes = {"1栋": 12, "2栋": 9, "3栋": 7, "4栋": 4, "5栋": 3, "6栋": 1}
    places = []
    for name, size in sizes.items():
        home = town.building(
            name, grid="一网格", estimated_residents=size * 4, estimated_on=date(2026, 1, 1)
        )
        places += [home] * size
    group = town.youth_group("梅富小主人先锋队")
    residents = []
    for number, place in enumerate(places[:PEOPLE]):
        name = FAMILY[number % 10] + GIVEN[number * 2 % 20] + GIVEN[number * 3 % 20]
        young = number % 4 == 0
        one = town.resident(
            name,
            building_id=place,
            youth_group_id=group if young else None,
            birth_date=date(2014, 5, 1 + number % 28) if young else date(1956, 3, 1 + number % 28),
        )
        if young:
            town.consent(one)
        town.card(one)
        residents.append(one)
    return residents


def _add_weeks(world: World, residents: list[int], now: datetime) -> None:
    """An event a week for the weeks before ``now``, each with scans of those who came."""
    town = world.town
    device = int(str(world.values["device_id"]))
    everyone = [int(str(world.values["resident_id"])), *residents]
    names = ("楼道安全宣传", "小小巡逻兵巡逻", "护学岗")
    activities = [town.activity(name, kind="safety") for name in names]
    for week in range(1, WEEKS + 1):
        at = now - timedelta(days=7 * week)
        event = town.event(activities[week % 3], **_window(at))
        came = [one for place, one in enumerate(everyone) if place == 0 or (place + week) % 3]
        scans = [scan_row(event, _passbook(town, one), at=at) for one in came]
        scans.append(scan_row(event, "0000000000", at=at))  # refused: no such card
        record(town, as_device(device), *scans, now=at)


def _passbook(town: Town, resident_id: int) -> str:
    found = select(m.Resident.passbook_number).where(m.Resident.id == resident_id)
    return town.write(lambda tx: str(tx.execute(found).scalar_one()))


def _add_days_around(world: World, residents: list[int], now: datetime) -> None:
    """Who came to the event that is on, and what comes next."""
    town, activity = world.town, int(str(world.values["activity_id"]))
    event, device = int(str(world.values["event_id"])), int(str(world.values["device_id"]))
    scans = [scan_row(event, _passbook(town, one), at=now) for one in residents[:9]]
    record(town, as_device(device), *scans, now=now)
    for days in (1, 3, 7, 14):
        town.event(activity, capacity=20, **_window(now + timedelta(days=days)))
    town.event(activity, state="cancelled", **_window(now + timedelta(days=2)))


def _add_staff(world: World, residents: list[int], now: datetime) -> None:
    town = world.town
    who = town.login(name="做事的人", roles=("community_admin",))
    for place, role in enumerate(("organizer", "counter_staff", "auditor") * 3):
        town.login(name=f"工作人员{place}", acts_for={residents[place]: "self"}, roles=(role,))
    for number in range(4):
        town.device(f"token-{number}", name=f"扫码机{number}", expires_at=now + timedelta(days=9))
    for one in residents[:12]:
        town.opening_balance(one, by=who)
    for number in range(5):
        town.organisation(f"志愿服务队{number}")

    def trail(tx: Tx) -> None:
        for number, one in enumerate(residents):
            record_audit(
                tx,
                now=now - timedelta(hours=number),
                action="resident_added",
                subject_kind="resident",
                subject_id=one,
                community_id=town.community_id,
                login_id=who,
            )

    town.write(trail)
