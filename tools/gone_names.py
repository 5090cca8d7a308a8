"""Names of earlier releases that are gone, and the lines that do their work today: writes `hfreader/pages/gone.json`.

    python tools/gone_names.py TODAY EARLIER [EARLIER ...] > hfreader/pages/gone.json

Each argument is `VERSION=FOLDER`, the folder of the package `transformers` of that release, for instance unpacked from
its wheel (`pip download --no-deps transformers==4.48.0`). Only the syntax of the files is read.

A method that is gone leads to the statements that today call the submodules that were called within its call, else
assign the variables that it was assigned to, else call the submodules whose results it was given, in the class of the
same name. A class that is gone leads to the class of the same file
that builds most of the attributes it built (the parameters of checkpoints keep their names), else to the class it was
derived from, if that is still there. What leads nowhere is left out.
"""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_LINES = 4
LEAST_ALIKE = 0.5
Target = tuple[str, int]


@dataclass(frozen=True)
class Module:
    """One modeling file: its classes and functions by name."""

    classes: dict[str, ast.ClassDef]
    functions: dict[str, ast.FunctionDef]


def main(arguments: list[str]) -> None:
    """Compare the releases, print JSON."""
    (version, today), *earlier = [one.split("=", 1) for one in arguments]
    now = read(Path(today))
    kept = {
        node.name for file in Path(today).rglob("*.py") if "models" not in file.parts for node in functions_of(file)
    }
    rows: dict[tuple[str, str, str], list[object]] = {}
    for release, folder in sorted(earlier, key=lambda one: [int(part) for part in one[0].split(".")]):
        for file, old in read(Path(folder)).items():
            for name, owner, found in gone(old, now.get(file, Module({}, {})), kept):
                rows[file, owner, name] = [name, owner, release, file, found]
    ordered = sorted(rows.values(), key=lambda row: (str(row[0]).casefold(), str(row[3])))
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in ordered)
    print(f'{{"version":"{version}","names":[\n{lines}\n]}}')


def read(package: Path) -> dict[str, Module]:
    """The modeling files of a release."""
    files = {path.relative_to(package).as_posix(): path for path in sorted(package.glob("models/*/modeling_*.py"))}
    return {
        file: parsed(path)
        for file, path in files.items()
        if not path.name.startswith(("modeling_tf_", "modeling_flax_"))
    }


def parsed(path: Path) -> Module:
    """The definitions of a file."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    return Module(classes, {node.name: node for node in body if isinstance(node, ast.FunctionDef)})


def functions_of(path: Path) -> Iterator[ast.FunctionDef]:
    """Every function and method of a file."""
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef))


def gone(old: Module, new: Module, kept: set[str]) -> Iterator[tuple[str, str, list[Target]]]:
    """Name, owner ("" for a class) and targets of what a file no longer has."""
    for name, node in old.classes.items():
        if name not in new.classes:
            if heir := heir_of(node, new):
                yield name, "", [(heir, 0)]
            continue
        today = new.classes[name]
        for method in sorted(set(methods(node)) - set(methods(today)) - kept):
            if not method.startswith("__"):
                yield method, name, [(name, line) for line in lines_today(node, today, method)] or [(name, 0)]


def methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """The methods of a class by name."""
    return {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}


def heir_of(node: ast.ClassDef, new: Module) -> str | None:
    """The class that builds most of what a class built, else the one that it was derived from."""
    built = attributes(node)
    alike = {name: likeness(built, attributes(other)) for name, other in new.classes.items()}
    best = max(alike, key=lambda name: alike[name], default=None)
    if best is not None and alike[best] >= LEAST_ALIKE and len(built & attributes(new.classes[best])) > 1:
        return best
    return next((base.id for base in node.bases if isinstance(base, ast.Name) and base.id in new.classes), None)


def attributes(node: ast.ClassDef) -> set[str]:
    """What the constructor of a class sets on `self` by calling something."""
    constructor = methods(node).get("__init__")
    assigned = [item for item in ast.walk(constructor or node) if isinstance(item, ast.Assign)]
    return {
        target.attr
        for item in assigned
        if isinstance(item.value, ast.Call)
        for target in item.targets
        if isinstance(target, ast.Attribute)
    }


def likeness(one: set[str], other: set[str]) -> float:
    """Shared ones of all."""
    return len(one & other) / len(one | other) if one | other else 0.0


def lines_today(old: ast.ClassDef, new: ast.ClassDef, method: str) -> list[int]:
    """The lines of a class that do today what was done around the calls of a method."""
    found: dict[int, None] = {}
    for caller in methods(old).values():
        twin = methods(new).get(caller.name)
        for statement in statements(caller):
            if twin is None or not calls(statement, method):
                continue
            today = statements(twin)
            inner, given = (submodules(statement, function) - {method} for function in (None, caller))
            matching = [one for one in today if submodules(one) & inner]
            matching = matching or assigning(today, targets(statement), called(caller))
            matching = matching or [one for one in today if submodules(one) & given]
            if matching:
                found[matching[0].lineno] = None
    return sorted(found)[:MOST_LINES]


def assigning(today: list[ast.stmt], names: set[str], known: set[str]) -> list[ast.stmt]:
    """The statements that assign some of the variables, those with most of them first, and of these those that call
    something, best what was not `known` to be called in the place of the method."""
    found = [one for one in today if targets(one) & names]
    return sorted(found, key=lambda one: (-len(targets(one) & names), not called(one) - known, not called(one)))


def called(node: ast.AST) -> set[str]:
    """The names of what is called in it."""
    functions = [item.func for item in ast.walk(node) if isinstance(item, ast.Call)]
    return {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in functions}


def statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function without bodies."""
    kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
    return [node for node in ast.walk(function) if isinstance(node, kinds)]


def calls(node: ast.AST, method: str) -> bool:
    """Whether a method of `self` is called in it."""
    return method in submodules(node)


def submodules(node: ast.AST, function: ast.FunctionDef | None = None) -> set[str]:
    """What is called on `self` in a statement; with `function` also what made the variables that it is given."""
    found = {
        item.func.attr
        for item in ast.walk(node)
        if isinstance(item, ast.Call)
        and isinstance(item.func, ast.Attribute)
        and isinstance(item.func.value, ast.Name)
        and item.func.value.id == "self"
    }
    if function is not None:
        names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)}
        for one in statements(function):
            if targets(one) & names and one is not node:
                found |= submodules(one)
    return found


def targets(statement: ast.stmt) -> set[str]:
    """The variables that a statement assigns."""
    return {item.id for item in ast.walk(statement) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}


if __name__ == "__main__":
    main(sys.argv[1:])
