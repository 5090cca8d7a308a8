"""Differences between small classes whose differences are known, and between classes of the library."""

from collections.abc import Callable

import pytest

from hfreader.analyzers.comparison_parameters import parameter_pairs
from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_outlines import Outlines
from hfreader.analyzers.library import Library
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.comparison import Difference
from tests.analyzers.conftest import HEADER, SMALL

MODULE = "transformers.models.small.modeling_small"
Compare = Callable[[str, str], Difference]

FEED_FORWARD = """
class {name}(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.hidden_size, config.intermediate_size{bias})
        self.down = nn.Linear(config.intermediate_size, config.hidden_size)
    def forward(self, x):
        return self.down({activation}(self.up(x)))
"""
BLOCK = """
class Inner(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.hidden_size, config.hidden_size)
    def forward(self, x):
        return F.relu(self.up(x))
class {name}(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.inner = Inner(config)
        self.norm = nn.LayerNorm(config.hidden_size)
    def forward(self, x):
        return {body}
"""
PROJECTIONS = """
class {name}(nn.Module):
    def __init__(self, config):
        super().__init__()
        {made}
    def forward(self, x):
        {taken}
        return F.softmax(q @ k.transpose(-1, -2) {scale}, dim=-1) @ v
"""
APART = (
    "self.a = nn.Linear(config.hidden_size, config.hidden_size)\n"
    "        self.b = nn.Linear(config.hidden_size, config.hidden_size)\n"
    "        self.c = nn.Linear(config.hidden_size, config.hidden_size)",
    "q, k, v = self.a(x), self.b(x), self.c(x)",
)
FUSED = (
    "self.all = nn.Linear(config.hidden_size, 3 * config.hidden_size)",
    "q, k, v = self.all(x).chunk(3, dim=-1)",
)


def between(left: str, right: str) -> Difference:
    """The difference between the classes `Left` and `Right` of two sources."""
    library = Library.of_sources({SMALL: HEADER + left + right})
    found = Differ(Outlines(library)).difference(f"{MODULE}.Left", f"{MODULE}.Right")
    assert found is not None
    assert from_json(to_json(found), Difference) == found
    return found


def feed_forward(name: str, activation: str = "F.gelu", bias: str = "") -> str:
    return FEED_FORWARD.format(name=name, activation=activation, bias=bias)


def projections(name: str, parts: tuple[str, str], scale: str = "") -> str:
    return PROJECTIONS.format(name=name, made=parts[0], taken=parts[1], scale=scale)


def test_names_are_no_difference():
    other = feed_forward("Right").replace("self.up", "self.lift").replace("(self, x)", "(self, states)")
    found = between(feed_forward("Left"), other.replace("(x)", "(states)"))
    assert found.same
    assert found.sentence == "Right computes exactly what Left does."


def test_a_bias_and_an_activation():
    found = between(feed_forward("Left"), feed_forward("Right", "F.relu", ", bias=False"))
    assert {(one.kind, str(one.text)) for one in found.changes} == {
        ("setting", "up without bias"),
        ("replaced", "relu instead of gelu"),
    }
    assert found.sentence == "Right is Left with relu instead of gelu; with up without bias."


def test_a_bias_that_the_configuration_decides():
    found = between(feed_forward("Left", bias=", bias=config.use_bias"), feed_forward("Right", bias=", bias=False"))
    assert found.sentence == "Right is Left with up without bias (which there use_bias decides)."


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ("x + self.inner(self.norm(x))", "self.norm(x + self.inner(x))", ("post-norm", "instead of", "pre-norm")),
        ("x + self.inner(self.norm(x))", "x + self.norm(self.inner(x))", ("what each branch gives", "pre-norm")),
    ],
)
def test_where_the_norm_stands(left, right, words):
    found = between(BLOCK.format(name="Left", body=left), BLOCK.format(name="Right", body=right))
    assert [one.kind for one in found.changes] == ["order"]
    for word in words:
        assert word in found.sentence


def test_a_norm_that_one_side_lacks():
    plain = BLOCK.format(name="Left", body="x + self.inner(x)")
    found = between(plain, BLOCK.format(name="Right", body="x + self.inner(self.norm(x))"))
    assert ("added", "norm (LayerNorm of hidden_size)") in {(one.kind, str(one.text)) for one in found.changes}
    back = between(BLOCK.format(name="Left", body="x + self.inner(self.norm(x))"), plain.replace("Left", "Right"))
    assert ("removed", "norm (LayerNorm of hidden_size)") in {(one.kind, str(one.text)) for one in back.changes}


def test_one_matrix_instead_of_three():
    found = between(projections("Left", APART), projections("Right", FUSED))
    text = "one fused all (Linear, hidden_size to 3 * hidden_size) instead of a, b and c (Linear)"
    assert [str(one.text) for one in found.changes] == [text]
    back = between(projections("Left", FUSED), projections("Right", APART))
    assert [str(one.text) for one in back.changes] == [
        "a, b and c (Linear) instead of one fused all (Linear, hidden_size to 3 * hidden_size)"
    ]


