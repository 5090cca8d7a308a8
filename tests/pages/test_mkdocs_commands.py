"""`mkdocs build` and `mkdocs serve` with hfreader's own `mkdocs.yml` give the site that `hfreader build` gives."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.pages import toy

CONFIG = Path(__file__).parent.parent.parent / "mkdocs.yml"
PATIENCE = 120
"""Seconds that a server may take to build on a busy machine."""
# What a server adds: its address, and the script that loads a page again.
ADDED = re.compile(rb'<link[^>]*rel="?canonical"?[^>]*>|<script>\(\(\).*?livereload.*?</script>|\s+', re.DOTALL)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the fragments of the toy family, where `hfreader build` leaves them."""
    folder = tmp_path_factory.mktemp("cache")
    book = replace(toy.book(folder / "package"), comparisons=(toy.COMPARISON,))
    write_fragments(book.book, book, folder / "fragments", silent, toy.CONCEPTS, ("en", "zh"))
    return folder


@pytest.fixture(scope="module")
def ours(cache: Path) -> dict[str, bytes]:
    run_mkdocs(CONFIG, cache / "fragments", cache / "ours")
    return pages(cache / "ours")


def pages(site: Path) -> dict[str, bytes]:
    """The pages and all that they read; the map of the site has its date in it."""
    names = (path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    return {name: (site / name).read_bytes() for name in names if "sitemap" not in name}


def mkdocs(cache: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mkdocs", *arguments, "-q", "-f", str(CONFIG)]
    return subprocess.Popen(command, env={**os.environ, "HFREADER_CACHE": str(cache)}, start_new_session=True)


def test_mkdocs_build_gives_the_same_site(cache: Path, ours: dict[str, bytes]):
    assert mkdocs(cache, "build", "-d", str(cache / "theirs")).wait(PATIENCE) == 0
    assert pages(cache / "theirs") == ours
    assert {"models/toy.html", "zh/models/toy.html", "search/search_index.json"} <= ours.keys()


@pytest.fixture
def address(cache: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    server = mkdocs(cache, "serve", "--no-livereload", "-a", where)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://{where}/", timeout=5)
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    yield f"http://{where}/"
    server.terminate()
    server.wait(20)


def test_mkdocs_serve_gives_the_same_site(address: str, ours: dict[str, bytes]):
    for name, content in ours.items():
        if name.endswith("404.html"):  # its links begin at the root of a server
            continue
        with urllib.request.urlopen(address + name, timeout=20) as answer:
            assert ADDED.sub(b"", answer.read()) == ADDED.sub(b"", content), name
