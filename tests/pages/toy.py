"""A small modeling file with facts made by hand: what the other stages would say of it."""

from pathlib import Path

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.facts.analysis import (
    Analysis,
    Aside,
    Diagram,
    DiagramEdge,
    DiagramNode,
    DispatchSite,
    Implementation,
)
from hfreader.facts.code import ClassFacts, FileFacts, FunctionFacts, SubmoduleFacts
from hfreader.facts.comparison import Change, Comparison, Difference, FieldPair, ParameterPair, PartPair, Trait
from hfreader.facts.matches import Binding, Match, Proof
from hfreader.facts.phrases import phrase
from hfreader.facts.places import Place, Span
from hfreader.facts.problems import Problem
from hfreader.facts.runs import FamilyRun
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import (
    SCHEMA_VERSION,
    Dispatch,
    Execution,
    LineRecord,
    ModuleRecord,
    SymbolFact,
    TensorFact,
    TokenFact,
    Trace,
    Value,
)
from hfreader.pages.book import Family
from tests.pages.shelf import Families

FILE = "models/toy/modeling_toy.py"
MODULE = "transformers.models.toy.modeling_toy"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SOURCE = '''"""A toy <script>alert("docstring")</script> model."""

import torch
from torch import nn


def eager_attention_forward(module, query, key, value, attention_mask, scaling):
    attn_weights = torch.matmul(query, key.transpose(2, 3)) * scaling

    if attention_mask is not None:
        attn_weights = attn_weights + attention_mask

    attn_weights = nn.functional.softmax(attn_weights, dim=-1)
    attn_output = torch.matmul(attn_weights, value)
    return attn_output, attn_weights


# Copied from transformers.models.other.modeling_other.OtherAttention with Other->Toy
class ToyAttention(nn.Module):
    """Attends to <script>alert("class")</script> & more."""

    def __init__(self, config):
        super().__init__()
        self.scaling = config.head_dim**-0.5
        self.query = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden_states, past=None):
        query_layer = self.query(hidden_states).transpose(1, 2)
        if past is not None:
            # reuse what was computed
            query_layer = past
            hidden_states = past
        attn_output, attn_weights = attention_interface(
            self,
            query_layer,
            query_layer,
            query_layer,
            None,
            scaling=self.scaling,
        )
        return attn_output


class ToyModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = ToyAttention(config)

    def forward(self, hidden_states):
        return self.attention(hidden_states)
'''
LINES = SOURCE.split("\n")
FUSED_FILE = "integrations/fused.py"
FUSED_SOURCE = """from torch.nn.functional import scaled_dot_product_attention


def fused_attention_forward(module, query, key, value, attention_mask, scaling):
    attn_output = scaled_dot_product_attention(
        query, key, value, scale=scaling
    )
    return attn_output, None
"""

CONCEPT = Concept(
    slug="toy-attention",
    name=Text("Toy attention", "玩具注意力"),
    explanation=Text("Looks <b>closely</b>.", "仔细看。"),
    citations=(Citation("Attention Is All You Need", "A, B, C", 2017, "1706.03762", "§3.2.1, Eq. (1)"),),
    equations=(r"\sym{output} = \sym{softmax}\left(\frac{\sym{query} \sym{key}^{\top}}{\sqrt{\sym{d_k}}}\right) V",),
    symbols=tuple(
        Symbol(name, latex, Text(meaning, f"{name} 的含义"))
        for name, latex, meaning in (
            ("query", "Q", "queries"),
            ("key", "K", "keys"),
            ("d_k", "d_k", "width of a head"),
            ("scale", r"\frac{1}{\sqrt{d_k}}", "scale"),
            ("softmax", r"\mathrm{softmax}", "weights"),
            ("output", "Y", "result"),
        )
    ),
    patterns=(),
    output="output",
    reference=lambda query: query,
    matches=(),
    rejects=(),
)
CONCEPTS = {CONCEPT.slug: CONCEPT}


