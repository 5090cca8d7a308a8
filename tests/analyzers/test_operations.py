import pytest

from hfreader.analyzers.numbers import compare, fold
from hfreader.analyzers.operations import (
    ALIASES,
    TRANSPARENT,
    canonical_name,
    function_name,
    is_in_place,
    is_transparent,
)
from hfreader.analyzers.signatures import SIGNATURES
from hfreader.facts.dataflow import Node


@pytest.mark.parametrize(
    ("qualified", "name"),
    [
        ("torch.nn.functional.softmax", "softmax"),
        ("torch.bmm", "matmul"),
        ("torch.special.expit", "sigmoid"),
        ("math.sqrt", "sqrt"),
        ("torch.linalg.vector_norm", "vector_norm"),
        ("torch.some_new_function", "some_new_function"),
        ("torch.Tensor", None),
        ("math.unknown", None),
        ("numpy.sqrt", None),
    ],
)
def test_functions_have_torchs_name(qualified, name):
    assert function_name(qualified) == name


@pytest.mark.parametrize(
    ("method", "name"), [("add_", "add"), ("masked_fill_", "masked_fill"), ("swapaxes", "transpose"), ("append", None)]
)
def test_methods_have_torchs_name(method, name):
    assert canonical_name(method) == name


def test_in_place_is_the_trailing_underscore():
    assert is_in_place("add_")
    assert not is_in_place("add")
    assert not is_in_place("__iadd__")
    assert not is_in_place("frobnicate_")


def test_every_alias_leads_to_a_known_operation():
    assert not set(ALIASES.values()) - set(SIGNATURES)


def test_transparent_operations():
    assert {"view", "transpose", "to", "dropout", "unsqueeze"} <= TRANSPARENT
    assert not TRANSPARENT & {"matmul", "softmax", "add", "cat", "item"}
    assert is_transparent(Node("module", "drop", classes=("torch.nn.Dropout", "torch.nn.Identity")))
    assert not is_transparent(Node("module", "drop", classes=("torch.nn.Dropout", "torch.nn.Linear")))
    assert not is_transparent(Node("module", "unknown"))


@pytest.mark.parametrize(
    ("op", "values", "number"),
    [
        ("div", [2.0, 4.0], 0.5),
        ("pow", [64.0, -0.5], 0.125),
        ("neg", [1.0], -1.0),
        ("div", [1.0, 0.0], None),
        ("pow", [-1.0, 0.5], None),
        ("sqrt", [-1.0], None),
        ("add", [1.0, None], None),
        ("matmul", [1.0, 2.0], None),
        ("mul", [1e200, 1e200], None),
    ],
)
def test_numbers(op, values, number):
    assert fold(op, values) == number


def test_comparisons():
    assert compare("lt", 1.0, 2.0) is True
    assert compare("eq", 1.0, 2.0) is False
    assert compare("eq", 1.0, None) is None
    assert compare("in", 1.0, 2.0) is None
