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


def test_a_class_that_contains_itself_and_one_with_a_cycle_in_its_bases_are_no_problem():
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
    assert not analysis.problems
    assert {role.owner for role in analysis.roles} <= {f"{MODULE}.Node", f"{MODULE}.First", f"{MODULE}.Second"}


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
