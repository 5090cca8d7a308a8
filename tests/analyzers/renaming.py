"""The library with every class of a modeling file and every local variable under a meaningless name.

Lines stay where they are, so that what is found before and after can be compared by line.
"""

import ast
import io
import os
import re
import shutil
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

from hfreader.facts.snapshot import Snapshot

REGISTRY = "models/auto/modeling_auto.py"
Position = tuple[int, int]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def meaningless(name: str) -> str:
    """A name that says nothing, the same for the same name in every file; capitals stay, as Python reads them."""
    return f"{'N' if name[0].isupper() else 'n'}{sha256(name.encode()).hexdigest()[:10]}"


class Renaming:
    """New names for the classes of some modeling files, wherever one of these files names them."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.trees = {file: ast.parse(text) for file, text in sources.items()}
        self.classes = {file: frozenset(_classes(tree)) for file, tree in self.trees.items()}

    def renamed(self, file: str) -> str:
        """The source of a file with its classes, those it imports from the others and all local variables renamed."""
        text, tree = self.sources[file], self.trees[file]
        classes, names = self.classes[file].union(self._imported(file)), local_names(tree)
        done: Position = (1, 0)
        source = text.splitlines(keepends=True)
        pieces: list[str] = []
        before = ""
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and before != "." and (token.start in names or token.string in classes):
                pieces += [*between(source, done, token.start), meaningless(token.string)]
                done = token.end
            before = token.string
        return "".join([*pieces, *between(source, done, (len(source) + 1, 0))])

    def registered(self, text: str) -> str:
        """The library's table of models, which names classes in strings, with their new names."""
        every = frozenset[str]().union(*self.classes.values())
        return re.sub(r'"(\w+)"', lambda found: f'"{meaningless(found[1])}"' if found[1] in every else found[0], text)

    def _imported(self, file: str) -> Iterator[str]:
        """The classes that a file imports from the others: from a modeling file or from the folder that holds it."""
        for node in ast.walk(self.trees[file]):
            if isinstance(node, ast.ImportFrom):
                folder = PurePosixPath(file).parents[node.level - 1] if node.level else PurePosixPath()
                place = folder.joinpath(*(node.module or "").removeprefix("transformers.").split("."))
                known = self.classes.get(f"{place}.py", frozenset()).union(
                    *(classes for other, classes in self.classes.items() if PurePosixPath(other).parent == place)
                )
                yield from (alias.name for alias in node.names if alias.name in known)


def renamed_package(snapshot: Snapshot, files: Iterable[str], folder: Path) -> Snapshot:
    """A package in `folder` in which these modeling files are renamed and all others are what they were."""
    package = Path(snapshot.package)
    renaming = Renaming({file: (package / file).read_text(encoding="utf-8") for file in files})
    target = folder / "transformers"
    shutil.copytree(package, target, copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__"))
    for file in renaming.sources:
        (target / file).unlink()
        (target / file).write_text(renaming.renamed(file), encoding="utf-8")
    registry = (package / REGISTRY).read_text(encoding="utf-8")
    (target / REGISTRY).unlink()
    (target / REGISTRY).write_text(renaming.registered(registry), encoding="utf-8")
    return replace(snapshot, package=str(target))


def _classes(tree: ast.Module) -> Iterator[str]:
    return (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


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
