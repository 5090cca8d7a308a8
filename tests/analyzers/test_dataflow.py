"""Hand-written modules: what each construct of Python becomes."""

import pytest

from hfreader.analyzers.dataflow import dataflow, dispatch_sites
from hfreader.analyzers.evaluator import Limits
from hfreader.analyzers.library import Library
from hfreader.analyzers.values import ancestors, element, options, same_value, tokens_of
from hfreader.errors import HfreaderError
from hfreader.facts.dataflow import Dataflow, Node
from tests.analyzers.conftest import library_of, small

ATTENTION_HEADER = "from ...modeling_utils import ALL_ATTENTION_FUNCTIONS\n"


def forward(body: str, init: str = "pass", parameters: str = "x") -> Dataflow:
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    built = "\n".join(f"        {line}" for line in init.splitlines())
    return small(
        f"class M(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n{built}\n"
        f"    def forward(self, {parameters}):\n{lines}\n"
    )


def result(graph: Dataflow) -> Node:
    assert graph.result is not None
    return graph.nodes[same_value(graph.nodes, graph.result)]


def operand(graph: Dataflow, node: Node, index: int) -> Node:
    return graph.nodes[same_value(graph.nodes, node.operands[index].node)]


def shape(graph: Dataflow, node: int | None = None) -> str:
    """A value as an expression of canonical operations."""
    assert graph.result is not None
    current = same_value(graph.nodes, graph.result if node is None else node)
    value = graph.nodes[current]
    if value.number is not None:
        return f"{value.number:g}"
    if not value.operands:
        return value.label
    inner = ", ".join(
        f"{one.keyword}={shape(graph, one.node)}" if one.keyword else shape(graph, one.node) for one in value.operands
    )
    return f"{value.label if value.op == 'module' else value.op}({inner})"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x @ y", "matmul(x, y)"),
        ("return torch.bmm(x, y)", "matmul(x, y)"),
        ("return torch.matmul(input=x, other=y)", "matmul(x, y)"),
        ("return F.softmax(x, -1)", "softmax(x, dim=-1)"),
        ("return nn.functional.softmax(x, dim=-1, dtype=torch.float32)", "softmax(x, dim=-1, dtype=torch.float32)"),
        ("return x.softmax(-1)", "softmax(x, dim=-1)"),
        ("return nn.Softmax(dim=-1)(x)", "softmax(x, dim=-1)"),
        ("return torch.cat((x, y), -1)", "cat(x, y, dim=-1)"),
        ("return torch.cat([x, y], dim=-1)", "cat(x, y, dim=-1)"),
        ("return x.clamp_min(0)", "clamp(x, min=0)"),
        ("return x * math.sqrt(2.0 / math.pi)", "mul(x, 0.797885)"),
        ("return -x + 2 ** -1", "add(neg(x), 0.5)"),
        ("return x.t() @ y", "matmul(transpose(x), y)"),
        ("return x.max(-1).indices", "unpack(max(x, dim=-1))"),
        ("return x.size(-1)", "size(x, dim=-1)"),
        ("return x.shape[-1]", "size(x, dim=-1)"),
        ("return x.gather(1, y)", "gather(x, dim=1, index=y)"),
        ("return torch.where(x > 0, x, y)", "where(gt(x, 0), x, y)"),
        ("return torch.einsum('ij,jk', x, y)", "einsum('ij,jk', x, y)"),
    ],
)
def test_one_name_for_every_spelling(body, expected):
    assert shape(forward(body, parameters="x, y")) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = x + 1\nx = x * 2\nreturn x", "mul(add(x, 1), 2)"),
        ("a, b = x, y\na, b = b, a\nreturn a - b", "sub(y, x)"),
        ("a, *rest = x.split(2, dim=-1)\nreturn a", "unpack(split(x, split_size_or_sections=2, dim=-1))"),
        ("x += y\nreturn x", "add(x, y)"),
        ("x.add_(y)\nreturn x", "add(x, y)"),
        ("x[:, 1:] = y\nreturn x", "setitem(x, tuple(:, slice(start=1)), y)"),
        ("x[0].copy_(y)\nreturn x", "setitem(x, 0, copy(item(x, 0), y))"),
        ("if (z := x + y) is not None:\n    return z", "add(x, y)"),
        ("double = lambda a: a * 2\nreturn double(x)", "mul(x, 2)"),
        ("def inner(a):\n    return a @ y\nreturn inner(x)", "matmul(x, y)"),
        ("parts = []\nparts.append(x)\nparts.append(y)\nreturn torch.cat(parts, 0)", "cat(x, y, dim=0)"),
        ("d = dict(a=x)\nreturn d['a']", "x"),
        ("with torch.no_grad():\n    x = x * y\nreturn x", "mul(x, y)"),
        ("if y is None:\n    raise ValueError\nreturn x", "x"),
        ("assert x.ndim == 2\nreturn (x, y)[1]", "y"),
        ("return [x, *[y]][-1]", "y"),
        ("k, v = cache.update(x, y, 0)\nreturn k", "unpack(cache_update(x, y, 0, cache=cache))"),
    ],
)
def test_values_not_names(body, expected):
    assert shape(forward(body, parameters="x, y, cache")) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if flag:\n    x = x + 1\nreturn x", [("add", "flag"), ("parameter", "not (flag)")]),
        ("return x + 1 if flag else x", [("add", "flag"), ("parameter", "not (flag)")]),
        ("if flag:\n    return x + 1\nreturn x", [("add", "flag"), ("parameter", "not (flag)")]),
        (
            "if a:\n    x = x + 1\nelif b:\n    x = x * 2\nelse:\n    raise ValueError\nreturn x",
            [("add", "a"), ("mul", "not (a) and b")],
        ),
        ("return flag or x", [("parameter", "flag"), ("parameter", "not (flag)")]),
        ("c = a is None\nreturn x + 1 if c else x", [("add", "a is None"), ("parameter", "not (a is None)")]),
        (
            "c = a is None\nreturn x if not c and b else x + 1",
            [("parameter", "(not (a is None)) and (b)"), ("add", "not ((not (a is None)) and (b))")],
        ),
        ("c = a is None\na = b\nreturn x + 1 if c else x", [("add", "c"), ("parameter", "not (c)")]),
    ],
)
def test_branches_join_under_their_conditions(body, expected):
    graph = forward(body, parameters="x, flag, a=None, b=None")
    assert graph.result is not None
    found = [(graph.nodes[node].op, " ".join(guards)) for node, guards in options(graph.nodes, graph.result)]
    assert found == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return self.helper(x)", "x"),
        ("return self.helper(x, None)", "x"),
        ("return self.helper(x, y)", "matmul(x, y)"),
        ("return self.helper(x + 1, bias=x @ y)", "matmul(add(x, 1), matmul(x, y))"),
        ("return F.dropout(x) if self.training else x", "x"),
        ("return x if len((x, y)) == 2 else y", "x"),
    ],
)
def test_conditions_on_constants_are_decided(body, expected):
    graph = small(
        "class M(nn.Module):\n    def helper(self, x, bias=None):\n        if bias is None:\n            return x\n"
        f"        return x @ bias\n    def forward(self, x, y: torch.Tensor):\n        {body}\n"
    )
    found = [shape(graph, node) for node, _ in options(graph.nodes, graph.result)]
    assert expected in found
    assert len(found) == (2 if "helper(x, y)" in body else 1)


