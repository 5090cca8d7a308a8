"""Which of two operands of a sum is the residual stream."""

from tests.concepts.examples import LINES, matches_in

LAYER = """
class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)
        self.b = nn.Linear(c.d, c.d)
        self.n = nn.LayerNorm(c.d)

    def forward(self, x, p):
        h = {first}
        return {second}
"""


def _sums(first: str, second: str) -> list[str]:
    source = LAYER.format(first=first, second=second)
    found = matches_in(source, "residual-connection")
    text = source.split("\n")
    return sorted(text[one.place.span.line - 1 - LINES].strip() for one in found)


def test_positions_added_to_the_queries_of_each_sublayer_are_no_stream():
    assert _sums("self.n(x + self.a(x + p))", "self.b(h + p)") == ["h = self.n(x + self.a(x + p))"]
    assert _sums("x + self.a(x + p)", "self.b(h + p)") == ["h = x + self.a(x + p)"]


def test_a_stream_that_another_one_changes_is_one():
    first, second = "self.n(x + self.a(x + p))", "p + self.b(h)"
    assert _sums(first, second) == [f"h = {first}", f"return {second}"]
