"""The analysis of whole files."""

import pytest

from hfreader.analyzers import examination
from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Analysis
from hfreader.facts.codec import from_json, to_json
from tests.concepts.examples import FILE, IMPORTS, MODULE

SOURCE = (
    IMPORTS
    + """
def act(x):
    return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


class Base(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)

    def forward(self, x):
        return self.b(F.relu(self.a(x)))


class Child(Base):
    pass


class Plain:
    def forward(self, x):
        return x


class Codes(nn.Module):
    def encode(self, x):
        return F.layer_norm(x, (4,))

    def size(self):
        return 4

    def _hidden(self, x):
        return F.layer_norm(x, (4,))
"""
)


@pytest.fixture(scope="module")
def analysed() -> Analysis:
    return analyse(Library.of_sources({FILE: SOURCE}), FILE)


def test_classes_and_functions_are_roots(analysed: Analysis):
    found = {(match.owner, match.function, match.concept) for match in analysed.matches}
    assert found == {
        (f"{MODULE}.act", "act", "gelu"),
        (f"{MODULE}.Base", "forward", "position-wise-ffn"),
        (f"{MODULE}.Child", "forward", "position-wise-ffn"),
        (f"{MODULE}.Codes", "encode", "layer-norm"),
    }
    assert analysed.problems == ()


def test_modules_have_diagrams(analysed: Analysis):
    assert [diagram.owner for diagram in analysed.diagrams] == [f"{MODULE}.Base", f"{MODULE}.Child"]
    symbols = {symbol for diagram in analysed.diagrams for node in diagram.nodes for symbol in node.symbols}
    assert {"position-wise-ffn:x", "position-wise-ffn:output"} <= symbols


def test_an_analysis_survives_json(analysed: Analysis):
    assert from_json(to_json(analysed), Analysis) == analysed


def test_a_failure_on_one_class_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    whole = examination.dataflow

    def failing(library: Library, owner: str, function: str, *limits: object):
        if owner.endswith(".Base"):
            raise KeyError("x")
        return whole(library, owner, function, *limits)

    monkeypatch.setattr(examination, "dataflow", failing)
    result = analyse(Library.of_sources({FILE: SOURCE}), FILE)
    (problem,) = result.problems
    assert problem.subject == f"{MODULE}.Base"
    assert "KeyError" in problem.reason
    assert len(result.matches) == 3


def test_a_file_that_is_not_there():
    with pytest.raises(HfreaderError, match="no such file"):
        analyse(Library.of_sources({}), FILE)


def test_bases_that_go_round_are_a_problem_and_harm_nothing_else():
    source = "from torch import nn\nclass A(B):\n    pass\nclass B(A):\n    pass\n"
    source += "class C(nn.Module):\n    def forward(self, x):\n        return x.softmax(-1)\n"
    found = analyse(Library.of_sources({"models/x/modeling_x.py": source}), "models/x/modeling_x.py")
    assert [(one.subject[-1], one.place and one.place.span.line) for one in found.problems] == [("A", 2), ("B", 4)]
    assert [one.owner[-1] for one in found.computing] == ["C"]
