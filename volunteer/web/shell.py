"""The frame around every page: who is signed in, where they can go, the switches.

A place that is not built yet is left out of the bars; each item names the endpoint it leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel.speaklater import LazyString

from volunteer.documents.messages import lazy_gettext as _l
from volunteer.documents.register_words import ROLES
from volunteer.domain.access import Permission, Principal
from volunteer.queries.communities import read_is_demo
from volunteer.queries.waiting import Waiting, read_waiting
from volunteer.web.gate import is_broken_off, principal
from volunteer.web.language import pick
from volunteer.web.preferences import elder_mode

STAFF_PATHS = ("/organize", "/admin", "/counter")


@dataclass(frozen=True)
class Item:
    """A place in a bar. ``permission``: who is led there; None is everybody who has the bar.
    ``for_leaders``: whoever leads an event is led there, too."""

    endpoint: str
    label: LazyString
    icon: str
    group: LazyString | str = ""
    permission: Permission | None = None
    for_leaders: bool = False


RESIDENT_BAR = (
    Item("home.home", _l("Home"), "home"),
    Item("scan.scan", _l("Scan"), "scan"),
    Item("passbook.passbook", _l("Passbook"), "passbook"),
    Item("boards.boards", _l("Boards"), "boards"),
    Item("me.me", _l("Me"), "me"),
)
_ACTIVITIES, _PEOPLE = _l("Activities"), _l("People and places")
_COMMUNITY, _MINE = _l("Community"), _l("My own")
FIRST_DAY = "first_day.checklist"
"""Leads the bar until the checklist is put away."""
STAFF_BAR = (
    Item(FIRST_DAY, _l("The first day"), "check", permission=Permission.EDIT_SETTINGS),
    Item(
        "organize.today",
        _l("Today"),
        "today",
        _ACTIVITIES,
        Permission.SEE_ACTIVITIES,
        for_leaders=True,
    ),
    Item("organize.events", _l("Events"), "calendar", _ACTIVITIES, Permission.SEE_ACTIVITIES),
    Item(
        "organize.activities", _l("Activities"), "activity", _ACTIVITIES, Permission.SEE_ACTIVITIES
    ),
    Item(
        "organize.devices", _l("Scanning devices"), "device", _ACTIVITIES, Permission.EDIT_DEVICES
    ),
    Item("people.residents", _l("Residents"), "people", _PEOPLE, Permission.SEE_PEOPLE),
    Item("to_confirm.waiting", _l("To confirm"), "check", _PEOPLE, Permission.EDIT_PEOPLE),
    Item("moves.arrivals", _l("Arrivals"), "home", _PEOPLE, Permission.EDIT_PEOPLE),
    Item(
        "bequests.waiting",
        _l("Points left behind"),
        "heart",
        _PEOPLE,
        Permission.APPROVE_RECORDS,
    ),
    Item("duplicates.duplicates", _l("Likely duplicates"), "copy", _PEOPLE, Permission.EDIT_PEOPLE),
    Item(
        "opening_balances.waiting",
        _l("Old passbooks"),
        "passbook",
        _PEOPLE,
        Permission.EDIT_PEOPLE,
    ),
    Item(
        "family_requests.waiting",
        _l("Family requests"),
        "family",
        _PEOPLE,
        Permission.EDIT_PEOPLE,
    ),
    Item("card_prints.cards", _l("Cards"), "card", _PEOPLE, Permission.REPLACE_CARD),
    Item("youth_groups.youth_groups", _l("Youth groups"), "star", _PEOPLE, Permission.SEE_PEOPLE),
    Item(
        "visiting_teams.visiting_teams",
        _l("Visiting teams"),
        "guest",
        _PEOPLE,
        Permission.SEE_PEOPLE,
    ),
    Item("phones.release", _l("Resold numbers"), "phone", _PEOPLE, Permission.RESET_PIN),
    Item("places.places", _l("Places"), "building", _PEOPLE, Permission.SEE_PLACES),
    Item(
        "organisations.organisations",
        _l("Organisations"),
        "organisation",
        _PEOPLE,
        Permission.SEE_PLACES,
    ),
    Item("roles.roles", _l("Roles"), "key", _COMMUNITY, Permission.SEE_ROLES),
    Item("ledger.ledger", _l("Ledger"), "passbook", _COMMUNITY, Permission.SEE_LEDGER),
    Item("audit.audit", _l("Audit trail"), "list", _COMMUNITY, Permission.SEE_AUDIT),
    Item("settings.settings", _l("Settings"), "settings", _COMMUNITY, Permission.EDIT_SETTINGS),
    Item("home.home", _l("My passbook"), "passbook", _MINE),
    Item("me.me", _l("Me"), "me", _MINE),
)


def home_url(person: Principal | None) -> str:
    """Where a person begins: their passbook, or what they work on."""
    if person is None:
        return "/"
    candidates = ("home.home",) if person.acts_for else ("organize.today", "people.residents")
    return next((url_for(one) for one in candidates if _exists(one)), url_for("me.me"))


def landing_url(person: Principal) -> str:
    """Where signing in leads: who sets a community up goes on with that."""
    if not person.acts_for and read_waiting(person).first_day:
        return url_for(FIRST_DAY)
    return home_url(person)


def staff_url(person: Principal) -> str | None:
    """Where somebody with a role begins their work, or None."""
    if not person.is_staff and not person.led_event_ids:
        return None
    items = [item for item in _open_to(person, STAFF_BAR) if item.endpoint != FIRST_DAY]
    return next((url_for(item.endpoint) for item in items if item.group is not _MINE), None)


def _frame() -> dict[str, Any]:
    """What base.html reads."""
    person = principal()
    names = person.communities if person else ()
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return {
        "elder": elder_mode(person),
        "demo": any(name.is_demo for name in names) if person else _is_demo(),
        "community_name": pick(names[0].name, names[0].name_en) if len(names) == 1 else None,
        "home_url": home_url(person),
        "preferences_url": url_for("preferences.preferences"),
        "here": here,
        "sign_in_url": url_for("sign_in.sign_in", next=here) if here != "/sign-in" else None,
        "sign_out_url": url_for("sign_in.sign_out"),
        "who_name": person.display_name if person else None,
        "who_role": _role_words(person) if person else None,
        "nav": list(_nav(person)),
    }


def _is_demo() -> bool:
    return not is_broken_off() and read_is_demo()


def _nav(person: Principal | None) -> Iterator[dict[str, Any]]:
    if person is None:
        return
    at_work = request.path.startswith(STAFF_PATHS)
    items = _open_to(person, STAFF_BAR if at_work else RESIDENT_BAR)
    urls = {item.endpoint: url_for(item.endpoint) for item in items}
    here = _nearest(url.partition("?")[0] for url in urls.values())
    waiting = read_waiting(person) if at_work and not is_broken_off() else Waiting()
    counts = _counts(waiting)
    if not waiting.first_day:
        items = [item for item in items if item.endpoint != FIRST_DAY]
    for item in items:
        url = urls[item.endpoint]
        yield {
            "endpoint_url": url,
            "label": item.label,
            "icon": item.icon,
            "group": item.group,
            "active": url.partition("?")[0] == here,
            "count": counts.get(item.endpoint, 0),
        }


def _counts(waiting: Waiting) -> dict[str, int]:
    """How many things wait, by the place where they are decided."""
    return {
        "to_confirm.waiting": waiting.to_confirm,
        "opening_balances.waiting": waiting.to_approve,
        "family_requests.waiting": waiting.family_requests,
        "moves.arrivals": waiting.arrivals,
        "bequests.waiting": waiting.bequests,
    }


def _nearest(paths: Iterable[str]) -> str | None:
    """The place that this page belongs to: /organize/events/7 to /organize/events, which lies
    below /organize as well."""
    around = [path for path in paths if f"{request.path}/".startswith(f"{path}/")]
    return max(around, key=len, default=None)


def _open_to(person: Principal, items: tuple[Item, ...]) -> list[Item]:
    return [item for item in items if _exists(item.endpoint) and _is_open(person, item)]


def _is_open(person: Principal, item: Item) -> bool:
    if item.permission is None or (item.for_leaders and person.led_event_ids):
        return True
    return bool(person.communities_with(item.permission))


def _role_words(person: Principal) -> str:
    roles = dict.fromkeys(grant.role for grant in person.grants)
    return " · ".join(str(ROLES[role]) for role in roles)


def _exists(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def init_app(app: Flask) -> None:
    app.context_processor(_frame)
