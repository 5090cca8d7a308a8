"""Two families side by side: their classes aligned by what they do, not by what they are called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hfreader.analyzers.base_models import base_model
from hfreader.analyzers.comparison_parameters import parameter_pairs
from hfreader.analyzers.comparison_traits import traits
from hfreader.analyzers.configuration import Configuration
from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_outlines import Outlines
from hfreader.analyzers.library import Library
from hfreader.facts.comparison import Comparison, Difference, FieldPair, PartPair
from hfreader.facts.phrases import phrase

# What the roles are called, in the order in which they are told.
WORDS = {
    "stack": phrase("model"),
    "embedding": phrase("embedding"),
    "rotary": phrase("rotary angles"),
    "block": phrase("block"),
    "attention": phrase("attention"),
    "mixing": phrase("mixing of positions"),
    "feed-forward": phrase("feed-forward"),
    "projection": phrase("projection"),
    "norm": phrase("norm"),
    "activation": phrase("activation"),
    "": phrase("other"),
}
# Of two classes that share less than this only what they are made of is told, not the difference.
SIMILAR, LEAST = 0.5, 0.2


@dataclass(frozen=True)
class Stand:
    """A class where it stands in the tree of a model, the first place of each."""

    owner: str
    path: str
    nature: str


def compare(library: Library, left: str, right: str) -> Comparison:
    """The families `left` and `right`; HfreaderError where one has no model whose forward can be read."""
    differ = Differ(Outlines(library, plain=True))
    models = base_model(library, left), base_model(library, right)
    trees = stands(differ, models[0]), stands(differ, models[1])
    configurations = differ.outlines.configuration(models[0]), differ.outlines.configuration(models[1])
    return Comparison(
        left,
        right,
        *models,
        traits(differ, *models),
        field_pairs(*configurations),
        parameter_pairs(differ, *models),
        tuple(_parts(differ, *trees)),
    )


def stands(differ: Differ, model: str) -> tuple[Stand, ...]:
    """Every class of the family's own that takes part in a model at its defaults, outermost first."""
    found: dict[str, Stand] = {}

    def visit(owner: str, path: str) -> None:
        if owner in found:
            return
        found[owner] = Stand(owner, path, "stack" if not path else differ.natures.of(owner))
        outline = differ.outlines.of(owner)
        for step in outline.steps if outline is not None else ():
            if step.op == "part":
                name = step.name.removeprefix("self.")
                for inner in step.kind.split(" or "):
                    visit(inner, f"{path}.{name}" if path else name)

    visit(model, "")
    return tuple(found.values())


def _parts(differ: Differ, left: Sequence[Stand], right: Sequence[Stand]) -> Iterable[PartPair]:
    for role in WORDS:
        mine = [one for one in left if one.nature == role]
        theirs = [one for one in right if one.nature == role]
        pairs = _best_pairs(differ, mine, theirs)
        for one in mine:
            other = next((there for here, there in pairs if here is one), None)
            yield (
                _pair(differ, role, one, other)
                if other
                else PartPair(WORDS[role], one.owner, None, one.path, None, "left")
            )
        for there in theirs:
            if not any(there is other for _, other in pairs):
                yield PartPair(WORDS[role], None, there.owner, None, there.path, "right")


def _best_pairs(differ: Differ, left: Sequence[Stand], right: Sequence[Stand]) -> list[tuple[Stand, Stand]]:
    """The roots belong together, and the only ones of a role; of the others those that share most."""
    found = [(one, other) for one in left for other in right if not one.path and not other.path]
    rest = [(one, other) for one in left for other in right if one.path and other.path]
    shares = {(one.owner, other.owner): share(differ.difference(one.owner, other.owner)) for one, other in rest}
    for one, other in sorted(rest, key=lambda pair: -shares[pair[0].owner, pair[1].owner]):
        taken = any(one is here or other is there for here, there in found)
        if not taken and (len(rest) == 1 or shares[one.owner, other.owner] >= LEAST):
            found.append((one, other))
    return found


def share(difference: Difference | None) -> float:
    """The part of the larger computation that both have."""
    if difference is None:
        return 0.0
    return difference.shared / max(difference.left_steps, difference.right_steps, 1)


def _pair(differ: Differ, role: str, left: Stand, right: Stand) -> PartPair:
    difference = differ.difference(left.owner, right.owner)
    same = difference is not None and difference.same
    state = "identical" if same else "similar" if share(difference) >= SIMILAR else "different"
    names = WORDS[role], left.owner, right.owner, left.path, right.path
    return PartPair(*names, state, difference)  # type: ignore[arg-type]


def field_pairs(left: Configuration | None, right: Configuration | None) -> tuple[FieldPair, ...]:
    """Config fields and their defaults, by the library's name; those that both have first."""
    mine, theirs = _by_library_name(left), _by_library_name(right)
    shared = [name for name in mine if name in theirs]
    only = [name for name in (*mine, *theirs) if name not in shared]
    return tuple(
        FieldPair(
            name,
            mine[name][1] if name in mine else None,
            theirs[name][1] if name in theirs else None,
            mine[name][0] if name in mine else None,
            theirs[name][0] if name in theirs else None,
        )
        for name in (*shared, *only)
    )


def _by_library_name(one: Configuration | None) -> dict[str, tuple[str, str]]:
    if one is None:
        return {}
    return {one.aliases.get(name, name): (name, default) for name, default in one.fields.items()}
