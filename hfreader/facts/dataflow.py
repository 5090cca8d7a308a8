"""The dataflow graph of one root function: what is computed from what, and where it is written."""

from dataclasses import dataclass

from msgspec import Struct

from hfreader.facts.places import Place, Span

ROOT = -1


class Operand(Struct, frozen=True):
    """One use of a value: the node that made it, and the expression at the place of use.

    In `torch.matmul(query, key.transpose(2, 3))` the first operand's node is whatever `query` is, and its
    span is the token `query`. `keyword` is the argument's name where it was passed by keyword.
    """

    node: int
    span: Span | None = None
    keyword: str | None = None


class Node(Struct, frozen=True):
    """One value.

    op      canonical operation. Tensor operations carry torch's name whatever the spelling (`matmul` for `@`,
            `torch.matmul`, `.matmul`, `torch.bmm`; `add` for `+`; `softmax` for `F.softmax`, `.softmax`, `nn.Softmax`).
            Structure: `parameter`, `attribute` (`self.scaling`), `constant`, `module` (call of a submodule),
            `function` (call of a function or method that was inlined), `inline` (one inlined body; its single
            operand is the returned value), `call` (an opaque call), `tuple`, `unpack` (element of a tuple, `label` is
            the index), `item` (subscript; operands are value and index), `phi` (one of its operands, by branch),
            `loop` (a value carried round a loop: operands are the initial value and the value after one pass),
            `element` (the loop variable over its iterable), `opaque`.
    label   what a reader would call it: `softmax`, `self.query`, the constant's source, the parameter's name.
    operands  what it is computed from, positional first. The receiver of a tensor method is its first operand;
            the callee of `module`, `function` and `call` is not an operand.
    scope   the `inline` node this node lives in, or ROOT.
    span    the whole expression, in the file of its scope; None for what is written nowhere.
    token   the part of `span` that stands for the operation: the callee or the operator.
    body    for `module` and `function`: the `inline` node (or a `phi` of several) that computes it, if inlined;
            for `attribute`: the node of the value that `__init__` gives it, if it does.
    classes for `module`: the qualified classes it can be.
    guards  for `phi`: for each operand the source text of the condition under which it is chosen.
    number  the value, where the node is a number known from constants alone.
    registry  for `function`: qualified name of the table through which another function may be chosen (the body is
            the default), None for a plain call.
    made    for `module` that is an element of a Sequential, and so is called nowhere in the source: the node of the
            expression that constructs it; `site` is the call of the outermost Sequential around it.
    callee  for `inline`: file and span of the inlined function; `call` is the node that called it (None: `__init__`).
    """

    op: str
    label: str
    operands: tuple[Operand, ...] = ()
    scope: int = ROOT
    span: Span | None = None
    token: Span | None = None
    body: int | None = None
    classes: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    number: float | None = None
    callee: Place | None = None
    call: int | None = None
    registry: str | None = None
    made: int | None = None
    site: Span | None = None


class Token(Struct, frozen=True):
    """One written occurrence of a value: a name, `self.x`, a parameter or an assignment target. `conditions` are the
    source texts of the undecided conditions, within its function, under which it is reached."""

    node: int
    scope: int
    span: Span
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataflow:
    """The graph of one function, with the methods, functions and submodules it reaches inlined.

    owner   qualified class or function; `function` is `forward` or the function's own name.
    place   file and span of the root function.
    result  the node returned (a `phi` where several returns exist), None if nothing is returned.
    Node ids are indexes into `nodes`.
    """

    owner: str
    function: str
    place: Place
    nodes: tuple[Node, ...]
    tokens: tuple[Token, ...]
    result: int | None

    def file_of(self, scope: int) -> str:
        """The file in which the expressions of a scope are written."""
        place = self.place if scope == ROOT else self.nodes[scope].callee
        assert place is not None
        return place.file

    def call_sites(self, scope: int) -> tuple[Place, ...]:
        """The call expressions through which a scope is reached from the root, outermost first."""
        sites: list[Place] = []
        while scope != ROOT and (call := self.nodes[scope].call) is not None:
            caller = self.nodes[call]
            # The elements of a Sequential are called by torch while that is called.
            span = caller.site or caller.span
            if span is not None:
                sites.append(Place(self.file_of(caller.scope), span))
            scope = caller.scope
        return tuple(reversed(sites))
