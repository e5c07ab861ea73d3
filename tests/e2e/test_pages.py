"""Every page as a browser shows it, in both languages, normal and elder.

For each address that answers a GET, opened by somebody who may: axe-core finds nothing, nothing
scrolls sideways on a 320 px phone, the page speaks one language, and its scripts run without error.
That a page asks no other host is held by the fixtures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import select
from werkzeug.routing import Rule

from tests import catalogue
from tests.e2e.conftest import DESK, Guarded, Live, OpenPage
from tests.e2e.people import sign_in
from tests.plain_words import HAN, PLACEHOLDER, faults_of
from tests.world import BEFORE, REDIRECTS, Before, World, page_rules, populate, role_for, settle
from volunteer import clock
from volunteer.store import models as m
from volunteer.store.database import Tx
from volunteer.web import gate

AXE = Path(__file__).parents[1] / "vendor/axe-core-4.14.1/axe.min.js"
NARROW = {"width": 320, "height": 640}
ROLES = ("nobody", "resident", "leader", "organizer", "community_admin", "auditor")

# What rules cannot address: choices of a list, an empty one, what is refused.
MORE = {
    "nobody": ["/", "/sign-in", "/activate", "/boards", "/scan", "/c/00000000000000000000"],
    "resident": [
        "/boards?board=youth_group&period=all",
        "/boards?measure=participation_rate&period=year",
        "/boards?measure=minutes&period=week&start=2020-01-06",
        "/activate?next=/me",
        "/admin/people",
        "/nothing-here",
    ],
    "organizer": ["/organize/events?when=past", "/organize/activities?state=off"],
    "community_admin": [
        "/admin/people?q=nobody-by-this-name",
        "/admin/audit?action=resident_added",
    ],
    "auditor": ["/organize", "/admin/people", "/admin/places", "/admin/roles", "/admin/audit"],
}
# Parts of a page that a script asks for.
FRAGMENTS = {"organize.rule_preview", "organize.series_dates"}
# What stands in MORE may be a refusal; a page of the map must be shown.
REFUSED_STATUSES = (403, 404)

_WORDS = """() => {
  const words = [document.title, document.body.innerText];
  for (const name of ['aria-label', 'placeholder', 'alt', 'title', 'data-speak'])
    for (const one of document.querySelectorAll(`[${name}]`)) words.push(one.getAttribute(name));
  return words.join('\\n');
}"""
_OTHER_LANGUAGE = """(lang) => {
  // What says itself that it is in the other language.
  for (const one of document.querySelectorAll(`body [lang]`))
    if (!one.lang.startsWith(lang)) one.remove();
}"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_AXE = """async (rules) => {
  const found = await axe.run(document, {rules, resultTypes: ['violations'], preload: false});
  return found.violations.map(one =>
    `${one.id}: ` + one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(' · '));
}"""


@dataclass
class Person:
    """One role's browser, and what its present page complained about."""

    context: Guarded
    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        # The browser says so of every page that is refused, too.
        if (
            message.type == "error"
            and "the server responded with a status of 40" not in message.text
        ):
            self.complaints.append(message.text)


@pytest.fixture
def world(live: Live) -> World:
    now = clock.now()
    return populate(settle(live.app, now), now)


@pytest.fixture
def people(live: Live, world: World, browser: Browser) -> Iterator[dict[str, Person]]:
    opened = {}
    for role in ROLES:
        context: BrowserContext = browser.new_context(viewport=DESK, locale="zh-CN")
        guarded = Guarded(context)
        person = Person(guarded, guarded.page)
        guarded.page.on("console", person.hear)
        if role != "nobody":
            sign_in(guarded.page, live, world.phones[role])
        opened[role] = person
    yield opened
    for person in opened.values():
        person.context.close()
    for person in opened.values():
        person.context.check()


@dataclass(frozen=True)
class Stop:
    """A page to look at: who opens it, and the address in the map it stands for, if it does."""

    role: str
    path: str
    rule: Rule | None = None


def _walk(world: World) -> Iterator[Stop]:
    """Every page."""
    for rule in page_rules(world.app):
        if rule.endpoint not in FRAGMENTS | REDIRECTS:
            yield Stop(role_for(rule, world.app), world.address(rule), rule)
    for role, paths in MORE.items():
        yield from (Stop(role, path) for path in paths)


