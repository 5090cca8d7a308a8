import pytest

from hfreader.concepts import catalogue
from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.facts.runs import FamilyRequest, FamilyRun
from hfreader.progress import silent
from hfreader.trace.family import run_family
from tests.trace.tiny import SNAPSHOT

pytestmark = pytest.mark.slow
FILE = "models/gpt2/modeling_gpt2.py"


@pytest.fixture(scope="module")
def run() -> FamilyRun:
    here = Place(FILE, Span(1, 0, 2, 0))
    nowhere = Match(next(iter(catalogue())), "transformers.Nothing", "forward", here, here, (), ())
    return run_family(FamilyRequest("gpt2", (nowhere,)), SNAPSHOT, silent)


def test_the_first_trace_is_the_base_model_as_it_is(run: FamilyRun):
    first = run.traces[0]
    assert (first.class_name, first.changed, first.parameters) == ("GPT2Model", {}, 124439808)
    assert len(first.tokens[0]) == len("The cat sat on the mat")


def test_the_others_are_small_and_say_how_they_ran(run: FamilyRun):
    for trace in run.traces[1:]:
        assert trace.config["n_layer"] == 2
        assert trace.notes[0]
    names = {(trace.class_name, trace.notes[0]) for trace in run.traces[1:]}
    assert ("GPT2Model", "cache") in names
    assert ("GPT2Model", "cross-attention, cache") in names


def test_traces_have_symbols_or_say_why_not(run: FamilyRun):
    without = [trace for trace in run.traces if not {"B", "T", "hidden"} <= {symbol.name for symbol in trace.symbols}]
    assert len(without) <= 1
    assert all("dimensions are numbers" in trace.notes[-1] for trace in without)


def test_construction_is_not_called_idle(run: FamilyRun):
    ran = {span for trace in run.traces for each in trace.executions if each.file == FILE for span in each.ran}
    idle = {span for trace in run.traces for each in trace.executions if each.file == FILE for span in each.idle}
    assert len(ran) > 0.9 * len(ran | idle)


def test_a_match_that_never_runs_is_not_proven(run: FamilyRun):
    (proof,) = run.proofs
    assert proof.state == "matched"
    assert proof.reason


def test_the_run_is_plain_data(run: FamilyRun):
    assert from_json(to_json(run), FamilyRun) == run


def test_an_unknown_family():
    with pytest.raises(HfreaderError, match="did you mean bert"):
        run_family(FamilyRequest("bret", ()), SNAPSHOT, silent)


def test_a_family_that_sees_is_run_like_one_that_reads():
    run = run_family(FamilyRequest("vit", ()), SNAPSHOT, silent)
    assert run.problems == ()
    base = run.traces[0]
    assert [name for name, _ in base.inputs] == ["pixel_values"]
    assert base.tokens == ()
    assert "patches" in {symbol.name for symbol in base.symbols}


def test_a_family_that_cannot_be_run_has_problems_and_no_traces():
    run = run_family(FamilyRequest("layoutlmv2", ()), SNAPSHOT, silent)
    assert run.traces == ()
    assert any("detectron2" in problem.reason for problem in run.problems)
    assert "LayoutLMv2Model" in {problem.subject for problem in run.problems}
