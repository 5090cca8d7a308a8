"""A real Chromium on a built site, opened from `file://` with the network off."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.pages import toy

CONFIG = Path(__file__).parent.parent.parent / "mkdocs.yml"
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the toy family in both languages, compared with one that has no page."""
    folder = tmp_path_factory.mktemp("toy")
    book = replace(toy.book(folder / "package"), comparisons=(toy.COMPARISON,))
    write_fragments(book.book, book, folder / "fragments", silent, toy.CONCEPTS, ("en", "zh"))
    run_mkdocs(CONFIG, folder / "fragments", folder / "site")
    return folder / "site"


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens a file in a context of its own: `open_page(path, width=360, dark=True, script=False, touch=True)`.

    The page's `requests` are in `page.requests`; whatever leaves the machine fails and is recorded too.
    """
    contexts = []

    def open_file(
        path: Path, anchor: str = "", width: int = 1300, dark: bool = False, script: bool = True, touch: bool = False
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            has_touch=touch,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.requests = []
        page.errors = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(path.as_uri() + anchor)
        return page

    yield open_file
    for context in contexts:
        context.close()