def _look_at_all(
    live: Live, world: World, people: dict[str, Person], walk: Sequence[Stop]
) -> list[str]:
    chinese = _Chinese()
    axe = AXE.read_text(encoding="utf-8")
    wrong: list[str] = []
    for stop in walk:
        person = people[stop.role]
        _open(person, live, world, stop)
        found = _look(person.page, axe) + _speaks(person.page, "zh-Hans", chinese)
        wrong += [f"{stop.path} ({stop.role}): {one}" for one in (*found, *person.complaints)]
    for person in people.values():
        _switch(person.page, live, "language", "en")
    english = _English(world)  # with the names that were typed on the way
    for stop in walk:
        person = people[stop.role]
        _open(person, live, world, stop)
        found = _widths(person.page) + _speaks(person.page, "en", english)
        wrong += [
            f"{stop.path} ({stop.role}, English): {one}" for one in (*found, *person.complaints)
        ]
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_page_in_chinese_and_english_normal_and_elder(
    live: Live, world: World, people: dict[str, Person]
) -> None:
    wrong = _look_at_all(live, world, people, list(_walk(world)))
    assert wrong == [], "\n" + "\n".join(wrong)


BAD = """<!doctype html><html lang="zh-Hans"><title>Check in</title><main><h1>签到</h1>
  <p><font color="#bbbbbb">很淡的字</font></p><p>Nobody scanned yet.</p><img src="data:,">
  <table width="500"><tr><td>很宽的表</td></tr></table></main></html>"""


@pytest.fixture
def bad_page(live: Live) -> None:
    """A new address of the map, with something wrong of every kind that is looked for."""
    live.app.add_url_rule("/bad", view_func=gate.anyone(lambda: BAD), endpoint="bad")


def test_a_bad_page_is_noticed(
    live: Live, bad_page: None, world: World, people: dict[str, Person]
) -> None:
    walk = [stop for stop in _walk(world) if stop.path == "/bad"]
    wrong = "\n".join(_look_at_all(live, world, people, walk))
    for kind in ("color-contrast", "image-alt", "px too wide, normal", "px too wide, elder"):
        assert kind in wrong, kind
    assert "speaks otherwise: \\bNobody" in wrong
    assert "English): lang is zh-Hans" in wrong


def _open(person: Person, live: Live, world: World, stop: Stop) -> None:
    page = person.page
    person.complaints.clear()
    response = page.goto(live.path(stop.path), wait_until="load")
    if stop.rule and stop.rule.endpoint in BEFORE and urlsplit(page.url).path != stop.path:
        _do_before(page, live, world, BEFORE[stop.rule.endpoint])
        response = page.goto(live.path(stop.path), wait_until="load")
    assert response is not None
    good = (200,) if stop.rule else (200, *REFUSED_STATUSES)
    if response.status not in good or (stop.rule and urlsplit(page.url).path != stop.path):
        person.complaints.append(f"status {response.status} at {page.url}")


def _do_before(page: Page, live: Live, world: World, before: Before) -> None:
    for endpoint in before.opens:
        page.goto(live.path(world.address_of(endpoint)), wait_until="load")
    if before.sends is None:
        return
    for name, value in before.sends.items():
        fields = page.locator(f"main [name={name}]")
        if fields.first.get_attribute("type") == "radio":
            page.check(f"main [name={name}][value='{value}']")
        else:
            fields.fill(value)
    page.click("main form .btn-primary")
    page.wait_for_load_state()


def _look(page: Page, axe: str) -> list[str]:
    """axe on a desk, and for elders on the narrowest phone; both modes fit that phone."""
    page.evaluate(axe)
    found = [f"axe: {one}" for one in page.evaluate(_AXE, {})]
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    found += _widths(page)
    # The colours are the same ones in larger type, and looking at them is half of the time.
    again = page.evaluate(_AXE, {"color-contrast": {"enabled": False}})
    found += [f"axe, elder: {one}" for one in again]
    page.evaluate("document.documentElement.classList.remove('elder')")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return found


