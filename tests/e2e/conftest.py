"""Fixtures of the browser tests: a running server, real browsers, and a camera that sees a picture.

    live           a server on a fresh SQLite database: live.url, live.town, live.path("/…")
    empty          the same, with nothing in it at all, as after the first `make serve`
    phone          () -> a page of a phone-sized browser that nobody has signed in on
    desk           () -> the same, as wide as a desk's screen
    phone_with_worker  () -> a phone whose browser may keep pages that open without network
    phone_seeing   (picture) -> a phone whose camera sees that picture

Every call opens a browser of its own kind with its own cookies: two people are two calls. A page
that runs into a script error, or that asks another host for anything, fails its test.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from tests.conftest import make_config, quicken
from tests.town import Town
from volunteer.factory import create_app
from volunteer.store.database import db

OpenPage = Callable[[], Page]
OpenPageSeeing = Callable[[Image.Image], Page]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
CAMERA_SIZE = (640, 480)
CAMERA_FRAMES = 10


@dataclass(frozen=True)
class Empty:
    """A server that runs in a thread of the test, on a database without a row."""

    app: Flask
    url: str

    def path(self, path: str) -> str:
        return self.url + path


@dataclass(frozen=True)
class Live(Empty):
    """The same, with the beginnings of a community."""

    town: Town


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture
def empty(sqlite_url: str, tmp_path: Path) -> Iterator[Empty]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    config = replace(make_config(sqlite_url, tmp_path), port=port, public_url=url)
    app = create_app(config)
    quicken(app)
    server = make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with app.app_context():
        yield Empty(app, url)
        db.session.remove()
    server.shutdown()
    thread.join()
    server.server_close()
    listening.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def live(empty: Empty) -> Live:
    return Live(empty.app, empty.url, Town(empty.app))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to drive: CHROMIUM, else one found on the system."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    for name in names:
        if name and (path := shutil.which(name)):
            return path
    pytest.skip("NO CHROMIUM ON THIS MACHINE: the browser tests did not run (set CHROMIUM=path)")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    with _launched(playwright, chromium_path) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[OpenPage]:
    yield from _pages(
        lambda: browser.new_context(
            viewport=PHONE, locale="zh-CN", has_touch=True, service_workers="block"
        )
    )


@pytest.fixture
def phone_with_worker(browser: Browser) -> Iterator[OpenPage]:
    """A phone that keeps what opens without network; the others do not, so that a test that takes
    the network away, or a file, knows what it takes."""
    yield from _pages(lambda: browser.new_context(viewport=PHONE, locale="zh-CN", has_touch=True))


@pytest.fixture
def desk(browser: Browser) -> Iterator[OpenPage]:
    yield from _pages(lambda: browser.new_context(viewport=DESK, locale="zh-CN"))


@pytest.fixture
def phone_seeing(
    playwright: Playwright, chromium_path: str, tmp_path: Path
) -> Iterator[OpenPageSeeing]:
    opened: list[tuple[Browser, Guarded]] = []

    def open_page(picture: Image.Image) -> Page:
        film = tmp_path / f"camera-{len(opened)}.y4m"
        write_film(picture, film)
        browser = _launched(
            playwright,
            chromium_path,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        )
        guarded = Guarded(browser.new_context(viewport=PHONE, locale="zh-CN", has_touch=True))
        opened.append((browser, guarded))
        return guarded.page

    yield open_page
    for browser, guarded in opened:
        guarded.close()
        browser.close()
    for _, guarded in opened:
        guarded.check()


class Guarded:
    """One person's browser; what its pages did wrong is kept and told at the end of the test."""

    def __init__(self, context: BrowserContext) -> None:
        self.wrongs: list[str] = []
        self.context = context
        context.on("weberror", lambda error: self.wrongs.append(str(error.error)))
        context.on("request", lambda request: self._see(request.url))
        self.page = context.new_page()

    def _see(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:", "about:")):
            self.wrongs.append(f"asked another host: {url}")

    def close(self) -> None:
        self.context.close()

    def check(self) -> None:
        assert not self.wrongs, self.wrongs


def write_film(picture: Image.Image, path: Path) -> None:
    """A short film of a still picture, as Chromium's fake camera plays it (Y4M, 4:2:0).

    The picture is fitted onto a white frame with a margin, as a card held up to a phone would be.
    """
    frame = Image.new("RGB", CAMERA_SIZE, "white")
    fitted = picture.convert("RGB")
    fitted.thumbnail((CAMERA_SIZE[0] - 40, CAMERA_SIZE[1] - 40))
    frame.paste(
        fitted, ((CAMERA_SIZE[0] - fitted.width) // 2, (CAMERA_SIZE[1] - fitted.height) // 2)
    )
    light, blue, red = frame.convert("YCbCr").split()
    half = (CAMERA_SIZE[0] // 2, CAMERA_SIZE[1] // 2)
    planes = light.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
    width, height = CAMERA_SIZE
    header = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(header + (b"FRAME\n" + planes) * CAMERA_FRAMES)


def _pages(new_context: Callable[[], BrowserContext]) -> Iterator[OpenPage]:
    opened: list[Guarded] = []

    def open_page() -> Page:
        opened.append(Guarded(new_context()))
        return opened[-1].page

    yield open_page
    for guarded in opened:
        guarded.close()
    for guarded in opened:
        guarded.check()


def _launched(playwright: Playwright, path: str, *more: str) -> Browser:
    # --no-sandbox: the tests may run as root in a container, where Chromium refuses to start.
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *more])
