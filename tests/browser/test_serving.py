"""`hfreader serve` as an author meets it: saved prose and concepts come into the open page, where it was."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import CONFIG

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 120_000
"""Milliseconds that a build may take on a busy machine."""


@dataclass
class Project:
    """A copy of hfreader that is served, so that its prose and concepts can be changed."""

    folder: Path
    environment: dict[str, str]

    def hfreader(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", "hfreader", *arguments, "--out", str(self.folder / "site")]
        return subprocess.Popen(
            command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("project")
    for name in ("hfreader", "docs"):
        shutil.copytree(CONFIG.parent / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(CONFIG, folder / "mkdocs.yml")
    known = {**os.environ, "PYTHONPATH": str(folder), "HFREADER_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    made = Project(folder, known)
    assert made.hfreader("build", "--models", "bert", "--static", "--offline").wait(300) == 0
    return made


@pytest.fixture
def address(project: Project) -> Iterator[str]:
    served = project.hfreader("serve", "--port", "0")
    assert served.stdout is not None
    lines = iter(served.stdout.readline, "")
    yield next(line.split()[0] for line in lines if line.startswith("http://"))
    os.killpg(served.pid, signal.SIGTERM)  # a shell that runs tests in the background lets them ignore Ctrl-C
    served.communicate(timeout=20)


def test_what_is_saved_comes_into_the_open_page_and_what_is_broken_does_not(
    project: Project, address: str, chromium: Browser
):
    page = chromium.new_page(viewport={"width": 1300, "height": 600})
    page.goto(f"{address}study/2-bert.html")
    page.evaluate("scrollTo(0, 700)")
    project.edit("docs/study/2-bert.md", "\n\n", "\n\nSaid anew.\n\n")
    page.get_by_text("Said anew.").wait_for(state="attached", timeout=PATIENCE)
    page.wait_for_function("Math.abs(scrollY - 700) < 80")
    page.goto(f"{address}concepts/layer-norm.html")
    concept = "hfreader/concepts/layer_norm.py"
    project.edit(concept, "CONCEPT = ", "CONCEPT = = ")
    project.edit("docs/study/2-bert.md", "Said anew.", "Said twice.")
    page.wait_for_timeout(6000)
    page.reload()
    assert page.locator("h1").inner_text() == "Layer normalization"
    project.edit(concept, "CONCEPT = = ", "CONCEPT = ")
    project.edit(concept, 'Text("Layer normalization"', 'Text("Norm of a layer"')
    page.get_by_role("heading", level=1, name="Norm of a layer").wait_for(timeout=PATIENCE)
    page.close()
