"""Expressions: strings that are known but for some of their parts."""

import pytest

from tests.analyzers.conftest import small
from tests.analyzers.test_dataflow import shape

TABLES = """
class M(nn.Module):
    def __init__(self, c):
        super().__init__()
        for kind in c.kinds:
            setattr(self, f"{{kind}}_scale", torch.ones(2))
            setattr(self, f"{{kind}}_shift", torch.zeros(3))
        self.first_scale = 7.0

    def forward(self, x, name):
        return x + getattr(self, {name})
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('f"{name}_scale"', "add(x, ones(2))"),
        ('f"{name}_shift"', "add(x, zeros(3))"),
        # A name that is known whole, one that nothing fits, and one of which nothing is known.
        ("f\"{'first'}_scale\"", "add(x, 7)"),
        ('f"{name}_other"', "add(x, self.…_other)"),
        ('f"{name}"', "add(x, call(self, opaque(name)))"),
    ],
)
def test_attributes_by_names_known_in_part(name, expected):
    graph = small(TABLES.format(name=name))
    assert shape(graph, graph.result) == expected
