"""The honest totals."""

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.census import census
from hfreader.analyzers.library import Library
from hfreader.analyzers.surveying import surveyed
from hfreader.concepts import catalogue
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.mapping import Census, ClassMapping
from tests.concepts.examples import FILE, IMPORTS

OTHER = "models/other/modeling_other.py"
SHARED = "modeling_layers.py"
BASE = """
class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.e)
        self.b = nn.Linear(c.e, c.d)

    def forward(self, x):
        return self.b(F.relu(self.a(x)))
"""
HERE = """
from ..other.modeling_other import Mlp

class Same(Mlp):
    pass

class Again(Same):
    pass

class Different(Mlp):
    def forward(self, x):
        return torch.tanh(x)

class Passing(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = Mlp(c)

    def forward(self, x):
        return self.a(x)

class Plain:
    pass

class Result(ModelOutput):
    logits: torch.Tensor | None = None
"""


def mapped(**sources: str) -> dict[str, ClassMapping]:
    found = census_of(**sources)
    return {one.owner.rpartition(".")[2]: one for one in found.classes}


def census_of(here: str = HERE, base: str = BASE, file: str = OTHER) -> Census:
    library = Library.of_sources({FILE: IMPORTS + here, file: IMPORTS + base})
    files = [surveyed(analyse(library, each)) for each in (FILE, file)]
    return census([one for each in files for one in each.classes], catalogue())


def test_a_class_without_a_forward_has_what_its_base_computes_across_files():
    classes = mapped()
    for name in ("Same", "Again"):
        assert classes[name].inherited == ("position-wise-ffn",)
        assert classes[name].ancestor == "transformers.models.other.modeling_other.Mlp"
        assert classes[name].computes
        assert classes[name].equation
        assert not classes[name].matched


def test_a_forward_of_its_own_replaces_what_the_base_computes():
    different = mapped()["Different"]
    assert different.concepts == ()
    assert different.computes
    assert different.reason == "its operations fit no equation of the catalogue"


def test_what_only_passes_on_does_not_compute():
    classes = mapped()
    assert not classes["Passing"].computes
    assert classes["Mlp"].computes
    assert classes["Plain"].roles == ("utility-module",)
    assert classes["Result"].roles == ("output-dataclass",)


def test_totals_count_every_class_once():
    found = census_of()
    assert found.count("classes") == 7
    assert found.count("modules") == 5
    assert found.count("computing") == 4
    assert found.count("equations") == 3
    assert found.count("mapped") == 7 - len(found.unmapped)
    assert "Different" in {one.owner.rpartition(".")[2] for one in found.unmapped}
    assert from_json(to_json(found), Census) == found


def test_shared_files_lend_and_are_not_counted():
    here = HERE.replace("..other.modeling_other", "...modeling_layers")
    found = census_of(here=here, file=SHARED)
    assert found.count("classes") == 6
    assert {one.owner.rpartition(".")[2]: one.equation for one in found.classes}["Again"]
