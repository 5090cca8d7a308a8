"""Where matches are reported, what they bind, and that only structure counts."""

import ast
import io
import tokenize
from collections.abc import Callable
from functools import cache
from itertools import count

import pytest

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import find
from hfreader.facts.matches import Match
from hfreader.facts.places import Place
from tests.concepts.examples import IMPORTS, LINES, graph_of, matches_in, texts
from tests.conftest import installed_package

BERT, GPT_2 = "models/bert/modeling_bert.py", "models/gpt2/modeling_gpt2.py"
EXPECTED = {
    BERT: {
        "BertEmbeddings": "input-embedding-sum layer-norm learned-position-embedding",
        "BertSelfAttention": "multi-head-self-attention scaled-dot-product-attention",
        "BertCrossAttention": "multi-head-cross-attention scaled-dot-product-attention",
        "BertSelfOutput": "dense-residual-layernorm layer-norm",
        "BertAttention": "attention-sublayer multi-head-cross-attention multi-head-self-attention residual-connection",
        "BertIntermediate": "ffn-expansion-half",
        "BertOutput": "dense-residual-layernorm layer-norm",
        "BertLayer": "position-wise-ffn post-norm-block post-norm-cross-block residual-connection",
        "BertPooler": "first-token-pooler",
        "BertPredictionHeadTransform": "layer-norm prediction-head-transform",
        "BertLMPredictionHead": "masked-lm-head",
        "BertOnlyNSPHead": "linear-projection",
        "BertPreTrainingHeads": "linear-projection",
        "BertModel": "causal-mask",
        "BertForSequenceClassification": "pooled-classification-head",
        "BertForMultipleChoice": "multiple-choice-head",
        "BertForTokenClassification": "token-classification-head",
        "BertForQuestionAnswering": "extractive-qa-head",
        "eager_attention_forward": "scaled-dot-product-attention",
    },
    GPT_2: {
        "GPT2Attention": "multi-head-self-attention scaled-dot-product-attention",
        "GPT2MLP": "position-wise-ffn",
        "GPT2Block": "layer-norm pre-norm-block pre-norm-cross-block residual-connection",
        "GPT2SequenceSummary": "first-token-pooler pooled-classification-head",
        "GPT2Model": "causal-mask input-embedding-sum layer-norm layer-stack learned-position-embedding",
        "GPT2LMHeadModel": "causal-lm-head",
        "GPT2ForSequenceClassification": "last-token-classification-head",
        "GPT2ForTokenClassification": "token-classification-head",
        "GPT2ForQuestionAnswering": "extractive-qa-head",
        "eager_attention_forward": "scaled-dot-product-attention",
    },
}


@cache
def source_of(file: str) -> str:
    return (installed_package() / file).read_text(encoding="utf-8")


def library_with(file: str, source: str) -> Library:
    """The installed transformers with one file replaced."""

    class Sources(dict):  # type: ignore[type-arg]
        def get(self, name, default=None):
            path = installed_package() / name
            return source if name == file else path.read_text(encoding="utf-8") if path.is_file() else default

    return Library.of_sources(Sources({file: source}))


def matches_of(library: Library, file: str, name: str) -> tuple[Match, ...]:
    module = "transformers." + file.removesuffix(".py").replace("/", ".")
    return tuple(match for match in analyse(library, file).matches if match.owner == f"{module}.{name}")


@cache
def matches(file: str) -> tuple[Match, ...]:
    return analyse(library_with(file, source_of(file)), file).matches


def one(file: str, owner: str, concept: str, index: int = 0) -> Match:
    found = [match for match in matches(file) if match.concept == concept and match.owner.endswith(f".{owner}")]
    return found[index]


def written(file: str, places: tuple[Place, ...]) -> list[str]:
    lines = source_of(file).split("\n")
    spans = [place.span for place in places]
    return [lines[span.line - 1][span.column : span.end_column] for span in spans]


def tokens(file: str, match: Match, symbol: str) -> list[str]:
    return written(file, next(binding.tokens for binding in match.bindings if binding.symbol == symbol))


@pytest.mark.parametrize("file", [BERT, GPT_2], ids=["bert", "gpt2"])
def test_every_match_belongs_to_the_lowest_class_with_all_operations(file: str):
    found: dict[str, set[str]] = {}
    for match in matches(file):
        found.setdefault(match.owner.rpartition(".")[2], set()).add(match.concept)
    assert found == {owner: set(concepts.split()) for owner, concepts in EXPECTED[file].items()}


def lines_of(match: Match, symbol: str) -> set[int]:
    return {place.span.line for binding in match.bindings if binding.symbol == symbol for place in binding.tokens}


