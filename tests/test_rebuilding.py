"""What a build does again after a change: the files of a real source, the runs replaced by ones that show nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import hfreader.analyses
import hfreader.build
from hfreader import concept_keys
from hfreader.build import BuildOptions, gather
from hfreader.concepts import catalogue
from hfreader.concepts.model import Text
from hfreader.concepts.pattern import Op
from hfreader.facts.runs import FamilyRun
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.plans import Renderer
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.two_families import two_families

INDEXES = {"index", "models/index", "concepts/index"}


@dataclass
class Done:
    """What one build did: files analysed, families run, pages written."""

    analysed: set[str] = field(default_factory=set)
    run: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)


Build = Callable[..., Done]


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    return two_families(tmp_path)


@pytest.fixture
def build(snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    def built(*models: str, of: Snapshot = snapshot) -> Done:
        done = Done()
        analyse, write = hfreader.analyses.analyse, Renderer.write
        concept_keys.matched_by.cache_clear()
        concept_keys._reference.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(hfreader.build, "obtain", lambda *_, **__: of)
            patch.setattr(hfreader.analyses, "analyse", lambda *all: (done.analysed.add(all[1]), analyse(*all))[1])
            patch.setattr(Renderer, "write", lambda self, plan: (done.pages.add(plan.page), write(self, plan))[1])
            patch.setattr(hfreader.build, "run_families", lambda asked, *_: ran(done, asked))
            options = BuildOptions(models, None, None, tmp_path / "site", offline=True, compare=(), jobs=1)
            book, shelf = gather(options, silent)
            write_fragments(book, shelf, tmp_path / "fragments", silent, partial=bool(models))
        return done

    def ran(done: Done, asked):
        done.run |= {one.family for one in asked}
        return [FamilyRun(one.family, (), ()) for one in asked]

    return built


def edit(snapshot: Snapshot, before: str, after: str, family: str = "ash") -> None:
    path = snapshot.path(f"models/{family}/modeling_{family}.py")
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_nothing_is_done_twice(build: Build):
    first = build()
    assert first.analysed == {f"models/{name}/modeling_{name}.py" for name in ("ash", "birch", "auto")}
    assert {"ash", "birch"} <= first.run and {"models/ash", "models/birch", "concepts/rms-norm"} <= first.pages
    assert build() == Done()


def test_one_family_edited_is_done_again_and_no_other(build: Build, snapshot: Snapshot):
    build()
    edit(snapshot, "class AshNorm", "# A remark that moves all lines.\n\nclass AshNorm")
    done = build()
    assert done.analysed == {"models/ash/modeling_ash.py"} and done.run == {"ash"}
    assert {"models/ash", "concepts/rms-norm"} <= done.pages
    assert "models/birch" not in done.pages and "concepts/sinusoidal-position-encoding" not in done.pages


def test_prose_of_a_concept_is_shown_anew_and_nothing_else_is_done(build: Build, monkeypatch: pytest.MonkeyPatch):
    build()
    said = replace(catalogue()["rms-norm"], explanation=Text("Said otherwise.", "换个说法。"))
    monkeypatch.setitem(catalogue(), "rms-norm", said)
    done = build()
    assert (done.analysed, done.run) == (set(), set())
    assert done.pages - INDEXES == {"concepts/rms-norm", "models/ash", "models/birch"}


def test_a_pattern_that_finds_the_same_runs_nothing(build: Build, monkeypatch: pytest.MonkeyPatch):
    first = build()
    norm = catalogue()["rms-norm"]
    monkeypatch.setitem(catalogue(), "rms-norm", replace(norm, patterns=(*norm.patterns, Op(("nowhere",)))))
    done = build()
    assert (done.analysed, done.run) == (first.analysed, set())
    assert done.pages == set()


def test_a_reference_is_proven_anew_where_its_concept_was_found(build: Build, monkeypatch: pytest.MonkeyPatch):
    build()
    monkeypatch.setitem(catalogue(), "rms-norm", replace(catalogue()["rms-norm"], reference=lambda x: x))
    done = build()
    assert (done.analysed, done.run) == (set(), {"ash", "birch"})
    monkeypatch.setitem(catalogue(), "layer-norm", replace(catalogue()["layer-norm"], reference=lambda x: x))
    assert build().run == set()


def test_a_build_of_some_families_leaves_what_was_made_of_the_others(build: Build, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hfreader.build.MOST_COMPARED", 1)  # as in the library, a page links to no pair of its own
    whole = build()
    some = build("ash", "auto")
    # Its own page is another one, and changes again: it tells in how many families with a page a class is identical.
    assert (some.analysed, some.run) == (set(), set()) and "models/birch" not in some.pages
    again = build()
    assert (again.analysed, again.run) == (set(), set())
    assert "models/birch" not in again.pages and again.pages <= whole.pages
    assert build() == Done()


def test_a_commit_that_changes_one_family_changes_no_page_of_another(build: Build, snapshot: Snapshot, tmp_path: Path):
    pinned = replace(snapshot, origin="repository", repository="https://example.org/t", ref="main", commit="a" * 40)
    build(of=pinned)
    (moved := tmp_path / "moved").mkdir()
    Path(snapshot.package).rename(moved / "transformers")
    later = replace(pinned, commit="b" * 40, package=str(moved / "transformers"))
    edit(later, "class AshNorm", "# A remark.\nclass AshNorm")
    done = build(of=later)
    assert done.analysed == {"models/ash/modeling_ash.py"} and done.run == {"ash"}
    assert "models/ash" in done.pages and "models/birch" not in done.pages
