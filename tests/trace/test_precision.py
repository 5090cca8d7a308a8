import pytest
import torch
from torch import nn

from hfreader.errors import HfreaderError
from hfreader.trace.precision import float64

CASTS = [
    lambda x: x.float(),
    lambda x: x.half(),
    lambda x: x.bfloat16(),
    lambda x: x.to(torch.float32),
    lambda x: x.to(dtype=torch.float32),
    lambda x: x.to("cpu", torch.float16),
    lambda x: x.type(torch.float32),
    lambda x: x.type("torch.FloatTensor"),
    lambda x: nn.functional.softmax(x, dim=-1, dtype=torch.float32),
    lambda x: x.sum(dtype=torch.float32),
    lambda x: torch.empty(3, dtype=torch.float32),
    lambda x: torch.zeros(3),
    lambda x: torch.tensor([1.0, 2.0], dtype=torch.float32),
    lambda x: torch.arange(3, dtype=torch.float32),
    lambda x: torch.full((2,), 0.5),
    lambda x: x.new_zeros(2, dtype=torch.float32),
]


@pytest.mark.parametrize("cast", CASTS)
def test_everything_stays_float64(cast):
    with float64():
        assert cast(torch.ones(3, dtype=torch.float64)).dtype == torch.float64


def test_no_digit_is_lost_on_the_way():
    x = torch.rand(5, 7, dtype=torch.float64)
    with float64():
        assert torch.equal(x.float().to(torch.float32).type_as(x), x)


def test_integers_and_booleans_stay():
    with float64():
        assert torch.arange(3).dtype == torch.int64
        assert torch.ones(3).to(torch.int32).dtype == torch.int32
        assert (torch.ones(3) > 0).dtype == torch.bool


def test_the_outside_is_as_before_even_after_an_error():
    with pytest.raises(ZeroDivisionError), float64():
        raise ZeroDivisionError
    assert torch.zeros(1).dtype == torch.float32
    assert torch.zeros(1).double().float().dtype == torch.float32


def test_in_disguise_code_sees_float32_and_computes_in_float64():
    x = torch.rand(4, dtype=torch.float64)
    with float64(disguised=True):
        assert x.dtype == torch.float32
        y = (x.to(torch.zeros(1).dtype) * 3).type(x.dtype) / 3
    assert y.dtype == torch.float64
    assert torch.allclose(x, y, rtol=1e-15, atol=0)


def test_what_becomes_too_long_is_stopped():
    """As where the length of a sound follows from random weights."""
    with float64(most=100), pytest.raises(HfreaderError, match="a tensor of 121 numbers"):
        torch.ones(11, 1) @ torch.ones(1, 11)
    with float64(most=100):
        assert (torch.ones(10, 1) @ torch.ones(1, 10)).numel() == 100
        assert torch.ones(10, 1).expand(10, 20).numel() == 200  # takes no memory of its own


def test_what_is_only_built_may_be_large():
    with float64():
        assert torch.empty(1 << 25).dtype == torch.float64