@pytest.mark.parametrize("scale", ["/ math.sqrt(32)", "* 32**-0.5", "* (1 / 32**0.5)", "/ (32**0.5)"])
def test_one_scale_in_different_spellings_is_no_difference(scale):
    assert between(projections("Left", APART, "* 32**-0.5"), projections("Right", APART, scale)).same


def test_another_scale():
    found = between(projections("Left", APART, "* 32**-0.5"), projections("Right", APART, "* 64**-0.5"))
    assert [one.kind for one in found.changes] == ["setting"]
    assert "instead of" in found.sentence


def test_operations_that_one_side_adds_are_told_together():
    capped = projections("Right", APART, "").replace(
        "F.softmax(q @ k.transpose(-1, -2) ", "F.softmax(30 * F.tanh(q @ k.mT / 30)"
    )
    found = between(projections("Left", APART), capped)
    assert [(one.kind, str(one.text)) for one in found.changes] == [("added", "× 1 / 30 → tanh → × 30")]


def test_what_cannot_be_compared_has_no_difference():
    library = Library.of_sources({SMALL: HEADER + feed_forward("Left") + "class Right(nn.Module):\n    pass\n"})
    assert Differ(Outlines(library)).difference(f"{MODULE}.Left", f"{MODULE}.Right") is None
    assert Differ(Outlines(library)).difference(f"{MODULE}.Left", f"{MODULE}.Nothing") is None


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        (
            "llama.modeling_llama.LlamaAttention",
            "mistral.modeling_mistral.MistralAttention",
            "MistralAttention is LlamaAttention with q_proj, k_proj, v_proj and o_proj without bias (which there "
            "attention_bias decides); that hands sliding_window to the attention function.",
        ),
        (
            "llama.modeling_llama.LlamaAttention",
            "qwen3.modeling_qwen3.Qwen3Attention",
            "Qwen3Attention is LlamaAttention plus q_norm (Qwen3RMSNorm of head_dim) and k_norm (Qwen3RMSNorm of "
            "head_dim); that hands sliding_window to the attention function.",
        ),
        (
            "llama.modeling_llama.LlamaRMSNorm",
            "gemma.modeling_gemma.GemmaRMSNorm",
            "GemmaRMSNorm is LlamaRMSNorm plus addition of 1 on weight.",
        ),
        (
            "bert.modeling_bert.BertLayer",
            "roberta.modeling_roberta.RobertaLayer",
            "RobertaLayer computes exactly what BertLayer does.",
        ),
        (
            "gpt2.modeling_gpt2.GPT2MLP",
            "gpt_neo.modeling_gpt_neo.GPTNeoMLP",
            "GPTNeoMLP is GPT2MLP with Linear instead of Conv1D (c_fc, c_proj).",
        ),
    ],
)
def test_classes_of_the_library(installed, left, right, sentence):
    found = Differ(Outlines(installed)).difference(f"transformers.models.{left}", f"transformers.models.{right}")
    assert found is not None
    assert found.sentence == sentence


def test_families_at_their_defaults(installed):
    differ = Differ(Outlines(installed, plain=True))
    models = "transformers.models"
    found = differ.difference(f"{models}.bert.modeling_bert.BertLayer", f"{models}.gpt2.modeling_gpt2.GPT2Block")
    assert found is not None
    for word in ("pre-norm", "instead of", "post-norm", "one fused c_attn", "Conv1D instead of Linear", "gelu_new"):
        assert word in found.sentence
    assert "cross" not in found.sentence


def test_attention_is_like_nothing_where_the_other_has_none(installed):
    """The blocks of a state space model and of a Transformer: both blocks, but of other parts."""
    differ = Differ(Outlines(installed, plain=True))
    names = "mamba.modeling_mamba.MambaBlock", "llama.modeling_llama.LlamaDecoderLayer"
    mamba, llama = (f"transformers.models.{name}" for name in names)
    assert [differ.natures.of(one) for one in (mamba, llama)] == ["block", "block"]
    assert differ.natures.of(mamba.replace("Block", "Mixer")) == "mixing"
    found = differ.difference(mamba, llama)
    assert found is not None
    added = [str(change.text) for change in found.changes if change.kind == "added"]
    for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
        assert any(text.startswith(f"{name} (Linear") for text in added)


COPIED = """
import copy
class Stack(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.hidden_size, config.intermediate_size)
    def forward(self, x):
        return self.up(x)
class Left(nn.Module):
    def __init__(self, config):
        super().__init__()
        given = copy.deepcopy(config)
        given.is_decoder = True
        self.stack = Stack(given)
    def forward(self, x):
        return self.stack(x)
"""


def test_sizes_are_known_of_a_part_that_is_given_a_copy_of_the_configuration():
    library = Library.of_sources(
        {SMALL: HEADER + COPIED + COPIED.replace("Left", "Right").replace("copy.deepcopy", "")}
    )
    found = parameter_pairs(Differ(Outlines(library)), f"{MODULE}.Left", f"{MODULE}.Right")
    shapes = [(one.left_name, one.left, one.right) for one in found]
    assert shapes == [
        ("stack.up.weight", *[("intermediate_size", "hidden_size")] * 2),
        ("stack.up.bias", *[("intermediate_size",)] * 2),
    ]
