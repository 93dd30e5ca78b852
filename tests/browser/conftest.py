"""A real Chromium against a running app. Every page that a test opens is watched: see `Watch`.

Opening a page for the first time costs a browser as much as opening it twice again, so the tests of a file share one
browser context, `page`. Each begins by opening an address, which makes its visit a new one for the server. A test that
needs more, such as an empty cache, a touch screen or ears of its own, opens a `new_page`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from helpers import ASKING, running_app

HERE = Path(__file__).parent
LOCAL = {"127.0.0.1", "localhost"}
SCREEN = {"width": 1440, "height": 1000}
INSIDE = {"data", "blob", "about", "file"}  # schemes that never leave the browser
# Without a sandbox, because root may not have one; and with none of Chromium's own talk to the outside.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # on a busy machine an answer may come later than a test waits for it; what is wrong fails three times
            item.add_marker(pytest.mark.flaky(reruns=2))


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
        """What there is to complain about since the last time."""
        found = self.errors + [f"asked for {url}" for url in self.addresses if not _stays_here(url)]
        self.errors.clear()
        self.addresses.clear()
        return found


def _stays_here(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in INSIDE or address.hostname in LOCAL


def _visitor(browser: Browser, **options: object) -> Watch:
    """A browser context of its own, as of somebody who was never here; options are Playwright's (color_scheme, ...)."""
    settings = {"viewport": SCREEN, "locale": "en-US", "color_scheme": "light"}
    settings["permissions"] = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(**(settings | options))
    context.add_init_script(ASKING)
    return Watch(context)


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Each call opens a page as a new visitor; keywords are Playwright's context options (color_scheme, ...).

    Whatever the test itself checks, it fails if a page logged an error, threw one, or asked another host for
    anything.
    """
    watches = []

    def new_page(**options: object) -> Page:
        watches.append(_visitor(browser, **options))
        return watches[-1].context.new_page()

    yield new_page
    complaints = [complaint for watch in watches for complaint in watch.complaints()]
    for watch in watches:
        watch.context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[Callable[[str], tuple[Page, Watch]]]:
    """The pages that the tests of a file share, by name, each in a context of its own."""
    pages: dict[str, tuple[Page, Watch]] = {}

    def shared(name: str) -> tuple[Page, Watch]:
        if name not in pages:
            watch = _visitor(browser)
            pages[name] = watch.context.new_page(), watch
        return pages[name]

    yield shared
    for _, watch in pages.values():
        watch.context.close()


def _lent(page: Page, watch: Watch) -> Iterator[Page]:
    page.set_viewport_size(SCREEN)
    page.emulate_media(color_scheme="light")
    yield page
    page.goto("about:blank")  # ends the visit, and whatever it was about to do
    complaints = watch.complaints()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(shared: Callable[[str], tuple[Page, Watch]]) -> Iterator[Page]:
    """A page, 1440 x 1000, light, which other tests of this file used before; watched as those of `new_page`."""
    yield from _lent(*shared("page"))


@pytest.fixture
def other(shared: Callable[[str], tuple[Page, Watch]]) -> Iterator[Page]:
    """The same in another browser, as of somebody who gets a link."""
    yield from _lent(*shared("other"))
