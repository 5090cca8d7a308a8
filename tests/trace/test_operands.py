"""The tensors among what an operation is given."""

import torch
from torch.utils._pytree import tree_leaves

from hfreader.trace.operands import tensors_of


def test_the_tensors_are_those_that_torch_finds():
    a, b, c, d = (torch.ones(size) for size in range(1, 5))
    given = (a, 2, [b, None, (c,)], "x"), {"out": d, "dim": 1, "others": [a]}
    expected = [each for each in tree_leaves(given) if isinstance(each, torch.Tensor)]
    assert [id(each) for each in tensors_of(*given)] == [id(each) for each in expected]
    assert not tensors_of(None, 1.0, ())