def at(line: int, text: str, occurrence: int = 0) -> Place:
    """The place of a text on a line."""
    column = -1
    for _ in range(occurrence + 1):
        column = LINES[line - 1].index(text, column + 1)
    return Place(FILE, Span(line, column, line, column + len(text)))


def line_of(text: str) -> int:
    """The first line that holds a text."""
    return next(number for number, line in enumerate(LINES, 1) if text in line)


def span_of(first: str, last: str) -> Span:
    """From the line that holds `first` to the next that holds `last`."""
    start = line_of(first)
    end = next(number for number in range(start, len(LINES) + 1) if last in LINES[number - 1])
    return Span(start, len(LINES[start - 1]) - len(LINES[start - 1].lstrip()), end, len(LINES[end - 1]))


def tensor(symbols: str, *shape: int) -> Value:
    """A float32 tensor with named dimensions."""
    return Value("Tensor", TensorFact(shape, "float32", "cpu", tuple(symbols.split())))


HEADS = tensor("B heads T head_dim", 1, 2, 3, 4)
SCORES = tensor("B heads T T", 1, 2, 3, 3)
HIDDEN = tensor("B T hidden_size", 1, 3, 8)

EAGER, EAGER_END = span_of("def eager", "return attn_output, attn_weights").line, line_of("return attn_output, attn_w")
QUERY_LINE = line_of("query_layer = self.query")
CALL = Place(FILE, Span(line_of("attention_interface("), 36, line_of("attention_interface(") + 7, 9))
EAGER_PLACE = Place(FILE, Span(EAGER, 0, EAGER_END, len(LINES[EAGER_END - 1])))


REGISTRY = "transformers.registry.ALL"
OTHER = Implementation(
    ("fused_3", "fused_2"),
    "transformers.integrations.fused.fused_attention_forward",
    Place(FUSED_FILE, Span(4, 0, 8, 28)),
    Place(FUSED_FILE, Span(5, 4, 7, 5)),
    "torch.nn.functional.scaled_dot_product_attention",
)


def function(name: str, first: str, last: str) -> FunctionFacts:
    span = span_of(first, last)
    return FunctionFacts(name, span, span, span, ())


def _code() -> FileFacts:
    attention, model = span_of("class ToyAttention", "return attn_output"), span_of("class ToyModel", "return self.att")
    return FileFacts(
        FILE,
        MODULE,
        "0" * 64,
        classes=(
            ClassFacts(
                "ToyAttention",
                f"{MODULE}.ToyAttention",
                "module",
                attention,
                attention,
                ("torch.nn.Module",),
                submodules=(
                    SubmoduleFacts("query", ("torch.nn.Linear",), at(line_of("self.query = "), "self.query").span, ""),
                ),
                docstring='Attends to <script>alert("class")</script> & more.',
                copied_from="transformers.models.other.modeling_other.OtherAttention with Other->Toy",
            ),
            ClassFacts(
                "ToyModel",
                f"{MODULE}.ToyModel",
                "model",
                model,
                model,
                ("torch.nn.Module",),
                submodules=(
                    SubmoduleFacts(
                        "attention", (f"{MODULE}.ToyAttention",), at(line_of("self.attention ="), "s").span, ""
                    ),
                ),
            ),
        ),
        functions=(function("eager_attention_forward", "def eager", "return attn_output, attn_weights"),),
    )


def _bindings() -> tuple[Binding, ...]:
    scores, softmax = line_of("torch.matmul(query, key"), line_of("softmax(")
    return (
        Binding("query", (at(QUERY_LINE, "query_layer"), at(scores, "query"))),
        Binding("key", (at(scores, "key"),)),
        Binding("scale", (at(scores, "scaling"), at(line_of("scaling=self"), "self.scaling"))),
        Binding("softmax", (at(softmax, "attn_weights"), at(softmax, "nn.functional.softmax(attn_weights, dim=-1)"))),
        Binding("output", (at(softmax + 1, "attn_output"), at(softmax + 1, "torch.matmul(attn_weights, value)"))),
    )


