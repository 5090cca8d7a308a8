"""The parameters of two aligned classes side by side: shapes in config fields, and in numbers at the defaults."""

import ast
from collections.abc import Iterable, Mapping, Sequence

from hfreader.analyzers.configuration import Configuration
from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_alignment import Alignment
from hfreader.analyzers.difference_fusion import fusions
from hfreader.facts.comparison import ParameterPair, Step

Shapes = dict[str, tuple[str, ...]]
# How torch stores the weight of each layer, in the settings it is built with.
WEIGHTS: dict[str, tuple[str, ...]] = {
    "Linear": ("out", "in"),
    "Conv1D": ("in", "out"),
    "Embedding": ("rows", "size"),
    "LayerNorm": ("size",),
    "RMSNorm": ("size",),
    "BatchNorm2d": ("size",),
    "Conv1d": ("out", "in", "kernel"),
    "Conv2d": ("out", "in", "kernel", "kernel"),
}
WITH_BIAS = {"Linear": "out", "Conv1D": "out", "LayerNorm": "size", "Conv1d": "out", "Conv2d": "out"}


def parameter_pairs(differ: Differ, left: str, right: str) -> tuple[ParameterPair, ...]:
    """The parameters of two classes and of all that they are made of, those of aligned layers beside each other."""
    outlines = differ.outlines.of(left, True), differ.outlines.of(right, True)
    if outlines[0] is None or outlines[1] is None:
        return ()
    alignment = Alignment(outlines[0], outlines[1], differ.natures.of)
    numbers = [default_numbers(differ.outlines.configuration(one)) for one in (left, right)]
    found: list[ParameterPair] = []
    for mine, theirs in _groups(alignment):
        sides = [outlines[0].steps[number] for number in mine], [outlines[1].steps[number] for number in theirs]
        shapes = [_shapes(differ, side[0]) if side else {} for side in sides]
        found += _beside(sides, shapes, numbers)
    return tuple(dict.fromkeys(found))


def _groups(alignment: Alignment) -> Iterable[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The steps of both sides that stand against each other: pairs, one against several, and each that is alone."""
    joined = [((one.apart, (one.fused,)) if one.on_right else ((one.fused,), one.apart)) for one in fusions(alignment)]
    left = {number: pair for pair in joined for number in pair[0]}
    right = {number for pair in joined for number in pair[1]}
    for number in range(len(alignment.left.steps)):
        if number in left:
            if number == left[number][0][0]:
                yield left[number]
        else:
            partner = alignment.pairs.get(number)
            yield (number,), () if partner is None or partner in right else (partner,)
    for number in range(len(alignment.right.steps)):
        if number not in right and number not in alignment.backwards:
            yield (), (number,)


def _beside(
    sides: Sequence[Sequence[Step]], shapes: Sequence[Shapes], numbers: Sequence[Mapping[str, float]]
) -> Iterable[ParameterPair]:
    """The parameters of layers that stand against each other; several on one side are alike."""
    for name in dict.fromkeys((*shapes[0], *shapes[1])):
        yield ParameterPair(
            _named(sides[0], name) if name in shapes[0] else None,
            _named(sides[1], name) if name in shapes[1] else None,
            shapes[0].get(name),
            shapes[1].get(name),
            _sizes(shapes[0].get(name), numbers[0]),
            _sizes(shapes[1].get(name), numbers[1]),
        )


def _sizes(shape: Sequence[str] | None, numbers: Mapping[str, float]) -> tuple[int | None, ...] | None:
    return None if shape is None else tuple(evaluated(text, numbers) for text in shape)


def _named(steps: Sequence[Step], name: str) -> str:
    layers = ", ".join(step.name.removeprefix("self.") for step in steps)
    within = f"{steps[0].within}." if steps[0].within else ""
    return f"{within}{layers}" + (f".{name}" if name else "")


def _shapes(differ: Differ, step: Step) -> Shapes:
    sizes = {one.name: one.text for one in step.settings}
    if step.op == "part":
        return _of_part(differ, step, sizes.get("argument 1"))
    if step.op == "learned":
        return {"": tuple(text for name, text in sizes.items() if name.startswith("size"))}
    kind = step.kind.rpartition(".")[2]
    if step.op != "layer" or kind not in WEIGHTS or any(one not in sizes for one in WEIGHTS[kind]):
        return {}
    if sizes.get("affine") == "False":
        return {}
    found: Shapes = {"weight": tuple(sizes[one] for one in WEIGHTS[kind])}
    if kind in WITH_BIAS and sizes.get("bias", "True") != "False":
        found["bias"] = (sizes[WITH_BIAS[kind]],)
    return found


def _of_part(differ: Differ, step: Step, argument: str | None) -> Shapes:
    """The parameters of a submodule that is kept as one step (a norm): its own, at the size it is made with."""
    outline = differ.outlines.of(step.kind.split(" or ")[0])
    learned = [one for one in outline.steps if one.op == "learned"] if outline is not None else []
    if argument is None or any(len(one.settings) != 1 for one in learned):
        return {}
    return {"weight" if not index else "bias": (argument,) for index in range(min(len(learned), 2))}


def default_numbers(configuration: Configuration | None) -> dict[str, float]:
    """The defaults that are numbers, with the size of a head where it follows from them."""
    found = configuration.numbers() if configuration is not None else {}
    if "head_dim" not in found and {"hidden_size", "num_attention_heads"} <= found.keys():
        found["head_dim"] = found["hidden_size"] / found["num_attention_heads"]
    if "num_key_value_heads" not in found and "num_attention_heads" in found:
        found["num_key_value_heads"] = found["num_attention_heads"]
    return found


def evaluated(text: str, numbers: Mapping[str, float]) -> int | None:
    """A formula over config fields as a whole number, None where a field has no number."""
    try:
        value = _value(ast.parse(text, mode="eval").body, numbers)
    except (SyntaxError, ValueError, KeyError, ZeroDivisionError, OverflowError):
        return None
    return int(value) if value == int(value) else None


def _value(node: ast.expr, numbers: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return numbers[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, numbers)
        case ast.Tuple(elts=[only]):
            return _value(only, numbers)
        case ast.BoolOp(op=ast.Or(), values=values):
            return _first(values, numbers)
        case ast.BinOp(left=left, op=op, right=right):
            return _calculated(op, _value(left, numbers), _value(right, numbers))
    raise ValueError(ast.unparse(node))


def _first(values: list[ast.expr], numbers: Mapping[str, float]) -> float:
    for one in values:
        if not (isinstance(one, ast.Name) and one.id not in numbers):
            return _value(one, numbers)
    raise KeyError("no alternative has a number")


def _calculated(op: ast.operator, left: float, right: float) -> float:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.Pow():
            return float(left**right)
    raise ValueError(type(op).__name__)
