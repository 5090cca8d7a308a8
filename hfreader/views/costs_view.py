"""What each module costs: parameters, floating-point operations, memory."""

from collections.abc import Mapping

from rich.console import Console

from hfreader.facts.generation import CachePart
from hfreader.facts.traces import Trace
from hfreader.pages.module_tree import TreeNode, module_tree
from hfreader.views.cost_formulas import KINDS, formulas
from hfreader.views.generation_view import in_bytes
from hfreader.views.tables import table
from hfreader.views.terminal import short_count

MEANING = (
    "FLOPs are counted as torch.utils.flop_counter does: matrix products, convolutions and attention. "
    "Activations are all results that took new memory; what is alive at one time is less."
)


FORMULAS = (
    "Each formula gives the number above it and is made of sizes that runs at three other sizes explain. "
    "Where another size takes another path (a batch of one is copied less often) or has no symbol, there is none."
)
UNTOLD = "no formula"
LABELS = {"parameters": "parameters", "flops": "FLOPs", "activations": "activations"}


def show_costs(trace: Trace, console: Console) -> None:
    """Print a row for each module, repeated ones folded, and the size of the cache."""
    root = module_tree(trace.modules)
    if root is None:
        return
    costs = table("module", "×", "parameters", "FLOPs", "activations")
    for column in costs.columns[1:]:
        column.justify = "right"
    for depth, node in root.walk():
        costs.add_row(_name(depth, node), *_figures(node))
    console.print(costs)
    if trace.cache:
        held = ", ".join(f"{part.name} {part.layers} × {_shape(part)} {part.dtype}" for part in trace.cache)
        size = sum(part.bytes for part in trace.cache)
        console.print(f"KV cache {in_bytes(size)} after this pass: {held}", highlight=False, markup=False)
    console.print(MEANING, style="dim", highlight=False)
    if trace.symbols:
        _show_formulas(root, formulas(trace, [node.path for _, node in root.walk()]), console)


def _show_formulas(root: TreeNode, known: Mapping[str, Mapping[str, str]], console: Console) -> None:
    """The same in the symbols of the model; of one, where a module is repeated."""
    written = table("module", "", "in symbols")
    for depth, node in root.walk():
        name = _name(depth, node)
        for kind, amount in zip(KINDS, (node.parameters, node.flops, node.activations), strict=True):
            if amount:
                written.add_row(name, LABELS[kind], known[node.path].get(kind, UNTOLD))
                name = ""
    console.print(written)
    console.print(FORMULAS, style="dim", highlight=False)


def _shape(part: CachePart) -> str:
    """The shape in numbers, and in symbols where they say more."""
    numbers = ", ".join(map(str, part.shape))
    symbols = ", ".join(part.symbols)
    return f"({numbers}) = ({symbols})" if symbols and symbols != numbers else f"({numbers})"


def _name(depth: int, node: TreeNode) -> str:
    return "  " * depth + (f"{node.name} {node.class_name}" if node.name else node.class_name)


def _figures(node: TreeNode) -> tuple[str, str, str, str]:
    flops = "" if node.flops is None else short_count(node.flops)
    activations = "" if node.activations is None else in_bytes(node.activations)
    return str(node.repeats) if node.repeats > 1 else "", short_count(node.parameters), flops, activations
