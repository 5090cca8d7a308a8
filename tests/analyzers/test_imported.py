from hfreader.analyzers.imported import imported
from hfreader.analyzers.library import Library
from hfreader.facts.places import Place, Span

FILES = {
    "__init__.py": "",
    "activations.py": "class Table: ...\nACT2FN = Table()\nif Table:\n    @final\n    class Late: ...\n",
    "masking.py": "def make_mask():\n    pass\ndef d(): ...\n",
    "utils/__init__.py": "from ..masking import make_mask\n",
    "broken.py": "def (:\n",
    "models/toy/modeling_toy.py": """
import torch
import torch.nn.functional as F
from torch import nn
from ...activations import ACT2FN, Late, Table
from ...broken import thing
from ...masking import d
from ...utils import make_mask as mask


class ToyModel(nn.Module):
    def forward(self, x):
        B, F, T = x.shape
        return mask(x)
""",
}


def test_names_lead_to_where_they_are_defined():
    library = Library.of_sources(FILES)
    found = imported(library, library.tree("models/toy/modeling_toy.py"))
    assert found["mask"].qualified == "transformers.masking.make_mask"
    assert found["mask"].place == Place("masking.py", Span(1, 4, 1, 13))
    assert found["Table"].place == Place("activations.py", Span(1, 6, 1, 11))
    assert found["ACT2FN"].place == Place("activations.py", Span(2, 0, 2, 6))
    assert found["d"].place == Place("masking.py", Span(3, 4, 3, 5))
    assert found["Late"].place == Place("activations.py", Span(5, 10, 5, 14))
    assert (found["nn"].qualified, found["nn"].place) == ("torch.nn", None)


def test_a_name_that_also_stands_for_something_else_is_left_out():
    library = Library.of_sources(FILES)
    found = imported(library, library.tree("models/toy/modeling_toy.py"))
    assert "F" not in found and "torch" in found


def test_a_file_that_is_not_python_defines_nothing():
    library = Library.of_sources(FILES)
    found = imported(library, library.tree("models/toy/modeling_toy.py"))
    assert found.get("thing") is None or found["thing"].place is None
