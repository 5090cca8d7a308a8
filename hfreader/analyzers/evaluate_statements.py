"""Statements: assignments, branches, loops."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import libcst as cst

from hfreader.analyzers.inlining import Inliner
from hfreader.analyzers.meanings import ELEMENT, Arguments, Container, Function, Functions, Modules
from hfreader.analyzers.operations import BINARY_OPERATORS, is_in_place
from hfreader.facts.dataflow import Operand
from hfreader.facts.places import Span


class StatementEvaluator(Inliner):
    """Adds statements. `execute_X` handles libcst's statement `X`; unknown ones are passed over."""

    def execute(self, body: Sequence[cst.CSTNode]) -> None:
        """Run statements in the current frame until it returns or raises."""
        for statement in body:
            if not self.frame.alive:
                return
            if isinstance(statement, cst.SimpleStatementLine):
                self.execute(statement.body)
                continue
            handler: Callable[[cst.CSTNode], None] | None
            handler = getattr(self, f"execute_{type(statement).__name__}", None)
            if handler is not None:
                handler(statement)

    # Simple statements

    def execute_Expr(self, statement: cst.Expr) -> None:
        """An expression alone; a docstring is no value."""
        if not isinstance(statement.value, cst.SimpleString | cst.ConcatenatedString):
            self.evaluate(statement.value)

    def execute_Assign(self, statement: cst.Assign) -> None:
        """`a = b = value`."""
        node = self.evaluate(statement.value)
        for target in statement.targets:
            self.assign(target.target, node)

    def execute_AnnAssign(self, statement: cst.AnnAssign) -> None:
        """`a: T = value`."""
        if statement.value is not None:
            self.assign(statement.target, self.evaluate(statement.value))

    def execute_AugAssign(self, statement: cst.AugAssign) -> None:
        """`a += value`: the target afterwards holds the result."""
        name = type(statement.operator).__name__.removesuffix("Assign")
        op = BINARY_OPERATORS.get(name, "opaque")
        mentioned = len(self.tokens)
        old = self.evaluate(statement.target)
        del self.tokens[mentioned:]
        right = self.operand(statement.value)
        span, token = self.span(statement.target), self.span(statement.operator)
        node = self.binary(op, Operand(old), right, span, token)
        self.assign(statement.target, node)

    def execute_Return(self, statement: cst.Return) -> None:
        """The end of this way through the function."""
        value = self.make("constant", "None") if statement.value is None else self.evaluate(statement.value)
        self.frame.returns.append((self.frame.guard(), value))
        self.frame.alive = False

    def execute_Raise(self, statement: cst.Raise) -> None:
        """A way that computes nothing."""
        self.frame.alive = False

    def execute_Assert(self, statement: cst.Assert) -> None:
        """Only the tokens of the condition."""
        self.evaluate(statement.test)

    def execute_Break(self, statement: cst.CSTNode) -> None:
        """Leave the loop, or its pass, with what is known so far."""
        if self.frame.exits is not None:
            self.frame.exits.append((self.frame.guard(), self.snapshot()))
        self.frame.alive = False

    execute_Continue = execute_Break

    def execute_Import(self, statement: cst.Import | cst.ImportFrom) -> None:
        """An import inside a function is of no interest to the graph."""

    execute_ImportFrom = execute_Import

    def execute_FunctionDef(self, statement: cst.FunctionDef) -> None:
        """A nested function, evaluated where it is called."""
        name = statement.name.value
        function = Function(name, self.frame.file, statement, closure=self.frame, owner=self.frame.owner)
        span = self.span(statement.name)
        self.frame.names[name] = self.make("constant", name, (), span, meaning=Functions((function,)))

    # Targets

    def assign(self, target: cst.BaseExpression, node: int) -> None:
        """Give an assignment target its value."""
        match target:
            case cst.Name(value=name):
                self.frame.names[name] = self.token(node, target)
            case cst.Attribute(value=value, attr=cst.Name(value=name)):
                self._assign_attribute(self.receiver_of(value), name, node)
                self.token(node, target)
            case cst.Tuple() | cst.List():
                self._assign_elements(target, node)
            case cst.Subscript():
                self._assign_item(target, node)
            case cst.StarredElement():
                self.assign(target.value, node)
            case _:
                self.evaluate(target)

    def _assign_attribute(self, base: int, name: str, node: int) -> None:
        meaning = self.meaning(base)
        if isinstance(meaning, Modules):
            for instance in meaning.options:
                self.attributes[id(instance), name] = node

    def _assign_elements(self, target: cst.Tuple | cst.List, node: int) -> None:
        count = len(target.elements)
        starred = next((i for i, one in enumerate(target.elements) if isinstance(one, cst.StarredElement)), count)
        for index, element in enumerate(target.elements):
            if index == starred:
                rest = self.make("opaque", "*", (Operand(node),), meaning=self.meaning(node))
                self.assign(element.value, rest)
            else:
                label = str(index if index < starred else index - count)
                self.assign(element.value, self.unpack(node, label, self.frame.scope))

    def _assign_item(self, target: cst.Subscript, node: int, span: Span | None = None) -> None:
        """`x[i] = value` makes a new value of x."""
        old = self.operand(target.value)
        index = self.index_of(target)
        if isinstance(self.meaning(old.node), Modules):
            self._assign_attribute(old.node, ELEMENT, node)
            return
        operands = (Operand(old.node), index, Operand(node, span))
        written = self.make("setitem", "[]=", operands, old.span, self.span(target.lbracket), self.meaning(old.node))
        self.rebind(target.value, written)

    def rebind(self, target: cst.BaseExpression, node: int) -> None:
        """After a change in place, what is written at `target` stands for the new value."""
        match target:
            case cst.Name(value=name):
                if self.frame.find(name) is not None:
                    self.frame.names[name] = node
            case cst.Attribute(value=value, attr=cst.Name(value=name)):
                base = self.frame.find(value.value) if isinstance(value, cst.Name) else None
                if base is not None:
                    self._assign_attribute(base, name, node)
            case cst.Subscript():
                self._assign_item(target, node)
            case cst.Call(func=cst.Attribute(value=value)):
                # A view changed in place changes what it is a view of.
                self.rebind(value, self.make("setitem", "[]=", (Operand(node),)))
            case _:
                pass

    # Branches

    def execute_If(self, statement: cst.If) -> None:
        """A chain of `if`, `elif`, `else`; conditions that constants decide are decided."""
        alternatives: list[tuple[str, Callable[[], None]]] = []
        refused: list[str] = []
        current: cst.If | cst.Else | None = statement
        while isinstance(current, cst.If):
            truth = self.truth(self.evaluate(current.test))
            if truth is not False:
                guard = "" if truth else self.condition(current.test)
                alternatives.append((_conjunction([*refused, guard]), self._runner(current.body)))
            if truth:
                break
            if truth is None:
                refused.append(f"not ({self.condition(current.test)})")
            current = current.orelse
        else:
            otherwise = self._runner([] if current is None else current.body)
            alternatives.append((_conjunction(refused), otherwise))
        if len(alternatives) == 1 and not alternatives[0][0]:
            alternatives[0][1]()
        else:
            self.branch(alternatives)

    def _runner(self, body: cst.BaseSuite | Sequence[cst.CSTNode]) -> Callable[[], None]:
        return lambda: self.execute(body.body if isinstance(body, cst.BaseSuite) else body)

    def execute_With(self, statement: cst.With) -> None:
        """A block under context managers."""
        for item in statement.items:
            node = self.evaluate(item.item)
            if item.asname is not None:
                self.assign(item.asname.name, node)
        self.execute(statement.body.body)

    def execute_Try(self, statement: cst.Try) -> None:
        """The block, or one of its handlers instead."""
        handlers = [(f"except at line {self.span(one).line}", self._runner(one.body)) for one in statement.handlers]

        def whole() -> None:
            self.execute(statement.body.body)
            if statement.orelse is not None:
                self.execute(statement.orelse.body.body)

        if handlers:
            self.branch([("", whole), *handlers])
        else:
            whole()
        if statement.finalbody is not None and self.frame.alive:
            self.execute(statement.finalbody.body.body)

    def execute_Match(self, statement: cst.Match) -> None:
        """One of several cases."""
        self.evaluate(statement.subject)
        subject = self.text(statement.subject)
        self.branch([(f"{subject} is {self.text(one.pattern)}", self._runner(one.body)) for one in statement.cases])

    # Loops

    def execute_For(self, statement: cst.For) -> None:
        """One symbolic pass, for an element that stands for all; a chain of known modules is the chain itself."""
        iterable = self.evaluate(statement.iter)
        carried = _chained(statement)
        chain = self.chain_of(iterable) if carried in self.frame.names else ()
        if carried is not None and len(chain) > 1:
            start = Arguments([Operand(self.frame.names[carried])])
            self.frame.names[carried] = self.chain(chain, start, (None, None), self.text(statement.target))
            return

        def one_pass() -> None:
            self.assign(statement.target, self.iterate(iterable, self.text(statement.target)))
            self.execute(statement.body.body)

        self._loop(statement, one_pass)

    def execute_While(self, statement: cst.While) -> None:
        """One symbolic pass."""

        def one_pass() -> None:
            self.evaluate(statement.test)
            self.execute(statement.body.body)

        self._loop(statement, one_pass)

    def _loop(self, statement: cst.For | cst.While, one_pass: Callable[[], None]) -> None:
        frame = self.frame
        carried = {}
        for name in self._assigned_names(statement):
            if name in frame.names:
                initial = frame.names[name]
                meaning = self.meaning(initial)
                keep = meaning if isinstance(meaning, Modules | Container | Functions) else None
                node = self.make("loop", name, meaning=keep)
                # Until the pass has been made, all that is known is that there will be another value.
                self.update(node, operands=(Operand(initial), Operand(node)))
                carried[name] = node
        frame.names.update(carried)
        exits, conditions = frame.exits, frame.conditions
        frame.exits = []
        looping, self.looping = self.looping, True
        one_pass()
        self.looping = looping
        outcomes = list(frame.exits)
        if frame.alive:
            outcomes.append(("", self.snapshot()))
        self.join(outcomes)
        frame.exits, frame.conditions, frame.alive = exits, conditions, True
        for name, node in carried.items():
            value = frame.names.get(name, node)
            again = () if value == node else (Operand(value),)
            self.update(node, operands=(self.nodes[node].operands[0], *again))
            frame.names[name] = node
        if statement.orelse is not None:
            self.execute(statement.orelse.body.body)

    def _assigned_names(self, loop: cst.For | cst.While) -> tuple[str, ...]:
        known = self.frame.file.assigned_names
        if id(loop) not in known:
            known[id(loop)] = tuple(assigned_names(loop))
        return known[id(loop)]


