"""Chromium as tests and benchmarks drive it: one that is installed, which asks nothing of any network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "no Chromium on this machine: install chromium, or run `playwright install chromium`"


@contextmanager
def launched(patience: float | None = None) -> Iterator[Browser | None]:
    """A browser for the time of the block; None where there is none. `patience` is how long its start may take, in
    milliseconds."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            yield None
            return
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=patience)
        yield browser
        browser.close()
