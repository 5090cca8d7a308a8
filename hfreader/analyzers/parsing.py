"""One source file parsed: its libcst tree, where every node stands, and the names its top level defines."""

import ast
import gc
import symtable
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import libcst as cst

from hfreader.analyzers.positions import Positions
from hfreader.errors import HfreaderError

PACKAGE = "transformers"


@contextmanager
def collection_paused() -> Iterator[None]:
    """Pause the garbage collector: a tree is a hundred thousand small objects that stay, and walking them again and
    again takes as long as making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _unchecked() -> Iterator[None]:
    """Let libcst's parser make nodes without asking each whether it is valid: what it has parsed is. The questions are
    meant for nodes made by hand, and are a seventh of the time."""
    check = cst.CSTNode.__post_init__
    cst.CSTNode.__post_init__ = lambda node: None  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        cst.CSTNode.__post_init__ = check  # type: ignore[method-assign]


@dataclass(frozen=True)
class ParsedFile:
    """One parsed file, in memory only.

    file         relative to the package; `module` is its dotted name.
    tree         the libcst module; `positions` gives the span of each of its nodes.
    classes      class nodes by their qualified name within the file (`BertLayer`, `Outer.Inner`).
    functions    function nodes likewise (`eager_attention_forward`, `BertLayer.forward`).
    imports      local name -> qualified name, for every import at module level, also under `if` and `try`.
    stars        modules imported with `*`.
    assignments  the expression last assigned to each module-level name.
    assigned_names  what loops assign, as far as it has been asked for: the loop's id -> local names.
    """

    file: str
    module: str
    source: str
    tree: cst.Module
    positions: Positions
    classes: dict[str, cst.ClassDef]
    functions: dict[str, cst.FunctionDef]
    imports: dict[str, str]
    stars: list[str]
    assignments: dict[str, cst.BaseExpression]
    assigned_names: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def text(self, node: cst.CSTNode) -> str:
        """The source text of an expression, its lines without the indentation of the statement that it is part of."""
        text = self.positions.text(node)
        return self.tree.code_for_node(node) if "\n" in text else text

    def line(self, node: cst.CSTNode) -> str:
        """The source text of an expression on one line."""
        return " ".join(self.positions.text(node).split())


def parse_file(source: str, file: str) -> ParsedFile:
    """Parse `source`, which stands in `file` (relative to the package); HfreaderError where it is not Python."""
    _refuse_what_is_not_python(source, file)
    try:
        with collection_paused(), _unchecked():
            tree = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise HfreaderError(f"{file}:{error.raw_line}: cannot be parsed: {error.message}") from error
    parsed = ParsedFile(file, module_name(file), source, tree, Positions(tree, source), {}, {}, {}, [], {})
    for statement in statements(tree.body):
        _index(parsed, statement)
    return parsed


def symbol_table(source: str, file: str) -> symtable.SymbolTable:
    """The names of each scope of a source, as Python's own parser sees them; it raises what that raises."""
    return symtable.symtable(source.removeprefix("\ufeff"), file, "exec")


def _refuse_what_is_not_python(source: str, file: str) -> None:
    """Ask Python's own parser first: it is quick, above all where it makes no tree, tells the line, and bounds the
    nesting, which libcst does not."""
    try:
        with warnings.catch_warnings(action="ignore"):
            symbol_table(source, file)
    except SyntaxError as error:
        raise HfreaderError(f"{file}:{error.lineno or 1}: cannot be parsed: {error.msg}") from error
    except ValueError as error:
        raise HfreaderError(f"{file}:1: cannot be parsed: {error}") from error
    except (MemoryError, RecursionError) as error:
        raise HfreaderError(f"{file}:1: cannot be parsed: it is nested too deeply") from error


def module_name(file: str) -> str:
    """`models/bert/modeling_bert.py` -> `transformers.models.bert.modeling_bert`."""
    parts = file.removesuffix(".py").split("/")
    return ".".join([PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)])


Guard = tuple[cst.BaseExpression, bool]


def guarded(
    body: Iterable[cst.CSTNode], guards: tuple[Guard, ...] = ()
) -> Iterator[tuple[cst.CSTNode, tuple[Guard, ...]]]:
    """The statements of a scope in order, each with the tests of the `if`s around it and the outcome they must have.

    Compound statements come themselves and are entered; functions and classes are not entered.
    """
    for statement in body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from ((small, guards) for small in statement.body)
            continue
        yield statement, guards
        if isinstance(statement, cst.If):
            yield from guarded(statement.body.body, (*guards, (statement.test, True)))
            if statement.orelse is not None:
                # An `elif` is an If of its own, an `else` only a block.
                rest = [statement.orelse] if isinstance(statement.orelse, cst.If) else statement.orelse.body.body
                yield from guarded(rest, (*guards, (statement.test, False)))
        elif not isinstance(statement, cst.ClassDef | cst.FunctionDef):
            yield from guarded(_inner(statement), guards)


