"""The proof end to end: matches found in a source, code and equation compared; then the same with the source spoilt."""

import importlib
import itertools
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import BertConfig, CohereConfig, GPT2Config

from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import find
from hfreader.concepts import catalogue
from hfreader.facts.matches import Capture, Match, Proof
from hfreader.facts.snapshot import Snapshot
from hfreader.trace.captures import Invocation
from hfreader.trace.proof import GUARD, _compare, prove
from hfreader.trace.proof_guards import TEST, Guards
from hfreader.trace.proof_runs import SmallRun
from hfreader.trace.proof_verdicts import Evidence
from hfreader.trace.settings import Setting
from hfreader.trace.sizes import Lengths

PACKAGE = Path(transformers.__file__).parent
REAL = Snapshot("installed", None, None, None, transformers.__version__, str(PACKAGE))
PROVEN = 1e-12
numbers = itertools.count()


@dataclass(frozen=True)
class Source:
    """A modeling file, its model class and configuration, and the functions and classes to look at."""

    family: str
    model: str
    config: object
    roots: tuple[str, ...]

    @property
    def file(self) -> str:
        return f"models/{self.family}/modeling_{self.family}.py"


BERT = Source(
    "bert", "BertModel", BertConfig(), ("eager_attention_forward", "BertSelfAttention", "BertLayer", "BertOutput")
)
GPT2 = Source("gpt2", "GPT2Model", GPT2Config(), ("eager_attention_forward", "GPT2Attention", "GPT2Block", "GPT2MLP"))
COHERE = Source("cohere", "CohereModel", CohereConfig(), ("CohereLayerNorm", "eager_attention_forward"))


@pytest.fixture
def proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Proof]]:
    """Proofs of a source with some text replaced, by concept and root, from a package of its own."""

    def run(source: Source, *edits: tuple[str, str]) -> dict[str, Proof]:
        text = (PACKAGE / source.file).read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text, f"{source.file} no longer has {old!r}"
            text = text.replace(old, new)
        text = re.sub(r"from \.\.\. import", "from transformers import", text)
        text = re.sub(r"from \.\.\.(?=\w)", "from transformers.", text)
        text = text.replace("from .configuration", f"from transformers.models.{source.family}.configuration")
        package = tmp_path / f"spoilt_{next(numbers)}"
        written = package / source.file
        written.parent.mkdir(parents=True)
        written.write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        name = ".".join([package.name, "models", source.family, f"modeling_{source.family}"])
        model_class = getattr(importlib.import_module(name), source.model)
        link(read := tmp_path / f"read_{package.name}", source.file, text)
        matches = matches_in(source, read)
        setting = Setting("one text", model_class, source.config, Lengths(2, 7))
        found = prove(matches, [setting], catalogue(), package)
        return {
            f"{m.concept} {m.owner.split('.')[-1]}, line {m.place.span.line}": p
            for m, p in zip(matches, found, strict=True)
            if not str(p.reason).startswith(str(NEVER))
        }

    return run


NEVER = "never executed in any run"


def matches_in(source: Source, package: Path) -> Sequence[Match]:
    library = Library(replace(REAL, package=str(package)))
    module = f"transformers.models.{source.family}.modeling_{source.family}"
    graphs = [dataflow(library, f"{module}.{root}") for root in source.roots]
    return [match for graph in graphs for match in find(graph, catalogue().values())]


def link(package: Path, file: str, text: str) -> None:
    """A package whose `file` holds `text`; everything else is that of the real package."""
    (package / file).parent.mkdir(parents=True)
    (package / file).write_text(text, encoding="utf-8")
    for folder in Path(file).parents:
        for entry in (PACKAGE / folder).iterdir():
            if not (package / folder / entry.name).exists():
                (package / folder / entry.name).symlink_to(entry)


ATTENTION = "scaled-dot-product-attention eager_attention_forward"


