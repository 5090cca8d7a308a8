"""A trace as a Graphviz graph: the module tree, every box with the shape of what it returned."""

import graphviz

from hfreader.errors import HfreaderError
from hfreader.facts.traces import Trace
from hfreader.pages.module_tree import TreeNode, module_tree


def render_dot(trace: Trace) -> str:
    """DOT of the modules that ran, in their order from top to bottom; repeated layers are one box."""
    root = module_tree(trace.modules)
    if root is None:
        raise HfreaderError("the trace holds no modules to draw: trace with --modules")
    title = f"{trace.class_name}, transformers {trace.transformers}"
    graph = graphviz.Digraph(trace.class_name, comment=title)
    graph.attr(rankdir="LR", ordering="out", nodesep="0.15", ranksep="0.4", fontname="monospace")
    graph.attr("node", shape="box", style="rounded", fontname="monospace", fontsize="11")
    graph.attr("edge", arrowsize="0.6", fontname="monospace", fontsize="9")
    _add(graph, root)
    return str(graph.source)


def _add(graph: graphviz.Digraph, node: TreeNode) -> None:
    repeats = f" ×{node.repeats}" if node.repeats > 1 else ""
    lines = [node.name, node.class_name + repeats, node.gives, node.numbers]
    graph.node(_name(node), graphviz.escape("\n".join(line for line in lines if line)))
    for child in node.children:
        _add(graph, child)
        graph.edge(_name(node), _name(child), label=graphviz.escape(child.takes))


def _name(node: TreeNode) -> str:
    # Graphviz reads a colon in a node name as a port.
    return (node.path or "model").replace(":", "_")
