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
from pathlib import Path

import pytest

from tests.browser.conftest import CONFIG

PATIENCE = 120
"""Seconds that a server may take to build on a busy machine."""
ADDED = re.compile(rb"<link[^>]*canonical[^>]*>|\s+")
"""What a server adds: its address, and the blanks around it."""

pytestmark = pytest.mark.slow


def contents(site: Path) -> dict[str, bytes]:
    """The pages and all that they read; the map of the site has its date in it."""
    names = (path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    return {name: (site / name).read_bytes() for name in names if "sitemap" not in name}


def mkdocs(toy_site: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """MkDocs with a cache that holds the fragments of the toy family, where `hfreader build` leaves them."""
    command = [sys.executable, "-m", "mkdocs", *arguments, "-q", "-f", str(CONFIG)]
    return subprocess.Popen(command, env={**os.environ, "HFREADER_CACHE": str(toy_site.parent)}, start_new_session=True)


def test_mkdocs_build_gives_the_same_site(toy_site: Path, tmp_path: Path):
    assert mkdocs(toy_site, "build", "-d", str(tmp_path / "theirs")).wait(PATIENCE) == 0
    ours = contents(toy_site)
    assert contents(tmp_path / "theirs") == ours
    assert {"models/toy.html", "zh/models/toy.html", "search/search_index.json"} <= ours.keys()


@pytest.fixture
def address(toy_site: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    server = mkdocs(toy_site, "serve", "--no-livereload", "-a", where)
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


def test_mkdocs_serve_gives_the_same_site(address: str, toy_site: Path):
    for name, content in contents(toy_site).items():
        if name.endswith("404.html"):  # its links begin at the root of a server
            continue
        with urllib.request.urlopen(address + name, timeout=20) as answer:
            assert ADDED.sub(b"", answer.read()) == ADDED.sub(b"", content), name
