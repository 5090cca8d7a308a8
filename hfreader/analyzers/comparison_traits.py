"""The properties of a model that a reader asks for first, each in words, read off its opened outline."""

from collections.abc import Callable, Iterable

from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_fusion import cuts_of
from hfreader.analyzers.difference_nature import LINEAR
from hfreader.analyzers.difference_residuals import SHORT, is_norm, residual_layout
from hfreader.analyzers.operations import MASK_BUILDERS
from hfreader.concepts import catalogue
from hfreader.facts.comparison import Outline, Step, Trait
from hfreader.facts.phrases import Phrase, Words, listed, phrase

MASKS = {
    "causal_mask": phrase("causal: each position sees itself and those before it"),
    "bidirectional_mask": phrase("bidirectional: every position sees every other"),
    "sliding_window_causal_mask": phrase("causal within a sliding window"),
    "bidirectional_sliding_window_mask": phrase("bidirectional within a sliding window"),
    "chunked_causal_mask": phrase("causal within chunks"),
}
POSITIONS = "max_position_embeddings"
POSITIONAL = ("position-embedding", "position-encoding", "position-bias", "position-feature", "positional", "alibi")


def traits(differ: Differ, left: str, right: str) -> tuple[Trait, ...]:
    """Each property of both models; those that neither shows are left out."""
    found = []
    for subject, read in TRAITS.items():
        one, other = _read(differ, left, read), _read(differ, right, read)
        if one or other:
            found.append(Trait(subject, one or NOT_SEEN, other or NOT_SEEN))
    alone = _mechanisms(differ, left, right)
    return tuple(found) if alone is None else (*found, alone)


NOT_SEEN, NOTHING = phrase("not seen"), phrase("nothing")


def _read(differ: Differ, model: str, read: Callable[[Differ, str, Outline], Iterable[Words]]) -> Words:
    outline = differ.outlines.of(model, True)
    return listed(list(dict.fromkeys(read(differ, model, outline)))) if outline is not None else ""


def _mask(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    found = {step.op for step in outline.steps if step.op in MASK_BUILDERS.values()}
    return [words for op, words in MASKS.items() if op in found]


def _norm_places(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    for owner in _blocks(differ, model):
        block = differ.outlines.of(owner, True)
        if block is not None:
            yield from (SHORT[one] for one in SHORT if one in residual_layout(block, differ.natures.of))


def _blocks(differ: Differ, model: str) -> list[str]:
    return [one for one in _classes(differ, model) if differ.natures.of(one) == "block"]


def _norm(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    """Classes that compute the same go by the name of the first."""
    norms = [step for step in outline.steps if is_norm(step, differ.natures.of)]
    return (differ.names.setdefault(step.print or step.kind, _kind(step)) for step in norms)


def _projections(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    """How the attention makes query, key and value: by the maps before the scores and beside the weights."""
    for weights in (number for number, step in enumerate(outline.steps) if step.op == "softmax"):
        products = [
            number
            for number, step in enumerate(outline.steps)
            if step.op == "matmul" and any(weights in group for group in step.inputs)
        ]
        if not products:
            continue
        maps = sorted({*_linears_before(outline, weights), *_linears_before(outline, products[0])})
        if len(maps) == 1 and len(cuts_of(outline, maps[0])) > 1:
            return [phrase("one fused %(layer)s", layer=_kind(outline.steps[maps[0]]))]
        alike = len({outline.steps[one].inputs for one in maps}) == 1
        if not alike or not maps:
            return []
        return [phrase("%(number)s %(layer)s maps of one input", number=len(maps), layer=_kind(outline.steps[maps[0]]))]
    return []


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


def _layers(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    return (_kind(step) for step in outline.steps if step.op == "layer" and _kind(step) in LINEAR)


def _biases(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    maps = [step for step in outline.steps if step.op == "layer" and _kind(step) in LINEAR]
    has = {one.text for step in maps for one in step.settings if one.name == "bias"}
    known = differ.outlines.configuration(model)
    values = known.known() if known is not None else {}
    truths = {str(values.get(text, text)) for text in has}
    if truths <= {"True"}:
        return [phrase("in every one that is called")] if truths else []
    return [phrase("in none that is called")] if truths <= {"False"} else [phrase("in some that are called")]


def _positions(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    """By the concepts found anywhere in the model, and by embeddings with a row for each position."""
    for step in outline.steps:
        if step.op == "layer" and any(one.name == "rows" and POSITIONS in one.text for one in step.settings):
            yield Phrase(catalogue()["learned-position-embedding"].name.en)
    yield from (
        Phrase(catalogue()[slug].name.en) for slug in _found(differ, model) if any(word in slug for word in POSITIONAL)
    )


def _mechanisms(differ: Differ, left: str, right: str) -> Trait | None:
    """The mechanisms found in one of the models alone."""
    one, other = (set(_found(differ, model)) for model in (left, right))
    alone = [
        listed([Phrase(name) for name in sorted(catalogue()[slug].name.en for slug in only)])
        for only in (one - other, other - one)
    ]
    return Trait(phrase("found only here"), alone[0] or NOTHING, alone[1] or NOTHING) if any(alone) else None


def _found(differ: Differ, model: str) -> list[str]:
    """The concepts found in the classes of a model."""
    return list(dict.fromkeys(slug for owner in _classes(differ, model) for _, slug in differ.concepts(owner)))


def _classes(differ: Differ, model: str) -> list[str]:
    found, queue = [], [model]
    while queue:
        owner = queue.pop(0)
        if owner not in found:
            found.append(owner)
            outline = differ.outlines.of(owner)
            parts = [step for step in outline.steps if step.op == "part"] if outline is not None else []
            queue += [one for step in parts for one in step.kind.split(" or ")]
    return found


def _activation(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    for step in outline.steps:
        if step.op == "activation":
            unnamed = phrase("as the configuration says") if step.kind == "activation" else _kind(step)
            yield next((one.text for one in step.settings if one.name == "function"), unnamed)


def _gate(differ: Differ, model: str, outline: Outline) -> Iterable[Words]:
    """What stands between two linear maps: an activation alone, or one multiplied by a second map."""
    found = set()
    for step in outline.steps:
        if not _is_linear(step):
            continue
        for before in (outline.steps[one] for group in step.inputs for one in group):
            terms = [outline.steps[one] for group in before.inputs for one in group]
            if before.op == "activation" and any(_is_linear(term) for term in terms):
                found.add(phrase("plain: an activation between two maps"))
            gates = any(term.op == "activation" for term in terms)
            if before.op == "mul" and gates and any(_is_linear(term) or term.op == "take" for term in terms):
                found.add(phrase("gated: the activation multiplies a second map"))
    return sorted(found, key=str)


def _is_linear(step: Step) -> bool:
    return step.op == "linear" or (step.op == "layer" and _kind(step) in LINEAR)


def _kind(step: Step) -> str:
    return " or ".join(dict.fromkeys(one.rpartition(".")[2] for one in step.kind.split(" or ")))


TRAITS: dict[Words, Callable[[Differ, str, Outline], Iterable[Words]]] = {
    phrase("attention mask"): _mask,
    phrase("norms"): _norm_places,
    phrase("kind of norm"): _norm,
    phrase("query, key, value"): _projections,
    phrase("linear maps"): _layers,
    phrase("biases of linear maps"): _biases,
    phrase("positions"): _positions,
    phrase("feed-forward"): _gate,
    phrase("activation"): _activation,
}
