"""How long a learner waits: from opening a page to its last matrix, and from a change to the numbers that follow.

    make bench

Vocabulary
    subject       a page that is measured: an empty one (the floor), the lessons, one head's matrices as heatmaps
    first paint   from the start of the navigation, with nothing cached, to the frame that shows the end
    repaint       from the key or click that commits a change to the frame that shows what follows from it

Every time is taken inside the browser, from the time stamp of the event to just after the frame that shows the
change, so that Playwright's own time does not count. The subjects are measured one after the other, each with a
server of its own and the project's configuration. Read the ratios: the milliseconds are those of this machine.
"""

import os
import platform
import shutil
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.helpers import ASKING, PATIENCE, running_app, settle

ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
OPENINGS, WARM_UP, CHANGES = 5, 5, 20

# What every measurement needs, put into the page before its own scripts. `shown()` is what the subject watches.
_WATCH = """
window.bench = {
    roots: [],
    all(selector) {
        let found = [document, ...this.roots].flatMap(root => [...root.querySelectorAll(selector)]);
        if (!found.length) {
            this.roots = [...document.querySelectorAll("*")].map(node => node.shadowRoot).filter(Boolean);
            found = this.roots.flatMap(root => [...root.querySelectorAll(selector)]);
        }
        return found;
    },
    painted() {
        return new Promise(resolve => requestAnimationFrame(() => {
            const {port1, port2} = new MessageChannel();
            port1.onmessage = () => resolve(performance.now());
            port2.postMessage(0);
        }));
    },
    async until(condition) {
        while (!condition()) await new Promise(requestAnimationFrame);
        return this.painted();
    },
    mutated(condition) { // without asking for frames, which would cost the page time
        return new Promise(resolve => {
            const watch = new MutationObserver(() => condition() && (watch.disconnect(), resolve()));
            const what = {subtree: true, childList: true, characterData: true, attributeFilter: ["data-value"]};
            for (const root of [document, ...this.roots]) watch.observe(root, what);
        });
    },
    shown() { return SHOWN; },
    arm(type) {
        const before = this.shown();
        this.time = new Promise(resolve => addEventListener(type, async event => {
            await this.mutated(() => before.every((text, i) => this.shown()[i] !== text));
            resolve(await this.painted() - event.timeStamp);
        }, {capture: true, once: true}));
    },
};
window.bench.first = window.bench.until(() => window.bench.shown().every(text => text));
"""


@dataclass(frozen=True)
class Subject:
    """A page. shown: JavaScript for the texts that a change must change; event: what `commit` sets off."""

    name: str
    app: str
    path: str
    shown: str
    event: str
    prepare: Callable[[Page, str], None]
    commit: Callable[[Page], None]


def _cell(step: str, row: int, col: int) -> str:
    return f'figure[data-step={step}]:not([data-role=operand]) [data-row="{row}"][data-col="{col}"]'


def _typing(step: str, row: int, col: int) -> Callable[[Page, str], None]:
    """Open the editor of a given cell, and type."""

    def prepare(page: Page, number: str) -> None:
        page.locator(_cell(step, row, col)).focus()
        page.keyboard.type(number)

    return prepare


def _lesson(name: str, path: str, edited: tuple[str, int, int], *shown: tuple[str, int, int]) -> "Subject":
    """A page with matrices: a given cell is typed over, and these cells must change."""
    texts = _texts(*(_cell(*cell) for cell in shown), of="node => node.dataset.value")
    return Subject(name, "app.py", path, texts, "keydown", _typing(*edited), lambda page: page.keyboard.press("Enter"))


def _click(page: Page) -> None:
    page.get_by_role("button", name="Change").click()


def _texts(*selectors: str, of: str) -> str:
    return "[" + ", ".join(f"bench.all('{selector}').map({of}).join()" for selector in selectors) + "]"


