from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfreader.analyzers.files import read_file
from hfreader.errors import HfreaderError
from hfreader.facts.code import ClassFacts, FileFacts
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.places import Span

FILE = "models/x/modeling_x.py"
HEAD = """
import torch
from torch import nn
from ...activations import ACT2CLS, ACT2FN
from ..auto import AutoModel
"""


def read(body: str) -> FileFacts:
    return read_file(HEAD + body, FILE)


def only(body: str) -> ClassFacts:
    return read(body).classes[-1]


def built(init: str, before: str = "") -> dict[str, tuple[tuple[str, ...], str | None, str | None]]:
    """attribute -> classes, container, condition of what an `__init__` of these lines builds."""
    lines = "".join(f"        {line}\n" for line in init.splitlines())
    facts = only(f"{before}\nclass X(nn.Module):\n    def __init__(self, config, layer_idx=0):\n{lines}")
    return {one.attribute: (one.classes, one.container, one.condition) for one in facts.submodules}


def cut(source: str, span: Span) -> str:
    lines = source.splitlines()[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column]
    return "\n".join([lines[0][span.column :], *lines[1:]])


LINEAR, CONV, NORM = ("torch.nn.Linear",), ("torch.nn.Conv1d",), ("torch.nn.LayerNorm",)
HERE = "transformers.models.x.modeling_x."
A, B = f"{HERE}A", f"{HERE}B"
TWO = "class A(nn.Module): pass\nclass B(A): pass\n"


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("self.a = nn.Linear(1, 2)", (LINEAR, None, None)),
        ("self.a = torch.nn.Linear(1, 2).to(torch.float32)", (LINEAR, None, None)),
        ("self.a: nn.Module = A(config)", ((A,), None, None)),
        ("if config.x:\n    self.a = A()", ((A,), None, "config.x")),
        ("if config.x:\n    pass\nelif config.y:\n    self.a = A()", ((A,), None, "not (config.x) and config.y")),
        ("self.a = A() if config.x else B()", ((A, B), None, None)),
        ("self.a = A() if config.x else None", ((A,), None, None)),
        ("kind = A if config.x else B\nself.a = kind(config)", ((A, B), None, None)),
        ("self.a = (A if config.x else B)(config)", ((A, B), None, None)),
        ("self.a = CLASSES[config.kind](config)", ((A, B), None, None)),
        ('self.a = CLASSES["b"](config)', ((B,), None, None)),
        ("self.a = CLASSES.get(config.kind)(config)", ((A, B), None, None)),
        ("self.a = ACT2FN[config.hidden_act]", ((), None, None)),
        ("self.a = nn.Identity() if layer_idx else ACT2CLS[config.act]()", ((), None, None)),
        ("self.a = A() if config.x else config.y", ((), None, None)),
        ("self.a = nn.ModuleList([A(), *given])", ((), "ModuleList", None)),
        ("self.a = nn.ModuleList([None, A()] * 3)", ((A,), "ModuleList", None)),
        ("self.a = AutoModel.from_config(config.text_config)", ((), None, None)),
        ("self.a = nn.ModuleList([A(config) for _ in range(3)])", ((A,), "ModuleList", None)),
        ("self.a = nn.ModuleList(A() if i else B() for i in range(3))", ((A, B), "ModuleList", None)),
        ("self.a = nn.ModuleList([nn.Sequential(A(), B())])", (("torch.nn.Sequential",), "ModuleList", None)),
        ("self.a = nn.Sequential(nn.Linear(1, 1), A())", (("torch.nn.Linear", A), "Sequential", None)),
        ("layers = [A()]\nlayers.append(B())\nself.a = nn.Sequential(*layers)", ((A, B), "Sequential", None)),
        ("self.a = nn.ModuleList()\nfor i in range(3):\n    self.a.append(A(i))", ((A,), "ModuleList", None)),
        ('self.a = nn.ModuleDict({"one": A(), "two": B()})', ((A, B), "ModuleDict", None)),
        ("self.a = nn.ModuleDict({str(i): A() for i in range(3)})", ((A,), "ModuleDict", None)),
        ('parts = {}\nparts["x"] = A()\nself.a = nn.ModuleDict(parts)', ((A,), "ModuleDict", None)),
        ("norm = nn.LayerNorm\nself.a = norm(3)", (NORM, None, None)),
        ("self.a = nn.utils.parametrizations.weight_norm(nn.Conv1d(1, 1, 1))", (CONV, None, None)),
        ("from functools import partial\nmake = partial(A, 1)\nself.a = make(2)", ((A,), None, None)),
        ('self.add_module("a", A(config))', ((A,), None, None)),
        ("self.b = self.a = A()", ((A,), None, None)),
        ("self.a = make(config)", ((A, B), None, None)),
        ("self.a = A()\nself.a = B()", ((B,), None, None)),
    ],
)
def test_what_init_builds(init: str, expected: tuple[tuple[str, ...], str | None, str | None]):
    table = 'CLASSES = {"a": A, "b": B}\ndef make(config):\n    if config.x:\n        return A()\n    return B()\n'
    assert built(init, TWO + table)["a"] == expected


