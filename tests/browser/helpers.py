"""A running app, and how a test finds its way around a page.

Vocabulary
    base      the address of a running app: "http://127.0.0.1:40123"
    settled   connected, and no script has been running for a moment
    board     an element that draws a matrix: data-step, data-role and, where there are heads, data-head
    cell      one number of it: data-row, data-col, data-value; it may stand inside a shadow root
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds for a server to start or a page to settle, on a machine that is busy with other tests


@contextmanager
def running_app(app: str = "app.py", folder: Path = ROOT) -> Iterator[str]:
    """A server of its own, which nobody has visited, for as long as the block lasts; yields its base."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"headless": "true", "address": "127.0.0.1", "port": str(port), "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", app]
    command += [word for name, value in options.items() for word in (f"--server.{name}", value)]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            if not _healthy(server, base):
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read()}")
            yield base
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _healthy(server: subprocess.Popen, base: str) -> bool:
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"{base}/_stcore/health", timeout=5) as answer:
                return answer.status == 200
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    return False


def open_page(page: Page, base: str, path: str = "/") -> None:
    """Open a page of the app, as a learner does who types its address, and wait until it has settled."""
    page.goto(base + path)
    page.locator("[data-testid=stMain] [data-testid=stVerticalBlock]").first.wait_for(timeout=PATIENCE * 1000)
    settle(page)


# Every page runs this first: it knows since when the server owes an answer. One that is busy may take its time, and the
# page shows nothing of it until the answer begins.
ASKING = """
window.askedAt = null;
const known = new WeakSet();
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
    if (!known.has(this)) this.addEventListener("message", () => { window.askedAt = null; });
    known.add(this);
    window.askedAt = performance.now();
    return send.call(this, data);
};
"""
LONGEST_ANSWER = 5000  # milliseconds; what is not answered by then was no question

# A click reaches the server, and its answer the page, a little later: the page is quiet only when it has
# been idle for a while, not when it happens to be idle now.
_SETTLED = """
([quiet, longest]) => new Promise(resolve => {
    let idleSince = performance.now();
    const component = "[data-testid=stBidiComponentIsolated]";
    const hosts = () => [...document.querySelectorAll(`${component}, ${component} *`)];
    const follows = () => hosts().some(({shadowRoot}) => shadowRoot?.querySelector("[data-page-follows]"));
    const look = () => {
        const app = document.querySelector("[data-testid=stApp]");
        const idle = app !== null
            && app.dataset.testConnectionState === "CONNECTED"
            && app.dataset.testScriptState === "notRunning"
            && !follows()
            && (window.askedAt === null || performance.now() - window.askedAt > longest)
            && document.querySelector("[data-testid=stSkeleton], [data-testid=stAppSkeleton]") === null;
        if (!idle) idleSince = performance.now();
        if (performance.now() - idleSince >= quiet) resolve(true);
        else setTimeout(look, 10);
    };
    look();
})
"""


def settle(page: Page, quiet: int = 80) -> None:
    """Wait until nothing has been asked or run for `quiet` milliseconds; what a click set off has then been drawn."""
    page.wait_for_function(_SETTLED, arg=[quiet, LONGEST_ANSWER], timeout=PATIENCE * 1000)


_CELL = "[data-row][data-col][data-value]"
# One walk through the document and its shadow roots; cell by cell, it would be a round trip for each.
_READ = """
([selector, cellSelector]) => {
    const find = (root, selector) => {
        const found = [...root.querySelectorAll(selector)];
        for (const element of root.querySelectorAll("*"))
            if (element.shadowRoot) found.push(...find(element.shadowRoot, selector));
        return found;
    };
    return {
        boards: find(document, selector).map(board => find(board, cellSelector).map(
            ({dataset}) => [dataset.row, dataset.col, dataset.value])),
        names: [...new Set(find(document, "[data-step]").map(({dataset}) => dataset.step))],
    };
}
"""


def matrix(page: Page, step: str, role: str | None = None, head: int | None = None) -> np.ndarray:
    """The one given or result matrix of that name, as the page shows it now: [rows, columns]."""
    selector = _board(step, role, head)
    page.locator(selector).first.wait_for(state="attached")
    read = page.evaluate(_READ, [selector, _CELL])
    boards = read["boards"]
    assert len(boards) == 1, f"{len(boards)} elements match {selector}; the page draws {read['names']}"
    cells = {(int(row), int(col)): float(value) for row, col, value in boards[0]}
    assert cells, f"{selector} has no cells"
    rows, cols = (1 + max(places) for places in zip(*cells, strict=True))
    shape = f"{len(boards[0])} cells for {rows}x{cols}"
    assert len(boards[0]) == len(cells) == rows * cols, f"{selector} has {shape}"
    return np.array([[cells[row, col] for col in range(cols)] for row in range(rows)])


def cell(page: Page, step: str, row: int, col: int, role: str | None = None, head: int | None = None) -> Locator:
    """One cell of a given or result matrix, to click, hover or read."""
    return page.locator(f'{_board(step, role, head)} [data-row="{row}"][data-col="{col}"][data-value]')


def _board(step: str, role: str | None, head: int | None) -> str:
    roles = [role] if role else ["given", "result"]
    which_role = ":is(" + ", ".join(f'[data-role="{role}"]' for role in roles) + ")"
    which_head = "" if head is None else f'[data-head="{head}"]'
    return f'[data-step="{step}"]{which_role}{which_head}'


def go_to(page: Page, lesson: str) -> None:
    """Choose a lesson in the navigation: its section's menu first."""
    page.get_by_role("button", name="One head").click()
    page.get_by_role("menuitem", name=lesson, exact=True).click()
