"""The real pool: worker processes that fork for each type."""

from pathlib import Path

import pytest

from hfreader.facts.runs import FamilyRequest
from hfreader.facts.sweep import Limits, TypeRequest
from hfreader.progress import silent
from hfreader.trace.client import worker_process
from hfreader.trace.messages import Ask
from hfreader.trace.pool import run_families, run_types
from tests.trace.tiny import SNAPSHOT


def test_a_family_that_ends_the_worker_costs_only_itself(fake, tmp_path: Path):
    snapshot = fake(
        f"""
        import os, pathlib
        tried = pathlib.Path({str(tmp_path / "tried")!r})
        if not tried.exists():
            tried.touch()
            os._exit(1)
        raise ImportError("second process")
        """
    )
    requests = [FamilyRequest("bert", ()), FamilyRequest("gpt2", ())]
    runs = list(run_families(requests, snapshot, Limits(), 1, silent))
    assert [run.family for run in runs] == ["bert", "gpt2"]
    assert "ended with code 1" in runs[0].problems[0].reason
    assert "second process" in runs[1].problems[0].reason
    assert all(run.traces == () for run in runs)
    assert [run.died for run in runs] == [True, False]


@pytest.mark.slow
def test_types_of_every_kind_run_and_one_that_cannot_costs_only_itself():
    said = []
    requests = [TypeRequest(name) for name in ("bert", "layoutxlm", "vit", "whisper")]
    runs = {}
    for run in run_types(requests, SNAPSHOT, Limits(), 2, lambda *step: said.append(step)):
        runs[run.model_type] = run
    assert {name for name, run in runs.items() if run.complete} == {"bert", "vit", "whisper"}
    assert runs["layoutxlm"].reason == "no model class of transformers is built from LayoutXLMConfig"
    assert all(run.trace.lines for run in runs.values() if run.complete)
    assert ("trace", "bert, layoutxlm; 2 to come", 0, 4) in said


@pytest.mark.slow
def test_limits_cost_only_the_type_that_breaks_them():
    with worker_process(SNAPSHOT) as worker:

        def asked(limits: Limits):
            return worker.ask(Ask(SNAPSHOT, type=TypeRequest("gpt2"), limits=limits), silent)

        assert asked(Limits(0.05)).error == "it ran for more than 0.05 seconds and was stopped"
        assert "GiB of memory and was stopped" in asked(Limits(60, 1 << 20)).error
        assert asked(Limits()).type.complete


@pytest.mark.slow
def test_families_run_side_by_side_and_one_that_breaks_a_limit_costs_only_itself():
    requests = [FamilyRequest("gpt2", ()), FamilyRequest("bert", ())]
    runs = {run.family: run for run in run_families(requests, SNAPSHOT, Limits(600), 2, silent)}
    assert all(len(run.traces) > 1 for run in runs.values())
    (stopped,) = run_families(requests[:1], SNAPSHOT, Limits(0.2), 1, silent)
    assert stopped.traces == () and not stopped.died
    assert stopped.problems[0].reason == "it ran for more than 0.2 seconds and was stopped"


@pytest.mark.slow
def test_a_family_that_transformers_does_not_know_says_so():
    (run,) = run_families([FamilyRequest("bret", ())], SNAPSHOT, Limits(), 1, silent)
    assert not run.died
    assert run.problems[0].reason == "unknown family 'bret'; did you mean bert, beit, bart?"