@pytest.mark.parametrize(
    "value",
    ["config.hidden_size", "nn.Parameter(torch.ones(3))", "[A()]", "A", "self.dim**-0.5", "torch.nn.functional.relu"],
)
def test_what_is_no_module_is_an_attribute(value: str):
    facts = only(f"{TWO}class X(nn.Module):\n    def __init__(self, config):\n        self.a = {value}\n")
    assert facts.submodules == ()
    assert [(one.name, one.expression) for one in facts.attributes] == [("a", value)]


def test_what_a_helper_of_init_builds_is_found():
    facts = only(
        f"{TWO}class X(nn.Module):\n    def __init__(self):\n        self.build()\n        self.b = self.make()\n"
        "    def build(self):\n        self.a = A()\n    def make(self):\n        return B()\n"
    )
    assert [(one.attribute, one.classes) for one in facts.submodules] == [("a", (A,)), ("b", (B,))]


def test_definitions_that_go_round_do_not_hang():
    assert (
        built(
            "x = x\nself.a = x\nself.b = self.c\nself.c = self.b\nself.d = loop()", "def loop():\n    return loop()\n"
        )
        == {}
    )


@pytest.mark.parametrize(
    ("bases", "kind"),
    [
        ("nn.Module", "module"),
        ("torch.nn.LayerNorm", "module"),
        ("nn.Parameter", "other"),
        ("Layer", "module"),
        ("PreTrainedModel", "model"),
        ("Mixin, Pre", "model"),
        ("ModelOutput", "output"),
        ("Missing", "other"),
        ("Generic[int]", "other"),
        ("X", "other"),
    ],
)
def test_the_kind_of_a_class_follows_its_bases_not_its_name(bases: str, kind: str):
    facts = only(
        "from ...modeling_utils import PreTrainedModel\nfrom ...utils import ModelOutput\n"
        "from ...modeling_layers import GradientCheckpointingLayer as Layer\n"
        f"class Mixin: pass\nclass Pre(PreTrainedModel): pass\nclass X({bases}): pass\n"
    )
    assert facts.kind == kind


SOURCE = '''# This file was automatically generated from src/transformers/models/x/modular_x.py.
from torch import nn


# Copied from transformers.models.bert.modeling_bert.BertPooler with Bert->X
@decorated(by="this")
class X(nn.Module):
    """What it is."""

    _tied_weights_keys = {"head.weight": "embed.weight"}

    @property
    def size(self):
        return 1

    @size.setter
    def size(self, value):
        pass

    # Copied from transformers.models.bert.modeling_bert.BertPooler.forward
    @torch.no_grad()
    def forward(self, a: int, /, *rest, b="ß", **more) -> int:
        """Runs."""
        return a


def free(x): return x
'''