def test_isinstance_and_hasattr_stay_open():
    graph = forward("if isinstance(x, tuple):\n    return x[0]\nif hasattr(self, 'y'):\n    return x * 2\nreturn x")
    assert len(options(graph.nodes, graph.result)) == 3


def test_a_loop_carries_values_round():
    graph = forward(
        "for layer in self.layers:\n    x = layer(x)\nreturn x",
        "self.layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])",
    )
    loop = result(graph)
    assert loop.op == "loop"
    assert operand(graph, loop, 0).label == "x"
    layer = operand(graph, loop, 1)
    assert (layer.op, layer.classes) == ("module", ("torch.nn.Linear",))
    assert layer.operands[0].node == graph.result


def test_nothing_is_decided_from_the_first_pass_of_a_loop():
    graph = forward(
        "y = None\nfor i in range(3):\n    if y is None:\n        y = x\n    else:\n        y = y + x\nreturn y"
    )
    assert {"x", "add"} <= {graph.nodes[one].label for one in ancestors(graph, graph.result)}


LISTS = [
    "self.layers = nn.ModuleList([nn.Linear(1, 1)] + [nn.GELU()])",
    "self.layers = nn.ModuleList()\nself.layers.append(nn.Linear(1, 1))\nself.layers.append(nn.GELU())",
    "layers = []\nfor i in range(2):\n"
    "    layers += [nn.Linear(1, 1) if i else nn.GELU()]\nself.layers = nn.ModuleList(layers)",
    'self.layers = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.GELU()})',
]


