"""A real Chromium against a running app. Every page that a test opens is watched: see `Watch`."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from helpers import running_app

HERE = Path(__file__).parent
LOCAL = {"127.0.0.1", "localhost"}
INSIDE = {"data", "blob", "about"}  # schemes that never leave the browser
# Without a sandbox, because root may not have one; and with none of Chromium's own talk to the outside.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The installed Chromium; where there is none, the browser tests are skipped, but never in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "The browser tests need Chromium, and no chromium, chromium-browser or google-chrome was found."
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(chromium_path: str) -> Iterator[str]:
    """The base of a running app, shared by the tests of one worker."""
    with running_app() as base:
        yield base


@pytest.fixture
def fresh_server(chromium_path: str) -> Iterator[str]:
    """The base of a running app that nobody has visited yet."""
    with running_app() as base:
        yield base


class Watch:
    """What the pages of one browser context did that they never should."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.errors: list[str] = []
        self.addresses: list[str] = []
        context.on("request", lambda request: self.addresses.append(request.url))
        context.on("page", lambda page: page.on("websocket", lambda ws: self.addresses.append(ws.url)))
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.errors.append(f"uncaught: {error.error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        where = message.location["url"]
        # On a deep link, Streamlit first asks for its own files below the page's path and gets a 404.
        if message.type == "error" and "/_stcore/" not in where:
            self.errors.append(f"console: {message.text} ({where})")

    def complaints(self) -> list[str]:
        return self.errors + [f"asked for {url}" for url in self.addresses if not _stays_here(url)]


def _stays_here(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in INSIDE or address.hostname in LOCAL


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Each call opens a page as a new visitor; keywords are Playwright's context options (color_scheme, ...).

    Whatever the test itself checks, it fails if a page logged an error, threw one, or asked another host for
    anything.
    """
    watches = []

    def new_page(**options: object) -> Page:
        settings = {"viewport": {"width": 1440, "height": 1000}, "locale": "en-US", "color_scheme": "light"}
        settings["permissions"] = ["clipboard-read", "clipboard-write"]
        context = browser.new_context(**(settings | options))
        watches.append(Watch(context))
        return context.new_page()

    yield new_page
    complaints = [complaint for watch in watches for complaint in watch.complaints()]
    for watch in watches:
        watch.context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A new visitor's page, 1440 x 1000, light."""
    return new_page()
