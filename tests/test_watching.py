"""What follows a change of prose or of a concept; the build itself is replaced."""

import subprocess
import time
from pathlib import Path
from threading import Event

import pytest

import hfreader.concepts
import hfreader.watching
from hfreader.facts.codec import to_json
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.totals import BuildResult, FamilyTotals
from hfreader.watching import rebuilding, watched_folders

RESULT = BuildResult(
    Snapshot("installed", None, None, None, "5.0", "/package"),
    "site",
    (FamilyTotals("ash", 9, 9, 5, 4, 1, 0, 2, 100, 90, 0), FamilyTotals("birch", 9, 9, 3, 3, 0, 0, 2, 100, 90, 0)),
    (Problem("pages", "prose", "a link leads nowhere"), Problem("trace", "ash", "it broke")),
)


class Builds:
    """Stands for the processes that build: what they were asked, what they answer, how long they wait."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fails = False
        self.begun, self.ended = Event(), Event()
        self.ended.set()

    def run(self, command, stdout):
        assert stdout == subprocess.PIPE
        self.asked.append(command[command.index("build") :])
        self.begun.set()
        assert self.ended.wait(5)
        return subprocess.CompletedProcess(command, int(self.fails), b"" if self.fails else to_json(RESULT))


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    made = Builds()
    monkeypatch.setattr(hfreader.watching.subprocess, "run", made.run)
    return made


@pytest.fixture
def said(builds: Builds, tmp_path: Path):
    (tmp_path / "docs" / "study").mkdir(parents=True)
    lines: list[str] = []
    with rebuilding(tmp_path / "site", ("--models", "ash,birch"), lines.append, (tmp_path / "docs",)):
        yield lines


def wait_for(condition) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_change_is_followed_by_one_build_with_the_same_options(said, builds: Builds, tmp_path: Path):
    for name in ("one.md", "study/two.md"):
        (tmp_path / "docs" / name).write_text("text")
    wait_for(lambda: len(said) >= 3)
    site = str(tmp_path / "site")
    assert builds.asked == [["build", "--models", "ash,birch", "--offline", "--out", site, "--json"]]
    assert "one.md" in said[0] and "two.md" in said[0] and said[0].endswith("building again")
    assert said[1] == "prose: a link leads nowhere"
    assert said[2].endswith("8 places found, 7 proven, 1 disproven")


def test_what_cannot_be_built_leaves_the_site_and_the_next_change_is_tried(said, builds: Builds, tmp_path: Path):
    builds.fails = True
    (tmp_path / "docs/one.md").write_text("text")
    wait_for(lambda: len(said) == 2)
    assert "the site stays as it was" in said[1]
    builds.fails = False
    (tmp_path / "docs/one.md").unlink()
    wait_for(lambda: len(said) == 5)
    assert len(builds.asked) == 2


def test_a_change_during_a_build_is_followed_by_another(said, builds: Builds, tmp_path: Path):
    builds.ended.clear()
    (tmp_path / "docs/one.md").write_text("text")
    assert builds.begun.wait(5)
    (tmp_path / "docs/two.md").write_text("text")
    (tmp_path / "docs/three.md").write_text("text")
    builds.ended.set()
    wait_for(lambda: len(said) == 6)
    assert "one.md" in said[0] and "three.md, " in said[3] and "two.md" in said[3]


def test_what_editors_and_python_write_beside_is_no_change(said, builds: Builds, tmp_path: Path):
    (tmp_path / "docs/__pycache__").mkdir()
    for name in (".one.md.swp", "one.md~", "__pycache__/one.cpython-311.pyc"):
        (tmp_path / "docs" / name).write_text("text")
    time.sleep(0.4)
    (tmp_path / "docs/one.md").write_text("text")
    wait_for(lambda: len(said) == 3)
    assert len(builds.asked) == 1 and said[0].endswith("one.md: building again") and "," not in said[0]


def test_a_file_saved_by_putting_another_in_its_place_has_changed(said, builds: Builds, tmp_path: Path):
    (tmp_path / "docs/.one.md.tmp").write_text("text")
    (tmp_path / "docs/.one.md.tmp").rename(tmp_path / "docs/one.md")
    wait_for(lambda: len(said) == 3)
    assert said[0].endswith("one.md: building again")


def test_prose_and_concepts_are_watched():
    docs, concepts = watched_folders()
    assert (docs / "study" / "index.md").is_file()
    assert concepts == Path(hfreader.concepts.__file__).parent