@pytest.mark.parametrize("init", LISTS)
@pytest.mark.parametrize(
    "loop", ["for m in self.layers:", "for i, m in enumerate(self.layers):", "for m, z in zip(self.layers, x):"]
)
def test_containers_give_the_classes_of_their_elements(init, loop):
    graph = forward(f"{loop}\n    x = m(x)\nreturn x", init)
    classes = [name for node in graph.nodes if node.op == "module" for name in node.classes]
    assert sorted(classes) == ["torch.nn.GELU", "torch.nn.Linear"]


def test_a_sequential_is_a_chain():
    graph = forward("return self.net(x)", "self.net = nn.Sequential(nn.Linear(1, 2), nn.GELU(), nn.Linear(2, 1))")
    assert shape(graph) == "self.net[2](self.net[1](self.net[0](x)))"


@pytest.mark.parametrize(
    "init",
    [
        "self.net = nn.ModuleList([nn.Linear(1, 2), nn.GELU()])",
        "self.net = [nn.Linear(1, 2), nn.GELU()]",
    ],
)
def test_a_loop_over_known_modules_is_a_chain(init):
    graph = forward("for one in self.net:\n    x = one(x)\nreturn x", init)
    assert shape(graph) == "one[1](one[0](x))"


@pytest.mark.parametrize(
    "init",
    [
        "self.net = nn.ModuleList([nn.Linear(1, 2)])\nfor i in range(3):\n    self.net.append(nn.GELU())",
        "self.net = nn.ModuleList([nn.Linear(1, 2), nn.GELU()])\nself.net.extend([nn.GELU()])",
        "self.net = nn.ModuleList([nn.Linear(1, 2), nn.GELU()] * n)",
        "self.net = nn.ModuleList([nn.Linear(1, 2), f])",
    ],
)
def test_a_loop_over_modules_of_unknown_number_is_no_chain(init):
    graph = forward("for one in self.net:\n    x = one(x)\nreturn x", init)
    assert result(graph).op == "loop"


APPENDED = (
    "self.net = nn.ModuleList()\nself.net.append(nn.Linear(1, 2))\n"
    "if config.n:\n    self.net.append(nn.Tanh())\nself.net.append(nn.GELU())"
)
LINEAR, TANH, GELU = "torch.nn.Linear", "torch.nn.Tanh", "torch.nn.GELU"


@pytest.mark.parametrize(
    ("init", "index", "classes"),
    [
        (APPENDED, 0, (LINEAR,)),
        (APPENDED, 1, (TANH, GELU)),
        (APPENDED, -1, (GELU,)),
        ("self.net = nn.ModuleList([nn.Linear(1, 2), nn.GELU()])", 1, (GELU,)),
        ("self.net = nn.ModuleList([nn.Linear(1, 2), nn.GELU()])\nself.net.append(nn.Tanh())", 2, (TANH,)),
        # How many a loop adds is not known, nor what something else does with the list.
        (
            "self.net = nn.ModuleList([nn.Linear(1, 2)])\nfor i in range(3):\n    self.net.append(nn.GELU())",
            1,
            (LINEAR, GELU),
        ),
        ("self.net = nn.ModuleList([nn.Linear(1, 2), nn.GELU()])\nself.net.extend([nn.Tanh()])", -1, (LINEAR, GELU)),
        (
            "self.net = nn.ModuleList([nn.Linear(1, 2) for _ in range(3)])\nself.net.append(nn.GELU())",
            1,
            (LINEAR, GELU),
        ),
    ],
)
def test_a_place_of_a_list_gives_the_module_that_stands_there(init, index, classes):
    """All that the list holds where not each is known by itself."""
    graph = forward(f"return self.net[{index}](x)", init)
    assert {name for node in graph.nodes if node.op == "module" for name in node.classes} == set(classes)


