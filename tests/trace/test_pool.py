"""The real pool: worker processes that fork for each type."""

import pytest

from hfreader.facts.sweep import Limits, TypeRequest
from hfreader.progress import silent
from hfreader.trace.pool import run_types
from tests.trace.tiny import SNAPSHOT

pytestmark = pytest.mark.slow


def ran(types: tuple[str, ...], limits: Limits, jobs: int = 1):
    requests = [TypeRequest(name) for name in types]
    return {run.model_type: run for run in run_types(requests, SNAPSHOT, limits, jobs, silent)}


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


def test_a_limit_of_time():
    runs = ran(("gpt2", "swin"), Limits(0.05))
    assert runs["gpt2"].reason == "it ran for more than 0.05 seconds and was stopped"
    assert runs["swin"].reason is not None


def test_a_limit_of_memory():
    assert "GiB of memory and was stopped" in ran(("swin",), Limits(60, 1 << 20))["swin"].reason
