"""The roles of classes, and what is read of their children."""

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.library import Library
from hfreader.facts.analysis import Analysis
from hfreader.facts.mapping import Role
from tests.concepts.examples import FILE, IMPORTS, MODULE

BASE = "transformers.models.other.modeling_other"


def analysed(source: str, **others: str) -> Analysis:
    files = {f"models/other/{name}.py": IMPORTS + text for name, text in others.items()}
    return analyse(Library.of_sources({FILE: IMPORTS + source, **files}), FILE)


def roles_of(source: str, name: str, **others: str) -> list[Role]:
    return [role for role in analysed(source, **others).roles if role.owner == f"{MODULE}.{name}"]


def test_a_class_that_contains_itself_and_one_with_a_cycle_in_its_bases_end_nothing():
    source = """
class Node(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = Node(c)

    def forward(self, x):
        return self.a(x)

class First(Second):
    pass

class Second(First):
    pass
"""
    analysis = analysed(source)
    assert {problem.subject.rpartition(".")[2] for problem in analysis.problems} == {"First", "Second"}
    assert {role.owner for role in analysis.roles} <= {f"{MODULE}.Node", f"{MODULE}.First", f"{MODULE}.Second"}


STACKED = """
from ..other.modeling_other import Layer

class Stack(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = nn.ModuleList([Layer(c) for _ in range(c.k)])
        self.n = nn.LayerNorm(c.d)

    def forward(self, x, mask=None):
        kept = ()
        for one in self.s:
            result = one(x, mask)
            x = result[0]
            kept = kept + (result[1],)
        return self.n(x), kept
"""
LAYER = """
class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)

    def forward(self, x, mask):
        y = self.b(F.gelu(self.a(x)))
        return x + y, y
"""


def test_children_are_known_by_their_concepts_across_files_and_through_tuples():
    (role,) = roles_of(STACKED, "Stack", modeling_other=LAYER)
    assert role.concept == "layer-stack"
    assert role.wiring == "y1 = n([one]*(x))"
    layer, norm = role.parts
    assert (layer.attribute, layer.classes, layer.repeated) == ("one", (f"{BASE}.Layer",), True)
    assert {"position-wise-ffn", "residual-connection"} <= set(layer.concepts)
    assert (norm.attribute, norm.classes, norm.repeated) == ("n", ("torch.nn.LayerNorm",), False)


def test_a_match_counts_only_where_its_class_pattern_fits():
    source = """
class Alone(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.e = nn.Embedding(c.v, c.d)

    def forward(self, ids, mask, image):
        return self.e(ids).masked_scatter(mask, image)

class Sized(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.w = nn.Linear(c.d, c.vocab_size)

    def forward(self, h):
        return self.w(h)
"""
    found = {(one.owner.rpartition(".")[2], one.concept) for one in analysed(source).matches}
    assert ("Alone", "multimodal-token-merge") in found
    assert ("Sized", "ctc-head") not in found


def test_losses_are_no_part_of_what_is_computed():
    source = """
class Model(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.w = nn.Linear(c.d, c.k)

    def forward(self, h, labels=None):
        z = self.w(h)
        loss = F.cross_entropy(z, labels) * 2 + nn.MSELoss()(z, labels)
        return loss, z
"""
    (computing,) = analysed(source).computing
    assert computing.operations == ("torch.nn.Linear",)


def test_methods_that_compute_are_told_from_those_that_pass_on():
    source = """
class Passes(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.d = nn.Dropout(0.1)

    def forward(self, x, n=1):
        size = x.shape[-1] * 2
        return self.d(x.reshape(-1, size)).contiguous()[:, :n]

class Adds(nn.Module):
    def forward(self, x, y):
        return x + y.to(x.dtype)

class Layers(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)

    def encode(self, x):
        return self.a(x)
"""
    computing = {one.owner.rpartition(".")[2]: one for one in analysed(source).computing}
    assert set(computing) == {"Adds", "Layers"}
    assert computing["Adds"].operations == ("add",)
    assert computing["Layers"].function == "encode"
    assert computing["Layers"].operations == ("torch.nn.Linear",)
