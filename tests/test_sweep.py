"""What ran is remembered, what was lost is run again."""

from dataclasses import replace
from pathlib import Path

import pytest

import hfreader.sweep as module
from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json
from hfreader.facts.sweep import Start, Sweep, TypeRun
from hfreader.progress import silent
from hfreader.sweep import sweep, sweep_so_far
from tests.facts_builder import make_trace
from tests.trace.tiny import SNAPSHOT

START = Start("ToyModel", "plain", {"hidden_size": 8}, 2, 6)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """The requests that reach the pool, which runs every type but `broken`."""
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    seen = []

    def run_types(requests, snapshot, limits, jobs, report):
        for request in requests:
            seen.append(request)
            if request.model_type == "broken":
                yield TypeRun("broken", "broken", "BrokenModel", reason="it is broken")
            else:
                yield TypeRun(request.model_type, "toy", "ToyModel", START, make_trace(), seconds=1.0)

    monkeypatch.setattr(module, "run_types", run_types)
    monkeypatch.setattr(module, "model_types", lambda snapshot: ("toy", "broken", "other"))
    return seen


def names(asked: list) -> list[str]:
    return [request.model_type for request in asked]


def test_a_file_for_each_type_and_a_summary(asked: list, tmp_path: Path):
    out = tmp_path / "out"
    found = sweep(SNAPSHOT, silent, out, 1)
    assert [(run.model_type, run.complete) for run in found.types] == [
        ("broken", False),
        ("other", True),
        ("toy", True),
    ]
    assert from_json((out / "toy.json").read_bytes(), TypeRun).trace == make_trace()
    assert from_json((out / "broken.json").read_bytes(), TypeRun).reason == "it is broken"
    assert from_json((out / "summary.json").read_bytes(), Sweep) == found
    assert sweep_so_far(module.snapshot_digest(SNAPSHOT)) == found


def test_only_what_is_missing_runs_again_and_a_start_is_handed_on(asked: list, tmp_path: Path):
    out = tmp_path / "out"
    sweep(SNAPSHOT, silent, out, 1)
    (out / "toy.json").write_bytes(b"{}")
    asked.clear()
    found = sweep(SNAPSHOT, silent, out, 1)
    assert names(asked) == ["broken", "toy"]
    assert asked[1].start == START
    assert len(found.types) == 3


def test_a_killed_run_resumes(asked: list, monkeypatch: pytest.MonkeyPatch):
    whole = module.run_types

    def killed(requests, *rest):
        for run in whole(requests, *rest):
            yield run
            if run.model_type == "other":
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_types", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep(SNAPSHOT, silent)
    asked.clear()
    monkeypatch.setattr(module, "run_types", whole)
    sweep(SNAPSHOT, silent)
    assert names(asked) == ["broken", "toy"]


def test_a_start_that_misses_something_is_not_replayed(asked: list, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    whole = module.run_types
    monkeypatch.setattr(
        module, "run_types", lambda *rest: (replace(run, missing=("pixel_values",)) for run in whole(*rest))
    )
    sweep(SNAPSHOT, silent, types=["toy"])
    asked.clear()
    sweep(SNAPSHOT, silent, tmp_path / "out", types=["toy"])
    assert [request.start for request in asked] == [None]


def test_some_types_are_no_sweep(asked: list):
    assert [run.model_type for run in sweep(SNAPSHOT, silent, types=["toy"]).types] == ["toy"]
    assert sweep_so_far(module.snapshot_digest(SNAPSHOT)) is None


def test_a_folder_that_cannot_be_written(asked: list, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(HfreaderError, match=r"cannot write to .*file: .*; choose another folder"):
        sweep(SNAPSHOT, silent, tmp_path / "file")
    assert asked == []


def test_a_type_without_a_class_ran_where_a_part_of_another_did(asked: list, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        module,
        "run_types",
        lambda *rest: [
            TypeRun("toy", "toy", "ToyModel", START, parts=("broken",)),
            TypeRun("broken", "toy", reason="no model class"),
            TypeRun("other", "toy", "OtherModel", reason="it is broken"),
        ],
    )
    found = {run.model_type: run for run in sweep(SNAPSHOT, silent).types}
    assert (found["broken"].within, found["broken"].complete) == ("toy", True)
    assert not found["other"].complete


def test_a_part_without_a_class_that_ran_in_no_base_model_is_run_within_the_whole(
    asked: list, monkeypatch: pytest.MonkeyPatch
):
    plain = module.run_types

    def run_types(requests, *rest):
        for request in requests:
            if request.model_type != "broken":
                yield from plain([request], *rest)
            elif request.whole:
                yield TypeRun("broken", "toy", "ToyForAnswers", START, make_trace(), within="toy")
            else:
                yield TypeRun("broken", "toy", reason="no model class of transformers is built from it")

    monkeypatch.setattr(module, "run_types", run_types)
    (part,) = (run for run in sweep(SNAPSHOT, silent).types if run.model_type == "broken")
    assert (part.complete, part.within, part.class_name) == (True, "toy", "ToyForAnswers")