def _inner(statement: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in statement.children:
        if isinstance(child, cst.BaseSuite):
            yield from child.body
        elif isinstance(child, cst.Else | cst.ExceptHandler | cst.ExceptStarHandler | cst.Finally | cst.MatchCase):
            yield from _inner(child)


def statements(body: Iterable[cst.CSTNode]) -> Iterator[cst.CSTNode]:
    """The statements of a scope in order, those under `if`, `try`, `with` and loops included."""
    return (statement for statement, _ in guarded(body))


def dotted_name(node: cst.CSTNode | None) -> str | None:
    """`a.b.c` for a chain of attributes of a name, None for any other expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        front = dotted_name(node.value)
        return None if front is None else f"{front}.{node.attr.value}"
    return None


def literal_string(node: cst.BaseExpression) -> str | None:
    """The value of a string literal, None for any other expression."""
    if not isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        return None
    value = _evaluated(node.value) if isinstance(node, cst.SimpleString) else node.evaluated_value
    return value if isinstance(value, str) else None


@lru_cache(1 << 14)
def _evaluated(literal: str) -> object:
    """The value of a literal; the same few are written all over the library."""
    return ast.literal_eval(literal)


def _index(parsed: ParsedFile, statement: cst.CSTNode) -> None:
    match statement:
        case cst.ClassDef():
            _index_class(parsed, statement, statement.name.value)
        case cst.FunctionDef():
            parsed.functions[statement.name.value] = statement
        case cst.Import() | cst.ImportFrom():
            _index_import(parsed, statement)
        case cst.Assign():
            for target in statement.targets:
                if isinstance(target.target, cst.Name):
                    parsed.assignments[target.target.value] = statement.value
        case cst.AnnAssign(target=cst.Name(value=name), value=cst.BaseExpression() as value):
            parsed.assignments[name] = value
        case _:
            pass


def _index_class(parsed: ParsedFile, node: cst.ClassDef, qualified: str) -> None:
    parsed.classes[qualified] = node
    for statement in statements(node.body.body):
        if isinstance(statement, cst.ClassDef):
            _index_class(parsed, statement, f"{qualified}.{statement.name.value}")
        elif isinstance(statement, cst.FunctionDef) and not _completes_another(statement):
            parsed.functions[f"{qualified}.{statement.name.value}"] = statement


def _completes_another(node: cst.FunctionDef) -> bool:
    """Whether this is a property's setter or deleter, or an overload: not the definition of its name."""
    names = [dotted_name(decorator.decorator) or "" for decorator in node.decorators]
    return any(name.rpartition(".")[2] in ("setter", "deleter", "overload") for name in names)


def _index_import(parsed: ParsedFile, node: cst.Import | cst.ImportFrom) -> None:
    if isinstance(node, cst.ImportFrom) and isinstance(node.names, cst.ImportStar):
        parsed.stars.append(_origin(parsed, node))
    else:
        parsed.imports.update(imported(parsed, node))


def imported(parsed: ParsedFile, node: cst.Import | cst.ImportFrom) -> dict[str, str]:
    """The local names that an import binds, and what each means; empty for `*`."""
    if isinstance(node, cst.ImportFrom):
        origin = _origin(parsed, node)
        aliases = () if isinstance(node.names, cst.ImportStar) else node.names
        return {one.evaluated_alias or one.evaluated_name: f"{origin}.{one.evaluated_name}" for one in aliases}
    top = {one.evaluated_name.partition(".")[0] for one in node.names if one.asname is None}
    named = {one.evaluated_alias: one.evaluated_name for one in node.names if one.evaluated_alias is not None}
    return {**{name: name for name in top}, **named}


def _origin(parsed: ParsedFile, node: cst.ImportFrom) -> str:
    """The absolute module that a `from ... import` names."""
    named = dotted_name(node.module)
    if not node.relative:
        return named or ""
    package = parsed.module.split(".")
    up = len(node.relative) - (1 if parsed.file.rpartition("/")[2] == "__init__.py" else 0)
    parent = package[: max(len(package) - up, 0)]
    return ".".join([*parent, *([named] if named else [])])