MUTANTS = {
    "scale 1/d": (
        BERT,
        ATTENTION,
        ("scaling = self.attention_head_size**-0.5", "scaling = self.attention_head_size**-1.0"),
    ),
    "mask subtracted": (BERT, ATTENTION, ("attn_weights + attention_mask", "attn_weights - attention_mask.clamp(-5)")),
    "softmax over the queries": (BERT, ATTENTION, ("softmax(attn_weights, dim=-1)", "softmax(attn_weights, dim=-2)")),
    "keys for values": (
        GPT2,
        "multi-head-self-attention GPT2Attention",
        ("torch.matmul(attn_weights, value)", "torch.matmul(attn_weights, key)"),
    ),
    "epsilon outside the root": (
        COHERE,
        "layer-norm CohereLayerNorm",
        ("torch.rsqrt(variance + self.variance_epsilon)", "1 / (torch.sqrt(variance) + self.variance_epsilon)"),
    ),
    "variance unbiased": (
        COHERE,
        "layer-norm CohereLayerNorm",
        (".pow(2).mean(", ".pow(2).sum(-1, keepdim=True).div(63).mean("),
    ),
    "residual dropped": (
        BERT,
        "residual-connection BertLayer",
        ("self.LayerNorm(hidden_states + input_tensor)", "self.LayerNorm(hidden_states)"),
    ),
    "residual added twice": (
        BERT,
        "residual-connection BertLayer",
        ("self.LayerNorm(hidden_states + input_tensor)", "self.LayerNorm(hidden_states + input_tensor + input_tensor)"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "least"), [(BERT, 6), (GPT2, 6), (COHERE, 1)], ids=["bert", "gpt2", "cohere"])
def test_the_library_s_own_source_is_proven(proofs, source, least):
    found = proofs(source)
    assert len(found) >= least
    for name, proof in found.items():
        assert proof.state == "proven", (name, proof)
        assert proof.error is not None and proof.error < PROVEN, (name, proof)
        assert proof.executions >= 2
    for spoilt in (name for of, name, _ in MUTANTS.values() if of is source):
        assert any(spoilt in name for name in found), spoilt


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_spoilt_source_is_disproven_or_not_matched(proofs, name):
    source, spoilt, edit = MUTANTS[name]
    found = {key: proof.state for key, proof in proofs(source, edit).items() if spoilt in key}
    assert "proven" not in found.values(), found


CHOSEN = """import functools
import torch
from torch import nn
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = functools.partial(nn.functional.gelu, approximate={how!r})
    def forward(self, v):
        return self.act(v)
"""


@pytest.mark.parametrize(
    ("how", "reasons", "compared"),
    [("none", [], 1), ("tanh", ["the value of approximate was not captured"], 0)],
)
def test_what_no_run_can_see_disproves_nothing(how, reasons, compared):
    file = "models/small/modeling_small.py"
    graph = dataflow(Library.of_sources({file: CHOSEN.format(how=how)}), "transformers.models.small.modeling_small.M")
    (match,) = find(graph, [catalogue()["gelu"]])
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    values = {"x": x, "output": torch.nn.functional.gelu(x, approximate=how)}
    seen = {(match.key, one): [values[one.symbol]] for one in match.captures if one.symbol in values}
    evidence = Evidence()
    invocation = Invocation(match.root, None, "", seen, finished=True)
    _compare(match, catalogue()["gelu"], Guards((), None, ()), invocation, evidence, SmallRun("a run", [], frozenset()))
    assert list(map(str, evidence.reasons)) == reasons
    assert evidence.compared == compared


SQUARED = """import torch
from torch import nn
class M(nn.Module):
    def forward(self, v):
        return torch.square(nn.functional.relu(v))
"""


def squared() -> tuple[Match, dict[str, Capture]]:
    file = "models/small/modeling_small.py"
    graph = dataflow(Library.of_sources({file: SQUARED}), "transformers.models.small.modeling_small.M")
    (match,) = find(graph, [catalogue()["relu-squared"]])
    return match, {one.symbol: one for one in match.captures}


def compared_with(match: Match, seen: dict[Hashable, list[Any]], guards: Guards) -> Evidence:
    evidence = Evidence()
    run = SmallRun("a run", [], frozenset())
    _compare(match, catalogue()["relu-squared"], guards, Invocation(match.root, None, "", seen), evidence, run)
    return evidence


@pytest.mark.parametrize(("bent", "wrong"), [(0.0, 0), (0.1, 1)])
def test_where_several_branches_ran_the_values_of_one_of_them_agree_or_none(bent, wrong):
    """Two places of the input, of which the second led to the output."""
    match, places = squared()
    place, output = places["x"], places["output"]
    elsewhere = replace(place, sites=(place.place,))
    match = replace(match, captures=(*match.captures, elsewhere))
    first, second = torch.linspace(-3, 3, 50, dtype=torch.float64), torch.linspace(0, 2, 50, dtype=torch.float64)
    values = {place: first, elsewhere: second, output: torch.relu(second) ** 2 + bent}
    seen = {(match.key, one): [value] for one, value in values.items()}
    evidence = compared_with(match, seen, Guards((), None, ()))
    assert evidence.compared == 1
    assert sum(error > 1e-10 for error in evidence.errors) == wrong


@pytest.mark.parametrize(("test", "wrong"), [([True, False], 0), ([True], 1)])
def test_an_execution_in_which_a_condition_does_not_hold_is_left_out(test, wrong):
    """Of two steps of a loop the last one does not square."""
    match, places = squared()
    steps = [torch.linspace(-3, 3 + step, 50, dtype=torch.float64) for step in range(2)]
    outputs = [torch.relu(steps[0]) ** 2, steps[1]]
    seen = {(match.key, places["output"]): outputs, (match.key, places["x"]): steps}
    guards = Guards(("early",), None, (replace(places["x"], symbol=TEST + "early"),))
    seen[match.key, GUARD, TEST + "early"] = test
    evidence = compared_with(match, seen, guards)
    assert sum(error > 1e-10 for error in evidence.errors) == wrong
    assert evidence.compared


@pytest.mark.parametrize(
    ("chosen", "reasons"),
    [
        ((), []),
        (("TABLE[config.act]: relu",), ["whether a run took TABLE[config.act]: relu is not seen, and none agrees"]),
    ],
)
def test_what_a_table_held_disproves_nothing(chosen, reasons):
    match, places = squared()
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    seen = {(match.key, places["output"]): [x], (match.key, places["x"]): [x]}
    evidence = compared_with(match, seen, Guards((), None, (), chosen))
    assert list(map(str, evidence.reasons)) == reasons and evidence.compared == 1 - len(reasons)


@pytest.mark.parametrize(("bent", "wrong"), [(0.0, 0), (0.1, 1)])
def test_the_first_pass_of_a_loop_counts_where_later_ones_take_what_it_gave(bent, wrong):
    match, places = squared()
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    first = torch.relu(x) ** 2 + bent
    seen = {(match.key, places["output"]): [first, torch.relu(first + 1) ** 2], (match.key, places["x"]): [x]}
    evidence = compared_with(match, seen, Guards((), None, ()))
    assert sum(error > 1e-10 for error in evidence.errors) == wrong
    assert list(map(str, evidence.reasons)) == ["later passes of the loop take another x than the first"]
