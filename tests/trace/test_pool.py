"""The real pool: worker processes that fork for each type."""

import pytest

from hfreader.facts.sweep import Limits, TypeRequest
from hfreader.progress import silent
from hfreader.trace.client import worker_process
from hfreader.trace.messages import Ask
from hfreader.trace.pool import run_types
from tests.trace.tiny import SNAPSHOT

pytestmark = pytest.mark.slow


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


def test_limits_cost_only_the_type_that_breaks_them():
    with worker_process(SNAPSHOT) as worker:

        def asked(limits: Limits):
            return worker.ask(Ask(SNAPSHOT, type=TypeRequest("gpt2"), limits=limits), silent)

        assert asked(Limits(0.05)).error == "it ran for more than 0.05 seconds and was stopped"
        assert "GiB of memory and was stopped" in asked(Limits(60, 1 << 20)).error
        assert asked(Limits()).type.complete
