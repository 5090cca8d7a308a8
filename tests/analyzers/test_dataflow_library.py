"""The graphs of real classes of transformers, checked for their meaning."""

import ast

import pytest

from hfreader.analyzers.dataflow import dispatch_sites
from hfreader.analyzers.library import Library
from hfreader.analyzers.operations import is_transparent
from hfreader.analyzers.values import ancestors, options, same_value, tokens_of
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.dataflow import Dataflow, Node
from hfreader.facts.places import Span

REAL = [
    "bert.modeling_bert.BertSelfAttention",
    "bert.modeling_bert.BertLayer",
    "bert.modeling_bert.BertForMaskedLM",
    "gpt2.modeling_gpt2.GPT2Attention",
    "gpt2.modeling_gpt2.GPT2Block",
    "llama.modeling_llama.LlamaAttention",
    "llama.modeling_llama.LlamaModel",
    "t5.modeling_t5.T5LayerNorm",
]


def cut(source: str, span: Span) -> str:
    lines = source.splitlines(keepends=True)[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return "".join(lines)


def find(graph: Dataflow, op: str, label: str = "") -> list[int]:
    return [index for index, node in enumerate(graph.nodes) if node.op == op and label in node.label]


def linears(graph: Dataflow, nodes: frozenset[int]) -> set[str]:
    return {graph.nodes[one].label for one in nodes if "torch.nn.Linear" in graph.nodes[one].classes}


def written(graph: Dataflow, library: Library, node: int) -> list[str]:
    """Each token that carries a value, as `line in its file: text`."""
    found = []
    for token in tokens_of(graph, node):
        text = cut(library.tree(graph.file_of(token.scope)).source, token.span)
        found.append(f"{'root' if token.scope < 0 else graph.nodes[token.scope].label}: {text}")
    return found


def test_bert_softmax_is_made_of_query_and_key_but_not_of_value(graph_of):
    graph = graph_of("bert.modeling_bert.BertSelfAttention")
    (softmax,) = find(graph, "softmax")
    assert linears(graph, ancestors(graph, softmax)) == {"self.query", "self.key"}
    assert linears(graph, ancestors(graph, graph.result)) == {"self.query", "self.key", "self.value"}


def test_bert_tokens_of_key(graph_of, installed):
    graph = graph_of("bert.modeling_bert.BertSelfAttention")
    (key,) = find(graph, "phi", "key_layer")
    assert written(graph, installed, key) == [
        "root: key_layer",
        "eager_attention_forward: key",
        "eager_attention_forward: key",
    ]
    written_key = graph.nodes[key].operands[1].node
    assert written(graph, installed, written_key) == ["root: key_layer", "root: key_layer"]
    assert is_transparent(graph.nodes[written_key])


def test_bert_dispatch(graph_of):
    (site,) = dispatch_sites(graph_of("bert.modeling_bert.BertSelfAttention"))
    assert (site.function, site.site.file) == ("eager_attention_forward", "models/bert/modeling_bert.py")
    assert site.target.span.line < site.site.span.line


def test_bert_scale_is_the_power_of_init(graph_of):
    graph = graph_of("bert.modeling_bert.BertSelfAttention")
    (scaling,) = find(graph, "attribute", "self.scaling")
    power = graph.nodes[same_value(graph.nodes, scaling)]
    assert power.op == "pow"
    assert graph.nodes[power.operands[1].node].number == -0.5


def test_bert_layer_keeps_self_and_cross_attention_apart(graph_of):
    graph = graph_of("bert.modeling_bert.BertLayer")
    by_label = {graph.nodes[one].scope: graph.nodes[one].classes for one in find(graph, "module", "self.self")}
    names = {graph.nodes[scope].span for scope in by_label}
    assert [classes[0].rpartition(".")[2] for classes in by_label.values()] == [
        "BertSelfAttention",
        "BertCrossAttention",
    ]
    assert len(by_label) == 2
    assert names


def test_bert_layer_ends_in_norm_of_the_sum_of_the_ffn_and_its_input(graph_of):
    graph = graph_of("bert.modeling_bert.BertLayer")
    norm = graph.nodes[same_value(graph.nodes, graph.result)]
    assert norm.classes == ("torch.nn.LayerNorm",)
    total = graph.nodes[norm.operands[0].node]
    assert total.op == "add"
    ffn, residual = (one.node for one in total.operands)
    assert graph.nodes[ffn].classes == ("torch.nn.Dropout",)
    outer = [graph.nodes[one].label for one, _ in options(graph.nodes, residual)]
    assert outer == ["self.LayerNorm", "self.LayerNorm"], "the attention output, with cross attention or without"
    assert residual in ancestors(graph, ffn)


def test_gpt2_attention_has_two_ways_to_the_same_equation(graph_of):
    graph = graph_of("gpt2.modeling_gpt2.GPT2Attention")
    assert len(find(graph, "softmax")) == 2
    for softmax in find(graph, "softmax"):
        behind = {graph.nodes[one].label for one in ancestors(graph, softmax)}
        assert {"self.c_attn", "self.q_attn"} <= behind
    (site,) = dispatch_sites(graph)
    assert site.function == "eager_attention_forward"


def test_gpt2_query_key_and_value_are_parts_of_one_projection(graph_of):
    graph = graph_of("gpt2.modeling_gpt2.GPT2Attention")
    splits = [one for one in find(graph, "split") if graph.nodes[one].op == "split"]
    parts = [
        {graph.nodes[one].label for one in find(graph, "unpack") if graph.nodes[one].operands[0].node == split}
        for split in splits
    ]
    assert parts == [{"0", "1"}, {"0", "1", "2"}]


def test_gpt2_block_adds_to_the_residual_stream(graph_of):
    graph = graph_of("gpt2.modeling_gpt2.GPT2Block")
    last = graph.nodes[same_value(graph.nodes, graph.result)]
    assert last.op == "add"
    residual, mlp = (one.node for one in last.operands)
    assert graph.nodes[mlp].label == "self.mlp"
    adds = [one for one, _ in options(graph.nodes, residual)]
    assert {graph.nodes[one].op for one in adds} == {"add"}


def test_llama_rotates_query_and_key_only(graph_of):
    graph = graph_of("llama.modeling_llama.LlamaAttention")
    (rotation,) = find(graph, "function", "apply_rotary_pos_emb")
    assert linears(graph, ancestors(graph, rotation)) == {"self.q_proj", "self.k_proj"}
    assert len(find(graph, "cat")) == 2, "rotate_half, inlined for each"


def test_llama_layers_are_one_loop(graph_of):
    graph = graph_of("llama.modeling_llama.LlamaModel")
    (loop,) = find(graph, "loop", "hidden_states")
    layer = graph.nodes[graph.nodes[loop].operands[1].node]
    assert layer.classes == ("transformers.models.llama.modeling_llama.LlamaDecoderLayer",)
    assert layer.operands[0].node == loop
    assert len(find(graph, "causal_mask")) == 1


def is_written_as(node: Node, tree: ast.expr) -> bool:
    """Whether an expression of Python can be what a node says it is."""
    kinds: dict[str, tuple[type, ...]] = {
        "constant": (ast.Constant, ast.Attribute, ast.Name),
        "module": (ast.Call,),
        "function": (ast.Call, ast.Attribute),
        "call": (ast.Call, ast.Subscript),
        "tuple": (ast.Tuple, ast.List, ast.Set, ast.Call, ast.BinOp),
        "record": (ast.Call,),
        "dict": (ast.Dict, ast.Call),
        "attribute": (ast.Attribute, ast.Call),
        "phi": (ast.IfExp, ast.BoolOp, ast.Call, ast.Subscript, ast.Attribute),
    }
    return isinstance(tree, kinds.get(node.op, ast.expr))


@pytest.mark.parametrize("name", REAL)
def test_every_span_holds_the_expression_it_stands_for(graph_of, installed, name):
    graph = graph_of(name)
    for node in graph.nodes:
        if node.span is None or node.op == "parameter":
            continue
        source = installed.tree(graph.file_of(node.scope)).source
        text = cut(source, node.span)
        if node.op == "slice":
            text = f"x[{text}]"
        tree = ast.parse(f"({text}\n)", mode="eval").body
        assert is_written_as(node, tree), (node, text)
        if node.token is not None:
            assert cut(source, node.token) in cut(source, Span(node.span.line, 0, node.span.end_line, 10**6))


@pytest.mark.parametrize("name", REAL)
def test_tokens_are_names_and_attributes(graph_of, installed, name):
    graph = graph_of(name)
    for token in graph.tokens:
        text = cut(installed.tree(graph.file_of(token.scope)).source, token.span)
        assert isinstance(ast.parse(f"({text})", mode="eval").body, ast.Name | ast.Attribute), text


@pytest.mark.parametrize("name", REAL)
def test_a_graph_is_plain_data_and_whole(graph_of, name):
    graph = graph_of(name)
    assert from_json(to_json(graph), Dataflow) == graph
    for index, node in enumerate(graph.nodes):
        for operand in node.operands:
            forward = node.op in ("loop", "inline", "phi", "module", "function")
            assert operand.node < index or forward, node
        assert node.scope == -1 or graph.nodes[node.scope].op == "inline"
        if node.op == "inline":
            assert node.callee is not None
        if node.op == "phi" and node.guards:
            assert len(node.guards) == len(node.operands)