def test_a_symbol_lights_no_branch_in_which_it_has_another_value():
    crossed = one(GPT_2, "GPT2Block", "pre-norm-cross-block")
    assert crossed.guards == ("encoder_hidden_states is not None",)
    assert lines_of(crossed, "middle") == {282, 291, 292, 301}
    assert lines_of(crossed, "second") == {301, 303, 304, 307}
    last_norm = one(GPT_2, "GPT2Block", "layer-norm", 2)
    assert last_norm.guards == ()
    assert lines_of(last_norm, "x") == {282, 301, 303, 304, 307}, "291 and 292 only run where x is another value"
    pooler = one(GPT_2, "GPT2SequenceSummary", "first-token-pooler")
    assert lines_of(pooler, "first") == {384, 402, 403}, "the last token and the mean are other branches"


def test_a_symbol_lights_no_other_class_that_a_submodule_could_be():
    crossed = one(BERT, "BertAttention", "multi-head-cross-attention")
    own = {line for symbol in ("x", "key", "mask") for line in lines_of(crossed, symbol)}
    assert not own & set(range(139, 204)), "lines of BertSelfAttention"


def test_keys_are_unique():
    for file in EXPECTED:
        keys = [match.key for match in matches(file)]
        assert len(keys) == len(set(keys))


def test_symbols_are_bound_in_the_class_and_in_the_function_it_dispatches_to():
    match = one(BERT, "BertSelfAttention", "scaled-dot-product-attention")
    assert tokens(BERT, match, "query") == ["query", "query", "query_layer", "query_layer"]
    assert tokens(BERT, match, "key") == ["key", "key", *["key_layer"] * 4]
    assert tokens(BERT, match, "value") == ["value", "value", *["value_layer"] * 4]
    scale = ["scaling", "scaling", "scaling", "self.scaling", "self.attention_head_size**-0.5", "self.scaling"]
    assert tokens(BERT, match, "scale") == scale
    assert set(tokens(BERT, match, "mask")) == {"attention_mask"}
    assert set(tokens(BERT, match, "softmax")) == {"attn_weights", "nn.functional.softmax"}
    assert set(tokens(BERT, match, "output")) == {"attn_output", "torch.matmul"}


def test_modules_are_bound_where_they_are_built_and_called():
    match = one(BERT, "BertAttention", "multi-head-self-attention")
    assert tokens(BERT, match, "w_query") == ["self.query", "self.query"]
    assert tokens(BERT, match, "w_o") == ["self.dense", "self.dense"]
    assert {"hidden_states", "input_tensor"} == set(tokens(BERT, match, "x"))


def test_captures_say_where_to_record():
    match = one(BERT, "BertSelfAttention", "scaled-dot-product-attention")
    captures = {capture.symbol: capture for capture in match.captures}
    assert set(captures) == {"query", "key", "value", "scale", "mask", "softmax", "output"}
    assert {capture.kind for capture in captures.values()} == {"value"}
    assert written(BERT, (captures["key"].place,)) == ["key"]
    (site,) = captures["key"].sites
    assert source_of(BERT).split("\n")[site.span.line - 1].endswith("= attention_interface(")
    weights = [capture for capture in one(BERT, "BertLayer", "position-wise-ffn").captures if capture.kind == "module"]
    assert sorted(written(BERT, tuple(capture.place for capture in weights))) == [
        "self.dense",
        "self.dense",
        "self.intermediate_act_fn",
    ]
    assert all(len(capture.sites) == 2 for capture in weights)


def test_guards_say_when_it_runs():
    eager, upcast = (one(GPT_2, "GPT2Attention", "scaled-dot-product-attention", index) for index in (0, 1))
    assert upcast.guards == ("using_eager and self.reorder_and_upcast_attn",)
    assert eager.guards == ("not (using_eager and self.reorder_and_upcast_attn)",)
    assert one(GPT_2, "GPT2Attention", "multi-head-self-attention").guards == (
        "not (encoder_hidden_states is not None)",
    )
    assert one(GPT_2, "GPT2Block", "pre-norm-block").guards == ("not (encoder_hidden_states is not None)",)
    assert one(BERT, "BertSelfAttention", "multi-head-self-attention").guards == ()


MUTANTS = (
    ("attn_weights = attn_weights + attention_mask", "attn_weights = attn_weights - attention_mask"),
    ("nn.functional.softmax(attn_weights, dim=-1)", "nn.functional.softmax(attn_weights, dim=-2)"),
    ("nn.functional.softmax(attn_weights, dim=-1)", "nn.functional.sigmoid(attn_weights)"),
    ("torch.matmul(attn_weights, value)", "attn_weights * value"),
)


