"""Hand-made facts for tests of pages and views: a model of two layers with attention, as if traced."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op
from hfreader.facts.analysis import Analysis, Diagram, DiagramEdge, DiagramNode
from hfreader.facts.code import ClassFacts, FileFacts
from hfreader.facts.mapping import Role
from hfreader.facts.matches import Match, Proof
from hfreader.facts.places import Place, Span
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

FILE = "models/toy/modeling_toy.py"
MODULE = "transformers.models.toy.modeling_toy"
SOURCE = '''\
def eager(module, query, key):
    weights = query @ key
    if module.training:
        weights = dropout(weights)
    return weights


class ToyAttention(nn.Module):
    """<script>alert(1)</script>"""

    def forward(self, hidden):
        query = self.query(hidden)
        if self.cross:
            query = query * 2
        out = attention_interface(
            self,
            query,
            hidden.mT,
        )
        return out @ hidden


class ToyLayer(nn.Module):
    def forward(self, hidden):
        return hidden + self.attention(hidden)


class ToyModel(nn.Module):
    def forward(self, ids):
        hidden = self.embed(ids)
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden
'''
COMMIT = "a" * 40
SYMBOLS = {1: "B", 4: "T", 8: "hidden"}


def span(line: int, text: str, occurrence: int = 0, end_line: int | None = None) -> Span:
    """The span of `text` on a line of SOURCE; up to the end of `end_line` where one is given."""
    written = SOURCE.splitlines()[line - 1]
    column = -1
    for _ in range(occurrence + 1):
        column = written.index(text, column + 1)
    if end_line is not None:
        return Span(line, column, end_line, len(SOURCE.splitlines()[end_line - 1]))
    return Span(line, column, line, column + len(text))


def place(line: int, text: str, occurrence: int = 0) -> Place:
    """The place of `text` on a line of SOURCE."""
    return Place(FILE, span(line, text, occurrence))


def tensor(*shape: int, dtype: str = "float32", symbols: bool = True) -> Value:
    """A tensor of this shape whose dimensions are named after SYMBOLS."""
    names = tuple(SYMBOLS.get(size, str(size)) for size in shape) if symbols else ()
    return Value("Tensor", TensorFact(shape, dtype, "cpu", names))


HIDDEN, SCORES = tensor(1, 4, 8), tensor(1, 4, 4)


def _attention_lines(module: str) -> list[LineRecord]:
    forward, eager = f"{MODULE}.ToyAttention.forward", f"{MODULE}.eager"
    return [
        LineRecord(place(11, "hidden"), "hidden", "parameter", forward, module, 0, HIDDEN),
        LineRecord(place(12, "query"), "query", "assign", forward, module, 0, HIDDEN),
        LineRecord(place(1, "query"), "query", "parameter", eager, module, 0, HIDDEN),
        LineRecord(place(1, "key"), "key", "parameter", eager, module, 0, tensor(1, 8, 4)),
        LineRecord(place(2, "weights"), "weights", "assign", eager, module, 0, SCORES),
        LineRecord(place(5, "weights"), "return", "return", eager, module, 0, SCORES),
        LineRecord(place(15, "out"), "out", "assign", forward, module, 0, SCORES),
        LineRecord(place(20, "out @ hidden"), "return", "return", forward, module, 0, HIDDEN),
    ]


def _lines(layers: int) -> tuple[LineRecord, ...]:
    model, layer_forward = f"{MODULE}.ToyModel.forward", f"{MODULE}.ToyLayer.forward"
    ids = tensor(1, 4, dtype="int64")
    records = [
        LineRecord(place(29, "ids"), "ids", "parameter", model, "", 0, ids),
        LineRecord(place(30, "hidden"), "hidden", "assign", model, "", 0, HIDDEN),
    ]
    for index in range(layers):
        path = f"layers.{index}"
        records.append(LineRecord(place(24, "hidden"), "hidden", "parameter", layer_forward, path, 0, HIDDEN))
        records += _attention_lines(f"{path}.attention")
        returned = place(25, "hidden + self.attention(hidden)")
        records.append(LineRecord(returned, "return", "return", layer_forward, path, 0, HIDDEN))
        records.append(LineRecord(place(32, "hidden"), "hidden", "assign", model, "", 0, HIDDEN))
    return (*records, LineRecord(place(33, "hidden"), "return", "return", model, "", 0, HIDDEN))


def _modules(layers: int) -> tuple[ModuleRecord, ...]:
    ids = (("ids", tensor(1, 4, dtype="int64")),)
    rows: list[tuple[str, str, str | None, int, tuple[tuple[str, Value], ...], int]] = [
        ("", "ToyModel", None, 0, ids, 88 * layers + 80),
        ("embed", "Embedding", "", 1, (("input", ids[0][1]),), 80),
    ]
    for index in range(layers):
        layer = f"layers.{index}"
        hidden = (("hidden", HIDDEN),)
        rows += [
            (layer, "ToyLayer", "", 1, hidden, 88),
            (f"{layer}.attention", "ToyAttention", layer, 2, hidden, 88),
            (f"{layer}.attention.query", "Linear", f"{layer}.attention", 3, (("input", HIDDEN),), 72),
        ]
    return tuple(
        ModuleRecord(path, name, parent, order, 0, depth, inputs, HIDDEN, parameters)
        for order, (path, name, parent, depth, inputs, parameters) in enumerate(rows)
    )


def make_trace(layers: int = 2, **changes: object) -> Trace:
    """A trace of SOURCE's ToyModel on four tokens."""
    ran = (
        span(2, "weights = query @ key"),
        span(3, "if module.training"),
        span(5, "return weights"),
        span(12, "query = self.query(hidden)"),
        span(13, "if self.cross"),
        span(15, "out = attention_interface(", end_line=19),
        span(20, "return out @ hidden"),
        span(25, "return hidden + self.attention(hidden)"),
        span(30, "hidden = self.embed(ids)"),
        span(31, "for layer in self.layers"),
        span(32, "hidden = layer(hidden)"),
        span(33, "return hidden"),
    )
    idle = (span(4, "weights = dropout(weights)"), span(14, "query = query * 2"))
    fields: dict[str, object] = {
        "schema": SCHEMA_VERSION,
        "family": "toy",
        "class_name": "ToyModel",
        "transformers": "5.23.0",
        "commit": COMMIT,
        "device": "cpu",
        "dtype": "float32",
        "attention": "eager",
        "weights": "random (seed 0)",
        "tokenizer": "the checkpoint's own",
        "tokens": (tuple(TokenFact(i, 100 + i, text) for i, text in enumerate(("[CLS]", "the", "<b>", "[SEP]"))),),
        "inputs": (("ids", tensor(1, 4, dtype="int64")),),
        "config": {"hidden_size": 8, "num_hidden_layers": layers},
        "changed": {"num_hidden_layers": layers},
        "symbols": (SymbolFact("T", "tokens", 4), SymbolFact("hidden", "hidden_size", 8)),
        "modules": _modules(layers),
        "lines": _lines(layers),
        "executions": (Execution(FILE, ran, idle),),
        "dispatches": (Dispatch(place(15, "attention_interface"), "eager", f"{MODULE}.eager", place(1, "eager")),),
        "parameters": 88 * layers + 80,
        "notes": ("untrained tokenizer",),
    }
    return Trace(**(fields | changes))  # type: ignore[arg-type]


