"""From a real git repository to a site, as a user runs it: built, killed, built again, nothing to do."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import commit_all

pytestmark = pytest.mark.slow
POOLER = "class BertPooler(nn.Module):\n"
DOCSTRING = '    """<script>document.title = "taken over"</script>"""\n\n'
TANH = "        pooled_output = self.activation(pooled_output)\n"
ADDED = "        only_in_this_repository = pooled_output * 1\n"


@pytest.fixture(scope="module")
def repository(transformers_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """transformers with a hostile docstring and a line that the installed package does not have."""
    folder = tmp_path_factory.mktemp("edited") / "transformers"
    shutil.copytree(transformers_repository, folder)
    modeling = folder / "src/transformers/models/bert/modeling_bert.py"
    source = modeling.read_text()
    assert source.count(POOLER) == source.count(TANH) == 1
    modeling.write_text(source.replace(POOLER, POOLER + DOCSTRING).replace(TANH, TANH + ADDED))
    commit_all(folder, "a hostile docstring and a line of its own")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


def command(repository: Path, place: Path) -> list[str]:
    options = ["--models", "bert", "--repo", str(repository), "--out", str(place / "site"), "--json"]
    return [sys.executable, "-m", "hfreader", "build", *options]


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "HFREADER_CACHE": str(place / "cache"), "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def built(repository: Path, place: Path) -> dict:
    """A build that was killed while models ran, and the one after it."""
    with subprocess.Popen(
        command(repository, place), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(place)
    ) as killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith("trace: "):
                break
        else:
            pytest.fail("the build ended before it could be killed")
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    done = subprocess.run(command(repository, place), capture_output=True, text=True, env=environment(place))
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "stderr": done.stderr}


def test_a_killed_build_is_taken_up_again(built, place):
    assert "analysis" in built["stderr"]
    assert (place / "site" / "index.html").is_file()
    assert sorted(path.name for path in place.joinpath("site").glob(".*")) == [".hfreader"]


def test_what_was_read_is_pinned_and_said(built, repository, place):
    head = subprocess.run(["git", "-C", str(repository), "rev-parse", "HEAD"], capture_output=True, text=True)
    assert built["snapshot"]["commit"] == head.stdout.strip()
    assert built["snapshot"]["origin"] == "repository"
    assert head.stdout.strip() in (place / "site/models/bert.html").read_text()


def test_nothing_is_disproven_and_most_lines_ran(built):
    family = built["families"][0]
    assert family["disproven"] == family["problems"] == 0
    assert family["proven"] == family["matches"] >= 15
    assert family["statements_ran"] / family["statements"] > 0.9


def test_what_is_traced_is_what_is_read(built, place):
    page = (place / "site/models/bert.html").read_text()
    line = next(line for line in page.splitlines() if "only_in_this_repository" in line)
    assert "(B, hidden)" in line


def test_a_script_in_a_docstring_stays_text(built, place):
    page = (place / "site/models/bert.html").read_text()
    assert "document.title" in page
    assert "<script>document" not in page
    for index in place.joinpath("site/search").iterdir():
        assert "<script>document" not in index.read_text()


def test_a_second_build_runs_no_model_and_makes_the_same_site(built, repository, place):
    def contents() -> dict[str, bytes]:
        site = place / "site"
        return {
            str(path.relative_to(site)): path.read_bytes()
            for path in site.rglob("*.html")
            if "sitemap" not in path.name
        }

    before = contents()
    again = subprocess.run(command(repository, place), capture_output=True, text=True, env=environment(place))
    assert again.returncode == 0, again.stderr
    assert "trace:" not in again.stderr
    assert "proof:" not in again.stderr
    assert contents() == before