def match(owner: str = "ToyAttention", function: str = "forward") -> Match:
    """Scaled dot-product attention in a class (or function) of the toy."""
    place = at(line_of("torch.matmul(attn_weights"), "torch.matmul(attn_weights, value)")
    method = span_of("def forward(self, hidden_states, past", "return attn_output")
    root = (
        method if function == "forward" else span_of("def eager_attention_forward", "return attn_output, attn_weights")
    )
    return Match(CONCEPT.slug, f"{MODULE}.{owner}", function, Place(FILE, root), place, _bindings(), ())


def _diagram() -> Diagram:
    query, scores = at(QUERY_LINE, "self.query"), at(line_of("torch.matmul(query, key"), "torch.matmul")
    slug = CONCEPT.slug
    return Diagram(
        f"{MODULE}.ToyAttention",
        "forward",
        (
            DiagramNode(0, "hidden_states", "input", at(QUERY_LINE, "hidden_states")),
            DiagramNode(1, "query", "module", query, None, (at(QUERY_LINE, "query_layer"),), (f"{slug}:query",)),
            DiagramNode(2, "QKᵀ · scale", "operation", scores, None, (), (f"{slug}:scale",)),
            DiagramNode(3, "return", "output", at(line_of("        return attn_output"), "attn_output")),
        ),
        (DiagramEdge(0, 1), DiagramEdge(1, 2), DiagramEdge(2, 3)),
    )


def analysis() -> Analysis:
    """What the analyzers would say."""
    return Analysis(
        _code(),
        (match(), match("eager_attention_forward", "eager_attention_forward")),
        (_diagram(),),
        (DispatchSite(f"{MODULE}.ToyAttention", CALL, f"{MODULE}.eager_attention_forward", EAGER_PLACE, REGISTRY),),
        registries={REGISTRY: (OTHER,)},
        asides=(Aside("cache", _statement(line_of("if past"), line_of("hidden_states = past"))),),
    )


def _record(place: Place, name: str, value: Value, module: str = "attention", kind: str = "assign") -> LineRecord:
    return LineRecord(place, name, kind, f"{MODULE}.f", module, 0, value)


def _records() -> tuple[LineRecord, ...]:
    scores, softmax = line_of("torch.matmul(query, key"), line_of("softmax(")
    call = CALL.span.line
    return (
        _record(at(QUERY_LINE, "query_layer"), "query_layer", HEADS),
        _record(at(scores, "attn_weights"), "attn_weights", SCORES),
        _record(at(softmax, "attn_weights"), "attn_weights", SCORES),
        _record(at(softmax + 1, "attn_output"), "attn_output", HEADS),
        _record(at(call, "attn_output"), "attn_output", HEADS),
        _record(at(call, "attn_weights"), "attn_weights", SCORES),
    )


def _statement(line: int, last: int | None = None) -> Span:
    end = last or line
    return Span(line, len(LINES[line - 1]) - len(LINES[line - 1].lstrip()), end, len(LINES[end - 1]))


def _execution() -> Execution:
    mask_test, past_test = line_of("if attention_mask"), line_of("if past")
    ran = [
        *(
            _statement(line_of(text))
            for text in ("= torch.matmul(query", "= nn.functional", "torch.matmul(attn_weights")
        ),
        _statement(mask_test, mask_test + 1),
        _statement(EAGER_END),
        _statement(QUERY_LINE),
        _statement(past_test, past_test + 3),
        _statement(CALL.span.line, CALL.span.end_line),
        _statement(CALL.span.end_line + 1),
        _statement(line_of("return self.attention")),
    ]
    idle = [_statement(mask_test + 1), _statement(past_test + 2), _statement(past_test + 3)]
    return Execution(FILE, tuple(ran), tuple(idle))


