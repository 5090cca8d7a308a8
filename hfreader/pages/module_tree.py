"""The tree of the modules that ran, with what repeats shown once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hfreader.facts.traces import ModuleRecord
from hfreader.pages.book import bare
from hfreader.pages.shapes import first_tensor, in_numbers, in_symbols


@dataclass(frozen=True)
class TreeNode:
    """One module, or several identical ones.

    name        the path below the parent: `layer.0`, or `layer.0-11` where twelve are folded; empty for the model.
    path        the full path of the first of them; empty for the model.
    takes       the shape of the first argument that holds a tensor; `gives` that of the output, in symbols.
    numbers     `gives` in numbers, `taken_numbers` `takes`.
    parameters  of one of them, its children included.
    calls       how many times each ran; the shapes are those of the first call.
    flops, activations  operations and bytes of all its calls, its children included; None where nothing was counted.
    """

    name: str
    path: str
    class_name: str
    takes: str
    gives: str
    taken_numbers: str
    numbers: str
    parameters: int
    calls: int
    children: tuple["TreeNode", ...]
    repeats: int = 1
    flops: int | None = None
    activations: int | None = None

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "TreeNode"]]:
        """This node and all below it, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def module_tree(modules: Sequence[ModuleRecord]) -> TreeNode | None:
    """The tree below the model, from the calls that a trace recorded; None where it recorded none."""
    first: dict[str, ModuleRecord] = {}
    calls: dict[str, list[ModuleRecord]] = defaultdict(list)
    for record in sorted(modules, key=lambda record: record.order):
        first.setdefault(record.path, record)
        calls[record.path].append(record)
    below: dict[str, list[ModuleRecord]] = defaultdict(list)
    for record in first.values():
        if record.parent is not None:
            below[record.parent].append(record)
    root = next((record for record in first.values() if record.parent is None), None)
    return _node(root, below, calls) if root else None


def _node(record: ModuleRecord, below: dict[str, list[ModuleRecord]], calls: dict[str, list[ModuleRecord]]) -> TreeNode:
    children = [_node(child, below, calls) for child in below[record.path]]
    inside = f"{record.parent}." if record.parent else ""
    arguments = [value for _, value in record.inputs if first_tensor(value) is not None]
    return TreeNode(
        name=record.path.removeprefix(inside),
        path=record.path,
        class_name=bare(record.class_name),
        takes=in_symbols(arguments[0]) or "" if arguments else "",
        gives=in_symbols(record.output) or "",
        taken_numbers=in_numbers(arguments[0]) or "" if arguments else "",
        numbers=in_numbers(record.output) or "",
        parameters=record.parameters,
        calls=len(calls[record.path]),
        children=tuple(_folded(children)),
        flops=_total(each.flops for each in calls[record.path]),
        activations=_total(each.activations for each in calls[record.path]),
    )


def _total(counts: Iterable[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if known else None


def _folded(children: Sequence[TreeNode]) -> list[TreeNode]:
    """Numbered siblings that are alike in all but their number become one.

    Blocks (what has children) fold also where others stand between them; plain layers only where they follow each
    other, so that the order of a Sequential stays readable.
    """
    groups: list[list[TreeNode]] = []
    for child in children:
        earlier = groups if child.children else groups[-1:]
        alike = next((group for group in earlier if _number(child) and _alike(group[0], child)), None)
        if alike is None:
            groups.append([child])
        else:
            alike.append(child)
    return [_merged(group) for group in groups]


def _alike(one: TreeNode, other: TreeNode) -> bool:
    return bool(_number(one)) and _stem(one) == _stem(other) and _anonymous(one) == _anonymous(other)


def _anonymous(node: TreeNode) -> TreeNode:
    """The node without its own number, to be compared; what it cost on the way can differ."""
    below = tuple(map(_below_anonymous, node.children))
    return replace(node, name="", path="", flops=None, activations=None, children=below)


def _below_anonymous(node: TreeNode) -> TreeNode:
    below = tuple(map(_below_anonymous, node.children))
    return replace(node, path="", flops=None, activations=None, children=below)


def _merged(group: Sequence[TreeNode]) -> TreeNode:
    if len(group) == 1:
        return group[0]
    numbers = [int(_number(node)) for node in group]
    return replace(group[0], name=_stem(group[0]) + ranges(numbers), repeats=len(group))


def _stem(node: TreeNode) -> str:
    return node.name.removesuffix(_number(node))


def _number(node: TreeNode) -> str:
    last = node.name.rpartition(".")[2]
    return last if last.isdecimal() else ""


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers, runs shortened: `0-3,7`; long irregular lists are cut."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ",".join(parts if len(parts) <= 4 else [*parts[:3], "…", parts[-1]])
