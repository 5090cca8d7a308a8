"""The properties of a model that a reader asks for first, each in words, read off its opened outline."""

from collections.abc import Callable, Iterable

from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_fusion import cuts_of
from hfreader.analyzers.difference_nature import LINEAR
from hfreader.analyzers.difference_residuals import SHORT, is_norm, residual_layout
from hfreader.analyzers.difference_sentence import listed
from hfreader.analyzers.operations import MASK_BUILDERS
from hfreader.facts.comparison import Outline, Step, Trait

MASKS = {
    "causal_mask": "causal: each position sees those before it",
    "bidirectional_mask": "bidirectional: every position sees every other",
    "sliding_window_causal_mask": "causal within a sliding window",
    "bidirectional_sliding_window_mask": "bidirectional within a sliding window",
    "chunked_causal_mask": "causal within chunks",
}
POSITIONS = "max_position_embeddings"


def traits(differ: Differ, left: str, right: str) -> tuple[Trait, ...]:
    """Each property of both models; those that neither shows are left out."""
    found = []
    for subject, read in TRAITS.items():
        one, other = _read(differ, left, read), _read(differ, right, read)
        if one or other:
            found.append(Trait(subject, one or NOT_SEEN, other or NOT_SEEN))
    return tuple(found)


NOT_SEEN = "not seen"


def _read(differ: Differ, model: str, read: Callable[[Differ, str, Outline], Iterable[str]]) -> str:
    outline = differ.outlines.of(model, True)
    return listed(list(dict.fromkeys(read(differ, model, outline)))) if outline is not None else ""


def _mask(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    names = set(MASK_BUILDERS.values())
    found = list(dict.fromkeys(step.op for step in outline.steps if step.op in names))
    return [MASKS.get(one, one) for one in found] or []


def _norm_places(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    for owner in _blocks(differ, model):
        block = differ.outlines.of(owner, True)
        if block is not None:
            yield from (SHORT[one] for one in SHORT if one in residual_layout(block, differ.natures.of))


def _blocks(differ: Differ, model: str) -> list[str]:
    found, queue, seen = [], [model], set()
    while queue:
        owner = queue.pop(0)
        if owner in seen:
            continue
        seen.add(owner)
        if differ.natures.of(owner) == "block":
            found.append(owner)
            continue
        outline = differ.outlines.of(owner)
        queue += (
            [one for step in outline.steps if step.op == "part" for one in step.kind.split(" or ")] if outline else []
        )
    return found


def _norm(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    """Classes that compute the same go by the name of the first."""
    norms = [step for step in outline.steps if is_norm(step, differ.natures.of)]
    return (differ.names.setdefault(step.print or step.kind, _kind(step)) for step in norms)


def _projections(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    """How the attention makes query, key and value: by the matrices before its first product."""
    products = [number for number, step in enumerate(outline.steps) if step.op in ("matmul", "baddbmm")]
    if not products:
        return []
    before = _linears_before(outline, products[0])
    fused = [number for number in before if len(cuts_of(outline, number)) > 1]
    if fused:
        return [f"one fused {_kind(outline.steps[fused[0]])}"]
    values = _linears_before(outline, products[1]) if len(products) > 1 else []
    number = len(set(before) | {one for one in values if outline.steps[one].inputs == outline.steps[before[0]].inputs})
    return [f"{number} {_kind(outline.steps[before[0]])} maps"] if before else []


def _linears_before(outline: Outline, start: int) -> list[int]:
    """The nearest linear maps that a step is computed from."""
    found, queue, seen = [], [start], set()
    while queue:
        for one in (one for group in outline.steps[queue.pop()].inputs for one in group):
            if one in seen:
                continue
            seen.add(one)
            linear = outline.steps[one].op == "layer" and _kind(outline.steps[one]) in LINEAR
            found += [one] if linear else []
            queue += [] if linear else [one]
    return sorted(found)


def _layers(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    return (_kind(step) for step in outline.steps if step.op == "layer" and _kind(step) in LINEAR)


def _biases(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    maps = [step for step in outline.steps if step.op == "layer" and _kind(step) in LINEAR]
    has = {one.text for step in maps for one in step.settings if one.name == "bias"}
    known = differ.outlines.configuration(model)
    values = known.known() if known is not None else {}
    truths = {str(values.get(text, text)) for text in has}
    if truths <= {"True"}:
        return ["in every linear map"] if truths else []
    return ["in no linear map"] if truths <= {"False"} else ["in some linear maps"]


def _positions(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    for step in outline.steps:
        if step.op == "layer" and any(one.name == "rows" and POSITIONS in one.text for one in step.settings):
            yield "a learned embedding of each position"
        if step.op == "part" and any(differ.natures.of(one) == "rotary" for one in step.kind.split(" or ")):
            yield "rotary: queries and keys are turned by angles"


def _activation(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    for step in outline.steps:
        if step.op == "activation":
            chosen = [one.text for one in step.settings if one.name == "function"]
            yield chosen[0] if chosen else _kind(step)


def _gate(differ: Differ, model: str, outline: Outline) -> Iterable[str]:
    """Whether an activation is multiplied by another linear map of the same input."""
    for step in outline.steps:
        terms = [one for group in step.inputs for one in group] if step.op == "mul" else []
        kinds = [outline.steps[one].op for one in terms]
        if len(terms) == 2 and "activation" in kinds:
            yield "gated: the activation multiplies a second map"
            return
    if any(step.op == "activation" for step in outline.steps):
        yield "plain: two maps with an activation between"


def _kind(step: Step) -> str:
    return " or ".join(dict.fromkeys(one.rpartition(".")[2] for one in step.kind.split(" or ")))


TRAITS: dict[str, Callable[[Differ, str, Outline], Iterable[str]]] = {
    "attention mask": _mask,
    "norms": _norm_places,
    "kind of norm": _norm,
    "query, key, value": _projections,
    "linear maps": _layers,
    "biases": _biases,
    "positions": _positions,
    "feed-forward": _gate,
    "activation": _activation,
}