def make_diagram() -> Diagram:
    """The dataflow of ToyAttention."""
    nodes = (
        DiagramNode(0, "hidden", "input", place(11, "hidden")),
        DiagramNode(1, "self.query", "module", place(12, "self.query"), symbols=("attention:Q",)),
        DiagramNode(2, "eager <b>", "function", place(15, "attention_interface"), target=f"{MODULE}.eager"),
        DiagramNode(3, "@", "operation", place(20, "@")),
        DiagramNode(4, "return", "output", place(20, "return")),
    )
    edges = ((0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (3, 4))
    repeat = DiagramEdge(3, 1, repeat=True)
    return Diagram(f"{MODULE}.ToyAttention", "forward", nodes, (*(DiagramEdge(*edge) for edge in edges), repeat))


def attention_reference(query: Any, key: Any) -> Any:
    """The output of query."""
    # query stays prose here
    return query @ key.query


def make_concept(**changes: object) -> Concept:
    """Attention scores, found in ToyAttention."""
    fields: dict[str, object] = {
        "slug": "attention",
        "name": Text("Attention scores", "注意力分数"),
        "explanation": Text("How much a query looks at a key.", "查询对键的关注程度。"),
        "citations": (Citation("A Paper & More", "One, Two, Three", 2017, "1706.03762", "§3, Eq. (1)"),),
        "equations": (r"\sym{output}=\mathrm{softmax}\left(\frac{\sym{query}\sym{key}^{\top}}{\sqrt{d}}\right)",),
        "symbols": (
            Symbol("query", "Q", Text("queries", "查询")),
            Symbol("key", "K", Text("keys", "键")),
            Symbol("output", "S", Text("scores", "分数")),
        ),
        "patterns": (Bind("output", Op(("matmul",), (Bind("query", Anything()), Bind("key", Anything())))),),
        "output": "output",
        "reference": attention_reference,
        "matches": ("def good(q, k):\n    return q @ k\n",),
        "rejects": ("def bad(q, k):\n    return q < k\n",),
    }
    return Concept(**(fields | changes))  # type: ignore[arg-type]


def make_match(owner: str, line: int, text: str, guards: tuple[str, ...] = ()) -> Match:
    """A match of `make_concept` at `text` on a line of SOURCE."""
    where = place(line, text)
    return Match("attention", f"{MODULE}.{owner}", "forward", where, where, (), (), guards)


def make_analysis(*matches: Match, roles: tuple[Role, ...] = ()) -> Analysis:
    """SOURCE analysed, with these matches and roles and a class for each of their owners."""
    owners = dict.fromkeys((*(match.owner for match in matches), *(role.owner for role in roles)))
    span = Span(1, 0, 20, 0)
    classes = tuple(ClassFacts(one.rpartition(".")[2], one, "module", span, span, ()) for one in owners)
    return Analysis(FileFacts(FILE, MODULE, "0" * 64, classes), matches, (make_diagram(),), (), roles=roles)


def make_run(*proofs: Proof) -> FamilyRun:
    """A run of the family with these proofs."""
    return FamilyRun("toy", (make_trace(),), proofs)


def make_snapshot(package: str = "/nowhere/transformers") -> Snapshot:
    """A pinned snapshot of the official repository."""
    return Snapshot("official", "https://github.com/huggingface/transformers.git", "v5", COMMIT, "5.23.0", package)