@pytest.mark.parametrize(
    ("condition", "classes"),
    [
        ("self.deep", {TANH}),
        ("deep", {TANH}),
        ("not self.deep", {GELU}),
        # That a conjunction fails says nothing of its parts.
        ("not deep", {TANH, GELU}),
        ("y", {TANH, GELU}),
    ],
)
def test_a_place_of_a_list_is_what_stands_there_under_the_conditions_that_hold(condition, classes):
    init = f"self.deep = config.n\n{APPENDED.replace('if config.n', 'if self.deep')}"
    body = f"deep = self.deep and y is not None\nif {condition}:\n    x = self.net[1](x)\nreturn x"
    graph = forward(body, init, "x, y")
    assert {name for node in graph.nodes if node.op == "module" for name in node.classes} == classes


def test_what_a_module_holds_under_keys_is_known():
    graph = forward('return self[f"one_{i}"](x)', 'for i in range(3):\n    self[f"one_{i}"] = nn.Linear(1, 1)')
    module = result(graph)
    assert (module.op, module.classes) == ("module", ("torch.nn.Linear",))


def test_an_autograd_function_is_its_forward():
    graph = small(
        "class Step(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x)\n        return torch.sqrt(x)\n"
        "class M(nn.Module):\n    def forward(self, x):\n        return Step.apply(x)\n"
    )
    assert shape(graph) == "sqrt(x)"


def test_the_forward_of_a_layer_s_class_is_that_layer():
    graph = forward("return nn.LayerNorm.forward(self, x)")
    module = result(graph)
    assert (module.classes, [operand(graph, module, 0).label]) == (("torch.nn.LayerNorm",), ["x"])


CHILD = (
    "class Child(nn.Module):\n    def __init__(self, size, scale=None):\n        super().__init__()\n"
    "        self.lin = nn.Linear(size, size)\n        self.scale = size ** -0.5 if scale is None else scale\n"
    "    def forward(self, x, bias=None):\n        y = self.lin(x) * self.scale\n"
    "        return (y, x) if bias is None else (y + bias, x)\n"
)


def test_submodules_are_boxes_with_a_body():
    graph = small(
        CHILD + "class M(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
        "        self.child = Child(4)\n    def forward(self, x):\n        y, _ = self.child(x)\n        return y\n"
    )
    unpacked = graph.nodes[graph.result]
    module = graph.nodes[unpacked.operands[0].node]
    assert (unpacked.op, module.op, module.label) == ("unpack", "module", "self.child")
    assert module.classes == ("transformers.models.small.modeling_small.Child",)
    assert shape(graph) == "mul(self.lin(x), 0.5)"
    assert graph.nodes[module.body].callee.file == "models/small/modeling_small.py"


def test_arguments_of_the_constructor_reach_the_child():
    graph = small(
        CHILD + "class M(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
        "        self.child = Child(4, scale=0.25)\n"
        "    def forward(self, x):\n        return self.child(x, bias=-x)[0]\n"
    )
    assert shape(graph) == "add(mul(self.lin(x), 0.25), neg(x))"


def test_several_classes_are_a_choice():
    graph = small(
        "class A(nn.Module):\n    def forward(self, x):\n        return x + 1\n"
        "class B(A):\n    def forward(self, x):\n        return super().forward(x) * 2\n"
        'TABLE = {"a": A, "b": B}\n'
        "class M(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
        "        cls = A if config.flag else B\n        self.one = cls()\n        self.two = TABLE[config.kind]()\n"
        "    def forward(self, x):\n        return self.one(x), self.two(x)\n"
    )
    for module in (node for node in graph.nodes if node.op == "module"):
        assert [name.rpartition(".")[2] for name in module.classes] == ["A", "B"]
        assert graph.nodes[module.body].op == "phi"
    first = result(graph).operands[0].node
    assert [shape(graph, node) for node, _ in options(graph.nodes, first)] == ["add(x, 1)", "mul(add(x, 1), 2)"]


