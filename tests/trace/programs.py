"""Random small functions as source text, for property tests: they end, and they may raise."""

from hypothesis import strategies as st

NAMES = st.sampled_from("abc")
NUMBERS = st.integers(-3, 9).map(str)


def _expressions():
    leaves = st.one_of(NUMBERS, NAMES, st.sampled_from(["o.x", "l[0]", "l[-1]", "d", "k", "f(a)", "len(rest)"]))
    operators = st.sampled_from(["+", "-", "*", "//", "%"])

    def grow(inner):
        return st.one_of(
            st.tuples(inner, operators, inner).map(lambda part: f"(({part[0]} {part[1]} {part[2]}) % 97)"),
            st.tuples(NAMES, inner).map(lambda part: f"({part[0]} := {part[1]})"),
            st.tuples(inner, inner).map(lambda part: f"sum([v + {part[0]} for v in range(3) if v != {part[1]}])"),
            inner.map(lambda value: f"(lambda v: v + {value})(1)"),
            inner.map(lambda value: f"sum(c + w for w in ({value}, 2))"),
            st.tuples(inner, inner, inner).map(lambda part: f"({part[0]} if {part[1]} else {part[2]})"),
        )

    return st.recursive(leaves, grow, max_leaves=4)


E = _expressions()


def _simple(loop: bool):
    forms = [
        st.tuples(NAMES, E).map(lambda p: f"{p[0]} = {p[1]}"),
        st.tuples(NAMES, E).map(lambda p: f"{p[0]}: int = {p[1]}"),
        st.tuples(NAMES, NAMES, E).map(lambda p: f"{p[0]} = o.x = {p[1]} = {p[2]}"),
        st.tuples(NAMES, E, E).map(lambda p: f"{p[0]}, o.x = {p[1]}, {p[2]}"),
        st.tuples(NAMES, E, E).map(lambda p: f"({p[0]}, [l[0], o.x]) = {p[1]}, (7, {p[2]})"),
        st.tuples(NAMES, E, E).map(lambda p: f"{p[0]}, *rest = {p[1]}, {p[2]}, 3"),
        st.tuples(NAMES, E).map(lambda p: f"{p[0]} += {p[1]}"),
        E.map(lambda e: f"o.x -= {e}"),
        E.map(lambda e: f"o.x: int = {e}"),
        E.map(lambda e: f"l[0] += {e}"),
        E.map(lambda e: f"o.items[1] = {e}"),
        E.map(lambda e: f"o.touch_({e})"),
        E.map(lambda e: f"assert {e}"),
        E.map(lambda e: f"return {e}"),
        st.tuples(E, E).map(lambda p: f"l = [{p[0]},\n    {p[1]}]"),
        st.just("raise KeyError(a)"),
        st.just("pass"),
    ]
    return st.one_of(*forms, *([st.sampled_from(["break", "continue"])] if loop else []))


def _indent(lines):
    """A block; what stands behind a jump is left out, as settrace reports odd lines for it."""
    ends = [number for number, line in enumerate(lines) if line.startswith(("return", "raise", "break", "continue"))]
    lines = lines[: ends[0] + 1] if ends else lines
    return "\n".join("    " + line for text in lines for line in text.split("\n"))


def _blocks(depth: int, loop: bool = False):
    simple = _simple(loop)
    if depth == 0:
        return st.lists(simple, min_size=1, max_size=3)
    inner, looped = _blocks(depth - 1, loop), _blocks(depth - 1, True)
    compound = st.one_of(
        st.tuples(E, inner, inner).map(lambda p: f"if {p[0]}:\n{_indent(p[1])}\nelif b:\n{_indent(p[2])}"),
        st.tuples(NAMES, looped).map(lambda p: f"for {p[0]}, o.x in [(1, 2), (3, 4)]:\n{_indent(p[1])}"),
        st.tuples(NAMES, looped, inner).map(
            lambda p: f"for {p[0]} in (5, 6):\n{_indent(p[1])}\nelse:\n{_indent(p[2])}"
        ),
        looped.map(lambda p: f"while next(clock):\n{_indent(p)}"),
        st.tuples(NAMES, inner).map(lambda p: f"with manager(4) as {p[0]}:\n{_indent(p[1])}"),
        st.tuples(inner, inner, _blocks(depth - 1)).map(
            lambda p: f"try:\n{_indent(p[0])}\nexcept KeyError as error:\n{_indent(p[1])}\nfinally:\n{_indent(p[2])}"
        ),
        st.tuples(E, NAMES, inner).map(
            lambda p: (
                f"match ({p[0]}, 1):\n    case (1, 2):\n        pass\n"
                f"    case ({p[1]}, *rest):\n{_indent([_indent(p[2])])}"
            )
        ),
        st.tuples(inner, E).map(
            lambda p: f"def g(c, k=b):\n    nonlocal a\n{_indent(p[0])}\n    return a\na = g({p[1]})"
        ),
    )
    return st.lists(st.one_of(simple, compound), min_size=1, max_size=4)


HEAD = '''
from contextlib import contextmanager

class Thing:
    def __init__(self):
        self.x, self.items = 1, [1, 2]
    def touch_(self, by):
        self.x += by
        return self.x

@contextmanager
def manager(value):
    yield value

def run(a, b=2, *rest, d=3, **more):
    """A docstring."""
    c, k, l, o, f, clock = 3, 1, [1, 2, 3], Thing(), abs, iter([1, 1, 1] + [0] * 99)
'''


def programs():
    """Source of a module whose function `run(a, b)` does something."""
    return _blocks(2).map(lambda lines: HEAD + _indent(lines) + "\n    return a, b, c, o.x, o.items, l\n")
