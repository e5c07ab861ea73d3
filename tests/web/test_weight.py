"""Pages stay light: 60 kB on the first visit with all they load, 15 kB on every one after it.

Compressed, as a phone fetches them on a slow network.
"""

from __future__ import annotations

import random
import re
from functools import cache
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.signed_in import FreshClient
from tests.world import REDIRECTS, World, page_rules, populate, role_for, settle
from volunteer import clock
from volunteer.web import gate
from volunteer.web.protection import limiter

# It shows the poster as it will be printed. Pages with a camera bring their decoder.
HEAVY = {"organize.poster"}
FIRST_VISIT_BYTES = 60_000
LATER_VISIT_BYTES = 15_000

# What a browser fetches of itself: sheets, scripts and what they import, pictures, icons.
_LINK = re.compile(r'<link\b[^>]*\brel="(?:stylesheet|icon|manifest|modulepreload)"[^>]*>')
_HREF = re.compile(r'\bhref="([^"]+)"')
_SRC = re.compile(r'<(?:script|img|source)\b[^>]*\bsrc="([^"]+)"')
_USE = re.compile(r'<use href="([^"#]+)#')
_IMPORT = re.compile(r'\bimport\b(?:[^"\';]*\bfrom)?\s*["\']([^"\']+)["\']')
_CSS_URL = re.compile(r'url\(["\']?([^"\')]+)["\']?\)')


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    app.test_client_class = FreshClient
    monkeypatch.setattr(limiter, "enabled", False)
    now = clock.now()
    return populate(settle(app, now), now)


class Fetches:
    """A phone's browser: every address once, compressed."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.bytes_of = cache(self._fetch)

    def _fetch(self, address: str) -> tuple[int, frozenset[str]]:
        """The bytes of one file on the wire, and the files it asks for."""
        with self.client.get(address, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.status_code == 200, address
            sent = len(response.get_data())
        with self.client.get(address) as response:
            kind = response.mimetype
            text = response.get_data(as_text=True) if kind.startswith("text/") else ""
        asked = {"text/css": _CSS_URL, "text/javascript": _IMPORT}.get(kind)
        found = asked.findall(text) if asked else []
        return sent, frozenset(urljoin(address, one) for one in found if "data:" not in one)

    def weight(self, addresses: set[str]) -> int:
        seen: set[str] = set()
        waiting = set(addresses)
        total = 0
        while waiting:
            address = waiting.pop()
            # A picture named by its version and one named without it are one file.
            if urlsplit(address).path in seen:
                continue
            seen.add(urlsplit(address).path)
            sent, asked = self.bytes_of(address)
            total += sent
            waiting |= asked
        return total


def _asked_by(page: str) -> set[str]:
    links = [match for tag in _LINK.findall(page) for match in _HREF.findall(tag)]
    return {
        address
        for address in (*links, *_SRC.findall(page), *_USE.findall(page))
        if not address.startswith("data:")
    }


def heavy(world: World, *only: str) -> list[str]:
    """Pages that weigh too much, or that could not be weighed."""
    clients = {role: world.client(role) for role in ("nobody", *world.phones)}
    wrong, most = [], 0
    fetches = {role: Fetches(client) for role, client in clients.items()}
    for rule in page_rules(world.app):
        if rule.endpoint in REDIRECTS or (only and rule.endpoint not in only):
            continue
        role = role_for(rule, world.app)
        world.arrive(clients[role], rule)
        cookie = clients[role].get_cookie("session")
        address = world.address(rule)
        answer = clients[role].get(address, headers={"Accept-Encoding": "gzip"})
        if answer.status_code != 200:
            wrong.append(f"{rule.rule}: {answer.status_code} for {role}")
            continue
        html = len(answer.get_data())
        page = clients[role].get(address).get_data(as_text=True)
        if cookie is not None:
            clients[role].set_cookie("session", cookie.value)
        if html > LATER_VISIT_BYTES:
            wrong.append(f"{rule.rule}: {html} bytes of HTML")
        if rule.endpoint in HEAVY or "camera=(self)" in answer.headers["Permissions-Policy"]:
            continue
        first = html + fetches[role].weight(_asked_by(page))
        most = max(most, first)
        if first > FIRST_VISIT_BYTES:
            wrong.append(f"{rule.rule}: {first} bytes on the first visit")
    assert only or most > 20_000, "nothing was weighed"
    return wrong


def test_every_page_is_light_on_the_first_visit_and_after(world: World) -> None:
    assert heavy(world) == []


def test_a_heavy_page_is_noticed(world: World) -> None:
    """One that is long, and one that loads a large picture."""
    noise = random.Random(1).randbytes(FIRST_VISIT_BYTES).hex()
    world.app.add_url_rule("/long", view_func=gate.anyone(lambda: noise[:40_000]), endpoint="long")
    world.app.add_url_rule("/noise.png", view_func=gate.anyone(lambda: noise), endpoint="noise")
    picture = '<img src="/noise.png">'
    world.app.add_url_rule("/loads", view_func=gate.anyone(lambda: picture), endpoint="loads")
    assert [one.split(": ")[0] for one in heavy(world, "long", "loads")] == ["/long", "/loads"]
