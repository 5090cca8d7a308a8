"""Names in code lead to their definitions, and only where these are known."""

import importlib

import pytest

from hfreader.facts.analysis import Imported
from hfreader.facts.places import Place, Span
from hfreader.pages.highlight import code_html, scan
from hfreader.pages.identifiers import identifiers
from hfreader.pages.outside import TORCH, documentation

IMPORTED = {
    "nn": Imported("torch.nn"),
    "torch": Imported("torch"),
    "F": Imported("torch.nn.functional"),
    "Unpack": Imported("typing.Unpack"),
    "Cache": Imported("transformers.cache_utils.Cache", Place("cache_utils.py", Span(9, 6, 9, 11))),
    "Hidden": Imported("transformers.hidden.Hidden", Place("hidden.py", Span(1, 6, 1, 12))),
}
find = identifiers({"ToyLayer"}, IMPORTED, lambda _, place: "up#L9" if place.file == "cache_utils.py" else None)


@pytest.mark.parametrize(
    ("dotted", "found"),
    [
        ("ToyLayer", (8, "#ToyLayer")),
        ("ToyLayer.forward", (8, "#ToyLayer")),
        ("Cache", (5, "up#L9")),
        ("Hidden", None),
        ("Unpack", None),
        ("other", None),
        ("nn.Linear", (9, f"{TORCH}torch.nn.Linear.html")),
        ("nn.Parameter", (12, f"{TORCH}torch.nn.parameter.Parameter.html")),
        ("F.softmax", (9, f"{TORCH}torch.nn.functional.softmax.html")),
        ("torch.nn.functional.gelu", (24, f"{TORCH}torch.nn.functional.gelu.html")),
        ("torch.matmul", (12, f"{TORCH}torch.matmul.html")),
        ("torch.Tensor", None),
        ("torch.float32", None),
        ("torch.relu", None),
        ("torch.distributed.get_rank", None),
        ("nn", None),
        ("torch", None),
    ],
)
def test_a_name_leads_to_what_it_stands_for(dotted: str, found: tuple[int, str] | None):
    assert find(dotted) == found


def test_a_dotted_name_is_one_link_and_strings_have_none():
    (line,) = scan('x = nn.Linear(self.nn.Linear, "torch.matmul")', find)
    html = code_html('x = nn.Linear(self.nn.Linear, "torch.matmul")', line)
    assert html.count("<a ") == 1 and f'<a href="{TORCH}torch.nn.Linear.html">nn.Linear</a>(self.nn.Linear' in html


def test_every_function_that_is_called_documented_is_there():
    torch = importlib.import_module("torch")
    listed = [name for name in dir(torch) if documentation(f"torch.{name}")]
    assert len(listed) > 300 and all(callable(getattr(torch, name)) for name in listed)