def test_attributes_have_the_value_of_init():
    graph = forward(
        "return self.weight * x * self.scale * self.table",
        "self.weight = nn.Parameter(torch.ones(3))\nself.scale = 1.0\nif config.small:\n"
        "    self.scale = 0.5\nself.register_buffer('table', torch.arange(3))",
    )
    bodies = {
        node.label: graph.nodes[node.body] for node in graph.nodes if node.op == "attribute" and node.body is not None
    }
    assert bodies["self.weight"].op == "learned"
    assert bodies["self.scale"].guards == ("config.small", "not (config.small)")
    assert bodies["self.table"].op == "arange"


def test_an_activation_that_the_config_chooses():
    graph = Library.of_sources(
        {
            "models/small/modeling_small.py": "from torch import nn\n"
            "from ...activations import ACT2FN\nclass M(nn.Module):\n"
            "    def __init__(self, config):\n        super().__init__()\n        self.act = ACT2FN[config.act]\n"
            "    def forward(self, x):\n        return self.act(x)\n"
        }
    )
    flow = dataflow(graph, "transformers.models.small.modeling_small.M")
    assert result(flow).op == "module"
    assert result(flow).classes == ()
    attribute = next(node for node in flow.nodes if node.label == "self.act" and node.op == "attribute")
    assert flow.nodes[attribute.body].op == "activation_table"


@pytest.mark.parametrize(
    "choose",
    [
        "f = ALL_ATTENTION_FUNCTIONS.get_interface(self.config.impl, eager)",
        "f = eager\n        if self.config.impl != 'eager':\n            f = ALL_ATTENTION_FUNCTIONS[self.config.impl]",
    ],
)
def test_dispatch_opens_on_its_default(choose):
    graph = small(
        ATTENTION_HEADER + "def eager(module, q, scaling=None, **kwargs):\n    return q * module.scale, kwargs\n"
        "class M(nn.Module):\n    def __init__(self, config):\n"
        "        super().__init__()\n        self.config = config\n"
        f"        self.scale = 2.0\n    def forward(self, x):\n"
        f"        {choose}\n        y, _ = f(self, x)\n        return y\n"
    )
    assert shape(graph) == "mul(x, 2)"
    (site,) = dispatch_sites(graph)
    assert (site.function, site.target.file) == ("eager", "models/small/modeling_small.py")


def test_higher_order_functions_call_their_argument():
    graph = small(
        "from ...pytorch_utils import apply_chunking_to_forward\nclass M(nn.Module):\n"
        "    def chunk(self, a, b):\n        return a - b\n"
        "    def forward(self, x, y):\n        return apply_chunking_to_forward(self.chunk, 4, 1, x, y)\n"
    )
    assert shape(graph) == "sub(x, y)"


def test_keywords_pass_through():
    graph = small(
        "def inner(a, b=1, **kwargs):\n    return a * b\ndef outer(a, **kwargs):\n    return inner(a, **kwargs)\n"
        "class M(nn.Module):\n    def forward(self, x, **kwargs):\n"
        "        return outer(x, b=3), outer(x, b=x, **kwargs), outer(x, **kwargs)\n"
    )
    first, second, third = (one.node for one in result(graph).operands)
    assert shape(graph, first) == "mul(x, 3)"
    assert shape(graph, second) == "mul(x, x)"
    unknown = operand(graph, graph.nodes[same_value(graph.nodes, third)], 1)
    assert unknown.op == "phi", "b may have come in the caller's keywords"


