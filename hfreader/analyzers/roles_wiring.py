"""How a method connects its submodules, in one line of algebra: `y1 = x + attn(norm1(x)); y2 = y1 + mlp(norm2(y1))`.

Views, casts and dropout are left out; of branches, the rule and not the exception is shown; settings, masks and what
else a submodule is given beside values of other submodules are not written.
"""

from collections import Counter
from itertools import pairwise

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.operations import is_transparent
from hfreader.analyzers.values import AGGREGATES
from hfreader.facts.dataflow import Node

LONGEST = 160
DEEPEST = 60
INFIX = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "matmul": " @ "}
MAIN = ("last_hidden_state", "logits")


def wiring(flow: Flow) -> str | None:
    """The algebra of the root function's result; None where it composes nothing or does not fit into one line."""
    if flow.graph.result is None:
        return None
    try:
        return _Wiring(flow).of(flow.graph.result)
    except _TooLongError:
        return None


class _TooLongError(Exception):
    """The line is too long to be read at a glance."""


class _Wiring:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._uses: Counter[int] = Counter()
        self._terms: dict[int, str] = {}
        self._statements: list[str] = []
        self._calls = 0

    def of(self, result: int) -> str | None:
        main = self._seen(result)
        self._count(main, 0)
        last = self._term(main, 0)
        if self._calls == 0:
            return None
        if last != f"y{len(self._statements)}":
            self._statements.append(f"y{len(self._statements) + 1} = {last}")
        line = "; ".join(self._statements)
        if len(line) > LONGEST:
            raise _TooLongError
        return line

    def _count(self, number: int, depth: int) -> None:
        self._uses[number] += 1
        if depth > DEEPEST:
            raise _TooLongError
        if self._uses[number] == 1:
            for one in self._inputs(number):
                self._count(one, depth + 1)

    def _seen(self, number: int) -> int:
        """The value itself, behind views, branches, followed functions and the records it stands in."""
        for _ in range(1000):
            inner = self._step(number)
            if inner is None:
                return number
            number = inner
        return number

    def _step(self, number: int) -> int | None:
        node = self._flow.node(number)
        if node.op == "module" and not is_transparent(node):
            return None
        if node.op in ("function", "attribute") and node.body is not None and self._is_own(node.body):
            return node.body
        if node.op == "phi":
            return self._rule(node)
        if node.op in AGGREGATES:
            named = {one.keyword: one.node for one in node.operands}
            return next(
                (named[name] for name in MAIN if name in named), node.operands[0].node if node.operands else None
            )
        # Of what a submodule returns, any part is its result; a property of a tensor is none.
        if node.op == "unpack" or (node.op == "attribute" and node.operands and self._is_result(node.operands[0].node)):
            return node.operands[0].node
        if node.op == "inline" or is_transparent(node):
            return node.operands[0].node if node.operands else None
        return None

    def _is_own(self, number: int) -> bool:
        return self._flow.path(self._flow.node(number).scope) is not None

    def _is_result(self, number: int) -> bool:
        return self._flow.node(self._seen(number)).op == "module"

    def _rule(self, node: Node) -> int | None:
        """The value of a phi node when its conditions do not hold, as far as that is a value at all."""
        values = [
            (not guard.startswith("not "), one.node)
            for guard, one in zip(node.guards or ("",) * len(node.operands), node.operands, strict=True)
            if self._flow.node(one.node).label != "None"
        ]
        records = [one for _, one in values if self._flow.node(one).op == "record"]
        return records[0] if records else min(values)[1] if values else None

    def _inputs(self, number: int) -> list[int]:
        """What a value is written with."""
        node = self._flow.node(number)
        if node.op == "loop":
            return [self._seen(one.node) for one in node.operands[:1]]
        if node.op == "module":
            given = [self._seen(one.node) for one in node.operands]
            return [*given[:1], *(one for one in given[1:] if self._flow.node(one).op == "module" or one in given[:1])]
        if node.op in INFIX:
            return [self._seen(one.node) for one in node.operands[:2]]
        if node.op in ("parameter", "attribute", "constant", "opaque") or node.number is not None:
            return []
        return [self._seen(one.node) for one in node.operands[:1]]

    def _term(self, number: int, depth: int) -> str:
        if number not in self._terms:
            text = self._written(number, depth)
            if self._uses[number] > 1 and ("(" in text or " " in text):
                self._statements.append(f"y{len(self._statements) + 1} = {text}")
                text = f"y{len(self._statements)}"
            self._terms[number] = text
        return self._terms[number]

    def _written(self, number: int, depth: int) -> str:
        node = self._flow.node(number)
        name = node.label.removeprefix("self.")
        if node.op == "loop":
            return self._loop(number, depth)
        inputs = [self._term(one, depth + 1) for one in self._inputs(number)]
        if node.op == "module":
            self._calls += 1
            return f"{name}({', '.join(dict.fromkeys(inputs))})"
        if node.op in INFIX and len(inputs) == 2:
            return INFIX[node.op].join(_bracketed(one, node.op) for one in inputs)
        return f"{node.op}({', '.join(inputs)})" if inputs else name

    def _loop(self, number: int, depth: int) -> str:
        """A value that the submodules of a loop work on, again and again: `[layer]*(x)`."""
        start = [self._term(one, depth + 1) for one in self._inputs(number)]
        nodes = [self._flow.node(one) for one in sorted(self._flow.body_of(number))]
        paths = [self._flow.path(node.scope) for node in nodes]
        calls = [self._flow.node(path[0]) for path in paths if path]
        own = [node for node in (*nodes, *calls) if node.op == "module" and self._flow.path(node.scope) == ()]
        if not own:
            raise _TooLongError
        self._calls += 1
        return f"[{', '.join(dict.fromkeys(one.label.removeprefix('self.') for one in own))}]*({', '.join(start)})"


def _bracketed(text: str, op: str) -> str:
    """A term in brackets where a sum would bind less than what is done with it."""
    depth, loose = 0, False
    for before, sign in pairwise(text):
        depth += (before == "(") - (before == ")")
        loose |= depth == 0 and before == " " and sign in "+-"
    return f"({text})" if loose and op in ("mul", "div", "matmul", "sub") else text