def attention_of_bert(change: Callable[[str], str]) -> Library:
    """The attention function and class of BERT alone, changed."""
    source = source_of(BERT)
    wanted = ("eager_attention_forward", "BertSelfAttention")
    parts = [node for node in ast.parse(source).body if getattr(node, "name", "") in wanted]
    text = "\n\n".join(str(ast.get_source_segment(source, part)) for part in parts)
    return Library.of_sources(
        {BERT: IMPORTS + "from ...modeling_utils import ALL_ATTENTION_FUNCTIONS\n" + change(text)}
    )


def test_the_attention_of_bert_is_found_alone():
    library = attention_of_bert(lambda text: text)
    for owner in ("BertSelfAttention", "eager_attention_forward"):
        found = [match.concept for match in matches_of(library, BERT, owner)]
        assert "scaled-dot-product-attention" in found


@pytest.mark.parametrize(("right", "wrong"), MUTANTS)
def test_a_mutant_of_attention_is_no_match(right: str, wrong: str):
    assert right in source_of(BERT)
    mutant = attention_of_bert(lambda text: text.replace(right, wrong))
    for owner in ("BertSelfAttention", "eager_attention_forward"):
        found = matches_of(mutant, BERT, owner)
        if "- attention_mask" in wrong:
            # Without a mask it is still the equation, and says so.
            assert {match.guards for match in found} <= {("not (attention_mask is not None)",)}
        else:
            assert found == ()


def test_attention_without_its_scale_is_another_one():
    mutant = attention_of_bert(lambda text: text.replace("key.transpose(2, 3)) * scaling", "key.transpose(2, 3))"))
    for owner in ("BertSelfAttention", "eager_attention_forward"):
        found = [match.concept for match in matches_of(mutant, BERT, owner)]
        assert "unscaled-dot-product-attention" in found
        assert "scaled-dot-product-attention" not in found


def renamed(source: str) -> str:
    """The source with every class of the file and every local variable of its functions named anew."""
    tree = ast.parse(source)
    old = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    top = [node for one in tree.body if isinstance(one, ast.Assign | ast.AnnAssign) for node in ast.walk(one)]
    module_level = {node.id for node in top if isinstance(node, ast.Name)}
    numbers = count()
    names = {name: f"n{next(numbers)}" for name in sorted((old | stored) - keywords - arguments - module_level)}
    tokens_ = list(tokenize.generate_tokens(io.StringIO(source).readline))
    changed = []
    for index, token in enumerate(tokens_):
        after_dot = index > 0 and tokens_[index - 1].string == "."
        replace = token.type == tokenize.NAME and token.string in names and not after_dot
        changed.append((token.type, names[token.string] if replace else token.string))
    return tokenize.untokenize(changed)


@pytest.mark.slow
def test_names_are_no_evidence():
    source = renamed(source_of(BERT))
    assert "BertSelfAttention" not in source
    assert "key_layer" not in source
    library = library_with(BERT, source)
    original = ast.parse(source_of(BERT)).body
    new = dict(zip([getattr(node, "name", "") for node in original], ast.parse(source).body, strict=True))
    for name in EXPECTED[BERT]:
        found = matches_of(library, BERT, new[name].name)  # type: ignore[attr-defined]
        before = [match for match in matches(BERT) if match.owner.endswith(f".{name}")]
        assert [match.concept for match in found] == [match.concept for match in before]
        assert [_shape(match) for match in found] == [_shape(match) for match in before]


def _shape(match: Match) -> list[tuple[str, int]]:
    return [(binding.symbol, len(binding.tokens)) for binding in match.bindings]


def test_one_output_is_one_match():
    source = """def f(q, k, v, m):
    w = q @ k.transpose(-1, -2) * 0.5
    w = w if m is None else w + m
    return w.softmax(-1) @ v
"""
    (match,) = matches_in(source, "scaled-dot-product-attention")
    assert texts(source, match, "mask") == ["m@1", "m@3", "m@3"]


BRANCHES = """class Attention(nn.Module):
    def __init__(self, width, scaled):
        super().__init__()
        self.scale = 1.0
        if scaled:
            self.scale = width**-0.5
        self.first = nn.Linear(width, width)

    def fused(self, q, k, v, m):
        return F.scaled_dot_product_attention(q, k, v, m, scale=self.scale)

    def forward(self, x, y, k, v, m, fast):
        if fast:
            seen = y
            return self.fused(self.first(y), k, v, seen)
        q = self.first(x)
        if y is not None:
            q = x
        w = q @ k.transpose(-1, -2) * self.scale
        return (w + m).softmax(-1) @ v
"""


