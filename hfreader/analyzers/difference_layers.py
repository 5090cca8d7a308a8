"""Layers of torch as steps: what each is built with, under one name for each setting."""

from collections.abc import Sequence

from hfreader.analyzers.difference_formulas import Formula, Formulas
from hfreader.facts.comparison import Setting
from hfreader.facts.dataflow import Dataflow, Node

CONVOLUTION = ("in", "out", "kernel", "stride", "padding", "dilation", "groups", "bias")
NORM = ("size", "eps", "affine", "bias")
# The arguments of each constructor in order, by the names that a reader is shown.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "Linear": ("in", "out", "bias"),
    "Conv1D": ("out", "in"),
    "Embedding": ("rows", "size", "padding_idx"),
    "LayerNorm": NORM,
    "RMSNorm": ("size", "eps", "affine"),
    "GroupNorm": ("groups", "size", "eps"),
    "BatchNorm1d": ("size", "eps"),
    "BatchNorm2d": ("size", "eps"),
    "Conv1d": CONVOLUTION,
    "Conv2d": CONVOLUTION,
    "Conv3d": CONVOLUTION,
    "ConvTranspose1d": ("in", "out", "kernel", "stride", "padding"),
    "ConvTranspose2d": ("in", "out", "kernel", "stride", "padding"),
}
KEYWORDS = {
    "in_features": "in",
    "out_features": "out",
    "nf": "out",
    "nx": "in",
    "in_channels": "in",
    "out_channels": "out",
    "kernel_size": "kernel",
    "num_embeddings": "rows",
    "embedding_dim": "size",
    "normalized_shape": "size",
    "elementwise_affine": "affine",
    "num_groups": "groups",
    "num_channels": "size",
    "num_features": "size",
}
BIASED = frozenset({"Linear", "Conv1D", "Conv1d", "Conv2d", "Conv3d"})
# What a difference in it changes nothing of: how random weights begin, where they lie.
IGNORED = frozenset({"device", "dtype", "padding_idx", "inplace"})


def layer_settings(graph: Dataflow, formulas: Formulas, layer: str, built: Node) -> tuple[Setting, ...]:
    """What a layer of the class `layer` is built with by the call `built`."""
    names: Sequence[str] = ARGUMENTS.get(layer, ())
    found: dict[str, Setting] = {}
    position = 0
    for operand in built.operands:
        if operand.keyword in ("*", "**") or graph.nodes[operand.node].op == "starred":
            continue
        if operand.keyword is None:
            name = names[position] if position < len(names) else f"argument {position + 1}"
            position += 1
        else:
            name = KEYWORDS.get(operand.keyword, operand.keyword)
        formula = formulas.of(operand.node)
        if formula is not None and name not in IGNORED:
            found[name] = formula.named(name)
    if layer in BIASED:
        found.setdefault("bias", Formula("True").named("bias"))
        if found["bias"].text in ("1", "0"):
            found["bias"] = Setting("bias", "True" if found["bias"].text == "1" else "False")
    return tuple(sorted(found.values(), key=lambda one: one.name))