def test_outputs_are_records():
    source = {
        "utils/generic.py": "class ModelOutput: pass\n",
        "modeling_outputs.py": "from .utils.generic import ModelOutput\nclass Out(ModelOutput): pass\n",
        "models/small/modeling_small.py": "from torch import nn\nfrom ...modeling_outputs import Out\n"
        "class Child(nn.Module):\n    def forward(self, x):\n        return Out(loss=None, hidden=x + 1)\n"
        "class M(nn.Module):\n    def __init__(self):\n        self.child = Child()\n"
        "    def forward(self, x):\n        out = self.child(x)\n        return out.hidden - out[0]\n",
    }
    graph = dataflow(Library.of_sources(source), "transformers.models.small.modeling_small.M")
    assert shape(graph) == "sub(add(x, 1), add(x, 1))"


def test_masks_built_by_the_library():
    graph = small(
        "from ...masking_utils import create_causal_mask as build\nclass M(nn.Module):\n"
        "    def forward(self, x, mask):\n        return build(config=None, attention_mask=mask)\n"
    )
    node = result(graph)
    assert (node.op, [one.keyword for one in node.operands]) == ("causal_mask", ["config", "attention_mask"])


def test_recursion_ends():
    graph = small(
        "def f(x):\n    return f(x) + 1\nclass M(nn.Module):\n    def __init__(self):\n        self.child = M()\n"
        "    def forward(self, x):\n        return f(self.child(x))\n"
    )
    assert result(graph).op == "add"


@pytest.mark.parametrize("limit", [Limits(calls=1), Limits(levels=0), Limits(nodes=7)])
def test_limits_leave_calls_opaque(limit):
    library = library_of(
        CHILD + "class M(nn.Module):\n    def __init__(self):\n        self.child = Child(4)\n"
        "    def forward(self, x):\n        return self.child(x)\n"
    )
    graph = dataflow(library, "transformers.models.small.modeling_small.M", limits=limit)
    assert result(graph).op == "module"
    assert result(graph).body is None


def test_a_module_level_function_is_a_root():
    graph = small("def attend(q, k, *, scale=1.0):\n    return q @ k * scale\n", "attend")
    assert (graph.function, shape(graph)) == ("attend", "mul(matmul(q, k), scale)")


def test_unknown_owner():
    with pytest.raises(HfreaderError, match="has no method forward"):
        small("class M(nn.Module):\n    pass\n")


def test_tokens_carry_values():
    graph = forward("y = self.lin(x)\nx = y\ny = y + 1\nreturn self.helper(y)\n", "self.lin = nn.Linear(1, 1)")
    (linear,) = [index for index, node in enumerate(graph.nodes) if node.op == "module"]
    columns = [(token.span.line, token.span.column) for token in tokens_of(graph, linear)]
    assert columns == [(10, 8), (11, 12), (11, 8), (12, 12)]


@pytest.mark.parametrize(
    "body",
    [
        "match x:\n    case 1:\n        y = 2\n    case _:\n        y = 3\nreturn y",
        "try:\n    y = x + 1\nexcept ValueError:\n    y = x\nfinally:\n    pass\nreturn y",
        "while x.sum() > 0:\n    x = x - 1\n    if x.any():\n"
        "        continue\n    x = x * 2\nelse:\n    x = x + 1\nreturn x",
        "return {k: v for k, v in x.items() if v}",
        "async def f():\n    await x\nreturn f()",
        "global z\nz = x\ndel x\nreturn f'{z!r}'",
        "return (yield x)",
        "def gen():\n    yield x\nreturn list(gen())",
        "return x[..., None, ::2][{1, 2}]",
        "return super().forward(x)",
        "return not x in x is not x",
        "return unknown.thing(x)(x)[x]",
        "import os\nreturn os.getcwd()",
        "class Inner:\n    pass\nreturn Inner()",
        "self.__class__.forward(self, x)\nreturn type(self)(x)",
        "x.y.z[0].w = x\nreturn x",
        "*a, b = x\n(c, (d, e)) = a\nreturn e",
        "return print(*x, **x, sep=x)",
        "for a, (b, *c) in x:\n    break\nreturn x",
    ],
)
def test_nothing_in_the_language_stops_it(body):
    assert forward(body).nodes


def test_elements_of_unknown_tuples_are_not_known():
    nodes = (Node("parameter", "x"), Node("tuple", "tuple"))
    assert element(nodes, 0, "0") is None
    assert element(nodes, 1, "0") is None
