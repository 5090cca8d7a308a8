"""What opening a page costs in Chromium: how long it blocks the main thread, and how soon the search answers.

    python benchmarks/browsing.py PAGE...

Blocking is what each task takes beyond 50 ms, summed from the start of the navigation until two seconds after the load:
by the wall, as the `longtask` entries of a page tell it, and in CPU time of the main thread, from a trace, which says
the same on a busy machine. The search is timed from its words to its first result. Each figure is the median of RUNS.
"""

import json
import statistics
import sys
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Browser, Page

from tests.chromium import MISSING, launched

RUNS = 5
LONG = 50
PATIENCE = 300_000
WATCH = """
window.blocked = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.blocked += Math.max(0, task.duration - 50);
}).observe({ type: "longtask", buffered: true });
"""


@dataclass(frozen=True)
class Opening:
    """Milliseconds: blocked by the wall and in CPU time, the DOM ready, the first result of a search; and elements."""

    blocking: float
    blocking_cpu: float
    ready: float
    search: float
    nodes: int


def measured(page: Path) -> Opening:
    """The medians for a page of a built site."""
    with launched(PATIENCE) as browser:
        if browser is None:
            sys.exit(MISSING)
        runs = [_opened(browser, page) for _ in range(RUNS)]
    return Opening(*map(statistics.median, zip(*map(astuple, runs), strict=True)))


def _opened(browser: Browser, file: Path) -> Opening:
    """One opening in a profile of its own."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH)
    browser.start_tracing(page=page, categories=["toplevel", "disabled-by-default-devtools.timeline", "__metadata"])
    page.goto(file.absolute().as_uri())
    page.wait_for_timeout(2000)
    tasks = json.loads(browser.stop_tracing())["traceEvents"]
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    nodes = page.evaluate("document.querySelectorAll('*').length")
    blocked = page.evaluate("window.blocked")
    found = Opening(blocked, _blocked_cpu(tasks), ready, _search(page), nodes)
    context.close()
    return found


def _blocked_cpu(events: list[dict[str, Any]]) -> float:
    """Beyond LONG, by the clock of each thread, of the renderer's main thread with most to do."""
    mains = {(one["pid"], one["tid"]) for one in events if one.get("args", {}).get("name") == "CrRendererMain"}
    spent = dict.fromkeys(mains, 0.0)
    for one in events:
        thread = (one["pid"], one["tid"])
        if thread in mains and one["name"] in ("RunTask", "ThreadControllerImpl::RunTask"):
            spent[thread] += max(0.0, one.get("tdur", 0) / 1000 - LONG)
    return max(spent.values(), default=0.0)


def _search(page: Page) -> float:
    page.locator("[data-md-component=search-query]").click()
    started = page.evaluate("performance.now()")
    page.keyboard.type("self attention")
    page.wait_for_selector(".md-search-result__link")
    return float(page.evaluate("performance.now()")) - float(started)


if __name__ == "__main__":
    for given in sys.argv[1:]:
        sys.stdout.write(f"{given}: {measured(Path(given))}\n")