def trace() -> Trace:
    """One run of the toy model."""
    modules = (
        ModuleRecord("", "ToyModel", None, 0, 0, 0, (("hidden_states", HIDDEN),), HEADS, 72),
        ModuleRecord("attention", "ToyAttention", "", 1, 0, 1, (("hidden_states", HIDDEN),), HEADS, 72),
        ModuleRecord("attention.query", "Linear", "attention", 2, 0, 2, (("input", HIDDEN),), HIDDEN, 72),
    )
    return Trace(
        schema=SCHEMA_VERSION,
        family="toy",
        class_name="ToyModel",
        transformers="5.0.0",
        commit=COMMIT,
        device="cpu",
        dtype="float32",
        attention="eager",
        weights="random (seed 0)",
        tokenizer=None,
        tokens=((TokenFact(0, 1, "the"), TokenFact(1, 2, "cat"), TokenFact(2, 3, "<sat>")),),
        inputs=(("hidden_states", HIDDEN),),
        config={"hidden_size": 8},
        changed={},
        symbols=(SymbolFact("T", "T", 3), SymbolFact("head_dim", "hidden_size / heads", 4)),
        modules=modules,
        lines=_records(),
        executions=(_execution(),),
        dispatches=(Dispatch(CALL, "eager", f"{MODULE}.eager_attention_forward", EAGER_PLACE),),
        parameters=72,
    )


def family() -> Family:
    """The toy family: one match proven, the other disproven."""
    found = analysis()
    proofs = (
        Proof(found.matches[0].key, "proven", 3e-16, 12, "ToyModel"),
        Proof(found.matches[1].key, "disproven", 0.25, 3, "ToyModel"),
    )
    return Family("toy", (found,), FamilyRun("toy", (trace(),), proofs))


def book(package: Path, commit: str | None = COMMIT) -> Families:
    """The toy as a snapshot written to `package`."""
    path = package / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SOURCE, encoding="utf-8")
    (shared := package / FUSED_FILE).parent.mkdir(parents=True, exist_ok=True)
    shared.write_text(FUSED_SOURCE, encoding="utf-8")
    repository = "https://github.com/huggingface/transformers.git" if commit else None
    origin = "official" if commit else "installed"
    return Families(Snapshot(origin, repository, "v5.0.0", commit, "5.0.0", str(package)), (family(),))


OAK = "transformers.models.oak.modeling_oak"
PROBLEM = Problem("analyzers", "toy and oak", "oak has no model whose forward can be read")
FUSED = Change(
    "replaced",
    "qkv",
    phrase("one fused %(layer)s", layer="qkv"),
    left=Place(FILE, Span(27, 0, 27, 10)),
    right=Place("models/oak/modeling_oak.py", Span(9, 0, 9, 10)),
)
COMPARISON = Comparison(
    "toy",
    "oak",
    f"{MODULE}.ToyAttention",
    f"{OAK}.OakModel",
    (Trait(phrase("norms"), "pre-norm", "post-norm"), Trait(phrase("biases"), "none", "none")),
    (
        FieldPair("hidden_size", "32", "64", "hidden_size", "width"),
        FieldPair("heads", "4", "4", "heads", "heads"),
        FieldPair("window", None, "8", None, "window"),
    ),
    (
        ParameterPair(
            "query.weight", "qkv.weight", ("hidden_size", "hidden_size"), ("3 * width", "width"), (32, 32), (192, None)
        ),
    ),
    (
        PartPair(
            phrase("attention"),
            f"{MODULE}.ToyAttention",
            f"{OAK}.OakAttention",
            "layer.attention",
            "block.attention",
            "similar",
            Difference("toy", "oak", "qkv is fused", (FUSED,), 3, 5, 4),
        ),
        PartPair(phrase("norm"), f"{MODULE}.ToyNorm", f"{OAK}.OakNorm", "norm", "norm", "identical"),
        PartPair(phrase("other"), None, f"{OAK}.OakGate", None, "gate", "right"),
    ),
)
