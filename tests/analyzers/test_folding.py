import pytest

from hfreader.analyzers.folding import MAX_BOXES, fold
from hfreader.facts.analysis import Diagram
from hfreader.facts.matches import Binding, Match
from tests.analyzers.conftest import small


def arrows(diagram: Diagram) -> set[str]:
    """The edges by the labels of their boxes; `~>` goes back round a loop."""
    label = {node.id: node.label for node in diagram.nodes}
    return {f"{label[one.source]} {'~>' if one.repeat else '->'} {label[one.target]}" for one in diagram.edges}


def kinds(diagram: Diagram) -> dict[str, str]:
    return {node.label: node.kind for node in diagram.nodes}


def test_attention_is_opened(graph_of):
    diagram = fold(graph_of("bert.modeling_bert.BertSelfAttention"))
    assert arrows(diagram) == {
        "hidden_states -> self.query",
        "hidden_states -> self.key",
        "hidden_states -> self.value",
        "self.query -> matmul",
        "self.key -> matmul",
        "self.value -> matmul",
        "matmul -> × self.scaling",
        "× self.scaling -> +",
        "attention_mask -> +",
        "+ -> softmax",
        "× self.scaling -> softmax",
        "softmax -> matmul",
        "softmax -> output[1]",
        "matmul -> output",
    }
    assert kinds(diagram)["self.query"] == "module"
    assert kinds(diagram)["softmax"] == "operation"
    assert kinds(diagram)["attention_mask"] == "input"


def test_submodules_are_one_box_each(graph_of):
    diagram = fold(graph_of("gpt2.modeling_gpt2.GPT2Block"))
    assert {"self.ln_1", "self.attn", "self.ln_2", "self.mlp"} <= set(kinds(diagram))
    assert "softmax" not in kinds(diagram)
    (mlp,) = [node for node in diagram.nodes if node.label == "self.mlp"]
    assert mlp.target == "transformers.models.gpt2.modeling_gpt2.GPT2MLP"


def test_repeated_layers_are_one_box(graph_of):
    diagram = fold(graph_of("llama.modeling_llama.LlamaModel"))
    found = arrows(diagram)
    assert {
        "self.embed_tokens -> decoder_layer",
        "decoder_layer ~> decoder_layer",
        "decoder_layer -> self.norm",
        "self.norm -> last_hidden_state",
        "causal_mask -> decoder_layer",
    } <= found
    assert "self.embed_tokens -> self.norm" not in found
    assert [edge.repeat for edge in diagram.edges].count(True) == 1


def test_loops_within_loops():
    diagram = fold(
        small("""
class M(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = nn.ModuleList([nn.Conv2d(c.d, c.d, 3) for _ in range(c.n)])
        self.s = nn.ModuleList([nn.ModuleList([nn.Linear(c.d, c.d) for _ in range(c.n)]) for _ in range(c.n)])

    def forward(self, x):
        for e, stage in zip(self.e, self.s):
            x = e(x)
            for one in stage:
                x = one(x)
        return x
""")
    )
    assert {"x -> e", "e -> one", "one ~> one", "one ~> e", "one -> output"} <= arrows(diagram)


def test_constants_conditions_and_shapes_are_left_out():
    diagram = fold(
        small(
            "class M(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
            "        self.eps = config.eps\n        self.weight = nn.Parameter(torch.ones(4))\n"
            "    def forward(self, x, flag=False, cache=None):\n        n = x.shape[0] * 2 + 1\n        if flag:\n"
            "            x = x.view(n, -1)\n        y = F.dropout(x.transpose(1, 2)) + self.eps\n"
            "        return self.weight * y.to(x.dtype), cache\n"
        )
    )
    assert arrows(diagram) == {"x -> + self.eps", "+ self.eps -> × self.weight", "self.weight -> × self.weight"} | {
        "× self.weight -> output"
    }


def test_plumbing_functions_are_seen_through_and_others_are_boxes():
    diagram = fold(
        small(
            "def heads(x):\n    return x.view(x.shape[0], -1, 4).transpose(1, 2)\n"
            "def squash(x):\n    return x.exp() / x.exp().sum()\n"
            "class M(nn.Module):\n    def forward(self, x):\n        return squash(heads(x))\n"
        )
    )
    assert arrows(diagram) == {"x -> squash", "squash -> output"}
    assert kinds(diagram)["squash"] == "function"


def test_values_are_the_tokens_that_hold_them(graph_of):
    diagram = fold(graph_of("bert.modeling_bert.BertSelfAttention"))
    (softmax,) = [node for node in diagram.nodes if node.label == "softmax"]
    assert softmax.place in softmax.values
    assert len({place.file for place in softmax.values}) == 1
    (states,) = [node for node in diagram.nodes if node.label == "hidden_states"]
    assert states.values[0] == states.place, "the parameter itself comes first"


def test_symbols_of_matches_stand_on_their_boxes(graph_of):
    graph = graph_of("bert.modeling_bert.BertSelfAttention")
    (softmax,) = [node for node in fold(graph).nodes if node.label == "softmax"]
    match = Match("sdpa", graph.owner, "forward", graph.place, softmax.place, (Binding("P", softmax.values[:1]),), ())
    marked = [node.label for node in fold(graph, (match,)).nodes if node.symbols == ("sdpa:P",)]
    assert "softmax" in marked
    assert "self.query" not in marked


@pytest.mark.parametrize(
    "name",
    [
        "bert.modeling_bert.BertModel",
        "bert.modeling_bert.BertForMaskedLM",
        "gpt2.modeling_gpt2.GPT2Attention",
        "gpt2.modeling_gpt2.GPT2Model",
        "t5.modeling_t5.T5Stack",
        "mamba.modeling_mamba.MambaMixer",
        "deberta_v2.modeling_deberta_v2.DisentangledSelfAttention",
        "swin.modeling_swin.SwinLayer",
    ],
)
def test_a_diagram_is_small_and_connected(graph_of, name):
    diagram = fold(graph_of(name))
    outputs = {node.id for node in diagram.nodes if node.kind == "output"}
    assert outputs
    assert len(diagram.nodes) - len(outputs) <= MAX_BOXES
    assert [node.id for node in diagram.nodes] == list(range(len(diagram.nodes)))
    assert not any(node.kind == "input" for node in diagram.nodes if node.id in {edge.target for edge in diagram.edges})
    leads_out = set(outputs)
    while grown := {edge.source for edge in diagram.edges if edge.target in leads_out} - leads_out:
        leads_out |= grown
    assert leads_out == {node.id for node in diagram.nodes}


def test_nothing_returned_is_an_empty_diagram():
    diagram = fold(small("class M(nn.Module):\n    def forward(self, x):\n        pass\n"))
    assert (diagram.nodes, diagram.edges) == ((), ())