def _widths(page: Page) -> list[str]:
    """Nothing is wider than the narrowest phone; leaves the page in elder mode."""
    found = []
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for mode in ("normal", "elder"):
        page.evaluate(f"document.documentElement.classList.toggle('elder', {mode == 'elder':d})")
        over = page.evaluate(_OVERFLOW)
        if over > 0:
            found.append(f"{over} px too wide, {mode}")
    return found


# ---- Which language a page speaks ----------------------------------------------------------------

HAN_RUN = re.compile(f"{HAN}+")
# The word that a community has chosen for its volunteers is Chinese in either language.
VOLUNTEERS = {"志愿者", "义工"}


def _messages() -> list[str]:
    """The English texts of the catalogue."""
    ids = [message.id for message in catalogue.load() if message.id]
    return [text for one in ids for text in (one if isinstance(one, tuple | list) else [one])]


class _Chinese:
    """Finds English sentences of ours on a Chinese page, and Chinese that is not written well."""

    def __init__(self) -> None:
        # Two words at least: "Wi-Fi" and "PIN" are Chinese enough.
        self.patterns = [
            re.compile(_pattern(text))
            for text in _messages()
            if len(re.findall(r"[A-Za-z]{2,}", PLACEHOLDER.sub("", text))) > 1
        ]

    def faults(self, words: str) -> list[str]:
        wrong = [pattern.pattern for pattern in self.patterns if pattern.search(words)]
        return wrong + [f"{line!r}: {one}" for line in words.split("\n") for one in faults_of(line)]


def _pattern(text: str) -> str:
    parts = PLACEHOLDER.split(" ".join(text.split()))
    return r"\b" + r"[^\n]{1,40}?".join(re.escape(part).replace(r"\ ", r"\s+") for part in parts)


class _English:
    """Finds Chinese on an English page that is no name without an English twin."""

    def __init__(self, world: World) -> None:
        quoted = {name for message in _messages() for name in HAN_RUN.findall(message)}
        names = world.town.write(_names) | quoted | VOLUNTEERS
        self.names = sorted(names, key=len, reverse=True)

    def faults(self, words: str) -> list[str]:
        for name in self.names:
            words = words.replace(name, "")
        return HAN_RUN.findall(re.sub(rf"{HAN}\*|演示 SAMPLE|中文", "", words))


def _names(tx: Tx) -> set[str]:
    """Every Chinese text that people have put into the database."""
    found: set[str] = set()
    for table in m.Base.metadata.sorted_tables:
        for row in tx.execute(select(table)):
            found |= {value for value in row if isinstance(value, str) and HAN_RUN.search(value)}
            # What stands in a sheet of residents is kept as it stood there.
            for value in row:
                if isinstance(value, dict):
                    found |= set(HAN_RUN.findall(json.dumps(value, ensure_ascii=False)))
    return found


def _speaks(page: Page, lang: str, language: _Chinese | _English) -> list[str]:
    declared = page.evaluate("document.documentElement.lang")
    found = [] if declared == lang else [f"lang is {declared}"]
    page.evaluate(_OTHER_LANGUAGE, lang[:2])
    return found + [f"speaks otherwise: {one}" for one in language.faults(page.evaluate(_WORDS))]


# ---- The real switches ---------------------------------------------------------------------------


def _switch(page: Page, live: Live, name: str, value: str) -> None:
    page.goto(live.path("/boards"))
    page.click(f"header button[name={name}][value='{value}']")
    page.wait_for_load_state()


def test_elder_mode_is_one_switch_and_stays(live: Live, phone: OpenPage) -> None:
    live.town.login("+8613900000099", acts_for={live.town.resident(): "self"})
    page = phone()
    for signed_in in (False, True):
        if signed_in:
            sign_in(page, live, "13900000099")
        before = _type_size(page, live)
        _switch(page, live, "elder", "1")
        assert page.evaluate("document.documentElement.classList.contains('elder')")
        assert _type_size(page, live) == pytest.approx(before * 1.4)
        _switch(page, live, "elder", "0")
        assert _type_size(page, live) == before


def _type_size(page: Page, live: Live) -> Any:
    page.goto(live.path("/boards"))
    return page.evaluate("parseFloat(getComputedStyle(document.querySelector('main')).fontSize)")