def test_everything_a_class_says_of_itself():
    facts = read_file(SOURCE, FILE)
    (one,) = facts.classes
    size, forward = one.methods
    assert facts.generated_from == "models/x/modular_x.py"
    assert (facts.module, one.qualified) == ("transformers.models.x.modeling_x", f"{HERE}X")
    assert one.copied_from == "transformers.models.bert.modeling_bert.BertPooler with Bert->X"
    assert (one.decorators, one.docstring) == (('decorated(by="this")',), "What it is.")
    assert one.tied_weights == (("head.weight", "embed.weight"),)
    assert cut(SOURCE, one.span).startswith("@decorated") and cut(SOURCE, one.span).endswith("return a")
    assert cut(SOURCE, one.name_span) == "X"
    assert (size.name, cut(SOURCE, size.body_span)) == ("size", "return 1")
    assert forward.copied_from == "transformers.models.bert.modeling_bert.BertPooler.forward"
    assert forward.decorators == ("torch.no_grad()",) and forward.docstring == "Runs."
    assert [(p.name, p.annotation, p.default) for p in forward.parameters] == [
        ("self", None, None),
        ("a", "int", None),
        ("rest", None, None),
        ("b", None, '"ß"'),
        ("more", None, None),
    ]
    assert all(cut(SOURCE, parameter.span) == parameter.name for parameter in forward.parameters)
    assert [function.name for function in facts.functions] == ["free"]


def test_imports_are_found_wherever_they_stand_at_module_level():
    facts = read_file(
        "import a.b\nimport c.d as e\nfrom . import f\nfrom .g import h as i\nfrom ... import j\n"
        "if x:\n    from k import l\nelse:\n    try:\n        from m import n\n    except E:\n        from o import p\n"
        "def q():\n    import r\n",
        FILE,
    )
    assert facts.imports == {
        "a": "a",
        "e": "c.d",
        "f": "transformers.models.x.f",
        "i": "transformers.models.x.g.h",
        "j": "transformers.j",
        "l": "k.l",
        "n": "m.n",
        "p": "o.p",
    }


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\nclass A(:\n", 2),
        ('print "old"\n', 1),
        ("x = " + "(" * 3000 + ")" * 3000, 1),
        ("x = " + "1+" * 5000 + "1\n", 1),
        ("x = 1\0\n", 1),
    ],
)
def test_what_is_not_python_is_named_with_file_and_line(source: str, line: int):
    with pytest.raises(HfreaderError, match=rf"^models/x/modeling_x\.py:{line}: cannot be parsed") as raised:
        read_file(source, FILE)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("source", ["", "\ufeffclass A: pass\n", "class A:\r\n    pass\r\n"])
def test_odd_but_valid_files(source: str):
    assert [one.name for one in read_file(source, FILE).classes] == (["A"] if source else [])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["A()", "B()", "nn.Linear(1, 1)", "None", "config.x", "ACT2FN[k]"]), min_size=1, max_size=4
    ),
    st.booleans(),
)
def test_choosing_among_expressions_can_only_be_what_one_of_them_is(choices: list[str], inside: bool):
    chosen = " if config.c else ".join(choices)
    value = f"nn.ModuleList([{chosen}])" if inside else chosen
    alone = [built(f"self.a = {choice}", TWO).get("a") for choice in choices]
    unknown = {"config.x", "ACT2FN[k]"} & set(choices)
    expected = set() if unknown else {name for one in alone if one is not None for name in one[0]}
    found = built(f"self.a = {value}", TWO).get("a")
    assert (found is not None) == (inside or any(one is not None for one in alone))
    assert found is None or set(found[0]) == expected


def test_a_real_file_round_trips_and_its_spans_hold_its_names():
    spec = find_spec("transformers")
    assert spec is not None and spec.origin is not None
    source = (Path(spec.origin).parent / "models/gpt2/modeling_gpt2.py").read_text(encoding="utf-8")
    facts = read_file(source, "models/gpt2/modeling_gpt2.py")
    assert from_json(to_json(facts), FileFacts) == facts
    for one in facts.classes:
        assert cut(source, one.name_span) == one.name
        for method in one.methods:
            assert cut(source, method.name_span) == method.name
            assert one.span.line < method.span.line <= method.body_span.line <= one.span.end_line
        for submodule in one.submodules:
            assert submodule.expression in cut(source, submodule.span)