def test_tokens_lie_in_no_branch_that_the_guards_exclude():
    fused, spelt = matches_in(BRANCHES, "scaled-dot-product-attention")
    assert (spelt.guards, fused.guards) == (("not (fast)",), ("fast",))
    assert texts(BRANCHES, spelt, "query") == ["x@12", "q@16", "x@16", "q@18", "x@18", "q@19"]
    assert texts(BRANCHES, spelt, "key") == ["k@12", "k@19"]
    assert texts(BRANCHES, spelt, "mask") == ["m@12", "m@20"]
    assert texts(BRANCHES, fused, "key") == ["k@9", "k@10", "k@12", "k@15"]
    assert texts(BRANCHES, fused, "mask") == ["m@9", "m@10", "y@12", "seen@14", "y@14", "y@15", "seen@15"]


def test_a_factor_of_one_is_no_scale_where_there_can_be_another():
    spelt = next(match for match in matches_in(BRANCHES, "scaled-dot-product-attention") if "not" in match.guards[0])
    assert texts(BRANCHES, spelt, "scale") == ["self.scale@6", "width**-0.5@6", "self.scale@19"]


def test_modules_are_not_bound_where_the_guards_exclude_their_call():
    match = one(GPT_2, "GPT2Attention", "multi-head-self-attention")
    lines = {place.span.line for binding in match.bindings for place in binding.tokens}
    source = source_of(GPT_2).split("\n")
    branch = source.index("        if is_cross_attention:") + 1
    otherwise = source.index("        else:", branch) + 1
    assert tokens(GPT_2, match, "w_qkv") == ["self.c_attn"]
    assert lines.isdisjoint(range(branch, otherwise)) and otherwise + 1 in lines


def test_a_match_knows_nothing_of_dead_branches():
    source = "def f(x):\n    if None is not None:\n        x = F.layer_norm(x, (4,))\n    return x\n"
    assert matches_in(source, "layer-norm") == []


def test_without_concepts_nothing_is_found():
    assert find(graph_of("def f(x):\n    return F.gelu(x)\n"), ()) == ()


def test_layers_of_a_sequential_are_named_where_they_are_made():
    source = """
class Chain(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Sequential(nn.Linear(c.d, c.e), nn.ReLU(), nn.Linear(c.e, c.d))

    def forward(self, x):
        return self.a(x)
"""
    (match,) = matches_in(source, "position-wise-ffn")
    assert [texts(source, match, name) for name in ("w_1", "phi", "w_2")] == [
        ["nn.Linear@5"],
        ["nn.ReLU@5"],
        ["nn.Linear@5"],
    ]
    assert len({binding.tokens for binding in match.bindings if binding.symbol in ("w_1", "w_2")}) == 2
    # Nothing in the source has the value of a layer that torch calls: it is known by the expression that makes it.
    made = {one.symbol: (one.kind, len(one.sites)) for one in match.captures}
    assert made == {"x": ("value", 0), "output": ("value", 0), **dict.fromkeys(("w_1", "phi", "w_2"), ("made", 1))}


def test_constants_of_an_init_are_read_where_they_are_written():
    source = """
import functools
class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.act = functools.partial(F.gelu, approximate="tanh")

    def forward(self, x):
        return self.act(x)
"""
    (match,) = matches_in(source, "gelu")
    (capture,) = (one for one in match.captures if one.symbol == "approximate")
    (binding,) = (one for one in match.bindings if one.symbol == "approximate")
    assert (capture.kind, texts(source, match, "approximate")) == ("literal", ['"tanh"@6'])
    assert binding.tokens == (capture.place,)


def test_a_bias_is_no_mask_where_there_is_none():
    source = """
def kernel(q, k, v, b, m=None):
    w = q @ k.transpose(2, 3) + b
    if m is not None:
        w = w + m
    return F.softmax(w, dim=-1) @ v
"""
    (match,) = matches_in(source, "unscaled-dot-product-attention")
    places = {symbol: {one.place for one in match.captures if one.symbol == symbol} for symbol in ("bias", "mask")}
    assert len(places["bias"]) == len(places["mask"]) == 1
    assert places["bias"] != places["mask"]


LOOP = """
def scan(x, dt, A, B, C, T):
    a = torch.exp(A[None, :, None, :] * dt[:, :, :, None])
    u = dt[:, :, :, None] * B[:, None, :, :] * x[:, :, :, None]
    h = torch.zeros(x.shape[0], x.shape[1], A.shape[-1])
    y = []
    for i in range(T):
        h = a[:, :, i] * h + u[:, :, i]
        y.append(torch.matmul(h, C[:, i, :].unsqueeze(-1)))
    return torch.stack(y, dim=-1), h
"""


def test_after_a_loop_a_name_is_no_longer_what_it_is_before_a_step():
    (match,) = matches_in(LOOP, "selective-ssm-mamba1")
    step = LOOP.split("\n").index("        h = a[:, :, i] * h + u[:, :, i]") + 1 + LINES
    assert lines_of(match, "state") == {step}
