"""What each module costs: parameters, floating-point operations, memory."""

from rich.console import Console

from hfreader.facts.traces import Trace
from hfreader.pages.module_tree import TreeNode, module_tree
from hfreader.views.generation_view import in_bytes
from hfreader.views.tables import table
from hfreader.views.terminal import short_count

MEANING = (
    "FLOPs are counted as torch.utils.flop_counter does: matrix products, convolutions and attention. "
    "Activations are all results that took new memory; what is alive at one time is less."
)


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
        held = ", ".join(f"{part.name} {part.layers} × {part.shape} {part.dtype}" for part in trace.cache)
        size = sum(part.bytes for part in trace.cache)
        console.print(f"KV cache {in_bytes(size)} after this pass: {held}", highlight=False)
    console.print(MEANING, style="dim", highlight=False)


def _name(depth: int, node: TreeNode) -> str:
    return "  " * depth + (f"{node.name} {node.class_name}" if node.name else node.class_name)


def _figures(node: TreeNode) -> tuple[str, str, str, str]:
    flops = "" if node.flops is None else short_count(node.flops)
    activations = "" if node.activations is None else in_bytes(node.activations)
    return str(node.repeats) if node.repeats > 1 else "", short_count(node.parameters), flops, activations