SUBJECTS = (
    Subject(
        "an empty page", "benchmarks/empty.py", "/",
        _texts("[data-testid=stText]", of="node => node.textContent"), "click", lambda page, number: None, _click,
    ),
    _lesson("one head", "/one-head", ("w_q", 1, 0), ("weights", 1, 0), ("residual", 1, 3)),
    _lesson("lookup", "/lookup", ("q", 0, 0), ("weights", 0, 0), ("output", 0, 0)),
    _lesson("softmax", "/softmax", ("scores", 0, 0), ("weights", 0, 0), ("weights", 0, 1)),
    _lesson("similarity", "/similarity", ("q", 0, 1), ("scores", 0, 1), ("cosine", 0, 2)),
    _lesson("Q, K, V", "/projections", ("w_q", 1, 0), ("q", 1, 0), ("scores", 1, 0)),
    _lesson("W_Q and W_K", "/query-key", ("w_q", 1, 0), ("w_qk", 1, 0), ("weights", 1, 0)),
    _lesson("values", "/values", ("w_v", 3, 0), ("v", 0, 0), ("residual", 1, 3)),
    _lesson("masks", "/masks", ("scores", 1, 0), ("weights", 1, 0), ("exps", 1, 0)),
    _lesson("positions", "/positions", ("w_q", 1, 0), ("weights", 1, 0), ("residual", 1, 3)),
    _lesson("heads", "/heads", ("x", 1, 3), ("concat", 1, 0), ("residual", 1, 3)),
    _lesson("two sources", "/cross-attention", ("w_q", 0, 0), ("weights", 0, 1), ("residual", 0, 5)),
    _lesson("block", "/block", ("w_q", 1, 0), ("weights", 1, 0), ("resid_post", 1, 3)),
    _lesson("cost", "/cost", ("q_scaled", 1, 0), ("output", 1, 0), ("output", 1, 1)),
    _lesson("sandbox", "/sandbox", ("w_q", 1, 0), ("weights", 1, 0), ("residual", 1, 3)),
    _lesson("in context", "/in-context", ("k_frozen", 0, 0), ("output", 0, 0), ("output", 0, 1)),
    Subject(
        "Plotly heatmaps", "benchmarks/heatmaps.py", "/",
        _texts(".st-key-weights .heatmap-label", ".st-key-output .heatmap-label", of="node => node.textContent"),
        "click",
        lambda page, number: None, _click,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Times:
    """Milliseconds of one subject, and the kilobytes that the server sends for one change."""

    first: list[float]
    repaint: list[float]
    sent: float


@contextmanager
def opened(browser: Browser, base: str, subject: Subject) -> Iterator[tuple[Page, list[int]]]:
    """The subject in a browser with nothing cached, and the sizes of what the server sends."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page, sizes = context.new_page(), []
    page.set_default_timeout(PATIENCE * 1000)
    page.on("websocket", lambda ws: ws.on("framereceived", lambda frame: sizes.append(len(frame))))
    page.add_init_script(ASKING)
    page.add_init_script(_WATCH.replace("SHOWN", subject.shown))
    page.goto(base + subject.path)
    yield page, sizes
    context.close()


def measure(browser: Browser, base: str, subject: Subject) -> Times:
    firsts = []
    for _ in range(OPENINGS + 1):  # the first opening imports what the page needs; it is not counted
        with opened(browser, base, subject) as (page, _):
            firsts.append(page.evaluate("bench.first"))
    with opened(browser, base, subject) as (page, sizes):
        page.evaluate("bench.first")
        settle(page)
        times = []
        for number, _ in zip(cycle("35"), range(WARM_UP + CHANGES), strict=False):
            sizes.clear()
            times.append(one_change(page, subject, number))
            settle(page, quiet=150)
        return Times(firsts[1:], times[WARM_UP:], sum(sizes) / 1024)


def one_change(page: Page, subject: Subject, number: str) -> float:
    subject.prepare(page, number)
    page.evaluate("type => bench.arm(type)", subject.event)
    subject.commit(page)
    return page.evaluate("bench.time")


def report(times: dict[str, Times]) -> None:
    print(f"\n{'':18}{'first paint':>14}{'repaint':>12}{'(best, worst)':>18}{'sent':>10}")
    for name, took in times.items():
        median, (best, *_, worst) = statistics.median(took.repaint), sorted(took.repaint)
        first, spread = f"{statistics.median(took.first):.0f} ms", f"({best:.0f}, {worst:.0f})"
        print(f"{name:18}{first:>14}{f'{median:.0f} ms':>12}{spread:>18}{f'{took.sent:.1f} kB':>10}")
    empty, *lessons, plotly = times
    pairs = [*((name, empty) for name in lessons), (plotly, lessons[0])]
    for one, other in pairs:
        first, repaint = (
            _ratio(getattr(times[one], what), getattr(times[other], what)) for what in ("first", "repaint")
        )
        print(f"{f'{one} / {other}':34} first paint {first}   repaint {repaint}")


def _ratio(one: list[float], other: list[float]) -> str:
    return f"{statistics.median(one) / statistics.median(other):.2f}"


def main() -> None:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    machine = f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f})"
    print(f"{machine}, Python {platform.python_version()}, Streamlit {version('streamlit')}")
    print(f"medians of {OPENINGS} openings with nothing cached and of {CHANGES} changes")
    times = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        for subject in SUBJECTS:
            with running_app(subject.app, ROOT) as base:
                times[subject.name] = measure(browser, base, subject)
        browser.close()
    report(times)


if __name__ == "__main__":
    main()
