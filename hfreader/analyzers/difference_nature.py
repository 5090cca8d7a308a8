"""What kind of thing a computation is, by its operations: a norm, attention, a feed-forward network, a block."""

from collections.abc import Iterable

from hfreader.analyzers.difference_outlines import Outlines
from hfreader.facts.comparison import Outline, Step

ATTENTION = frozenset({"scaled_dot_product_attention", "flash_attention", "multi_head_attention_forward"})
STATISTICS = frozenset({"mean", "var", "rsqrt", "std", "norm", "vector_norm", "normalize", "layer_norm", "rms_norm"})
LINEAR = frozenset({"Linear", "Conv1D", "Conv1d", "Conv2d", "Conv3d"})
# One pass after another, or their sums: with decays, which are exponentials, a recurrence over positions.
PASSES = frozenset({"element", "cumsum"})
GATES = frozenset({"activation", "gelu", "relu", "silu", "sigmoid", "tanh", "glu"})


class Natures:
    """The nature of each class of a library, by its outline."""

    def __init__(self, outlines: Outlines) -> None:
        self._outlines = outlines
        self._known: dict[str, str] = {}

    def of(self, owner: str) -> str:
        """`attention`, `mixing` (a recurrence over positions), `feed-forward`, `norm`, `embedding`, `activation`,
        `block`, `stack`, `rotary`, `projection` or empty."""
        if owner not in self._known:
            self._known[owner] = ""
            outline = self._outlines.of(owner)
            self._known[owner] = "" if outline is None else self._of(outline)
        return self._known[owner]

    def __contains__(self, owner: object) -> bool:
        return isinstance(owner, str)

    def within(self, outline: Outline) -> frozenset[str]:
        """The natures of the parts of an outline."""
        owners = {one for step in outline.steps if step.op == "part" for one in step.kind.split(" or ")}
        return frozenset(self.of(owner) for owner in owners) - {""}

    def _of(self, outline: Outline) -> str:
        parts, ops = self.within(outline), {step.op for step in outline.steps}
        layers = layer_names(outline.steps)
        if parts & {"block", "stack"}:
            return "stack"
        attends = bool(ops & ATTENTION) or {"softmax", "matmul"} <= ops
        if attends or "attention" in parts:
            more = "feed-forward" in parts or len(layers & LINEAR and self._wide(outline)) > 1
            return "block" if "attention" in parts and more else "attention"
        if "mixing" in parts:
            return "block" if parts & {"feed-forward", "norm"} else "mixing"
        if "exp" in ops and ops & PASSES:
            return "mixing"
        if "feed-forward" in parts:
            return "feed-forward"
        if "Embedding" in layers and not ops & {"matmul"}:
            return "embedding"
        if layers & LINEAR or ops & {"linear", "conv1d", "conv2d"}:
            return "feed-forward" if ops & GATES or "activation" in parts or "feed-forward" in parts else "projection"
        if ops & STATISTICS or any("Norm" in name for name in layers):
            return "norm"
        if {"cos", "sin"} <= ops:
            return "rotary"
        return "activation" if ops & GATES else ""

    def _wide(self, outline: Outline) -> list[Step]:
        return [step for step in outline.steps if step.op == "layer" and layer_names([step]) & LINEAR]


def layer_names(steps: Iterable[Step]) -> frozenset[str]:
    """The short names of the torch layers among steps."""
    return frozenset(
        name.rpartition(".")[2] for step in steps if step.op == "layer" for name in step.kind.split(" or ")
    )
