"""The library with every class of a modeling file and every local variable under a meaningless name.

Lines stay where they are, so that what is found before and after can be compared by line.
"""

import ast
import io
import tokenize
from collections.abc import Iterable, Mapping
from hashlib import sha256

Position = tuple[int, int]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def meaningless(name: str) -> str:
    """A name that says nothing, the same for the same name in every file; capitals stay, as Python reads them."""
    return f"{'N' if name[0].isupper() else 'n'}{sha256(name.encode()).hexdigest()[:10]}"


def classes_of(sources: Iterable[str]) -> dict[str, str]:
    """The classes of some modeling files, with their new names."""
    found = {node.name for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}
    return {name: meaningless(name) for name in sorted(found)}


def renamed(text: str, classes: Mapping[str, str]) -> str:
    """The file with `classes` renamed wherever they are named, and every local variable of every function."""
    names = local_names(ast.parse(text))
    done: Position = (1, 0)
    source = text.splitlines(keepends=True)
    pieces: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.NAME:
            continue
        new = classes.get(token.string) or (meaningless(token.string) if token.start in names else None)
        if new is not None:
            pieces += [*between(source, done, token.start), new]
            done = token.end
    return "".join([*pieces, *between(source, done, (len(source) + 1, 0))])


def between(source: list[str], start: Position, end: Position) -> list[str]:
    """The text from one position to another."""
    if start[0] == end[0]:
        return [source[start[0] - 1][start[1] : end[1]]]
    last = [source[end[0] - 1][: end[1]]] if end[0] <= len(source) else []
    return [source[start[0] - 1][start[1] :], *source[start[0] : end[0] - 1], *last] if source else []


def local_names(tree: ast.Module) -> set[Position]:
    """Where the local variables of all functions are written. A name that is also a parameter, an import, a nested
    function or part of a formatted string (whose positions Python 3.11 does not tell) keeps its name."""
    places: set[Position] = set()
    for function in outermost_functions(tree):
        nodes = list(ast.walk(function))
        stored = {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        kept = {one.arg for one in nodes if isinstance(one, ast.arg)}
        kept |= {name for one in nodes if isinstance(one, ast.Global | ast.Nonlocal) for name in one.names}
        kept |= {(one.asname or one.name).split(".")[0] for one in nodes if isinstance(one, ast.alias)}
        kept |= {one.name for one in nodes if isinstance(one, ast.ClassDef | Function) and one is not function}
        kept |= {one.name for one in nodes if isinstance(one, ast.ExceptHandler) and one.name}
        strings = [inner for one in nodes if isinstance(one, ast.JoinedStr) for inner in ast.walk(one)]
        kept |= {one.id for one in strings if isinstance(one, ast.Name)}
        wanted = stored - kept
        places |= {(one.lineno, one.col_offset) for one in nodes if isinstance(one, ast.Name) and one.id in wanted}
    return places


def outermost_functions(node: ast.AST) -> Iterable[Function]:
    """Functions and methods that stand in no other function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield child
        else:
            yield from outermost_functions(child)