def _chained(loop: cst.For) -> str | None:
    """The name that a loop of the form `for layer in layers: x = layer(x)` carries, None for any other loop."""
    match loop:
        case cst.For(
            target=cst.Name(value=element),
            body=cst.IndentedBlock(
                body=[
                    cst.SimpleStatementLine(
                        body=[
                            cst.Assign(
                                targets=[cst.AssignTarget(target=cst.Name(value=carried))],
                                value=cst.Call(
                                    func=cst.Name(value=called),
                                    args=[cst.Arg(keyword=None, value=cst.Name(value=given))],
                                ),
                            )
                        ]
                    )
                ]
            ),
            orelse=None,
        ) if called == element and given == carried:
            return carried
        case _:
            return None


def assigned_names(statement: cst.CSTNode) -> list[str]:
    """The local names that a statement assigns or changes in place."""
    return list(dict.fromkeys(name for node in _within(statement) for name in _changed(node)))


def _within(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all below it, in the order of the source; libcst's visitors make every node anew on their way."""
    stack = [node]
    while stack:
        yield (current := stack.pop())
        for field in _fields(type(current)):
            value = getattr(current, field)
            if isinstance(value, cst.CSTNode):
                stack.append(value)
            elif isinstance(value, list | tuple):
                stack += [one for one in reversed(value) if isinstance(one, cst.CSTNode)]


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a kind of node that can have others in them, the last one first."""
    return tuple(name for name in reversed(kind.__dataclass_fields__) if "whitespace" not in name)


def _changed(node: cst.CSTNode) -> Iterator[str]:
    """The names that a single node assigns or changes."""
    match node:
        case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign() | cst.NamedExpr():
            return _named(node.target)
        case cst.Call(func=cst.Attribute(value=value, attr=cst.Name(value=name))):
            return _named(value) if is_in_place(name) or name == "append" else iter(())
        case _:
            return iter(())


def _named(target: cst.CSTNode) -> Iterator[str]:
    match target:
        case cst.Name(value=name):
            yield name
        case cst.Tuple() | cst.List():
            for element in target.elements:
                yield from _named(element.value)
        case cst.Subscript(value=value) | cst.StarredElement(value=value):
            yield from _named(value)
        case cst.Call(func=cst.Attribute(value=value)):
            yield from _named(value)
        case _:
            pass


def _conjunction(conditions: list[str]) -> str:
    return " and ".join(condition for condition in conditions if condition)
