"""Two small families side by side, and two of the library."""

import io
from importlib.util import find_spec
from pathlib import Path

import pytest
from rich.console import Console

from hfreader.analyzers import comparison
from hfreader.analyzers.library import Library
from hfreader.compare import compare
from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.comparison import Comparison
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import silent
from hfreader.sources import Sources
from hfreader.views.comparison_view import show_comparison
from tests.two_families import two_families


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    return two_families(tmp_path)


@pytest.fixture
def installed() -> Library:
    spec = find_spec("transformers")
    assert spec is not None
    assert spec.origin is not None
    return Library(Snapshot("installed", None, None, None, "", str(Path(spec.origin).parent)))


def test_traits_fields_parameters_and_parts(snapshot):
    found = compare(Library(snapshot), Sources(snapshot), "ash", "birch", silent)
    assert from_json(to_json(found), Comparison) == found
    traits = {str(one.subject): (str(one.left), str(one.right)) for one in found.traits}
    assert traits["activation"] == ("gelu", "silu")
    assert traits["kind of norm"] == ("AshNorm", "AshNorm"), "both compute the same"
    fields = {one.name: one for one in found.fields}
    assert (fields["hidden_size"].right_name, fields["hidden_size"].right) == ("width", "64")
    parameters = {one.left_name: one for one in found.parameters}
    assert parameters["feed.up.weight"].left == ("inner_size", "hidden_size")
    assert parameters["feed.up.weight"].left_sizes == (256, 64)
    assert parameters["feed.up.bias"].right is None
    assert {str(one.role): one.state for one in found.parts} == {
        "model": "similar",
        "feed-forward": "similar",
        "norm": "identical",
    }


def test_what_is_shown(snapshot):
    text = io.StringIO()
    show_comparison(
        compare(Library(snapshot), Sources(snapshot), "ash", "birch", silent), Console(file=text, width=120)
    )
    for words in ("activation", "silu", "width", "up without bias", "identical"):
        assert words in text.getvalue()


@pytest.mark.parametrize(("left", "right", "words"), [("ash", "birhc", "did you mean birch"), ("ash", "ash", "twice")])
def test_mistakes(snapshot, left, right, words):
    with pytest.raises(HfreaderError, match=words):
        compare(Library(snapshot), Sources(snapshot), left, right, silent)


def test_bert_and_gpt2(installed):
    found = comparison.compare(installed, "bert", "gpt2")
    traits = {str(one.subject): (str(one.left), str(one.right)) for one in found.traits}
    assert [word.split(":")[0] for word in traits["attention mask"]] == ["bidirectional", "causal"]
    assert ["post-norm" in traits["norms"][0], "pre-norm" in traits["norms"][1]] == [True, True]
    assert traits["query, key, value"] == ("3 Linear maps of one input", "one fused Conv1D")
    assert traits["positions"][0] == traits["positions"][1]
    fused = next(one for one in found.parameters if one.right_name and one.right_name.endswith("c_attn.weight"))
    assert (fused.left_sizes, fused.right_sizes) == ((768, 768), (768, 2304))
    assert fused.left_name is not None
    assert fused.left_name.endswith("query, key, value.weight")
    aligned = {str(one.role): (one.left, one.right) for one in found.parts if one.left and one.right}
    assert aligned["block"][0].endswith("BertLayer")
    assert aligned["block"][1].endswith("GPT2Block")
