import pytest

from hfreader.facts.traces import TensorFact, Value
from hfreader.pages.shapes import dimension, first_tensor, in_numbers, in_symbols, tensor_count
from tests.pages.toy import HEADS, HIDDEN, tensor


@pytest.mark.parametrize(
    ("value", "symbols", "numbers"),
    [
        (HEADS, "(B, heads, T, head_dim)", "(1, 2, 3, 4)"),
        (tensor("B", 1), "(B,)", "(1,)"),
        (Value("Tensor", TensorFact((2, 3), "bfloat16", "cpu")), "(2, 3)", "(2, 3) bfloat16"),
        (Value("Tensor", TensorFact((), "int64", "cpu")), "()", "() int64"),
        (Value("tuple", items=(HIDDEN, HEADS)), "(B, T, hidden_size), (B, heads, T, head_dim)", None),
        (Value("list", items=(HIDDEN,) * 12), "12 × (B, T, hidden_size)", None),
        (Value("tuple", items=(HIDDEN, Value("NoneType", text="None"))), "(B, T, hidden_size)", None),
        (Value("int", text="3"), None, None),
        (Value("tuple", items=tuple(tensor("a", n) for n in range(6))), "(a,)", None),
    ],
)
def test_values_in_symbols_and_numbers(value: Value, symbols: str | None, numbers: str | None):
    shown = in_symbols(value)
    assert shown == symbols or (symbols == "(a,)" and shown == "6 × (a,)")
    if numbers is not None or symbols is None:
        assert in_numbers(value) == numbers


def test_long_containers_are_cut():
    shown = in_numbers(Value("tuple", items=tuple(tensor("a", n) for n in range(6))))
    assert shown == "(0,), (1,), (2,), (3,), …"


def test_the_first_tensor_stands_for_a_value_and_the_others_are_counted():
    pair = Value("tuple", items=(HIDDEN, HEADS))
    first = first_tensor(pair)
    assert first is not None and dimension(first, -1) == "hidden_size"
    assert tensor_count(pair) == 2
    assert first_tensor(Value("tuple")) is None
