"""The stages import in one direction only; function-level imports count too."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "hfreader"
# Each room may import what stands before it. Rooms in one tuple stand side by side and may not import each other.
ORDER: tuple[tuple[str, ...], ...] = (
    ("errors", "alive"),
    ("progress", "facts", "jobs"),
    ("store", "output"),
    ("concepts", "serve"),
    ("source", "sources", "concept_keys"),
    ("analyzers",),
    ("trace",),
    ("pages",),
    ("views",),
    ("shared", "shelf", "analyses"),
    ("survey", "ran", "compare", "sweep"),
    ("reach",),
    ("build", "ask"),
    ("plugin", "watching"),
    ("cli",),
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
# Heavy or stage-bound packages, and the only rooms that may import them.
WALLS = {
    "torch": {"trace"},
    "transformers": {"trace"},
    "libcst": {"analyzers"},
    "git": {"source"},
    "mkdocs": {"pages", "build", "plugin", "serve", "watching", "cli"},
    "watchdog": {"watching"},
    "graphviz": {"pages", "views"},
    "typer": {"cli"},
}


def rooms() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[tuple[int, str]]:
    """Every module imported anywhere in the file, functions and TYPE_CHECKING blocks included."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports hide the direction"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_left(path: Path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    assert room in RANK, f"{room} has no place in the order of the stages"
    for line, module in imported(path):
        if not module.startswith("hfreader.") or module == "hfreader.__version__":
            continue
        other = module.split(".")[1]
        if other != room:
            assert RANK[other] < RANK[room], f"{path.name}:{line}: {room} imports {module}"


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_stay_behind_their_walls(path: Path):
    for line, module in imported(path):
        package = module.split(".")[0]
        if package in WALLS:
            assert room_of(path) in WALLS[package], f"{path.name}:{line} imports {module}"


def test_no_import_cycles():
    names = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in rooms()
    }
    edges = {
        name: {
            target
            for _, module in imported(path)
            for target in (module, module.rpartition(".")[0])
            if target in names and target != name
        }
        for name, path in names.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in edges[name]:
                visit(target, (*trail, name))
            done.add(name)

    for name in names:
        visit(name, ())
