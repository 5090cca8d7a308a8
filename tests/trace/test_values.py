import weakref
from collections import OrderedDict, namedtuple

import pytest
import torch
from transformers.modeling_outputs import BaseModelOutput

from hfreader.facts.codec import from_json, to_json
from hfreader.facts.traces import TensorFact, Value
from hfreader.trace.values import LONGEST_SEQUENCE, LONGEST_TEXT, safe_snapshot, snapshot, value_of

TENSOR = Value("Tensor", TensorFact((2, 3), "float32", "cpu"))
Pair = namedtuple("Pair", "a b")


def fact(value):
    return value_of(safe_snapshot(value))


def test_tensors_by_shape_dtype_and_device():
    assert fact(torch.ones(2, 3)) == TENSOR
    assert fact(torch.nn.Parameter(torch.ones(2, 3))) == TENSOR
    assert fact(torch.ones((), dtype=torch.int64)) == Value("Tensor", TensorFact((), "int64", "cpu"))


def test_collections_that_hold_tensors_keep_their_items():
    tensor = torch.ones(2, 3)
    assert fact((tensor, None)) == Value("tuple", items=(TENSOR, Value("NoneType", text="None")))
    assert fact(Pair(tensor, 1)).items == (TENSOR, Value("int", text="1"))
    output = fact(BaseModelOutput(last_hidden_state=tensor, hidden_states=(tensor,)))
    assert (output.type, output.keys) == ("BaseModelOutput", ("last_hidden_state", "hidden_states"))
    assert output.items[1].items == (TENSOR,)
    assert fact(OrderedDict(x=tensor)).keys == ("x",)


def test_a_mapping_without_tensors_is_text_with_its_keys():
    assert fact({}) == Value("dict", text="{}")
    assert fact({"a": 1, "b": None}) == Value("dict", keys=("a", "b"), text="{a: 1, b: None}")
    assert fact(dict.fromkeys(range(LONGEST_SEQUENCE + 1))).keys == ()


def test_long_and_deep_collections_are_cut():
    many = fact([torch.ones(2, 3)] * (LONGEST_SEQUENCE + 5))
    assert (len(many.items), many.text) == (LONGEST_SEQUENCE, "5 more")
    nested = [torch.ones(1)]
    for _ in range(10):
        nested = [nested]
    assert fact(nested) == Value("list", text="[[[[…]]]]")
    endless = []
    endless.append(endless)
    assert fact(endless).type == "list"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (0.5, "0.5"),
        ("word", "'word'"),
        (torch.Size((2, 7)), "(2, 7)"),
        ((2,), "(2,)"),
        ({"a": [1]}, "{a: [1]}"),
        (torch.float16, "torch.float16"),
        (torch.device("cpu"), "cpu"),
        (slice(1, None), "slice(1, None, None)"),
        (len, "len"),
        (int, "int"),
        (object(), None),
        (10**200, None),
    ],
)
def test_anything_else_is_short_text(value, text):
    assert fact(value).text == text
    assert from_json(to_json(fact(value)), Value) == fact(value)


def test_text_is_bounded():
    assert len(fact("x" * 10_000).text) <= LONGEST_TEXT + 2
    assert len(fact(list(range(10_000))).text) <= LONGEST_TEXT


def test_a_snapshot_keeps_no_tensor_alive():
    tensor = torch.ones(2)
    gone = weakref.ref(tensor)
    shot = snapshot({"x": (tensor,)})
    del tensor
    assert gone() is None
    assert value_of(shot).items[0].items[0].tensor.shape == (2,)
